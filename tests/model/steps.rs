//! All that can happen, in any order: the machine that is explored.

use stateright::{Model, Property};

use crate::books::Books;
use crate::settle::Word;
use crate::setup::{POSTS, Setup, Store, Wrong};
use crate::world::{World, only_if};
use crate::{admit, properties, send, settle};

/// One thing that happens; most happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Admit(usize),
    Stage(usize),
    Commit(usize),
    Abort(usize),
    BeginSend(usize),
    Post(usize),
    PutBack(usize),
    Refuse(usize),
    Unanswered(usize),
    /// The vendor works one POST of a job through.
    Work(usize, usize),
    /// The vendor ends one POST of a job before it came to any lead.
    Stop(usize, usize),
    /// One POST's answer arrives and is written down. Where this never happens, it was lost.
    Bind(usize, usize),
    Settle(usize),
    SettleAgain(usize),
    Cancel(usize),
    ReleaseByTimer(usize),
    GiveUp(usize),
    Resolve(usize, Word),
    /// From now on the store's copy gets nothing any more.
    CutOff,
    /// The copy takes over, as it is.
    FailOver,
    Tick,
}

impl Model for Setup {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::default()]
    }

    fn actions(&self, _: &World, steps: &mut Vec<Step>) {
        for id in 0..self.asks.len() {
            steps.extend([Step::Admit(id), Step::Stage(id), Step::Commit(id), Step::Abort(id)]);
            steps.extend([Step::BeginSend(id), Step::Post(id), Step::PutBack(id)]);
            steps.extend([Step::Refuse(id), Step::Unanswered(id), Step::Cancel(id)]);
            for post in 0..POSTS {
                steps.extend([Step::Work(id, post), Step::Stop(id, post), Step::Bind(id, post)]);
            }
            steps.extend([Step::Settle(id), Step::SettleAgain(id), Step::ReleaseByTimer(id)]);
            steps.extend([Step::GiveUp(id), Step::Resolve(id, Word::All)]);
            steps.push(Step::Resolve(id, Word::AsBilled));
        }
        steps.extend([Step::CutOff, Step::FailOver, Step::Tick]);
    }

    fn next_state(&self, last: &World, step: Step) -> Option<World> {
        let mut world = *last;
        take(self, &mut world, step)?;
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

/// Changes the world by one step; none where its guard does not let it.
fn take(setup: &Setup, world: &mut World, step: Step) -> Option<()> {
    match step {
        Step::Admit(id) => admit::admit(setup, world, id),
        Step::Stage(id) => admit::stage(setup, world, id),
        Step::Commit(id) => admit::commit(setup, world, id),
        Step::Abort(id) => admit::abort(world, id),
        Step::BeginSend(id) => send::begin_send(setup, world, id),
        Step::Post(id) => send::post(setup, world, id),
        Step::PutBack(id) => send::put_back(setup, world, id),
        Step::Refuse(id) => send::refuse(setup, world, id),
        Step::Unanswered(id) => send::unanswered(setup, world, id),
        Step::Work(id, post) => world.vendor.work(setup, id, post, world.now),
        Step::Stop(id, post) => world.vendor.stop(setup, id, post),
        Step::Bind(id, post) => send::bind(setup, world, id, post),
        Step::Settle(id) => settle::settle(setup, world, id),
        Step::SettleAgain(id) => settle::settle_again(setup, world, id),
        Step::Cancel(id) => settle::cancel(setup, world, id),
        Step::ReleaseByTimer(id) => settle::release_by_timer(setup, world, id),
        Step::GiveUp(id) => settle::give_up(setup, world, id),
        Step::Resolve(id, said) => settle::resolve(setup, world, id, said),
        Step::CutOff => cut_off(setup, world),
        Step::FailOver => fail_over(world),
        Step::Tick => tick(setup, world),
    }
}

fn cut_off(setup: &Setup, world: &mut World) -> Option<()> {
    only_if(setup.store == Store::AllButASuffix)?;
    only_if(world.copy.is_none() && !world.has_failed_over)?;
    world.copy = Some(world.books);
    Some(())
}

fn fail_over(world: &mut World) -> Option<()> {
    let copy = world.copy.take()?;
    world.has_lost = copy != world.books;
    world.has_failed_over = true;
    world.books = copy;
    Some(())
}

/// Time goes on. What was written down to be sent and has not left yet never leaves: a replica
/// lets an attempt go well before its turn is over.
fn tick(setup: &Setup, world: &mut World) -> Option<()> {
    only_if(world.now < setup.ticks && world.books != Books::default())?;
    if !setup.is(Wrong::SlowVendor) {
        world.vendor.let_pass(setup, world.now)?;
    }
    world.now += 1;
    world.probes = 0;
    world.vendor.forget(setup, world.now);
    if !setup.is(Wrong::SentAfterTurn) {
        world.at_wire = Default::default();
    }
    Some(())
}
