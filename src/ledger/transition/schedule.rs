//! Turns with jobs: one sorted set of due jobs, a lease with a growing token, no leader.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Job, State, Way};
use crate::ledger::record::lane::{DueAt, Lane};
use crate::ledger::step::{Room, Turn};
use crate::ledger::table::{Due, Jobs, Joins, Numbers, Waiting};
use crate::ledger::transition::call::abandon;
use crate::ledger::transition::validation::has_verdicts_to_come;

/// Writes a job, when it is due, and until when it waits to be gathered.
pub(super) fn put_job(draft: &mut Draft<'_>, job: &Job) -> Result<(), Fault> {
    let old = draft.find::<Jobs>(&job.id)?;
    let due = put_due(draft, job, old.as_ref().and_then(Job::due_at))?;
    let waited_until = old.and_then(|old| old.waits_until);
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
    was_at: Option<DueAt>,
) -> Result<Option<Timestamp>, Fault> {
    if was_at == job.due_at() {
        return Ok(job.due);
    }
    if let Some(was_at) = was_at {
        draft.delete::<Due>(&was_at);
    }
    let Some(due_at) = job.due_at() else { return Ok(None) };
    let Some(team) = payer(draft, job)? else { return Ok(None) };
    draft.put::<Due>(&due_at, &team);
    Ok(job.due)
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

/// How many turns were ever given in a lane: says with which team the next ones begin.
const TURNS: &str = "turns";

/// Takes turns with due jobs, as far as there is room in each lane: in every one of them one for each
/// team in turn, the longest due of a team first. A team with thousands of jobs due does not keep
/// another's one waiting, nor do batches keep look-ups.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn lease(draft: &mut Draft<'_>, room: &Room, ttl: Duration) -> Result<Vec<Turn>, Fault> {
    let until = draft.now().after(ttl);
    let mut turns = Vec::new();
    for lane in room.lanes() {
        turns.extend(lease_in(draft, lane, room.of(lane), until)?);
    }
    Ok(turns)
}

fn lease_in(
    draft: &mut Draft<'_>,
    lane: Lane,
    limit: usize,
    until: Timestamp,
) -> Result<Vec<Turn>, Fault> {
    let mut by_team: Vec<_> = due_by_team(draft, lane)?.into_values().collect();
    if by_team.is_empty() {
        return Ok(Vec::new());
    }
    let counter = format!("{TURNS} {}", lane.name());
    let given = draft.peek::<Numbers>(&counter)?.unwrap_or_default();
    let first = usize::try_from(given).ok().and_then(|given| given.checked_rem(by_team.len()));
    by_team.rotate_left(first.unwrap_or_default());
    let mut turns = Vec::new();
    while turns.len() < limit && !by_team.is_empty() {
        let room = limit.saturating_sub(turns.len());
        for due in by_team.iter_mut().take(room) {
            let Some(due_at) = due.pop_front() else { continue };
            // Whose turn another has taken meanwhile is no longer due then.
            let job = draft.find::<Jobs>(&due_at.job)?;
            if let Some(job) = job.filter(|job| job.due_at() == Some(due_at)) {
                turns.push(take_turn(draft, job, until)?);
            }
        }
        by_team.retain(|due| !due.is_empty());
    }
    let more = u64::try_from(turns.len()).unwrap_or(u64::MAX);
    draft.put::<Numbers>(&counter, &given.wrapping_add(more));
    Ok(turns)
}

/// The jobs of a lane that are due, the longest due first, by who pays for their first part.
fn due_by_team(draft: &Draft<'_>, lane: Lane) -> Result<BTreeMap<TeamId, VecDeque<DueAt>>, Fault> {
    let mut by_team: BTreeMap<_, VecDeque<_>> = BTreeMap::new();
    let mut after = None;
    for _ in (0..LOOK_AHEAD).step_by(PAGE) {
        let page = draft.from_under::<Due>(&lane, after.as_ref(), PAGE)?;
        let is_last = page.len() < PAGE;
        for (due_at, team) in page {
            if due_at.at > draft.now() {
                return Ok(by_team);
            }
            draft.foresee::<Jobs>(&due_at.job);
            by_team.entry(team).or_default().push_back(due_at);
            after = Some(due_at);
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
    let is_dead = !job.is_alive() && job.state != State::Done;
    let stranded = if is_dead { stranded(draft, job.id)? } else { Vec::new() };
    Ok(Turn { lease: job.lease, job, stranded })
}

/// The batches that had joined a job and were not answered. No batch joins a dead job.
fn stranded(draft: &Draft<'_>, job: JobId) -> Result<Vec<crate::ledger::ids::BatchId>, Fault> {
    let joins = draft.pieces::<Joins>(&job)?;
    Ok(joins.into_iter().filter(|(_, join)| !join.joined.is_empty()).map(|((_, b), _)| b).collect())
}

/// When something is due next in the lanes that have room; none where nothing is under way there.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn next_due(draft: &Draft<'_>, room: &Room) -> Result<Option<Timestamp>, Fault> {
    let mut next: Option<Timestamp> = None;
    for lane in room.lanes() {
        if let Some((DueAt { at, .. }, _)) = draft.from_under::<Due>(&lane, None, 1)?.first() {
            next = Some(next.map_or(*at, |next| next.min(*at)));
        }
    }
    Ok(next)
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
    let open = draft.from::<Due>(Bound::Unbounded, usize::MAX)?;
    for (DueAt { at, job, .. }, _) in &open {
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
