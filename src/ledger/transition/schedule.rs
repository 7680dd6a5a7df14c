//! When jobs are due: a row in each team's queue that a job stands in.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Job, State, Way};
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
    if job.state == State::Done && job.way != Way::Call {
        // It is due until its joiners are credited, and that step says when it no longer is.
        return Ok(());
    }
    let is_over = job.state == State::Done && !has_verdicts_to_come(draft, &job)?;
    job.due = until.filter(|_| !is_over);
    put_job(draft, &job)
}

/// Makes every job due that someone may have had a turn with: no other process can have the store
/// open, so whoever held the turns, of at most `lease_for`, is gone. What is due later than any turn
/// could last was put off, and stays so. An attempt that was being made is unanswered, and waits for
/// the quiet time as any other.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn take_over(
    draft: &mut Draft<'_>,
    quiet: Duration,
    lease_for: Duration,
) -> Result<usize, Fault> {
    let now = draft.now();
    let rows = draft.from::<Due>(Bound::Unbounded, usize::MAX)?;
    // A job may be due in several queues, at one and the same time.
    let open: BTreeMap<_, _> = rows.into_iter().map(|(due, ())| (due.job, due.at)).collect();
    for (job, at) in &open {
        let mut job = draft.need::<Jobs>(job)?;
        job.lease = job.lease.next(now);
        match job.state {
            // Whoever was making the call is gone, and it is not made again.
            State::Sending if job.way == Way::Call => {
                abandon(draft, job)?;
                continue;
            }
            State::Sending => super::send::mark_unanswered(draft, &mut job, now.after(quiet))?,
            // Its quiet period goes on.
            State::Unknown => {}
            _ if *at > now.after(lease_for) => {}
            _ => job.due = Some(now),
        }
        put_job(draft, &job)?;
    }
    Ok(open.len())
}
