//! What always holds, and what has to happen at least once for that to mean anything.

use stateright::Property;

use crate::books::{Job, State, Tally};
use crate::setup::{Cancels, LEADS, OnNoAnswer, Outage, Settlement, Setup, Store};
use crate::world::World;

pub(crate) const QUOTA: &str = "no team has more on the books than its quota";
pub(crate) const BILL: &str = "the vendor's bill is on the books";
pub(crate) const TALLIES: &str = "the tallies are what the jobs say";
pub(crate) const ONE_JOB: &str = "a lead travels in one live job";
pub(crate) const ONE_CHARGE: &str = "a find is paid once in a window, unless a job was given up";
pub(crate) const ONE_END: &str = "a job ends once, within what was reserved for it";
pub(crate) const EXACT: &str = "at rest the books are the bill, and what is perhaps free";
pub(crate) const CANCELED: &str = "a cancelled job is not sent again";
pub(crate) const PROBE: &str = "while the circuit is open, one attempt is made in a tick";

/// What a run must hold, and what it must show.
pub(crate) fn of(setup: &Setup) -> Vec<Property<Setup>> {
    let mut properties = vec![
        Property::always(QUOTA, keeps_quota),
        Property::always(BILL, books_the_bill),
        Property::always(TALLIES, tallies_are_right),
        Property::always(ONE_JOB, travels_once),
        Property::always(ONE_CHARGE, is_paid_once),
        Property::always(ONE_END, ends_once),
        Property::always(EXACT, is_exact_at_rest),
        Property::always(CANCELED, is_canceled_for_good),
        Property::always(PROBE, probes_once),
        Property::sometimes("a job is charged", charges),
    ];
    if setup.on_no_answer == OnNoAnswer::Retry {
        properties.push(Property::sometimes("a job is posted again", posts_again));
    }
    if setup.store == Store::AllButASuffix {
        properties.push(Property::sometimes("a failover loses something", loses));
    }
    if setup.outage == Outage::OpensCircuit {
        properties.push(Property::sometimes("a probe is sent", |_: &Setup, world: &World| {
            world.probes > 0
        }));
    }
    if setup.cancels == Cancels::InDoubt {
        properties.push(Property::sometimes(
            "a job in doubt is cancelled",
            |_: &Setup, world: &World| {
                world
                    .books
                    .jobs
                    .iter()
                    .any(|job| job.state == State::Unknown && job.canceled_after.is_some())
            },
        ));
    }
    if setup.settlement == Settlement::LeadByLead {
        properties.push(Property::sometimes(
            "a job is settled in part",
            |_: &Setup, world: &World| {
                world.books.jobs.iter().any(|job| job.state == State::Bound && job.settled > 0)
            },
        ));
    }
    if setup.is_tight() {
        properties.push(Property::sometimes("a quota refuses", refuses));
    }
    properties
}

/// Only admission asks a quota, and nothing else raises what a team has on the books but a find
/// that was spared at admission. The jobs are asked, not the tallies that admission asks.
fn keeps_quota(setup: &Setup, world: &World) -> bool {
    let mut left = setup.limits;
    for (ask, job) in setup.asks.iter().zip(&world.books.jobs) {
        left[ask.team] -= job.on_books();
    }
    left.iter().zip(&world.books.unasked).all(|(left, unasked)| left + unasked >= 0)
}

fn books_the_bill(_: &Setup, world: &World) -> bool {
    let booked: i8 = world.books.tallies.iter().copied().map(Tally::sum).sum();
    world.vendor.bill <= booked
}

fn tallies_are_right(setup: &Setup, world: &World) -> bool {
    let mut tallies = world.books.tallies;
    for (ask, job) in setup.asks.iter().zip(&world.books.jobs) {
        let tally = &mut tallies[ask.team];
        tally.spent -= job.charged;
        tally.reserved -= job.reserved;
        tally.unresolved -= job.unresolved;
    }
    tallies.iter().all(|left| (left.spent, left.reserved, left.unresolved) == (0, 0, 0))
}

/// Two live jobs carry one lead only where they ask different reveals of it: an upgrade.
fn travels_once(setup: &Setup, world: &World) -> bool {
    let jobs = &world.books.jobs[..setup.asks.len()];
    let is_twice = |one: usize, other: usize| {
        let both_live = jobs[one].is_alive() && jobs[other].is_alive();
        let share_lead = jobs[one].leads().any(|lead| jobs[other].own[lead]);
        both_live && share_lead && setup.asks[one].reveals == setup.asks[other].reveals
    };
    !(0..jobs.len()).any(|one| (0..one).any(|other| is_twice(one, other)))
}

/// The leads of a job that was given up may be asked for anew; a vendor that does not look then
/// charges both, and both are on the books.
fn is_paid_once(setup: &Setup, world: &World) -> bool {
    let is_given_up = |job: &&Job| matches!(job.state, State::Unresolved | State::Resolved);
    let given_up = || world.books.jobs.iter().filter(is_given_up).flat_map(|job| job.leads());
    let is_excused = |person| given_up().any(|lead| setup.person_of[lead] == person);
    (0..LEADS).all(|person| !world.vendor.charged_twice[person] || is_excused(person))
}

fn ends_once(_: &Setup, world: &World) -> bool {
    world.books.jobs.iter().all(|job| job.ends <= 1 && job.on_books() <= job.worst)
}

/// An unresolved job is on the books with its worst case, and an operator may have said too much.
fn is_exact_at_rest(_: &Setup, world: &World) -> bool {
    if !world.is_at_rest() {
        return true;
    }
    let booked: i8 = world.books.tallies.iter().map(|tally| tally.spent + tally.unresolved).sum();
    let too_much = booked - world.vendor.bill;
    let is_sure = !world.has_job(State::Unresolved) && !world.has_job(State::Resolved);
    too_much >= 0 && (too_much <= world.books.perhaps_free || !is_sure)
}

fn is_canceled_for_good(_: &Setup, world: &World) -> bool {
    let jobs = &world.books.jobs;
    jobs.iter().all(|job| job.canceled_after.is_none_or(|attempts| job.attempts <= attempts))
}

fn probes_once(_: &Setup, world: &World) -> bool {
    world.probes <= 1
}

fn charges(_: &Setup, world: &World) -> bool {
    world.books.jobs.iter().any(|job| job.state == State::Done && job.charged > 0)
}

fn posts_again(setup: &Setup, world: &World) -> bool {
    (0..setup.asks.len()).any(|job| world.is_posted_again(job))
}

fn loses(_: &Setup, world: &World) -> bool {
    world.has_lost
}

fn refuses(_: &Setup, world: &World) -> bool {
    world.has_job(State::Refused)
}
