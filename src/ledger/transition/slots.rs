//! Slots as operators see them: where each lead's answer comes from, what it cost and why. Nothing here
//! says who the lead names.

use std::ops::Range;

use crate::domain::credits::Amounts;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, ResultRef};
use crate::ledger::record::batch::{Batch, Slot, Source};
use crate::ledger::record::job::{Answer, Cause, State, Way};
use crate::ledger::table::{Answers, CHUNK, Jobs, SETTLED_AT_ONCE, Slots};

/// One lead's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotShown {
    /// The lead's place in the batch, from 0.
    pub position: u32,
    /// Where its answer comes from.
    pub source: Source,
    /// What it cost the batch; none while that is not known, or not known for one lead alone.
    pub cost: Option<Amounts>,
    /// Why.
    pub why: Why,
}

impl SlotShown {
    /// The job that answers it.
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        self.source.points_at().map(|at| at.job)
    }
}

/// Why a lead cost what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is answered from what was known.
    Cached,
    /// Another batch's job answers it, and pays.
    Joined,
    /// An earlier lead of the batch names the same person.
    Repeated,
    /// The person was removed.
    Removed,
    /// It did not fit a quota, or what its caller allows.
    InsufficientCredits,
    /// Its job has not been settled.
    Pending,
    /// The vendor charged it.
    Charged,
    /// The vendor had charged everything before.
    AlreadyPaid,
    /// Nobody was found.
    NotFound,
    /// What came back could not be told to be its own.
    Unmatched,
    /// Nothing came back, and nothing was charged.
    Unanswered,
    /// Nobody could learn what it cost.
    Unresolved,
    /// An operator said what its job cost.
    Resolved,
    /// Its job was certainly not charged.
    NotCharged(Cause),
    /// It is charged with all addresses of its call.
    ChargedByCall,
}

impl Why {
    /// The reason in one word, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Joined => "joined",
            Self::Repeated => "repeated",
            Self::Removed => "removed",
            Self::InsufficientCredits => "insufficient_credits",
            Self::Pending => "pending",
            Self::Charged => "charged",
            Self::AlreadyPaid => "already_paid",
            Self::NotFound => "not_found",
            Self::Unmatched => "unmatched",
            Self::Unanswered => "unanswered",
            Self::Unresolved => "unresolved",
            Self::Resolved => "resolved",
            Self::NotCharged(Cause::Refused) => "refused",
            Self::NotCharged(Cause::VendorCredits) => "vendor_credits",
            Self::NotCharged(Cause::Canceled) => "canceled",
            Self::NotCharged(Cause::BodyLost) => "leads_lost",
            Self::NotCharged(Cause::NotSent | Cause::Split) => "not_sent",
            Self::ChargedByCall => "charged_by_call",
        }
    }
}

/// The slots of a batch in `range`.
pub(super) fn slots(
    draft: &Draft<'_>,
    id: BatchId,
    batch: &Batch,
    range: Range<u32>,
) -> Result<Vec<SlotShown>, Fault> {
    let end = range.end.min(batch.dispositions.submitted);
    if batch.dispositions.is_all_trimmed() {
        let trimmed = |position| {
            let (cost, why) = (Some(Amounts::ZERO), Why::InsufficientCredits);
            SlotShown { position, source: Source::Refused, cost, why }
        };
        return Ok((range.start..end).map(trimmed).collect());
    }
    let mut chosen = Vec::new();
    for chunk in range.start.div_euclid(CHUNK)..end.div_ceil(CHUNK) {
        let slots = draft.peek::<Slots>(&(id, chunk))?.unwrap_or_default();
        let placed = (chunk.saturating_mul(CHUNK)..).zip(slots);
        chosen.extend(placed.filter(|(position, _)| range.contains(position)));
    }
    for (_, Slot { source, .. }) in &chosen {
        if let Source::Own(at) = source {
            draft.foresee::<Jobs>(&at.job);
            draft.foresee::<Answers>(&row_of(*at));
        }
    }
    let show = |(position, slot): (u32, Slot)| {
        let (cost, why) = account(draft, batch, slot.source)?;
        Ok(SlotShown { position, source: slot.source, cost, why })
    };
    chosen.into_iter().map(show).collect()
}

fn row_of(at: ResultRef) -> (JobId, u32) {
    (at.job, at.index.div_euclid(SETTLED_AT_ONCE))
}

fn account(
    draft: &Draft<'_>,
    batch: &Batch,
    source: Source,
) -> Result<(Option<Amounts>, Why), Fault> {
    let nothing = Some(Amounts::ZERO);
    let at = match source {
        Source::Cached(_) | Source::NotFound => return Ok((nothing, Why::Cached)),
        Source::Joined(_) => return Ok((nothing, Why::Joined)),
        Source::Repeated(_) => return Ok((nothing, Why::Repeated)),
        Source::Removed => return Ok((nothing, Why::Removed)),
        Source::Refused => return Ok((nothing, Why::InsufficientCredits)),
        Source::Own(at) => at,
    };
    let Some(job) = draft.peek::<Jobs>(&at.job)? else { return Ok((None, Why::Pending)) };
    Ok(match job.state {
        State::Unresolved(_) => (None, Why::Unresolved),
        State::Resolved => (None, Why::Resolved),
        State::Void(cause) => (nothing, Why::NotCharged(cause)),
        State::Done if batch.way == Way::Call => (None, Why::ChargedByCall),
        State::Done => answered(draft, at)?,
        State::Ready | State::Gathered(_) | State::Sending | State::Unknown | State::Bound => {
            (None, Why::Pending)
        }
    })
}

/// What a lead of a settled job cost.
fn answered(draft: &Draft<'_>, at: ResultRef) -> Result<(Option<Amounts>, Why), Fault> {
    let row = draft.peek::<Answers>(&row_of(at))?;
    let place = usize::try_from(at.index.rem_euclid(SETTLED_AT_ONCE)).unwrap_or(usize::MAX);
    let Some((answer, charged)) =
        row.and_then(|row| Some((*row.answers.get(place)?, *row.charged.get(place)?)))
    else {
        return Ok((None, Why::Pending));
    };
    Ok(match answer {
        Answer::Unmatched => (None, Why::Unmatched),
        Answer::NotFound => (Some(charged), Why::NotFound),
        Answer::Unanswered => (Some(charged), Why::Unanswered),
        Answer::Refused => (Some(charged), Why::NotCharged(Cause::Refused)),
        Answer::Found(_) | Answer::Removed if !charged.is_zero() => (Some(charged), Why::Charged),
        Answer::Found(_) => (Some(charged), Why::AlreadyPaid),
        Answer::Removed => (Some(charged), Why::Removed),
    })
}
