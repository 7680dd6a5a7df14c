//! Taking turns with due jobs: a lease with a growing token, no leader, and teams in rotation.

use std::collections::HashSet;
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ledger::codec::Ordered;
use crate::ledger::draft::{Draft, Fault, Heads};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::job::{Job, State};
use crate::ledger::record::lane::{DueAt, Lane};
use crate::ledger::step::{Room, Turn};
use crate::ledger::table::{Due, Jobs, Joins, Rotations};
use crate::ledger::transition::rotation::Ring;
use crate::ledger::transition::schedule::put_job;

/// Takes turns with due jobs, as far as there is room in each lane: in every one of them one for each
/// team in turn, the longest due of a team first. However many jobs a team has due, only as many of
/// them are read as there is room for.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn lease(draft: &mut Draft<'_>, room: &Room, ttl: Duration) -> Result<Vec<Turn>, Fault> {
    let until = draft.now().after(ttl);
    let mut rings = rings(draft, room)?;
    let mut turns = Vec::new();
    for (lane, ring) in &mut rings {
        let picked = pick(draft, ring, room.of(*lane))?;
        for (due, job) in picked {
            turns.push(take_turn(draft, due, job, until)?);
        }
    }
    for (lane, ring) in rings {
        if turns.iter().any(|turn| turn.lane == lane) {
            draft.put::<Rotations>(&lane, &ring.into_rotation());
        }
    }
    Ok(turns)
}

/// The due jobs of each lane that has room.
fn rings(draft: &Draft<'_>, room: &Room) -> Result<Vec<(Lane, Ring)>, Fault> {
    room.lanes().for_each(|lane| draft.foresee::<Rotations>(&lane));
    let now = draft.now();
    let heads: Vec<_> = room.lanes().map(|lane| head_of(lane, room.of(lane))).collect();
    let rows = draft.heads::<Due>(DueAt::PLACE_BYTES, &heads)?;
    let ring = |(lane, rows): (Lane, Vec<(DueAt, ())>)| {
        let rotation = draft.peek::<Rotations>(&lane)?.unwrap_or_default();
        let due = rows.into_iter().map(|(due, ())| due).filter(|due| due.at <= now);
        Ok((lane, Ring::new(due, rotation)))
    };
    room.lanes().zip(rows).map(ring).collect()
}

/// The first rows of each queue of a lane.
fn head_of(lane: Lane, limit: usize) -> Heads {
    Heads { front: lane.to_key(), limit }
}

/// The next turns of a lane, with the jobs as they stand.
fn pick(draft: &Draft<'_>, ring: &mut Ring, limit: usize) -> Result<Vec<(DueAt, Job)>, Fault> {
    let (mut picked, mut seen) = (Vec::new(), HashSet::<JobId>::new());
    while picked.len() < limit {
        let missing = limit.saturating_sub(picked.len());
        let next: Vec<_> = std::iter::from_fn(|| ring.next()).take(missing).collect();
        if next.is_empty() {
            break;
        }
        for due in &next {
            draft.foresee::<Jobs>(&due.job);
        }
        for due in next {
            // A job that another replica has taken meanwhile is no longer due then.
            let job = draft.find::<Jobs>(&due.job)?.filter(|job| job.due_at().contains(&due));
            if let Some(job) = job.filter(|job| seen.insert(job.id)) {
                picked.push((due, job));
            }
        }
    }
    let dead = picked.iter().filter(|(_, job)| !job.is_alive());
    dead.for_each(|(_, job)| draft.foresee_under::<Joins>(&job.id));
    Ok(picked)
}

fn take_turn(
    draft: &mut Draft<'_>,
    due: DueAt,
    mut job: Job,
    until: Timestamp,
) -> Result<Turn, Fault> {
    job.lease = job.lease.next(draft.now());
    job.due = Some(until);
    job.waits_until = None;
    put_job(draft, &job)?;
    let is_dead = !job.is_alive() && job.state != State::Done;
    let stranded = if is_dead { stranded(draft, job.id)? } else { Vec::new() };
    Ok(Turn { lane: due.lane, team: due.team, lease: job.lease, job, stranded })
}

/// The batches that had joined a job and were not answered. No batch joins a dead job.
fn stranded(draft: &Draft<'_>, job: JobId) -> Result<Vec<BatchId>, Fault> {
    let joins = draft.pieces::<Joins>(&job)?;
    Ok(joins.into_iter().filter(|(_, join)| !join.joined.is_empty()).map(|((_, b), _)| b).collect())
}

/// When something is due next in the lanes that have room; none where nothing is under way there.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn next_due(draft: &Draft<'_>, room: &Room) -> Result<Option<Timestamp>, Fault> {
    let heads: Vec<_> = room.lanes().map(|lane| head_of(lane, 1)).collect();
    let rows = draft.heads::<Due>(DueAt::PLACE_BYTES, &heads)?;
    Ok(rows.into_iter().flatten().map(|(due, ())| due.at).min())
}
