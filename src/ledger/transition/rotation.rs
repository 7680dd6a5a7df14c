//! The order of turns in a lane: teams in turn, the longest due job of a team first.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::team::TeamId;
use crate::ledger::record::lane::{DueAt, Rotation};

/// What may have the next turn of a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A job that is due.
    Job(DueAt),
    /// A turn under way, with a further page of the vendor's answer.
    Page(DueAt),
}

/// The due jobs of a lane in the order in which they have turns. Teams have their turns in the order
/// of their names, beginning after the team that had the latest one. So a team has its turn within
/// as many turns as there are teams that wait, whatever the others have due. Within a team, due jobs
/// and pages alternate: neither waits for the end of the other.
#[derive(Debug)]
pub(super) struct Ring {
    queues: VecDeque<(TeamId, VecDeque<Entry>)>,
    rotation: Rotation,
}

impl Ring {
    /// The turns with these jobs and pages, each team's in order.
    pub(super) fn new(
        jobs: impl IntoIterator<Item = DueAt>,
        pages: impl IntoIterator<Item = DueAt>,
        rotation: Rotation,
    ) -> Self {
        let mut queues = BTreeMap::<TeamId, [VecDeque<Entry>; 2]>::new();
        for row in jobs {
            let [jobs, _] = queues.entry(row.team.clone()).or_default();
            jobs.push_back(Entry::Job(row));
        }
        for row in pages {
            let [_, pages] = queues.entry(row.team.clone()).or_default();
            pages.push_back(Entry::Page(row));
        }
        // Every other round of the teams begins with pages.
        let teams = u64::try_from(queues.len()).unwrap_or(u64::MAX).max(1);
        let are_jobs_first = rotation.given.div_euclid(teams).rem_euclid(2) == 0;
        let queue = |(team, [jobs, pages]): (TeamId, [VecDeque<Entry>; 2])| {
            let queue =
                if are_jobs_first { alternated(jobs, pages) } else { alternated(pages, jobs) };
            (team, queue)
        };
        let mut queues: VecDeque<_> = queues.into_iter().map(queue).collect();
        let had_turns = |(team, _): &(TeamId, _)| Some(team) <= rotation.after.as_ref();
        let first = queues.iter().take_while(|queue| had_turns(queue)).count();
        queues.rotate_left(first);
        Self { queues, rotation }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// How many turns were given in the lane.
    pub(super) const fn given(&self) -> u64 {
        self.rotation.given
    }

    /// The next turn.
    pub(super) fn next(&mut self) -> Option<Entry> {
        let (team, mut rows) = self.queues.pop_front()?;
        let row = rows.pop_front()?;
        self.rotation.after = Some(team.clone());
        self.rotation.given = self.rotation.given.wrapping_add(1);
        if !rows.is_empty() {
            self.queues.push_back((team, rows));
        }
        Some(row)
    }

    /// Leaves out these, which have no turn now.
    pub(super) fn retain(&mut self, has_turn: impl Fn(&Entry) -> bool) {
        for (_, rows) in &mut self.queues {
            rows.retain(&has_turn);
        }
        self.queues.retain(|(_, rows)| !rows.is_empty());
    }

    /// Where the next turns begin.
    pub(super) fn into_rotation(self) -> Rotation {
        self.rotation
    }
}

/// One of the first, one of the others, and so on.
fn alternated(mut first: VecDeque<Entry>, mut other: VecDeque<Entry>) -> VecDeque<Entry> {
    let mut all = VecDeque::new();
    while !first.is_empty() || !other.is_empty() {
        all.extend(first.pop_front());
        all.extend(other.pop_front());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::ledger::ids::{BatchId, JobId};
    use crate::ledger::record::lane::Lane;

    /// So many due jobs of each team.
    fn rows(teams: &[(&str, u64)]) -> Vec<DueAt> {
        let row = |team: &str, n| DueAt {
            lane: Lane::Polls,
            team: team.parse().unwrap(),
            at: Timestamp::from_millis(i64::try_from(n).unwrap()),
            job: JobId { batch: BatchId::new(n).unwrap(), ordinal: 0 },
        };
        teams.iter().flat_map(|(team, count)| (0..*count).map(|n| row(team, n))).collect()
    }

    /// Whose turns these are; those with pages are in capital letters.
    fn turns(ring: &mut Ring, count: usize) -> String {
        let turns = std::iter::from_fn(|| ring.next()).take(count);
        let team = |turn| match turn {
            Entry::Job(due) => due.team.to_string(),
            Entry::Page(due) => due.team.to_string().to_uppercase(),
        };
        turns.map(team).collect::<Vec<_>>().join(" ")
    }

    fn jobs(rows: Vec<DueAt>, rotation: Rotation) -> Ring {
        Ring::new(rows, Vec::new(), rotation)
    }

    #[test]
    fn teams_have_turns_one_after_the_other() {
        let mut ring = jobs(rows(&[("a", 9), ("b", 1), ("c", 2)]), Rotation::default());
        assert_eq!(turns(&mut ring, 7), "a b c a c a a");
        assert_eq!(ring.into_rotation(), Rotation { after: "a".parse().ok(), given: 7 });
    }

    #[test]
    fn the_next_turns_begin_after_the_team_that_had_the_latest() {
        let mut rotation = Rotation::default();
        let mut had = Vec::new();
        for _ in 0..4 {
            let mut ring = jobs(rows(&[("a", 9), ("b", 9), ("c", 9)]), rotation);
            had.push(turns(&mut ring, 2));
            rotation = ring.into_rotation();
        }
        assert_eq!(had, ["a b", "c a", "b c", "a b"]);
    }

    #[test]
    fn a_team_that_has_nothing_due_any_more_is_passed_over() {
        let rotation = Rotation { after: "b".parse().ok(), given: 5 };
        let mut ring = jobs(rows(&[("a", 1), ("c", 1)]), rotation);
        assert_eq!(turns(&mut ring, 3), "c a");
        let mut none = jobs(Vec::new(), Rotation::default());
        assert_eq!(none.next(), None);
    }

    #[test]
    fn the_longest_due_of_a_team_is_first() {
        let mut ring = jobs(rows(&[("a", 3)]), Rotation::default());
        let moment = |turn| match turn {
            Entry::Job(due) | Entry::Page(due) => due.at.as_millis(),
        };
        let moments = std::iter::from_fn(|| ring.next()).map(moment);
        assert_eq!(moments.collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn within_a_team_jobs_and_pages_alternate() {
        let all = || (rows(&[("a", 2), ("b", 3)]), rows(&[("a", 3)]));
        let (due, pages) = all();
        let mut ring = Ring::new(due, pages, Rotation::default());
        assert_eq!(turns(&mut ring, 9), "a b A b a b A A");
        // One at a time, too.
        let (mut rotation, mut had) = (Rotation::default(), Vec::new());
        for _ in 0..8 {
            let (due, pages) = all();
            let mut ring = Ring::new(due, pages, rotation);
            had.push(turns(&mut ring, 1));
            rotation = ring.into_rotation();
        }
        assert_eq!(had.join(" "), "a b A b a b A b");
    }
}
