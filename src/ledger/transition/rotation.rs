//! The order of turns in a lane: teams in turn, the longest due job of a team first.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::team::TeamId;
use crate::ledger::record::lane::{DueAt, Rotation};

/// The due jobs of a lane in the order in which they have turns. Teams have their turns in the order
/// of their names, beginning after the team that had the latest one. So a team has its turn within
/// as many turns as there are teams that wait, whatever the others have due.
#[derive(Debug)]
pub(super) struct Ring {
    queues: VecDeque<(TeamId, VecDeque<DueAt>)>,
    rotation: Rotation,
}

impl Ring {
    /// The turns with these rows, each team's in order.
    pub(super) fn new(rows: impl IntoIterator<Item = DueAt>, rotation: Rotation) -> Self {
        let mut queues = BTreeMap::<TeamId, VecDeque<DueAt>>::new();
        for row in rows {
            queues.entry(row.team.clone()).or_default().push_back(row);
        }
        let mut queues: VecDeque<_> = queues.into_iter().collect();
        let had_turns = |(team, _): &(TeamId, _)| Some(team) <= rotation.after.as_ref();
        let first = queues.iter().take_while(|queue| had_turns(queue)).count();
        queues.rotate_left(first);
        Self { queues, rotation }
    }

    /// The next turn.
    pub(super) fn next(&mut self) -> Option<DueAt> {
        let (team, mut rows) = self.queues.pop_front()?;
        let row = rows.pop_front()?;
        self.rotation.after = Some(team.clone());
        self.rotation.given = self.rotation.given.wrapping_add(1);
        if !rows.is_empty() {
            self.queues.push_back((team, rows));
        }
        Some(row)
    }

    /// Where the next turns begin.
    pub(super) fn into_rotation(self) -> Rotation {
        self.rotation
    }
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

    /// Whose turns these are.
    fn turns(ring: &mut Ring, count: usize) -> String {
        let turns = std::iter::from_fn(|| ring.next()).take(count);
        turns.map(|turn| turn.team.to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn teams_have_turns_one_after_the_other() {
        let mut ring = Ring::new(rows(&[("a", 9), ("b", 1), ("c", 2)]), Rotation::default());
        assert_eq!(turns(&mut ring, 7), "a b c a c a a");
        assert_eq!(ring.into_rotation(), Rotation { after: "a".parse().ok(), given: 7 });
    }

    #[test]
    fn the_next_turns_begin_after_the_team_that_had_the_latest() {
        let mut rotation = Rotation::default();
        let mut had = Vec::new();
        for _ in 0..4 {
            let mut ring = Ring::new(rows(&[("a", 9), ("b", 9), ("c", 9)]), rotation);
            had.push(turns(&mut ring, 2));
            rotation = ring.into_rotation();
        }
        assert_eq!(had, ["a b", "c a", "b c", "a b"]);
    }

    #[test]
    fn a_team_that_has_nothing_due_any_more_is_passed_over() {
        let rotation = Rotation { after: "b".parse().ok(), given: 5 };
        let mut ring = Ring::new(rows(&[("a", 1), ("c", 1)]), rotation);
        assert_eq!(turns(&mut ring, 3), "c a");
        let mut none = Ring::new(Vec::new(), Rotation::default());
        assert_eq!(none.next(), None);
    }

    #[test]
    fn the_longest_due_of_a_team_is_first() {
        let mut ring = Ring::new(rows(&[("a", 3)]), Rotation::default());
        let moments = std::iter::from_fn(|| ring.next()).map(|turn| turn.at.as_millis());
        assert_eq!(moments.collect::<Vec<_>>(), [0, 1, 2]);
    }
}
