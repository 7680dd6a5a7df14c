//! When jobs are due: a row in each team's queue that a job stands in.

use std::ops::Bound;
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Job, Restoring, State, Way};
use crate::ledger::record::lane::DueAt;
use crate::ledger::table::{Due, Jobs, Waiting};
use crate::ledger::transition::call::abandon;
use crate::ledger::transition::stage::put_stages;
use crate::ledger::transition::validation::has_verdicts_to_come;

/// Writes a job, when it is due, until when it waits to be gathered, and at which stage it is.
pub(super) fn put_job(draft: &mut Draft<'_>, job: &Job) -> Result<(), Fault> {
    let old = draft.find::<Jobs>(&job.id)?;
    put_due(draft, job, &old.as_ref().map(Job::due_at).unwrap_or_default())?;
    let waited_until = old.as_ref().and_then(|old| old.waits_until);
    if waited_until != job.waits_until {
        let place = |until| (job.reveals, (until, job.id));
        if let Some(until) = waited_until {
            draft.delete::<Waiting>(&place(until));
        }
        if let Some(until) = job.waits_until {
            draft.put::<Waiting>(&place(until), &job.leads);
        }
    }
    put_stages(draft, old.as_ref(), job);
    draft.put::<Jobs>(&job.id, job);
    Ok(())
}

/// Writes in which queues a job is due.
fn put_due(draft: &mut Draft<'_>, job: &Job, were_at: &[DueAt]) -> Result<(), Fault> {
    let due_at = job.due_at();
    if due_at.is_empty() && job.due.is_some() {
        return Err(Fault::Invariant(format!("job {} is due in no team's queue", job.id)));
    }
    for gone in were_at.iter().filter(|place| !due_at.contains(place)) {
        draft.delete::<Due>(gone);
    }
    for new in due_at.iter().filter(|place| !were_at.contains(place)) {
        draft.put::<Due>(new, &());
    }
    Ok(())
}

/// The job, if `lease` is still its latest.
pub(super) fn leased(draft: &Draft<'_>, job: JobId, lease: Lease) -> Result<Job, Fault> {
    let job = draft.find::<Jobs>(&job)?.ok_or(Fault::Fenced)?;
    if job.lease == lease { Ok(job) } else { Err(Fault::Fenced) }
}

/// Ends a turn: the job is looked at again at `until`, or never. A settled job is never looked at
/// again, unless it is a validation whose verdicts the vendor still has.
///
/// # Errors
/// [`Fault::Fenced`] where another has the turn.
pub fn reschedule(
    draft: &mut Draft<'_>,
    job: JobId,
    lease: Lease,
    until: Option<Timestamp>,
) -> Result<(), Fault> {
    let mut job = leased(draft, job, lease)?;
    if job.is_alive() && until.is_none() {
        return Err(Fault::Invariant(format!("job {} lives and must be looked at again", job.id)));
    }
    let restores = job.restoring == Restoring::Wanted;
    if job.state == State::Done && job.way != Way::Call && !restores {
        // It is due until its joiners are credited, and that step says when it no longer is.
        return Ok(());
    }
    if restores && until.is_none() {
        job.restoring = Restoring::Tried(draft.now());
    }
    let is_over = job.state == State::Done && !restores && !has_verdicts_to_come(draft, &job)?;
    job.due = until.filter(|_| !is_over);
    put_job(draft, &job)
}

/// Turns to be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakingOver {
    /// How long an unanswered attempt is left alone.
    pub quiet: Duration,
    /// How long a turn lasts at most.
    pub lease_for: Duration,
    /// The row of the queues after which to go on; none for the first.
    pub after: Option<DueAt>,
}

/// Turns that were taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenOver {
    /// Of how many jobs.
    pub jobs: usize,
    /// The row of the queues after which to go on; none after the last.
    pub next: Option<DueAt>,
}

/// How many rows of the queues are taken over in one step.
const TAKEN_OVER_AT_ONCE: usize = 500;

/// Makes jobs due that another process may have had a turn with: no other process can have the store
/// open, so the holder of these turns, of at most `lease_for`, is gone. What is due later than any turn could last was
/// put off, and stays so. An attempt that was being made is unanswered, and waits for the quiet time as
/// any other. Asked again from the first row, it makes the same jobs due.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn take_over(draft: &mut Draft<'_>, order: &TakingOver) -> Result<TakenOver, Fault> {
    let TakingOver { quiet, lease_for, after } = order;
    let now = draft.now();
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let rows = draft.from::<Due>(from, TAKEN_OVER_AT_ONCE)?;
    let next =
        rows.last().filter(|_| rows.len() == TAKEN_OVER_AT_ONCE).map(|(due, ())| due.clone());
    for (due, ()) in &rows {
        draft.foresee::<Jobs>(&due.job);
    }
    let mut jobs: usize = 0;
    for (due, ()) in rows {
        // A job may be due in several queues: it is seen to at the first of its places. One that was moved
        // by a step before is further back in its queue, or due later than any turn could last.
        let job = draft.find::<Jobs>(&due.job)?;
        let Some(mut job) = job.filter(|job| job.due_at().iter().min() == Some(&due)) else {
            continue;
        };
        jobs = jobs.saturating_add(1);
        job.lease = job.lease.next(now);
        match job.state {
            // Whoever was making the call is gone, and it is not made again.
            State::Sending if job.way == Way::Call => {
                abandon(draft, job)?;
                continue;
            }
            State::Sending => super::send::mark_unanswered(draft, &mut job, now.after(*quiet))?,
            // Its quiet period goes on.
            State::Unknown => {}
            _ if due.at <= now || due.at > now.after(*lease_for) => {}
            _ => job.due = Some(now),
        }
        put_job(draft, &job)?;
    }
    Ok(TakenOver { jobs, next })
}
