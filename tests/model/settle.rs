//! How a job ends: settled by the vendor's answer, void by proof, unresolved, by an operator's word.

use crate::books::{Job, State};
use crate::gate::Passing;
use crate::send::may_retry;
use crate::setup::{Cancels, FIND, Gate, Operator, Reserves, Settlement, Setup, Wrong};
use crate::vendor::{Post, price};
use crate::world::{World, only_if};

/// Settles a job by its results: what is due is charged by the gate, the rest released. After an
/// operator's word the difference is booked.
pub(crate) fn settle(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let job = world.books.jobs[id];
    only_if(matches!(job.state, State::Bound | State::Unresolved | State::Resolved))?;
    match world.vendor.posts[id][job.vendor_id?] {
        Post::Ended => {}
        Post::Stopped => return settle_stopped(setup, world, id),
        Post::Unsent | Post::Taken { .. } => return None,
    }
    let leads: Vec<_> = job.leads().collect();
    let due = match setup.settlement {
        Settlement::Whole => pass_gate(setup, world, id, &leads)?,
        Settlement::LeadByLead => {
            let due = job.due + pass_gate(setup, world, id, &leads[job.settled..=job.settled])?;
            let job = world.job(id);
            (job.settled, job.due) = (job.settled + 1, due);
            if job.settled < leads.len() && !setup.is(Wrong::ReleasedWithFirstStep) {
                return book_early(setup, world, id, &leads);
            }
            due
        }
    };
    if setup.reserves == Reserves::WhatIsMissing {
        exceed(setup, world, id, due - job.on_books());
    }
    let job = world.books.jobs[id];
    let tally = world.tally(setup, id);
    tally.spent += due - job.charged;
    tally.reserved -= job.reserved;
    tally.unresolved -= job.unresolved;
    let ends = job.ends + u8::from(job.state == State::Bound);
    *world.job(id) =
        Job { state: State::Done, charged: due, reserved: 0, unresolved: 0, ends, ..job };
    Some(())
}

/// Nothing is reserved any more for a job that an operator has spoken of. So what its leads turn out to
/// cost is booked with each step: from then on other jobs get these persons for nothing.
fn book_early(setup: &Setup, world: &mut World, id: usize, leads: &[usize]) -> Option<()> {
    let job = world.books.jobs[id];
    if job.state == State::Resolved && !setup.is(Wrong::WordNotRaised) {
        let left = i8::try_from(leads.len() - job.settled).ok()?;
        let full = FIND + price(setup.asks[id].reveals);
        let known = (job.charged + job.due).min(job.due + left * full);
        world.job(id).charged = known;
        world.tally(setup, id).spent += known - job.charged;
    }
    Some(())
}

/// The vendor stopped before it came to any lead. Where another attempt was not answered, that one may
/// have been charged: nobody can tell.
fn settle_stopped(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let job = world.books.jobs[id];
    only_if(job.state == State::Bound)?;
    if job.unanswered > 0 && !setup.is(Wrong::ReleasedInDoubt) {
        leave_unresolved(setup, world, id);
    } else {
        release(setup, world, id);
    }
    Some(())
}

/// Charges what is due for the persons whom the job brought back.
fn pass_gate(setup: &Setup, world: &mut World, id: usize, leads: &[usize]) -> Option<i8> {
    let job = world.books.jobs[id];
    let by = match setup.gate {
        Gate::AtLastCharge if job.unanswered > 0 => world.now.max(job.last_sent? + setup.deadline),
        Gate::AtLastCharge | Gate::AtSettlement => world.now,
    };
    let passing = Passing { reveals: setup.asks[id].reveals, first_sent: job.first_sent?, by };
    let mut due = 0;
    for lead in leads {
        let facts = &mut world.books.persons[setup.person_of[*lead]];
        let passed = facts.pass(setup, passing);
        *facts = passed.facts;
        due += passed.due;
        world.books.perhaps_free += i8::from(passed.perhaps_free);
    }
    Some(due)
}

/// A find that was spared at admission is charged after all: an entry of its own.
fn exceed(setup: &Setup, world: &mut World, id: usize, amount: i8) {
    world.job(id).worst += amount.max(0);
    world.books.unasked[setup.asks[id].team] += amount.max(0);
}

/// The same settlement again, by another replica or because its answer was lost: nothing happens.
pub(crate) fn settle_again(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let job = world.books.jobs[id];
    if setup.is(Wrong::StepCountsTwice) {
        // The cursor is not asked: what was due for the first lead is added again.
        only_if(job.state == State::Bound && job.settled == 1 && job.due == FIND)?;
        world.job(id).due += job.due;
        return Some(());
    }
    only_if(job.state == State::Done && job.ends == 1 && setup.is(Wrong::SettledTwice))?;
    let tally = world.tally(setup, id);
    tally.spent += job.charged;
    tally.reserved -= job.worst;
    world.job(id).ends += 1;
    Some(())
}

/// A batch is cancelled. Its job is released if it was certainly never sent. If it is being sent or in
/// doubt, it is not sent again.
pub(crate) fn cancel(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let job = world.job(id);
    match job.state {
        State::Ready => release(setup, world, id),
        State::Sending | State::Unknown if setup.cancels == Cancels::InDoubt => {
            only_if(job.canceled_after.is_none())?;
            job.canceled_after = Some(job.attempts);
        }
        _ => return None,
    }
    Some(())
}

/// A job that was not answered for a while is released: a mistake.
pub(crate) fn release_by_timer(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    only_if(world.books.jobs[id].state == State::Unknown && setup.is(Wrong::ReleasedByTimer))?;
    release(setup, world, id);
    Some(())
}

/// Gives back all that was reserved for a job.
pub(crate) fn release(setup: &Setup, world: &mut World, id: usize) {
    let job = world.job(id);
    let reserved = std::mem::take(&mut job.reserved);
    job.state = State::Void;
    job.ends += 1;
    world.tally(setup, id).reserved -= reserved;
}

/// Nobody can learn what the job cost: it may not be sent again, or the vendor no longer knows it.
pub(crate) fn give_up(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let job = world.books.jobs[id];
    only_if(match job.state {
        State::Unknown => !may_retry(setup, &job, world.now),
        State::Bound => setup.operator == Operator::Present,
        _ => false,
    })?;
    leave_unresolved(setup, world, id);
    Some(())
}

fn leave_unresolved(setup: &Setup, world: &mut World, id: usize) {
    let job = world.books.jobs[id];
    let tally = world.tally(setup, id);
    tally.reserved -= job.reserved;
    tally.unresolved += job.reserved;
    *world.job(id) = Job {
        state: State::Unresolved,
        unresolved: job.reserved,
        reserved: 0,
        ends: job.ends + 1,
        ..job
    };
}

/// What an operator says of an unresolved job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// All of it was charged.
    All,
    /// What stands on the vendor's bill, once the vendor is done with it.
    AsBilled,
}

/// Ends what is unresolved by an operator's word.
pub(crate) fn resolve(setup: &Setup, world: &mut World, id: usize, said: Word) -> Option<()> {
    let job = world.books.jobs[id];
    only_if(setup.operator == Operator::Present && job.state == State::Unresolved)?;
    let spent = match said {
        Word::All => job.unresolved,
        Word::AsBilled if world.vendor.works_on(id) => return None,
        Word::AsBilled => world.vendor.charged[id].min(job.unresolved),
    };
    // On top of it comes what those of its leads cost that are settled already.
    let spent = (spent + job.due).min(job.unresolved);
    let tally = world.tally(setup, id);
    tally.unresolved -= job.unresolved;
    tally.spent += spent;
    *world.job(id) = Job { state: State::Resolved, charged: spent, unresolved: 0, ..job };
    Some(())
}
