//! Admission: who is asked for anew, and the reservation; in one step, or staged with one commit
//! point.

use crate::books::{Job, State};
use crate::setup::{Admission, FIND, Reserves, Setup, Wrong};
use crate::vendor::price;
use crate::world::{World, only_if};

/// Admits a batch in one step, or refuses it.
pub(crate) fn admit(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    only_if(setup.admission == Admission::Whole)?;
    only_if(world.books.jobs[id].state == State::Absent)?;
    for lead in setup.asks[id].leads {
        claim(setup, world, id, *lead);
    }
    open(setup, world, id);
    Some(())
}

/// Stages a batch's next lead: whoever meets it from now on has to ask this batch's record.
pub(crate) fn stage(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    only_if(setup.admission == Admission::Staged)?;
    let staged = match world.books.jobs[id].state {
        State::Absent => 0,
        State::Staging(staged) => staged,
        _ => return None,
    };
    let lead = *setup.asks[id].leads.get(staged)?;
    only_if(!is_staged_by_another(world, id, lead) || setup.is(Wrong::StolenByTimer))?;
    claim(setup, world, id, lead);
    world.job(id).state = State::Staging(staged + 1);
    if setup.is(Wrong::QuotaAskedEarly) && !fits(setup, world, id) {
        end(world, id, State::Refused);
    }
    Some(())
}

/// The one commit point: all that was staged is a job from here on, or nothing of it is.
pub(crate) fn commit(setup: &Setup, world: &mut World, id: usize) -> Option<()> {
    let all = setup.asks[id].leads.len();
    only_if(world.books.jobs[id].state == State::Staging(all))?;
    open(setup, world, id);
    Some(())
}

/// Whoever meets a staged lead, or a record that nobody goes on with, first ends the record.
pub(crate) fn abort(world: &mut World, id: usize) -> Option<()> {
    only_if(matches!(world.books.jobs[id].state, State::Staging(_)))?;
    end(world, id, State::Aborted);
    Some(())
}

/// The lead is the batch's own, unless it joins another.
fn claim(setup: &Setup, world: &mut World, id: usize, lead: usize) {
    let facts = world.books.persons[setup.person_of[lead]];
    let is_spared = setup.reserves == Reserves::WhatIsMissing
        && facts.is_found_free(world.now + setup.deadline);
    let is_own = !is_joined(setup, world, id, lead);
    world.job(id).own[lead] = is_own;
    world.job(id).finds[lead] = is_own && !is_spared;
}

/// Reserves the worst case, or refuses.
fn open(setup: &Setup, world: &mut World, id: usize) {
    if !setup.is(Wrong::QuotaAskedEarly) && !fits(setup, world, id) {
        return end(world, id, State::Refused);
    }
    let worst = worst_case(setup, world, id);
    let job = world.job(id);
    // A batch all of whose leads joined has nothing to send.
    job.state = if job.leads().next().is_none() { State::Done } else { State::Ready };
    (job.worst, job.reserved) = (worst, worst);
    world.tally(setup, id).reserved += worst;
}

fn end(world: &mut World, id: usize, state: State) {
    *world.job(id) = Job { state, ..Job::default() };
}

fn fits(setup: &Setup, world: &mut World, id: usize) -> bool {
    let worst = worst_case(setup, world, id);
    world.tally(setup, id).sum() + worst <= setup.limits[setup.asks[id].team]
}

fn worst_case(setup: &Setup, world: &World, id: usize) -> i8 {
    let job = &world.books.jobs[id];
    let worst_of = |lead: usize| {
        let owned = match setup.reserves {
            Reserves::Everything => 0,
            Reserves::WhatIsMissing => world.books.persons[setup.person_of[lead]].owned,
        };
        let find = if job.finds[lead] { FIND } else { 0 };
        find + price(setup.asks[id].reveals & !owned)
    };
    job.leads().map(worst_of).sum()
}

/// Whether a job that lives carries the lead already, with all that is asked.
fn is_joined(setup: &Setup, world: &World, id: usize, lead: usize) -> bool {
    let covers = |other: usize| setup.asks[id].reveals & !setup.asks[other].reveals == 0;
    let mut jobs = world.books.jobs.iter().take(setup.asks.len()).enumerate();
    jobs.any(|(other, job)| {
        other != id && job.own[lead] && covers(other) && is_joinable(setup, job, world.now)
    })
}

fn is_joinable(setup: &Setup, job: &Job, now: u8) -> bool {
    let is_freed = setup.is(Wrong::FreedWhileUnknown) && job.state == State::Unknown
        || setup.is(Wrong::FreedByTimer) && job.first_sent.is_some_and(|sent| sent < now);
    job.is_alive() && !is_freed
}

fn is_staged_by_another(world: &World, id: usize, lead: usize) -> bool {
    let is_staging = |job: &Job| matches!(job.state, State::Staging(_)) && job.own[lead];
    world.books.jobs.iter().enumerate().any(|(other, job)| other != id && is_staging(job))
}
