//! Detaching: the leads of a job that were not sent with its first ones go on as jobs of their own.
//!
//! It happens once the vendor has taken the first ones, or may have. No step moves more than a row of
//! leads. Reservations move with their leads, in the periods that they were admitted in. Slots of the
//! job's own batch follow; leads of other batches that had joined are driven off the job, and join where
//! their lead has gone.

use std::collections::BTreeSet;

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, Lease, ResultRef};
use crate::ledger::record::batch::{Batch, Join, Slot, Source};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Cause, Job, JobLead, Part, State, Window};
use crate::ledger::step::Detached;
use crate::ledger::table::{Batches, CHUNK, JobLeads, Jobs, Joins, Leads, Slots};
use crate::ledger::transition::close::{has_joiners, negative, release};
use crate::ledger::transition::new_job::number;
use crate::ledger::transition::post::post_part;
use crate::ledger::transition::refuse::{first_half, part_of};
use crate::ledger::transition::schedule::{leased, put_job};

/// Moves the last leads of a job that were not sent to a job of their own; where there are none, looks
/// whether leads of other batches still wait for some that the job does not carry any more. Asked again,
/// it goes on.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn.
pub fn detach(draft: &mut Draft<'_>, id: JobId, lease: Lease) -> Result<Detached, Fault> {
    draft.foresee::<Jobs>(&id);
    draft.foresee::<Batches>(&id.batch);
    draft.foresee_under::<Joins>(&id);
    let job = leased(draft, id, lease)?;
    match (job.state, job.window) {
        (State::Sending | State::Unknown | State::Bound, Some(window)) => {
            move_last(draft, job, window)
        }
        _ if job.has_strays => end_strays(draft, job),
        _ => Ok(Detached::Clear),
    }
}

fn move_last(draft: &mut Draft<'_>, mut job: Job, window: Window) -> Result<Detached, Fault> {
    let id = job.id;
    let row = job.leads.saturating_sub(1).div_euclid(CHUNK);
    let start = window.end.max(row.saturating_mul(CHUNK));
    let leads = take_leads(draft, id, row, start)?;
    let mut batch = draft.need::<Batches>(&id.batch)?;
    let new = JobId { batch: id.batch, ordinal: batch.jobs_made };
    batch.jobs_made = batch.jobs_made.saturating_add(1);
    batch.jobs.push(new);
    let moving = Moving { from: id, start, to: new };
    moving.claims(draft, &leads)?;
    moving.slots(draft, &batch, &leads)?;
    moving.repeated(draft)?;
    // Whether they wait for leads that have moved is found out in a step of its own.
    job.has_strays |= has_joiners(draft, id)?;
    draft.put::<Batches>(&id.batch, &batch);

    let new = split_off(draft, &mut job, &leads, &moving, window)?;
    job.leads = start;
    job.window = job.window.filter(|window| window.end < start);
    put_job(draft, &job)?;
    if batch.canceled_at.is_some() {
        release(draft, new, Cause::Canceled)?;
    } else if leads.iter().all(|lead| lead.is_refused) {
        release(draft, new, Cause::Refused)?;
    } else {
        put_job(draft, &new)?;
    }
    Ok(Detached::Partly)
}

/// Takes the leads of a row off a job, from an index on.
fn take_leads(
    draft: &mut Draft<'_>,
    job: JobId,
    row: u32,
    start: u32,
) -> Result<Vec<JobLead>, Fault> {
    let mut chunk = draft.need::<JobLeads>(&(job, row))?;
    let kept = start.saturating_sub(row.saturating_mul(CHUNK));
    let leads = chunk.split_off(usize::try_from(kept).unwrap_or(usize::MAX).min(chunk.len()));
    if chunk.is_empty() {
        draft.delete::<JobLeads>(&(job, row));
    } else {
        draft.put::<JobLeads>(&(job, row), &chunk);
    }
    Ok(leads)
}

/// The new job, with its part of the reservation. Both jobs are to be written after it.
fn split_off(
    draft: &mut Draft<'_>,
    job: &mut Job,
    leads: &[JobLead],
    moving: &Moving,
    window: Window,
) -> Result<Job, Fault> {
    let part = part_of(job)?.clone();
    let open = || leads.iter().filter(|lead| !lead.is_refused);
    let reserved: Amounts = open().map(|lead| part.prices.price_of(lead.worst)).sum();
    let moved = Part {
        leads: number(leads.len()),
        reserved,
        unresolved: Amounts::ZERO,
        charged: Charges::ZERO,
        word: None,
        ..part.clone()
    };
    let left = Part {
        leads: part.leads.saturating_sub(moved.leads),
        reserved: part.reserved.minus(reserved),
        ..part
    };
    job.parts = vec![left.clone()];
    let change = Change { reserved: negative(reserved), ..Change::default() };
    post_part(draft, job, &left, Fact::Released, change, Charges::ZERO);
    let mut new = Job {
        reveals: job.reveals,
        leads: moved.leads,
        parts: vec![moved.clone()],
        window: narrowed(leads, window, moving.start),
        refusals: job.refusals,
        waiters: job.waiters.clone(),
        due: Some(draft.now()),
        ..Job::new(moving.to, job.way)
    };
    let change = Change { reserved, ..Change::default() };
    post_part(draft, &mut new, &moved, Fact::Reserved, change, Charges::ZERO);
    put_chunk(draft, new.id, leads);
    Ok(new)
}

fn put_chunk(draft: &mut Draft<'_>, job: JobId, leads: &[JobLead]) {
    draft.put::<JobLeads>(&(job, 0), &leads.to_vec());
}

/// Where the refused ones were sent together with leads that the vendor has now taken, the one to blame
/// is among the others: half of these are sent first.
fn narrowed(leads: &[JobLead], window: Window, start: u32) -> Option<Window> {
    let suspect = window.suspect.checked_sub(start)?;
    let suspects: Vec<u32> = (0..suspect)
        .zip(leads)
        .filter(|(_, lead)| !lead.is_refused)
        .map(|(index, _)| index)
        .collect();
    let end = first_half(&suspects)?;
    (end < number(leads.len())).then_some(Window { end, suspect })
}

/// Leads that go from one job to another, from an index on.
struct Moving {
    from: JobId,
    start: u32,
    to: JobId,
}

impl Moving {
    /// Where a lead has gone; none where it stays.
    fn new_place(&self, at: ResultRef) -> Option<ResultRef> {
        let index = at.index.checked_sub(self.start).filter(|_| at.job == self.from)?;
        Some(ResultRef { job: self.to, index })
    }

    /// Who asks for these leads from now on joins the new job.
    fn claims(&self, draft: &mut Draft<'_>, leads: &[JobLead]) -> Result<(), Fault> {
        for lead in leads {
            draft.foresee::<Leads>(&lead.key);
        }
        for lead in leads {
            let Some(mut row) = draft.find::<Leads>(&lead.key)? else { continue };
            let mut has_changed = false;
            for claim in &mut row.claims {
                if let Some(at) = self.new_place(claim.at) {
                    claim.at = at;
                    has_changed = true;
                }
            }
            if has_changed {
                draft.put::<Leads>(&lead.key, &row);
            }
        }
        Ok(())
    }

    /// The batch's own slots follow their leads, and with them those that repeat them.
    fn slots(&self, draft: &mut Draft<'_>, batch: &Batch, leads: &[JobLead]) -> Result<(), Fault> {
        let id = self.from.batch;
        let repeats = draft
            .find::<Joins>(&(self.from, id))?
            .is_some_and(|join| join.repeated.iter().any(|index| *index >= self.start));
        let rows: BTreeSet<u32> = if repeats {
            (0..batch.dispositions.submitted.div_ceil(CHUNK)).collect()
        } else {
            leads.iter().map(|lead| lead.position.div_euclid(CHUNK)).collect()
        };
        for row in &rows {
            draft.foresee::<Slots>(&(id, *row));
        }
        for row in rows {
            let mut slots = draft.find::<Slots>(&(id, row))?.unwrap_or_default();
            if self.rewrite(&mut slots) {
                draft.put::<Slots>(&(id, row), &slots);
            }
        }
        Ok(())
    }

    fn rewrite(&self, slots: &mut [Slot]) -> bool {
        let mut has_changed = false;
        for slot in slots {
            if let Source::Own(at) | Source::Repeated(at) = &mut slot.source
                && let Some(new) = self.new_place(*at)
            {
                *at = new;
                has_changed = true;
            }
        }
        has_changed
    }

    /// The leads that the batch itself has twice follow.
    fn repeated(&self, draft: &mut Draft<'_>) -> Result<(), Fault> {
        let is_moved = |index: &u32| *index >= self.start;
        let own = (self.from, self.from.batch);
        if let Some(mut join) = draft.find::<Joins>(&own)? {
            let moved: Vec<u32> = join.repeated.extract_if(.., |index| is_moved(index)).collect();
            if !moved.is_empty() {
                let repeated =
                    moved.into_iter().map(|index| index.saturating_sub(self.start)).collect();
                let new = Join { joined: Vec::new(), repeated, driven_to: 0, ..join.clone() };
                draft.put::<Joins>(&(self.to, own.1), &new);
                if join.joined.is_empty() && join.repeated.is_empty() {
                    draft.delete::<Joins>(&own);
                } else {
                    draft.put::<Joins>(&own, &join);
                }
            }
        }
        Ok(())
    }
}

fn end_strays(draft: &mut Draft<'_>, mut job: Job) -> Result<Detached, Fault> {
    let gone = Gone::of(draft, &job)?;
    let joins = draft.pieces::<Joins>(&job.id)?;
    let waits = |((id, batch), join): &((JobId, BatchId), Join)| {
        *batch != id.batch && gone.has_any_of(join)
    };
    let strays: Vec<_> = joins.iter().filter(|row| waits(row)).map(|((_, b), _)| *b).collect();
    if !strays.is_empty() {
        return Ok(Detached::Strays(strays));
    }
    job.has_strays = false;
    put_job(draft, &job)?;
    Ok(Detached::Clear)
}

/// The leads that a job does not carry any more, though others may have joined them there.
pub(super) struct Gone {
    /// How many leads it has.
    leads: u32,
    /// Those of them that the vendor refused.
    refused: BTreeSet<u32>,
}

impl Gone {
    pub(super) fn of(draft: &Draft<'_>, job: &Job) -> Result<Self, Fault> {
        let mut refused = BTreeSet::new();
        for ((_, row), chunk) in draft.pieces::<JobLeads>(&job.id)? {
            let leads = (row.saturating_mul(CHUNK)..).zip(chunk);
            refused.extend(leads.filter(|(_, lead)| lead.is_refused).map(|(index, _)| index));
        }
        Ok(Self { leads: job.leads, refused })
    }

    pub(super) fn has(&self, index: u32) -> bool {
        index >= self.leads || self.refused.contains(&index)
    }

    fn has_any_of(&self, join: &Join) -> bool {
        join.joined.iter().chain(&join.repeated).any(|index| self.has(*index))
    }
}
