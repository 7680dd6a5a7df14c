//! Batches as operators are shown them: never a lead, only its place, what it cost and why.

use serde::Serialize;

use super::credits::Number;
use super::fault::Fault;
use super::given::Given;
use crate::domain::credits::{Amounts, Unit};
use crate::domain::note::Note;
use crate::gateway::{BatchDetail, BatchKind, Batches, SlotShown, Source, Status, Summary};

/// Reads the reason that a batch is cancelled for.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse_cancellation(body: &[u8]) -> Result<Note, Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let [reason] = given.with_required(["reason"], 1, faults)?;
        reason?.named(faults)
    })
}

/// Credits of both units.
#[derive(Serialize)]
pub(in crate::http) struct Sums {
    email: Number,
    phone: Number,
}

impl Sums {
    pub(super) const fn of(amounts: Amounts) -> Self {
        Self { email: Number(amounts.email), phone: Number(amounts.phone) }
    }
}

/// A page of batches.
#[derive(Serialize)]
pub(in crate::http) struct BatchesShown {
    batches: Vec<BatchSummary>,
    next_cursor: Option<String>,
}

/// A batch at a glance.
#[derive(Serialize)]
pub(in crate::http) struct BatchSummary {
    id: u64,
    team: String,
    kind: Option<&'static str>,
    state: &'static str,
    status: Option<&'static str>,
    admitted_at: String,
    ended_at: Option<String>,
    canceled: Option<CanceledShown>,
    leads: u32,
    credits: Units,
}

#[derive(Serialize)]
struct CanceledShown {
    at: String,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Units {
    email: Open,
    phone: Open,
}

#[derive(Serialize)]
struct Open {
    spent: Number,
    reserved: Number,
    unresolved: Number,
}

/// A batch with a page of its slots, and its entries.
#[derive(Serialize)]
pub(in crate::http) struct BatchShown {
    #[serde(flatten)]
    summary: BatchSummary,
    slots: Vec<SlotLine>,
    next_cursor: Option<String>,
    entries: Vec<EntryLine>,
}

#[derive(Serialize)]
struct SlotLine {
    position: u32,
    slot: &'static str,
    job: Option<String>,
    cost: Option<Sums>,
    why: &'static str,
}

#[derive(Serialize)]
struct EntryLine {
    at: String,
    fact: &'static str,
    job: String,
    spent: Sums,
    reserved: Sums,
    unresolved: Sums,
    note: Option<String>,
}

impl From<Batches> for BatchesShown {
    fn from(listed: Batches) -> Self {
        Self {
            batches: listed.batches.into_iter().map(BatchSummary::from).collect(),
            next_cursor: listed.next.map(|id| id.to_string()),
        }
    }
}

impl From<Summary> for BatchSummary {
    fn from(summary: Summary) -> Self {
        let open = |unit: Unit| Open {
            spent: Number(summary.spent.in_unit(unit)),
            reserved: Number(summary.reserved.in_unit(unit)),
            unresolved: Number(summary.unresolved.in_unit(unit)),
        };
        let credits = Units { email: open(Unit::Email), phone: open(Unit::Phone) };
        let canceled = summary.canceled.map(|(at, note)| CanceledShown {
            at: at.to_string(),
            reason: note.map(|note| note.as_str().to_owned()),
        });
        Self {
            id: summary.id.get(),
            team: summary.team.as_str().to_owned(),
            kind: summary.kind.map(BatchKind::name),
            state: summary.state.name(),
            status: summary.status.map(Status::name),
            admitted_at: summary.admitted_at.to_string(),
            ended_at: summary.ended_at.map(|at| at.to_string()),
            canceled,
            leads: summary.leads,
            credits,
        }
    }
}

impl BatchShown {
    /// A batch with the slots up to a position.
    pub(in crate::http) fn of(detail: BatchDetail) -> Self {
        let BatchDetail { summary, slots, entries } = detail;
        let last = slots.last().map(|slot| slot.position.saturating_add(1));
        let next = last.filter(|position| *position < summary.leads);
        let entries = entries.into_iter().map(|(job, posting)| EntryLine {
            at: posting.at.to_string(),
            fact: posting.fact.name(),
            job: job.to_string(),
            spent: Sums::of(posting.change.spent),
            reserved: Sums::of(posting.change.reserved),
            unresolved: Sums::of(posting.change.unresolved),
            note: posting.note.map(|note| note.as_str().to_owned()),
        });
        Self {
            slots: slots.into_iter().map(SlotLine::from).collect(),
            next_cursor: next.map(|position| position.to_string()),
            entries: entries.collect(),
            summary: summary.into(),
        }
    }
}

impl From<SlotShown> for SlotLine {
    fn from(shown: SlotShown) -> Self {
        let slot = match shown.source {
            Source::Cached(_) | Source::NotFound => "cached",
            Source::Joined(_) => "joined",
            Source::Own(_) => "own",
            Source::Repeated(_) => "repeated",
            Source::Removed => "removed",
            Source::Refused => "refused",
        };
        Self {
            position: shown.position.saturating_add(1),
            slot,
            job: shown.job().map(|job| job.to_string()),
            cost: shown.cost.map(Sums::of),
            why: shown.why.name(),
        }
    }
}
