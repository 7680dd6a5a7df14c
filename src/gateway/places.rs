//! Places of those who have something passed on, or a priced call made: so many at once, and half
//! of them for one team, so that no team shuts the others out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Refusal;
use super::crowded::Crowded;
use crate::domain::team::TeamId;

/// All places.
pub(super) struct Places {
    max: usize,
    taken: Taken,
    crowded: Crowded,
}

/// One of them, until it is dropped.
pub(super) struct Place {
    team: TeamId,
    taken: Taken,
}

/// How many places each team has that has any.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<HashMap<TeamId, usize>>>);

impl Places {
    /// So many places, by this setting.
    pub(super) fn new(max: usize, setting: &'static str) -> Self {
        Self { max, taken: Taken::default(), crowded: Crowded::by(setting) }
    }

    /// A place for a team, at once or not at all.
    pub(super) fn take(&self, team: &TeamId) -> Result<Place, Refusal> {
        self.free(team).ok_or_else(|| {
            self.crowded.say();
            Refusal::Crowded
        })
    }

    fn free(&self, team: &TeamId) -> Option<Place> {
        let mut by_team = self.taken.by_team();
        let all: usize = by_team.values().sum();
        let own = by_team.get(team).copied().unwrap_or_default();
        let is_room = all < self.max && own < self.max.div_ceil(2);
        is_room.then(|| {
            by_team.insert(team.clone(), own + 1);
            Place { team: team.clone(), taken: self.taken.clone() }
        })
    }
}

impl Taken {
    fn by_team(&self) -> MutexGuard<'_, HashMap<TeamId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_team = self.taken.by_team();
        let left = by_team.remove(&self.team).unwrap_or_default().saturating_sub(1);
        if left > 0 {
            by_team.insert(self.team.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_half_of_the_places_at_most_and_gives_back_what_it_has() {
        let (sales, growth) = ("sales".parse().unwrap(), "growth".parse().unwrap());
        let places = Places::new(3, "server.calls_max");
        let held = [places.take(&sales).unwrap(), places.take(&sales).unwrap()];
        assert!(places.take(&sales).is_err(), "two of three are half of them");
        let other = places.take(&growth).unwrap();
        assert!(places.take(&growth).is_err(), "all are taken");
        drop(held);
        assert!(places.take(&growth).is_ok() && places.take(&sales).is_ok());
        drop(other);
        assert!(places.taken.by_team().is_empty(), "nobody is remembered who has none");
    }
}
