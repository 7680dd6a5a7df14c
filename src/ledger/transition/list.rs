//! Batches as operators see them: listed the latest first, and one with its slots and entries. It only
//! looks: whatever moves meanwhile, nobody has to wait.

use std::ops::Range;

use crate::domain::credits::Amounts;
use crate::domain::note::Note;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault, Rows};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::batch::Batch;
use crate::ledger::record::entry::Posting;
use crate::ledger::record::job::{Job, State, Way};
use crate::ledger::record::stage::Stage;
use crate::ledger::table::{Batches, Jobs, Slots, Stages, Validations};
use crate::ledger::transition::read::{Status, standing};
use crate::ledger::transition::slots::{SlotShown, slots};

/// Which batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Of this team; none for all.
    pub team: Option<TeamId>,
    /// In this state; none for any.
    pub state: Option<BatchState>,
    /// Only those before this one.
    pub before: Option<BatchId>,
    /// How many at most.
    pub limit: usize,
}

/// Batches, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The batches.
    pub batches: Vec<Summary>,
    /// The batch before which to go on; none where all were looked at.
    pub next: Option<BatchId>,
}

/// A batch at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its id.
    pub id: BatchId,
    /// Who asked and pays.
    pub team: TeamId,
    /// What was asked; none of a batch that was lost with its store.
    pub kind: Option<Kind>,
    /// Where it stands, for operators.
    pub state: BatchState,
    /// Where it stands, as its caller reads it; none of a batch that was lost with its store.
    pub status: Option<Status>,
    /// When it was admitted.
    pub admitted_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it was cancelled, and an operator's reason.
    pub canceled: Option<(Timestamp, Option<Note>)>,
    /// How many leads, or addresses, it has.
    pub leads: u32,
    /// Charged so far.
    pub spent: Amounts,
    /// Set aside.
    pub reserved: Amounts,
    /// Unresolved.
    pub unresolved: Amounts,
}

/// What a batch asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A batch of leads.
    Enrichment,
    /// One look-up.
    Find,
    /// Addresses to be validated.
    Validation,
    /// A priced call of another kind.
    Call,
}

impl Kind {
    /// `enrichment`, `find`, `validation` or `call`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrichment => "enrichment",
            Self::Find => "find",
            Self::Validation => "validation",
            Self::Call => "call",
        }
    }

    const fn of(batch: &Batch) -> Self {
        match batch.way {
            Way::Batch => Self::Enrichment,
            Way::LookUp => Self::Find,
            Way::Call if batch.dispositions.submitted > 0 => Self::Validation,
            Way::Call => Self::Call,
        }
    }
}

/// Where a batch stands, for operators: as its caller reads it, unless something of it is unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// As its caller reads it.
    As(Status),
    /// Credits of it are unresolved.
    Unresolved,
}

impl BatchState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::As(Status::Queued),
        Self::As(Status::Processing),
        Self::As(Status::Completed),
        Self::As(Status::Error),
        Self::As(Status::Canceled),
        Self::Unresolved,
    ];

    /// `queued`, `processing`, `completed`, `error`, `canceled` or `unresolved`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::As(status) => status.name(),
            Self::Unresolved => "unresolved",
        }
    }
}

/// A batch with its slots and entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The batch at a glance.
    pub summary: Summary,
    /// The slots of the range that was asked for, in order.
    pub slots: Vec<SlotShown>,
    /// The journal's entries about its jobs, in order.
    pub entries: Vec<(JobId, Posting)>,
}

/// How many rows are read together.
const PAGE: usize = 100;

/// How many batches are looked at for one list: where few match, a page may have fewer than its limit.
const LOOKED_AT_MAX: usize = 1000;

/// Batches, the latest first. Those with something unresolved are found by the index of open jobs.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn batches(draft: &Draft<'_>, listing: &Listing) -> Result<Listed, Fault> {
    let mut listed = Listed::default();
    let mut before = listing.before;
    let mut looked_at = 0_usize;
    loop {
        let (page, is_last) = match listing.state {
            Some(BatchState::Unresolved) => unresolved(draft, before)?,
            _ => all(draft, before, listing.team.as_ref())?,
        };
        for (id, batch) in page.candidates {
            let Some(summary) = summarize(draft, id, batch.as_ref())? else { continue };
            let is_of = listing.team.as_ref().is_none_or(|team| summary.team == *team);
            if !is_of || listing.state.is_some_and(|state| summary.state != state) {
                continue;
            }
            if listed.batches.len() >= listing.limit {
                listed.next = listed.batches.last().map(|last| last.id);
                return Ok(listed);
            }
            listed.batches.push(summary);
        }
        if is_last {
            return Ok(listed);
        }
        before = page.last;
        looked_at = looked_at.saturating_add(PAGE);
        if looked_at >= LOOKED_AT_MAX {
            listed.next = before;
            return Ok(listed);
        }
    }
}

/// Batches that may be listed, and the last that was looked at.
struct Page {
    candidates: Vec<(BatchId, Option<Batch>)>,
    last: Option<BatchId>,
}

fn all(
    draft: &Draft<'_>,
    before: Option<BatchId>,
    team: Option<&TeamId>,
) -> Result<(Page, bool), Fault> {
    let rows: Rows<Batches> = draft.last_under::<Batches>(&(), before.as_ref(), PAGE)?;
    let (is_last, last) = (rows.len() < PAGE, rows.last().map(|(id, _)| *id));
    let is_of = |(_, batch): &(BatchId, Batch)| team.is_none_or(|team| batch.team == *team);
    let candidates: Vec<_> =
        rows.into_iter().filter(is_of).map(|(id, batch)| (id, Some(batch))).collect();
    for (id, batch) in &candidates {
        if let Some(batch) = batch {
            foresee(draft, *id, batch);
        }
    }
    Ok((Page { candidates, last }, is_last))
}

fn unresolved(draft: &Draft<'_>, before: Option<BatchId>) -> Result<(Page, bool), Fault> {
    let before = before.map(|batch| (Stage::Unresolved, JobId { batch, ordinal: 0 }));
    let rows = draft.last_under::<Stages>(&Stage::Unresolved, before.as_ref(), PAGE)?;
    let is_last = rows.len() < PAGE;
    let mut ids: Vec<_> = rows.into_iter().map(|((_, job), ())| job.batch).collect();
    ids.dedup();
    for id in &ids {
        draft.foresee::<Batches>(id);
    }
    let mut candidates = Vec::new();
    for id in &ids {
        candidates.push((*id, draft.peek::<Batches>(id)?));
    }
    for (id, batch) in &candidates {
        match batch {
            Some(batch) => foresee(draft, *id, batch),
            None => draft.foresee_under::<Jobs>(id),
        }
    }
    Ok((Page { candidates, last: ids.last().copied() }, is_last))
}

/// Has the store make ready what tells where a batch stands.
fn foresee(draft: &Draft<'_>, id: BatchId, batch: &Batch) {
    batch.jobs.iter().for_each(|job| draft.foresee::<Jobs>(job));
    own_ids(id, batch).for_each(|job| draft.foresee::<Jobs>(&job));
    if batch.dispositions.submitted > 0 && batch.dispositions.cached == 0 {
        draft.foresee::<Slots>(&(id, 0));
    }
    if Kind::of(batch) == Kind::Validation {
        batch.jobs.iter().for_each(|job| draft.foresee::<Validations>(&job.batch));
    }
}

fn own_ids(batch: BatchId, row: &Batch) -> impl Iterator<Item = JobId> {
    (0..row.jobs_made).map(move |ordinal| JobId { batch, ordinal })
}

/// The jobs that a batch pays for; of one that was lost with its store, those that are left.
fn own_jobs(draft: &Draft<'_>, id: BatchId, batch: Option<&Batch>) -> Result<Vec<Job>, Fault> {
    let Some(batch) = batch else {
        return Ok(draft.pieces::<Jobs>(&id)?.into_iter().map(|(_, job)| job).collect());
    };
    own_ids(id, batch).filter_map(|job| draft.peek::<Jobs>(&job).transpose()).collect()
}

/// A batch at a glance; none where nothing is left of it.
fn summarize(
    draft: &Draft<'_>,
    id: BatchId,
    batch: Option<&Batch>,
) -> Result<Option<Summary>, Fault> {
    let jobs = own_jobs(draft, id, batch)?;
    summary_of(draft, id, batch, &jobs)
}

fn summary_of(
    draft: &Draft<'_>,
    id: BatchId,
    batch: Option<&Batch>,
    jobs: &[Job],
) -> Result<Option<Summary>, Fault> {
    let parts = || jobs.iter().flat_map(|job| &job.parts);
    let first = parts().next();
    let (Some(team), Some(admitted_at)) = (
        batch.map(|batch| &batch.team).or(first.map(|part| &part.team)),
        batch.map(|batch| batch.admitted_at).or(first.map(|part| part.admitted_at)),
    ) else {
        return Ok(None);
    };
    let (status, ended_at) = match batch {
        None => (None, jobs.iter().filter_map(|job| job.ended_at).max()),
        Some(batch) if batch.way == Way::Call => {
            let (status, ended_at) = standing_of_call(draft, batch)?;
            (Some(status), ended_at)
        }
        Some(batch) => {
            let (status, ended_at) = standing(draft, id, batch)?;
            (Some(status), ended_at)
        }
    };
    let unresolved: Amounts = parts().map(|part| part.unresolved).sum();
    let state = match status {
        Some(status) if unresolved.is_zero() => BatchState::As(status),
        None if unresolved.is_zero() => BatchState::As(Status::Error),
        _ => BatchState::Unresolved,
    };
    let canceled = batch.and_then(|batch| Some((batch.canceled_at?, batch.canceled_for.clone())));
    Ok(Some(Summary {
        id,
        team: team.clone(),
        kind: batch.map(Kind::of),
        state,
        status,
        admitted_at,
        ended_at,
        canceled,
        leads: batch.map_or(0, |batch| batch.dispositions.submitted),
        spent: parts().map(|part| part.charged.amounts()).sum(),
        reserved: parts().map(|part| part.reserved).sum(),
        unresolved,
    }))
}

/// Where a call stands, or a validation, which waits for the calls of others, too.
fn standing_of_call(
    draft: &Draft<'_>,
    batch: &Batch,
) -> Result<(Status, Option<Timestamp>), Fault> {
    if let Some(at) = batch.canceled_at {
        return Ok((Status::Canceled, Some(at)));
    }
    let (mut status, mut ended_at) = (Status::Completed, batch.admitted_at);
    for id in &batch.jobs {
        let Some(job) = draft.peek::<Jobs>(id)? else { continue };
        let validation = draft.peek::<Validations>(&id.batch)?;
        let is_under_way = validation.is_some_and(|validation| validation.is_under_way());
        if job.is_alive() || (job.state == State::Done && is_under_way) {
            return Ok((Status::Processing, None));
        }
        if job.state != State::Done {
            status = Status::Error;
        }
        let ends = [job.ended_at, validation.and_then(|validation| validation.ended_at)];
        ended_at = ends.into_iter().flatten().chain([ended_at]).max().unwrap_or(ended_at);
    }
    Ok((status, Some(ended_at)))
}

/// A batch with the slots in `range`, and its entries.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn batch(draft: &Draft<'_>, id: BatchId, range: Range<u32>) -> Result<Option<Detail>, Fault> {
    let batch = draft.peek::<Batches>(&id)?;
    match &batch {
        Some(batch) => foresee(draft, id, batch),
        None => draft.foresee_under::<Jobs>(&id),
    }
    let jobs = own_jobs(draft, id, batch.as_ref())?;
    let Some(summary) = summary_of(draft, id, batch.as_ref(), &jobs)? else { return Ok(None) };
    let slots = match &batch {
        Some(batch) => slots(draft, id, batch, range)?,
        None => Vec::new(),
    };
    let of_job = |job: Job| job.postings.into_iter().map(move |posting| (job.id, posting));
    let mut entries: Vec<_> = jobs.into_iter().flat_map(of_job).collect();
    entries.sort_by_key(|(_, posting)| posting.at);
    Ok(Some(Detail { summary, slots, entries }))
}
