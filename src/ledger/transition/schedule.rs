//! Turns with jobs: one sorted set of due jobs, a lease with a growing token, no leader.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Job, State, Way};
use crate::ledger::step::Turn;
use crate::ledger::table::{Due, Jobs, Joins, Numbers, Waiting};
use crate::ledger::transition::call::abandon;
use crate::ledger::transition::validation::has_verdicts_to_come;

/// Writes a job, when it is due, and until when it waits to be gathered.
pub(super) fn put_job(draft: &mut Draft<'_>, job: &Job) -> Result<(), Fault> {
    let old = draft.find::<Jobs>(&job.id)?;
    let (was_due, waited_until) = old.map_or((None, None), |old| (old.due, old.waits_until));
    let due = put_due(draft, job, was_due)?;
    if waited_until != job.waits_until {
        let place = |until| (job.reveals, (until, job.id));
        if let Some(until) = waited_until {
            draft.delete::<Waiting>(&place(until));
        }
        if let Some(until) = job.waits_until {
            draft.put::<Waiting>(&place(until), &job.leads);
        }
    }
    draft.put::<Jobs>(&job.id, &Job { due, ..job.clone() });
    Ok(())
}

/// Writes when a job is due, and answers when that is.
fn put_due(
    draft: &mut Draft<'_>,
    job: &Job,
    was_due: Option<Timestamp>,
) -> Result<Option<Timestamp>, Fault> {
    if was_due == job.due {
        return Ok(was_due);
    }
    if let Some(due) = was_due {
        draft.delete::<Due>(&(due, job.id));
    }
    let Some(due) = job.due else { return Ok(None) };
    let Some(team) = payer(draft, job)? else { return Ok(None) };
    draft.put::<Due>(&(due, job.id), &team);
    Ok(Some(due))
}

/// With whose turns a job has its turn: of several who pay, the first. Nobody pays for a coach whose
/// passengers are all forgotten, and so it is due no more.
fn payer(draft: &Draft<'_>, job: &Job) -> Result<Option<TeamId>, Fault> {
    if !job.is_coach() {
        let missing = || Fault::Invariant(format!("job {} has no part", job.id));
        return job.parts.first().map(|part| Some(part.team.clone())).ok_or_else(missing);
    }
    for passenger in &job.passengers {
        let passenger = draft.peek::<Jobs>(passenger)?;
        if let Some(part) = passenger.as_ref().and_then(|passenger| passenger.parts.first()) {
            return Ok(Some(part.team.clone()));
        }
    }
    Ok(None)
}

/// The job, if `lease` is still its latest.
pub(super) fn leased(draft: &Draft<'_>, job: JobId, lease: Lease) -> Result<Job, Fault> {
    let job = draft.find::<Jobs>(&job)?.ok_or(Fault::Fenced)?;
    if job.lease == lease { Ok(job) } else { Err(Fault::Fenced) }
}

/// How many rows are read at once, and how many due jobs are looked at to be fair to teams: past
/// that many, the longest due come first whosever they are.
const PAGE: usize = 1000;
const LOOK_AHEAD: usize = 5 * PAGE;

/// How many turns were ever given: says with which team the next ones begin.
const TURNS: &str = "turns";

/// Takes turns with due jobs: one for each team in turn, the longest due of a team first. A team
/// with thousands of jobs due does not keep another's one waiting.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn lease(draft: &mut Draft<'_>, limit: usize, ttl: Duration) -> Result<Vec<Turn>, Fault> {
    let until = draft.now().after(ttl);
    let mut by_team: Vec<_> = due_by_team(draft)?.into_values().collect();
    if by_team.is_empty() || limit == 0 {
        return Ok(Vec::new());
    }
    let counter = TURNS.to_owned();
    let given = draft.peek::<Numbers>(&counter)?.unwrap_or_default();
    let first = usize::try_from(given).ok().and_then(|given| given.checked_rem(by_team.len()));
    by_team.rotate_left(first.unwrap_or_default());
    let mut turns = Vec::new();
    while turns.len() < limit && !by_team.is_empty() {
        let room = limit.saturating_sub(turns.len());
        for due in by_team.iter_mut().take(room) {
            let Some((due, job)) = due.pop_front() else { continue };
            // Whose turn another has taken meanwhile is no longer due then.
            if let Some(job) = draft.find::<Jobs>(&job)?.filter(|job| job.due == Some(due)) {
                turns.push(take_turn(draft, job, until)?);
            }
        }
        by_team.retain(|due| !due.is_empty());
    }
    let more = u64::try_from(turns.len()).unwrap_or(u64::MAX);
    draft.put::<Numbers>(&counter, &given.wrapping_add(more));
    Ok(turns)
}

/// The jobs that are due, the longest due first, by who pays for their first part.
fn due_by_team(draft: &Draft<'_>) -> Result<BTreeMap<TeamId, VecDeque<(Timestamp, JobId)>>, Fault> {
    let mut by_team: BTreeMap<_, VecDeque<_>> = BTreeMap::new();
    let mut from = Bound::Unbounded;
    for _ in (0..LOOK_AHEAD).step_by(PAGE) {
        let page = draft.from::<Due>(from.as_ref(), PAGE)?;
        let is_last = page.len() < PAGE;
        for ((due, job), team) in page {
            if due > draft.now() {
                return Ok(by_team);
            }
            draft.foresee::<Jobs>(&job);
            by_team.entry(team).or_default().push_back((due, job));
            from = Bound::Excluded((due, job));
        }
        if is_last {
            break;
        }
    }
    Ok(by_team)
}

fn take_turn(draft: &mut Draft<'_>, mut job: Job, until: Timestamp) -> Result<Turn, Fault> {
    job.lease = job.lease.next(draft.now());
    job.due = Some(until);
    job.waits_until = None;
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
    let open = draft.from::<Due>(Bound::Unbounded, usize::MAX)?;
    for ((due, id), _) in &open {
        let mut job = draft.need::<Jobs>(id)?;
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
            _ if *due > now.after(lease_for) => {}
            _ => job.due = Some(now),
        }
        put_job(draft, &job)?;
    }
    Ok(open.len())
}
