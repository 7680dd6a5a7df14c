//! Turns with jobs: one sorted set of due jobs, a lease with a growing token, no leader.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Job, State};
use crate::ledger::step::Turn;
use crate::ledger::table::{Due, Jobs, Joins};

/// Writes a job, and when it is due.
pub(super) fn put_job(draft: &mut Draft<'_>, job: &Job) -> Result<(), Fault> {
    let was_due = draft.find::<Jobs>(&job.id)?.and_then(|old| old.due);
    if was_due != job.due {
        if let Some(due) = was_due {
            draft.delete::<Due>(&(due, job.id));
        }
        if let Some(due) = job.due {
            draft.put::<Due>(&(due, job.id), &true);
        }
    }
    draft.put::<Jobs>(&job.id, job);
    Ok(())
}

/// The job, if `lease` is still its latest.
pub(super) fn leased(draft: &Draft<'_>, job: JobId, lease: Lease) -> Result<Job, Fault> {
    let job = draft.find::<Jobs>(&job)?.ok_or(Fault::Fenced)?;
    if job.lease == lease { Ok(job) } else { Err(Fault::Fenced) }
}

/// So many times the wanted number of due jobs are looked at, to be fair to teams.
const LOOK_AHEAD: usize = 4;

/// Takes turns with due jobs, team by team, the longest due first.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn lease(draft: &mut Draft<'_>, limit: usize, ttl: Duration) -> Result<Vec<Turn>, Fault> {
    let now = draft.now();
    let ahead = draft.from::<Due>(Bound::Unbounded, limit.saturating_mul(LOOK_AHEAD))?;
    let mut by_team: BTreeMap<TeamId, usize> = BTreeMap::new();
    let mut waiting = Vec::new();
    for ((due, id), _) in ahead {
        if due > now {
            break;
        }
        let job = draft.need::<Jobs>(&id)?;
        let Some(part) = job.parts.first() else {
            return Err(Fault::Invariant(format!("job {id} has no part")));
        };
        let round = by_team.entry(part.team.clone()).or_default();
        waiting.push((*round, due, job));
        *round = round.saturating_add(1);
    }
    waiting.sort_by_key(|(round, due, _)| (*round, *due));
    let chosen = waiting.into_iter().take(limit);
    chosen.map(|(_, _, job)| take_turn(draft, job, now.after(ttl))).collect()
}

fn take_turn(draft: &mut Draft<'_>, mut job: Job, until: Timestamp) -> Result<Turn, Fault> {
    job.lease = Lease(job.lease.0.saturating_add(1));
    job.due = Some(until);
    put_job(draft, &job)?;
    let stranded = if job.is_alive() { Vec::new() } else { stranded(draft, job.id)? };
    Ok(Turn { lease: job.lease, job, stranded })
}

/// The batches that had joined a job and were not answered.
fn stranded(draft: &Draft<'_>, job: JobId) -> Result<Vec<crate::ledger::ids::BatchId>, Fault> {
    let joins = draft.under::<Joins>(&job)?;
    Ok(joins.into_iter().filter(|(_, join)| !join.joined.is_empty()).map(|((_, b), _)| b).collect())
}

/// When something is due next; none where nothing is under way.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn next_due(draft: &Draft<'_>) -> Result<Option<Timestamp>, Fault> {
    Ok(draft.from::<Due>(Bound::Unbounded, 1)?.first().map(|((due, _), _)| *due))
}

/// Ends a turn: the job is looked at again at `until`, or never.
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
    job.due = until;
    put_job(draft, &job)
}

/// Makes every job due that someone had a turn with: no other process can have the store open, so
/// whoever held the turns is gone. An attempt that was being made is unanswered, and waits for
/// `quiet_until` as any other.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn take_over(draft: &mut Draft<'_>, quiet: Duration) -> Result<usize, Fault> {
    let now = draft.now();
    let open = draft.from::<Due>(Bound::Unbounded, usize::MAX)?;
    for ((_, id), _) in &open {
        let mut job = draft.need::<Jobs>(id)?;
        job.lease = Lease(job.lease.0.saturating_add(1));
        match job.state {
            State::Sending => super::send::mark_unanswered(&mut job, now.after(quiet)),
            // Its quiet period goes on.
            State::Unknown => {}
            _ => job.due = Some(now),
        }
        put_job(draft, &job)?;
    }
    Ok(open.len())
}
