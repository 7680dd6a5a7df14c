//! With how many jobs turns may be taken: by lane, by team, and by the request budget.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::budget::Rates;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::lane::{DueAt, Lane};

/// With how many jobs of each lane turns may be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    lanes: BTreeMap<Lane, usize>,
    share: Option<Share>,
    due_within: Option<Duration>,
    /// Turns under way that wait to read further pages. They need no room.
    pub readers: Vec<PageReader>,
    /// Out of which budget each turn takes the requests that it makes; none where they are not
    /// counted.
    pub spending: Option<Spending>,
}

/// How many turns of a lane one team may have at once in a process, and how many it has there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Share {
    most: usize,
    held: BTreeMap<(Lane, TeamId), usize>,
}

/// The request budget as it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// How often all replicas together may ask in a minute.
    pub rates: Rates,
    /// The longest that the vendor is left alone by its own word.
    pub closed_for_max: Duration,
}

/// A turn under way that waits to make further requests: the vendor's answer has more pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageReader {
    /// The job.
    pub job: JobId,
    /// The turn.
    pub lease: Lease,
    /// The lane of the turn.
    pub lane: Lane,
    /// The team whose turn it is.
    pub team: TeamId,
    /// When the turn began.
    pub since: Timestamp,
    /// How many pages it would read at once.
    pub pages: u32,
}

impl PageReader {
    /// Where it stands among the others of its team.
    #[must_use]
    pub fn place(&self) -> DueAt {
        let Self { job, lane, ref team, since, .. } = *self;
        DueAt { lane, team: team.clone(), at: since, job }
    }
}

impl Room {
    /// No job is due further ahead than this, where nothing shorter is given.
    pub const DUE_WITHIN_MAX: Duration = Duration::from_hours(24);

    /// The same for every lane.
    #[must_use]
    pub fn each(jobs: usize) -> Self {
        Lane::ALL.into_iter().map(|lane| (lane, jobs)).collect()
    }

    /// The same, where one team may have so many turns of a lane at most, and has these.
    #[must_use]
    pub fn shared(self, most: usize, held: BTreeMap<(Lane, TeamId), usize>) -> Self {
        Self { share: Some(Share { most, held }), ..self }
    }

    /// The same, where no job is due further ahead than this.
    #[must_use]
    pub fn due_within(self, due_within: Duration) -> Self {
        Self { due_within: Some(due_within), ..self }
    }

    /// When a job that is due at `at` has its turn. One that is due further ahead than any job may be
    /// was put off by a clock that was wrong, and is due now.
    #[must_use]
    pub fn turn_at(&self, at: Timestamp, now: Timestamp) -> Timestamp {
        at.not_beyond(self.due_within.unwrap_or(Self::DUE_WITHIN_MAX), now)
    }

    /// The same, with turns under way that wait to read further pages.
    #[must_use]
    pub fn with_readers(self, readers: Vec<PageReader>) -> Self {
        Self { readers, ..self }
    }

    /// The same, where each turn takes the requests that it makes out of the budget.
    #[must_use]
    pub fn within(self, spending: Spending) -> Self {
        Self { spending: Some(spending), ..self }
    }

    /// How much there is in a lane.
    #[must_use]
    pub fn of(&self, lane: Lane) -> usize {
        self.lanes.get(&lane).copied().unwrap_or_default()
    }

    /// How much of it one team may take.
    #[must_use]
    pub fn of_team(&self, lane: Lane, team: &TeamId) -> usize {
        let Some(Share { most, held }) = &self.share else { return self.of(lane) };
        let held = held.get(&(lane, team.clone())).copied().unwrap_or_default();
        self.of(lane).min(most.saturating_sub(held))
    }

    /// The lanes in which there is some, in the order in which they have their turns.
    pub fn lanes(&self) -> impl Iterator<Item = Lane> {
        Lane::ALL.into_iter().filter(|lane| self.of(*lane) > 0)
    }
}

impl FromIterator<(Lane, usize)> for Room {
    fn from_iter<I: IntoIterator<Item = (Lane, usize)>>(lanes: I) -> Self {
        Self { lanes: lanes.into_iter().collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_its_share_of_a_lane_and_no_more_than_there_is() {
        let (sales, growth): (TeamId, TeamId) =
            ("sales".parse().unwrap(), "growth".parse().unwrap());
        let held = BTreeMap::from([((Lane::Polls, sales.clone()), 2)]);
        let room = Room::from_iter([(Lane::Polls, 2), (Lane::Submissions, 9)]).shared(3, held);
        assert_eq!(room.of_team(Lane::Polls, &sales), 1);
        assert_eq!(room.of_team(Lane::Polls, &growth), 2);
        assert_eq!(room.of_team(Lane::Submissions, &sales), 3);
        assert_eq!(room.of_team(Lane::LookUps, &sales), 0);
    }
}
