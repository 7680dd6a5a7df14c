//! Sending: on the books first, then on the wire, then what came of it on the books.

use crate::books::{Circuit, Job, State};
use crate::settle::release;
use crate::setup::{Doubt, FIND, OnNoAnswer, Operator, Outage, POSTS, Setup, Store, Wrong};
use crate::vendor::Post;
use crate::world::{World, only_if};

/// So many unanswered attempts in a row open the circuit.
const IN_A_ROW: u8 = 2;

/// Writes down that bytes may leave from now on.
pub(crate) fn begin_send(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let job = world.books.jobs[id];
    match job.state {
        State::Ready => {}
        State::Unknown => {
            let is_quiet = !world.vendor.works_on(id) || setup.doubt == Doubt::AtWork;
            only_if(may_retry(setup, &job, world.now) && is_quiet)?;
        }
        _ => return None,
    }
    pass_circuit(setup, world)?;
    reserve_finds(setup, world, id);
    let now = world.now;
    let job = world.job(id);
    job.state = State::Sending;
    job.attempts += 1;
    job.first_sent = job.first_sent.or(Some(now));
    job.last_sent = Some(now);
    world.at_wire[id] = Some(job.attempts);
    Some(())
}

/// While the circuit is open, one attempt in each tick is let through as a probe.
fn pass_circuit(setup: &Setup, world: &mut World) -> Option<()> {
    let Some(probe_at) = world.books.circuit.probe_at else { return Some(()) };
    only_if(world.now >= probe_at)?;
    world.probes += 1;
    if !setup.is(Wrong::ProbeNotClaimed) {
        world.books.circuit.probe_at = Some(world.now + 1);
    }
    Some(())
}

/// One more attempt in a row was not answered.
fn count_unanswered(setup: &Setup, world: &mut World) {
    if setup.outage == Outage::Ignored {
        return;
    }
    let circuit = &mut world.books.circuit;
    circuit.unanswered = (circuit.unanswered + 1).min(IN_A_ROW);
    if circuit.unanswered == IN_A_ROW {
        circuit.probe_at = circuit.probe_at.max(Some(world.now + 1));
    }
}

/// Whether an unanswered job may be sent again: it was not cancelled, attempts are left, and it would surely end inside
/// the charge window that the first of them may have opened.
pub(crate) fn may_retry(setup: &Setup, job: &Job, now: u8) -> bool {
    let by = now + setup.deadline;
    let is_safe = job.first_sent.is_none_or(|sent| by < sent + setup.window);
    let is_wanted = job.canceled_after.is_none() || setup.is(Wrong::CanceledSentAgain);
    setup.on_no_answer == OnNoAnswer::Retry
        && is_wanted
        && usize::from(job.unanswered) < POSTS
        && (is_safe || setup.is(Wrong::RetriedAfterWindow))
}

/// Reserves the finds that were free at admission and may be charged by now, whatever the quota.
fn reserve_finds(setup: &Setup, world: &mut World, id: usize) {
    let by = world.now + setup.deadline;
    for lead in world.books.jobs[id].leads() {
        let facts = world.books.persons[setup.person_of[lead]];
        let job = world.job(id);
        if job.finds[lead] || facts.is_found_free(by) {
            continue;
        }
        job.finds[lead] = true;
        job.worst += FIND;
        job.reserved += FIND;
        world.tally(setup, id).reserved += FIND;
        world.books.unasked[setup.asks[id].team] += FIND;
    }
}

/// The bytes leave, and the vendor takes the job.
pub(crate) fn post(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    leave(setup, world, id)?;
    world.vendor.take(setup, id, world.books.jobs[id].own, world.now)
}

/// The vendor definitely refuses the attempt: void by proof, unless an earlier one is in doubt.
pub(crate) fn refuse(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    leave(setup, world, id)?;
    only_if(world.books.jobs[id].state == State::Sending)?;
    world.books.circuit = Circuit::default();
    if world.books.jobs[id].unanswered > 0 {
        mark_unanswered(world.job(id));
    } else {
        release(setup, world, id);
    }
    Some(())
}

/// An attempt leaves once, and not before the store has confirmed that it will not be forgotten.
fn leave(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let attempt = world.at_wire[id].take()?;
    let is_kept = setup.store == Store::Everything || world.is_confirmed(id, attempt);
    only_if(is_kept || setup.is(Wrong::Unconfirmed))
}

/// The attempt certainly did not leave: the job is as it was before.
pub(crate) fn put_back(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let attempt = world.at_wire[id].take()?;
    let job = world.job(id);
    only_if(job.state == State::Sending && job.attempts == attempt)?;
    job.attempts -= 1;
    if job.unanswered == 0 {
        (job.state, job.first_sent, job.last_sent) = (State::Ready, None, None);
        if job.canceled_after.is_some() {
            release(setup, world, id);
        }
    } else {
        job.state = State::Unknown;
    }
    Some(())
}

/// No answer came, or the turn ended before one did: the vendor may have taken the job, and nothing
/// is released.
pub(crate) fn unanswered(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    only_if(world.books.jobs[id].state == State::Sending)?;
    mark_unanswered(world.job(id));
    count_unanswered(setup, world);
    if !setup.is(Wrong::SentAfterTurn) {
        world.at_wire[id] = None;
    }
    Some(())
}

const fn mark_unanswered(job: &mut Job) {
    job.state = State::Unknown;
    job.unanswered += 1;
}

/// An answer comes, and the vendor's name for the job is written down. The first one stays.
pub(crate) fn bind(setup: &Setup, world: &mut World, id: usize, post: usize) -> Option<()> {
    only_if(world.vendor.posts[id][post] != Post::Unsent)?;
    let is_answer = matches!(world.books.jobs[id].state, State::Sending | State::Unknown);
    let job = world.job(id);
    only_if(usize::from(job.attempts) == post + 1 || setup.doubt == Doubt::HeardLate)?;
    match job.state {
        State::Sending | State::Unknown => job.state = State::Bound,
        State::Unresolved | State::Resolved
            if job.vendor_id.is_none() && setup.operator == Operator::Present => {}
        _ => return None,
    }
    job.vendor_id = job.vendor_id.or(Some(post));
    if is_answer {
        world.books.circuit = Circuit::default();
    }
    Some(())
}
