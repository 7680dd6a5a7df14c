//! Taking turns with due jobs: a lease with a growing token, no leader, and teams in rotation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ledger::codec::Ordered;
use crate::ledger::draft::{Draft, Fault, Heads};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::job::State;
use crate::ledger::record::lane::{DueAt, Lane};
use crate::ledger::step::{PageReader, Room, Turn};
use crate::ledger::table::{Due, Jobs, Joins, Rotations};
use crate::ledger::transition::budget;
use crate::ledger::transition::choice::{Choice, Queued};
use crate::ledger::transition::rotation::Entry;
use crate::ledger::transition::schedule::put_job;

/// Takes turns with due jobs, as far as there is room in each lane and the request budget allows: in
/// every one of them one for each team in turn, the longest due of a team first. However many jobs a
/// team has due, only as many of them are read as there is room for. A turn under way that waits for
/// further pages is answered with leave to read some.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn lease(draft: &mut Draft<'_>, room: &Room, ttl: Duration) -> Result<Vec<Turn>, Fault> {
    let until = draft.now().after(ttl);
    let queued = queued(draft, room, |lane| room.of(lane))?;
    let budget = match &room.spending {
        Some(spending) => Some(budget::left(draft, spending)?),
        None => None,
    };
    let mut choice = Choice::new(room, queued, budget, draft.now());
    let chosen = choice.take();
    foresee(draft, &chosen)?;
    let mut turns = Vec::<Turn>::new();
    for entry in chosen {
        match entry {
            Entry::Job(due) => turns.extend(begin(draft, due, until)?),
            Entry::Page(due) => match turns.iter_mut().find(|turn| turn.job.id == due.job) {
                Some(turn) => turn.requests = turn.requests.saturating_add(1),
                None => turns.extend(go_on(draft, room, due)?),
            },
        }
    }
    let (rotations, left) = choice.into_parts();
    for (lane, rotation) in
        rotations.filter(|(lane, _)| turns.iter().any(|turn| turn.lane == *lane))
    {
        draft.put::<Rotations>(&lane, &rotation);
    }
    if let Some(left) = left.filter(|_| turns.iter().any(|turn| turn.requests > 0)) {
        budget::put_left(draft, &left);
    }
    Ok(turns)
}

/// The first rows of the queues of each lane that has room or waits for pages, so many of each team.
fn queued(
    draft: &Draft<'_>,
    room: &Room,
    limit: impl Fn(Lane) -> usize,
) -> Result<Vec<Queued>, Fault> {
    let lanes = || room.lanes().chain(room.readers.iter().map(|reader| reader.lane));
    lanes().for_each(|lane| draft.foresee::<Rotations>(&lane));
    if room.spending.is_some() {
        budget::foresee(draft);
    }
    let heads: Vec<_> = room.lanes().map(|lane| head_of(lane, limit(lane))).collect();
    let rows = draft.heads::<Due>(DueAt::PLACE_BYTES, &heads)?;
    let mut rows: BTreeMap<Lane, Vec<_>> = room.lanes().zip(rows).collect();
    let lanes: BTreeSet<_> = lanes().collect();
    let queue = |lane| {
        let rows =
            rows.remove(&lane).unwrap_or_default().into_iter().map(|(due, ())| due).collect();
        let rotation = draft.peek::<Rotations>(&lane)?.unwrap_or_default();
        Ok(Queued { lane, rows, rotation })
    };
    lanes.into_iter().map(queue).collect()
}

/// The first rows of each queue of a lane.
fn head_of(lane: Lane, limit: usize) -> Heads {
    Heads { front: lane.to_key(), limit }
}

/// Has the store make ready what these turns read.
fn foresee(draft: &Draft<'_>, chosen: &[Entry]) -> Result<(), Fault> {
    let jobs = || chosen.iter().map(|(Entry::Job(due) | Entry::Page(due))| due.job);
    jobs().for_each(|job| draft.foresee::<Jobs>(&job));
    for job in jobs() {
        if draft.peek::<Jobs>(&job)?.is_some_and(|job| !job.is_alive()) {
            draft.foresee_under::<Joins>(&job);
        }
    }
    Ok(())
}

/// Begins a turn with a due job; none where another replica has taken it meanwhile, so that it is no
/// longer due then.
fn begin(draft: &mut Draft<'_>, due: DueAt, until: Timestamp) -> Result<Option<Turn>, Fault> {
    let job = draft.find::<Jobs>(&due.job)?.filter(|job| job.due_at().contains(&due));
    let Some(mut job) = job else { return Ok(None) };
    job.lease = job.lease.next(draft.now());
    job.due = Some(until);
    job.waits_until = None;
    put_job(draft, &job)?;
    let is_dead = !job.is_alive() && job.state != State::Done;
    let stranded = if is_dead { stranded(draft, job.id)? } else { Vec::new() };
    let requests = u32::from(due.lane != Lane::Housekeeping);
    Ok(Some(Turn { lane: due.lane, team: due.team, lease: job.lease, job, stranded, requests }))
}

/// Goes on with a turn that waits for further pages; none where it is over.
fn go_on(draft: &Draft<'_>, room: &Room, due: DueAt) -> Result<Option<Turn>, Fault> {
    let Some(job) = draft.peek::<Jobs>(&due.job)? else { return Ok(None) };
    let is_its_turn = |reader: &PageReader| reader.job == job.id && reader.lease == job.lease;
    if !room.readers.iter().any(is_its_turn) {
        return Ok(None);
    }
    let stranded = Vec::new();
    let DueAt { lane, team, .. } = due;
    Ok(Some(Turn { lane, team, lease: job.lease, job, stranded, requests: 1 }))
}

/// The batches that had joined a job and were not answered. No batch joins a dead job.
fn stranded(draft: &Draft<'_>, job: JobId) -> Result<Vec<BatchId>, Fault> {
    let joins = draft.pieces::<Joins>(&job)?;
    Ok(joins.into_iter().filter(|(_, join)| !join.joined.is_empty()).map(|((_, b), _)| b).collect())
}

/// When something may have a turn next in the lanes that have room; none where nothing is under way
/// there.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn next_due(draft: &Draft<'_>, room: &Room) -> Result<Option<Timestamp>, Fault> {
    let queued = queued(draft, room, |_| 1)?;
    let budget = match &room.spending {
        Some(spending) => Some(budget::look(draft, spending)?),
        None => None,
    };
    Ok(Choice::new(room, queued, budget, draft.now()).next_at())
}
