//! Jobs whose answers nothing points at any more.

use std::time::Duration;

use super::slice::{Chunks, Cost, Slice, after, count_within_bounds, is_over};
use super::{SweepFrom, Swept};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::JobId;
use crate::ledger::record::job::{Job, State};
use crate::ledger::record::remnant::Remnant;
use crate::ledger::table::{
    Answers, CHUNK, JobLeads, Jobs, Joins, Remnants, SETTLED_AT_ONCE, Settlements,
};

/// Removes the next jobs whose time is over. The round is complete where all jobs of a page were
/// admitted less long ago than a job lives: those that follow are younger still.
pub(super) fn sweep(
    draft: &mut Draft<'_>,
    from: Option<JobId>,
    rows: usize,
    ttl: Duration,
) -> Result<Swept, Fault> {
    let now = draft.now();
    let page = draft.from::<Jobs>(after(from.as_ref()), rows)?;
    let may_go = |job: &Job| may_go(job, ttl, now);
    let fetched = page
        .iter()
        .map(|(_, job)| if may_go(job) { job.passengers.len().saturating_add(2) } else { 0 });
    let count = count_within_bounds(fetched);
    for (id, job) in page.iter().take(count).filter(|(_, job)| may_go(job)) {
        draft.foresee::<Jobs>(id);
        draft.foresee_under::<Joins>(id);
        job.passengers.iter().for_each(|passenger| draft.foresee::<Jobs>(passenger));
    }
    let mut slice = Slice::after(from);
    for (id, job) in page.iter().take(count) {
        if may_go(job) && !is_needed(draft, job)? && draft.find::<Jobs>(id)?.as_ref() == Some(job) {
            let joins = draft.pieces::<Joins>(id)?.len();
            // A coach has no leads of its own.
            let chunks = Chunks::of(if job.is_coach() { 0 } else { job.leads });
            let cost = Cost::with_chunks(chunks, 1 + ANSWERS_A_CHUNK).and_rows(joins);
            if !slice.has_room_for(cost) {
                return Ok(slice.end(true, SweepFrom::Jobs));
            }
            remove(draft, *id, chunks)?;
            slice.remove(cost);
        }
        slice.pass(*id);
    }
    let is_more = count < page.len() || (page.len() >= rows && !is_young(&page, ttl, now));
    Ok(slice.end(is_more, SweepFrom::Jobs))
}

/// Whether every job of a page that says when it was admitted was admitted less long ago than a job
/// lives. A coach says nothing of that.
fn is_young(page: &[(JobId, Job)], ttl: Duration, now: Timestamp) -> bool {
    let mut admitted = page.iter().filter_map(|(_, job)| Some(job.parts.first()?.admitted_at));
    let first = admitted.next();
    first.is_some_and(|at| !is_over(at, ttl, now)) && admitted.all(|at| !is_over(at, ttl, now))
}

/// Whether the lifetime of a job and of its results is over, nothing of it is open, and it is not
/// looked at again. Results may live for longer than settings say by now.
fn may_go(job: &Job, ttl: Duration, now: Timestamp) -> bool {
    let is_open = job.has_open_charge() || job.due.is_some() || !has_ended(job);
    let has_results = job.results_until.is_some_and(|until| now < until);
    !is_open && !has_results && job.ended_at.is_some_and(|at| is_over(at, ttl, now))
}

/// Whether nothing more is to become of a job: nobody waits for a word on one whose charge nobody
/// could learn, if nothing of it is open.
fn has_ended(job: &Job) -> bool {
    match job.state {
        State::Done | State::Void(_) | State::Resolved => true,
        State::Unresolved(_) => !job.has_open_charge(),
        State::Ready | State::Gathered(_) | State::Sending | State::Unknown | State::Bound => false,
    }
}

/// Whether others hang on a job: leads that joined it and are to be driven again, or passengers of
/// a coach that have not ended.
fn is_needed(draft: &Draft<'_>, job: &Job) -> Result<bool, Fault> {
    if draft.pieces::<Joins>(&job.id)?.iter().any(|(_, join)| !join.joined.is_empty()) {
        return Ok(true);
    }
    for passenger in &job.passengers {
        if draft.peek::<Jobs>(passenger)?.is_some_and(|job| !has_ended(&job)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Rows of answers for each row of leads.
const ANSWERS_A_CHUNK: u32 = CHUNK.div_ceil(SETTLED_AT_ONCE);

/// Deletes a row of a job's leads and the rows of their answers.
pub(super) fn delete_chunk(draft: &mut Draft<'_>, job: JobId, chunk: u32) {
    draft.delete::<JobLeads>(&(job, chunk));
    let first = chunk.saturating_mul(ANSWERS_A_CHUNK);
    for answers in first..first.saturating_add(ANSWERS_A_CHUNK) {
        draft.delete::<Answers>(&(job, answers));
    }
}

fn remove(draft: &mut Draft<'_>, id: JobId, chunks: Chunks) -> Result<(), Fault> {
    for (join, _) in draft.under::<Joins>(&id)? {
        draft.delete::<Joins>(&join);
    }
    draft.delete::<Jobs>(&id);
    draft.delete::<Settlements>(&id);
    match chunks {
        Chunks::Together(leads) => {
            for chunk in 0..leads.div_ceil(CHUNK) {
                delete_chunk(draft, id, chunk);
            }
        }
        Chunks::Later(leads) => {
            draft.put::<Remnants>(&Remnant::Leads(id), &leads.div_ceil(CHUNK));
        }
    }
    Ok(())
}
