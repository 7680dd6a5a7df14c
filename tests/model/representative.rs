//! Which worlds are one: those that differ in nothing that a step or a property asks from here on.

use crate::books::{Books, State};
use crate::setup::JOBS;
use crate::world::World;

/// The world with all that nobody asks any more left out.
pub(crate) fn representative(world: &World) -> World {
    let mut world = *world;
    for id in 0..JOBS {
        // A failover may bring a job back to life.
        if has_ended(&world.books, id) && world.copy.is_none_or(|copy| has_ended(&copy, id)) {
            let is_over = world.at_wire[id].is_none() && !world.vendor.works_on(id);
            world.vendor.charged[id] = 0;
            if is_over {
                world.vendor.posts[id] = Default::default();
            }
            for books in books_of(&mut world) {
                let job = &mut books.jobs[id];
                (job.first_sent, job.last_sent) = (None, None);
                (job.vendor_id, job.unanswered) = (None, 0);
                (job.settled, job.due, job.canceled_after) = Default::default();
                if is_over {
                    (job.attempts, job.own, job.finds) = Default::default();
                }
            }
        }
    }
    let now = world.now;
    for facts in books_of(&mut world).flat_map(|books| &mut books.persons) {
        facts.free_until = facts.free_until.filter(|until| now < *until);
    }
    world
}

fn has_ended(books: &Books, id: usize) -> bool {
    matches!(books.jobs[id].state, State::Done | State::Void)
}

/// The books, and what a failover would leave of them.
fn books_of(world: &mut World) -> impl Iterator<Item = &mut Books> {
    std::iter::once(&mut world.books).chain(&mut world.copy)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use stateright::{Expectation, Model};

    use super::representative;
    use crate::holds::TWICE;
    use crate::setup::{Operator, Setup, Store};
    use crate::world::World;

    #[test]
    fn worlds_taken_for_one_go_the_same_ways_and_hold_the_same() {
        let short = Setup { ticks: 2, window: 2, ..Setup::of(TWICE) };
        for setup in [
            Setup { operator: Operator::Present, ..short.clone() },
            Setup { store: Store::AllButASuffix, ..short },
        ] {
            let mut seen = HashSet::from([World::default()]);
            let mut open = vec![World::default()];
            while let Some(world) = open.pop() {
                assert!(is_the_same(&setup, &world, &representative(&world)), "{world:?}");
                open.extend(
                    setup.next_states(&world).into_iter().filter(|next| seen.insert(*next)),
                );
            }
            assert!(seen.len() > 10_000, "only {} worlds were compared", seen.len());
        }
    }

    /// What only has to happen sometimes has happened before it is left out.
    fn is_the_same(setup: &Setup, one: &World, other: &World) -> bool {
        let properties = setup.properties().into_iter();
        let mut always = properties.filter(|property| property.expectation == Expectation::Always);
        let mut steps = Vec::new();
        setup.actions(one, &mut steps);
        let after =
            |world: &World, step| setup.next_state(world, step).as_ref().map(representative);
        always
            .all(|property| (property.condition)(setup, one) == (property.condition)(setup, other))
            && steps.into_iter().all(|step| after(one, step) == after(other, step))
    }
}
