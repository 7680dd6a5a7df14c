//! Random steps: hundreds of steps in any order, by clumsy hands and a clumsy vendor, and after
//! each of them everything that always holds.
//!
//! An episode follows from its seed. `TOLLGATE_SEED` plays one episode again, and
//! `TOLLGATE_SOAK_STEPS` says how many steps memory and Redis take together.

mod actions;
mod answers;
mod asking;
mod both;
mod calls;
mod cast;
mod checks;
mod operators;
mod rest;
mod turns;
mod vendor;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use super::store::{Embedded, Memory, Redis, Store};
use both::Both;
use world::World;

/// How many steps of the ledger an episode takes, before it is brought to rest.
const EPISODE: usize = 300;
/// How many episodes are played at once.
const PLAYERS: u64 = 2;

/// How often each thing happened.
type Seen = BTreeMap<&'static str, usize>;

#[test]
fn a_hundred_thousand_random_steps_break_nothing() {
    let seen = play::<Memory>(100_000);
    // What never happens proves nothing.
    for what in [
        "admitted",
        "refused",
        "cached",
        "joined",
        "repeated",
        "reserved",
        "settled",
        "released",
        "given_up",
        "resolved",
        "exceeded",
        "adjusted",
        "avoided",
        "opened",
        "a count that was left",
        "void",
        "still unknown",
        "exhausted",
        "fenced",
        "late evidence",
        "answered at once",
        "perhaps free",
        "driven to an answer",
        "driven to a refusal",
        "driven to the vendor",
        "trimmed",
        "gathered",
        "split",
        "kept together",
        "called",
        "called and not charged",
        "called and unanswered",
        "call replayed",
        "heard of a call late",
        "told to wait",
        "phones not allowed",
        "a limit reached",
        "stripped",
        "kept apart",
        "young enough",
        "asked anew",
        "left out",
        "replayed",
        "key reused",
        "above what is allowed",
    ] {
        assert!(seen.contains_key(what), "{what}: it never happened");
    }
}

#[test]
fn memory_and_disk_agree_after_every_step() {
    play::<Both<Memory, Embedded>>(5_000);
}

#[test]
fn memory_and_redis_agree_after_every_step() {
    play::<Both<Memory, Redis>>(asked("TOLLGATE_SOAK_STEPS").unwrap_or(20_000));
}

/// Plays episodes until so many steps were taken.
fn play<S: Store>(steps: usize) -> Seen {
    if let Some(seed) = asked("TOLLGATE_SEED") {
        return episode::<S>(seed).1;
    }
    let share = steps / usize::try_from(PLAYERS).expect("a few players");
    std::thread::scope(|scope| {
        let play = |first_seed| scope.spawn(move || play_share::<S>(first_seed, share));
        let players: Vec<_> = (0..PLAYERS).map(play).collect();
        let mut seen = Seen::new();
        for player in players {
            match player.join() {
                Ok(more) => note(&mut seen, more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        seen
    })
}

fn play_share<S: Store>(first_seed: u64, steps: usize) -> Seen {
    let (mut taken, mut seen) = (0, Seen::new());
    for seed in (first_seed..).step_by(usize::try_from(PLAYERS).expect("a few players")) {
        if taken >= steps {
            break;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| episode::<S>(seed)));
        let (more_taken, more) = outcome.unwrap_or_else(|_| {
            panic!("TOLLGATE_SEED={seed} plays this again; {taken} steps before it were right")
        });
        taken += more_taken;
        note(&mut seen, more);
    }
    seen
}

fn note(seen: &mut Seen, more: Seen) {
    for (what, often) in more {
        *seen.entry(what).or_default() += often;
    }
}

fn episode<S: Store>(seed: u64) -> (usize, Seen) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime needs nothing").block_on(async {
        let mut world = World::<S>::begin(seed).await;
        while world.steps < EPISODE {
            world.act().await;
        }
        world.can_be_adopted().await;
        world.come_to_rest().await;
        // Two stores that must agree do so in the end, too.
        world.books.dump().await;
        (world.steps, world.checks.seen)
    })
}

fn asked<T: FromStr>(name: &str) -> Option<T> {
    #[expect(clippy::disallowed_methods, reason = "whoever plays episodes says which")]
    let number = std::env::var(name).ok()?;
    Some(number.parse().unwrap_or_else(|_| panic!("{name} is a whole number")))
}
