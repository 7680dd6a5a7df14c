//! Limits of concurrent jobs in this process: a number per lane, of which one team may use at most
//! three quarters, so that other teams make progress however slowly the vendor answers one team.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outage::Turns;
use crate::domain::team::TeamId;
use crate::ledger::record::lane::Lane;
use crate::ledger::step::Room;

/// All permits.
pub(super) struct Permits {
    each: usize,
    held: Held,
}

/// One permit, until it is dropped.
pub(super) struct Permit {
    lane: Lane,
    team: TeamId,
    held: Held,
}

/// The number of permits of each team that holds any.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<BTreeMap<(Lane, TeamId), usize>>>);

impl Permits {
    /// This many per lane.
    pub(super) fn new(each: usize) -> Self {
        Self { each, held: Held::default() }
    }

    /// How many more jobs may be leased. While the vendor does not answer, jobs that are due to be
    /// sent are leased one by one, with pauses.
    pub(super) fn room(&self, to_be_sent: Turns) -> Room {
        let held = self.held.by_team().clone();
        let room = |lane| {
            let of_lane = held.iter().filter(|((of, _), _)| *of == lane);
            let free = self.each.saturating_sub(of_lane.map(|(_, count)| count).sum());
            let room = match (lane, to_be_sent) {
                (Lane::UrgentPolls | Lane::Polls | Lane::Housekeeping, _) | (_, Turns::All) => free,
                (_, Turns::One) => usize::from(free == self.each),
                (_, Turns::NotBefore(_)) => 0,
            };
            (lane, room)
        };
        let room: Room = Lane::ALL.into_iter().map(room).collect();
        room.shared((self.each * 3).div_ceil(4), held)
    }

    /// A permit for a job of this team.
    pub(super) fn take(&self, lane: Lane, team: &TeamId) -> Permit {
        *self.held.by_team().entry((lane, team.clone())).or_default() += 1;
        Permit { lane, team: team.clone(), held: self.held.clone() }
    }
}

impl Held {
    fn by_team(&self) -> MutexGuard<'_, BTreeMap<(Lane, TeamId), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut by_team = self.held.by_team();
        let place = (self.lane, self.team.clone());
        let left = by_team.remove(&place).unwrap_or_default().saturating_sub(1);
        if left > 0 {
            by_team.insert(place, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_at_most_three_quarters_of_a_lane_and_returns_its_permits() {
        let (sales, growth): (TeamId, TeamId) =
            ("sales".parse().unwrap(), "growth".parse().unwrap());
        let permits = Permits::new(4);
        let held = [0, 1, 2].map(|_| permits.take(Lane::Polls, &sales));
        let room = permits.room(Turns::All);
        assert_eq!((room.of(Lane::Polls), room.of(Lane::Submissions)), (1, 4));
        assert_eq!(room.of_team(Lane::Polls, &sales), 0);
        assert_eq!(room.of_team(Lane::Polls, &growth), 1);
        drop(held);
        assert_eq!(permits.room(Turns::All).of_team(Lane::Polls, &sales), 3);
        assert!(permits.held.by_team().is_empty(), "nothing is kept of a team that holds none");
    }

    #[test]
    fn during_an_outage_one_job_is_sent_at_a_time() {
        let permits = Permits::new(4);
        let sales: TeamId = "sales".parse().unwrap();
        assert_eq!(permits.room(Turns::One).of(Lane::Submissions), 1);
        let _held = permits.take(Lane::Submissions, &sales);
        let room = permits.room(Turns::One);
        assert_eq!((room.of(Lane::Submissions), room.of(Lane::Polls)), (0, 4));
    }
}
