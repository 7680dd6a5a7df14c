//! Which due jobs have the next turns: in each lane one team after the other, no more than there is
//! room for, and where turns make requests no more than the request budget allows now.
//!
//! The budget is spent with the turn, so no turn is held by a job that may not ask the vendor yet:
//! what waits for the budget waits in the queues, where the order is fair.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;

use crate::domain::budget::{Budget, Errand, Leave};
use crate::domain::time::Timestamp;
use crate::ledger::ids::JobId;
use crate::ledger::record::lane::{DueAt, Lane, Rotation};
use crate::ledger::step::Room;
use crate::ledger::transition::rotation::{Entry, Ring};

/// Of so many polls one is given to a job that no look-up waits for, whatever the look-ups wait for.
const USUAL_POLL_EVERY: u64 = 8;

/// What is due, and the budget that is left.
pub(super) struct Choice<'a> {
    room: &'a Room,
    now: Timestamp,
    budget: Option<Budget>,
    rings: BTreeMap<Lane, Ring>,
    /// When something is due next in each lane.
    next: BTreeMap<Lane, Timestamp>,
    taken: BTreeMap<Lane, usize>,
    seen: HashSet<JobId>,
}

/// The first rows of the queues of a lane.
pub(super) struct Queued {
    pub(super) lane: Lane,
    pub(super) rows: Vec<DueAt>,
    pub(super) rotation: Rotation,
}

impl<'a> Choice<'a> {
    /// The choice among these. `budget` is what is left, where it is counted.
    pub(super) fn new(
        room: &'a Room,
        queued: Vec<Queued>,
        budget: Option<Budget>,
        now: Timestamp,
    ) -> Self {
        let (mut rings, mut next) = (BTreeMap::new(), BTreeMap::new());
        for Queued { lane, rows, rotation } in queued {
            let mut by_team = BTreeMap::new();
            let mut has_room = |row: &DueAt| {
                let count: &mut usize = by_team.entry(row.team.clone()).or_default();
                *count = count.saturating_add(1);
                *count <= room.of_team(lane, &row.team)
            };
            let rows: Vec<_> = rows.into_iter().filter(|row| has_room(row)).collect();
            let readers = room.readers.iter().filter(|reader| reader.lane == lane);
            let pages: Vec<_> = readers
                .flat_map(|reader| (0..reader.pages.max(1)).map(|_| reader.place()))
                .collect();
            let pages_at = (!pages.is_empty()).then_some(now);
            let turns_at = rows.iter().map(|row| room.turn_at(row.at, now));
            if let Some(at) = turns_at.chain(pages_at).min() {
                next.insert(lane, at);
            }
            let due = rows.into_iter().filter(|row| room.turn_at(row.at, now) <= now);
            rings.insert(lane, Ring::new(due, pages, rotation));
        }
        let (taken, seen) = (BTreeMap::new(), HashSet::new());
        Self { room, now, budget, rings, next, taken, seen }
    }

    /// When something may have a turn next; none where nothing is under way.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let at = |(lane, at): (&Lane, &Timestamp)| (*at).max(self.allowed_from(*lane));
        self.next.iter().map(at).min()
    }

    /// Everything that has a turn now, in order.
    pub(super) fn take(&mut self) -> Vec<Entry> {
        std::iter::from_fn(|| self.order().into_iter().find_map(|lane| self.take_in(lane)))
            .collect()
    }

    /// Where the next turns of the lanes begin, and the budget that is left.
    pub(super) fn into_parts(self) -> (impl Iterator<Item = (Lane, Rotation)>, Option<Budget>) {
        let rotations = self.rings.into_iter().map(|(lane, ring)| (lane, ring.into_rotation()));
        (rotations, self.budget)
    }

    /// The lanes in the order in which they are asked.
    fn order(&self) -> [Lane; 6] {
        let mut lanes = Lane::ALL;
        if self.is_usual_poll_next() {
            lanes.swap(3, 4);
        }
        lanes
    }

    /// Whether the next poll is one that no look-up waits for.
    fn is_usual_poll_next(&self) -> bool {
        let given = |lane| self.rings.get(&lane).map_or(0, Ring::given);
        let polls = given(Lane::UrgentPolls).wrapping_add(given(Lane::Polls));
        polls.rem_euclid(USUAL_POLL_EVERY) == USUAL_POLL_EVERY.saturating_sub(1)
    }

    fn take_in(&mut self, lane: Lane) -> Option<Entry> {
        self.leave_out(lane);
        if self.rings.get(&lane)?.is_empty() || !self.spend(lane) {
            return None;
        }
        let entry = self.rings.get_mut(&lane)?.next()?;
        if let Entry::Job(due) = &entry {
            self.seen.insert(due.job);
            let taken = self.taken.entry(lane).or_default();
            *taken = taken.saturating_add(1);
        }
        Some(entry)
    }

    /// Leaves out the jobs of a lane that have a turn by another queue, and all where there is no
    /// room any more. A turn under way has its room.
    fn leave_out(&mut self, lane: Lane) {
        let taken = self.taken.get(&lane).copied().unwrap_or_default();
        let is_full = taken >= self.room.of(lane);
        let Some(ring) = self.rings.get_mut(&lane) else { return };
        ring.retain(|entry| match entry {
            Entry::Job(due) => !is_full && !self.seen.contains(&due.job),
            Entry::Page(_) => true,
        });
    }

    /// Spends a turn's request, if it makes one.
    fn spend(&mut self, lane: Lane) -> bool {
        let (Some(budget), Some(errand)) = (self.budget, self.errand(lane)) else { return true };
        let Some(spending) = self.room.spending else { return true };
        let (spent, leave) = budget.spend(errand, NonZeroU32::MIN, spending.rates, self.now);
        self.budget = Some(spent);
        matches!(leave, Leave::Given(_))
    }

    fn allowed_from(&self, lane: Lane) -> Timestamp {
        let (Some(budget), Some(errand)) = (self.budget, self.errand(lane)) else {
            return self.now;
        };
        let Some(spending) = self.room.spending else { return self.now };
        match budget.spend(errand, NonZeroU32::MIN, spending.rates, self.now).1 {
            Leave::Given(_) => self.now,
            Leave::NotBefore(until) => until,
        }
    }

    /// What the turns of a lane ask the vendor for.
    fn errand(&self, lane: Lane) -> Option<Errand> {
        match lane {
            Lane::LookUps | Lane::UrgentSubmissions => Some(Errand::LookUp),
            Lane::Submissions if self.do_polls_wait() => Some(Errand::SubmitSlowly),
            Lane::Submissions => Some(Errand::Submit),
            Lane::UrgentPolls => Some(Errand::FollowUrgently),
            Lane::Polls if self.is_usual_poll_next() => Some(Errand::FollowUrgently),
            Lane::Polls => Some(Errand::Follow),
            Lane::Housekeeping => None,
        }
    }

    /// Whether jobs that were sent are due to be polled, or pages to be read. They are counted as they
    /// were before any of these turns.
    fn do_polls_wait(&self) -> bool {
        let is_due = |lane| self.next.get(&lane).is_some_and(|at| *at <= self.now);
        is_due(Lane::UrgentPolls) || is_due(Lane::Polls)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::budget::{Rate, Rates};
    use crate::ledger::ids::{BatchId, Lease};
    use crate::ledger::step::{PageReader, Spending};

    const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    fn job(n: u64) -> JobId {
        JobId { batch: BatchId::new(n).unwrap(), ordinal: 0 }
    }

    /// So many due jobs of a team, the first of this number.
    fn queue(lane: Lane, team: &str, from: u64, count: u64) -> Queued {
        let row = |n| DueAt { lane, team: team.parse().unwrap(), at: NOON, job: job(from + n) };
        Queued { lane, rows: (0..count).map(row).collect(), rotation: Rotation::default() }
    }

    fn room(each: usize) -> Room {
        let number = |number| Rate(NonZeroU32::new(number).unwrap());
        let rates = Rates { requests: number(500), look_ups: number(350) };
        Room::each(each).within(Spending { rates, closed_for_max: Duration::from_mins(5) })
    }

    fn lanes(entries: &[Entry]) -> BTreeMap<Lane, usize> {
        let mut lanes = BTreeMap::new();
        for entry in entries {
            let (Entry::Job(due) | Entry::Page(due)) = entry;
            *lanes.entry(due.lane).or_default() += 1;
        }
        lanes
    }

    /// How many turns each lane has in ten minutes in which all these are due all the time.
    fn in_ten_minutes(queues: impl Fn() -> Vec<Queued>) -> BTreeMap<Lane, usize> {
        let (mut budget, mut rotations) = (Budget::default(), BTreeMap::new());
        let (room, mut given) = (room(32), BTreeMap::new());
        let mut now = NOON;
        let end = NOON.after(Duration::from_mins(10));
        while now < end {
            let mut due = queues();
            for queue in &mut due {
                queue.rotation = rotations.get(&queue.lane).cloned().unwrap_or_default();
            }
            let mut choice = Choice::new(&room, due, Some(budget), now);
            for (lane, count) in lanes(&choice.take()) {
                *given.entry(lane).or_default() += count;
            }
            let next = choice.next_at().unwrap();
            assert!(next > now, "what may have a turn has it");
            let (after, left) = choice.into_parts();
            rotations = after.collect();
            (budget, now) = (left.unwrap(), next);
        }
        given
    }

    #[test]
    fn no_more_turns_are_given_than_the_budget_allows() {
        let room = room(99);
        let mut choice = Choice::new(
            &room,
            vec![queue(Lane::Submissions, "a", 0, 99), queue(Lane::Housekeeping, "a", 100, 50)],
            Some(Budget::default()),
            NOON,
        );
        // A burst, but for what is left to look-ups; what asks nothing of the vendor is not counted.
        let given = lanes(&choice.take());
        assert_eq!(given, BTreeMap::from([(Lane::Submissions, 15), (Lane::Housekeeping, 50)]));
    }

    #[test]
    fn what_is_sent_and_what_waits_to_be_polled_share_the_budget() {
        let given = in_ten_minutes(|| {
            vec![queue(Lane::Submissions, "a", 0, 40), queue(Lane::Polls, "a", 100, 40)]
        });
        let (sent, polled) = (given[&Lane::Submissions], given[&Lane::Polls]);
        assert!(sent + polled > 4_500, "{given:?}");
        assert!(polled * 9 >= sent * 8 && sent * 9 >= polled * 8, "{given:?}");
    }

    #[test]
    fn urgent_work_is_first_and_leaves_a_share_to_the_rest() {
        let given = in_ten_minutes(|| {
            vec![
                queue(Lane::UrgentSubmissions, "a", 0, 40),
                queue(Lane::Submissions, "b", 100, 40),
                queue(Lane::UrgentPolls, "a", 200, 40),
                queue(Lane::Polls, "b", 300, 40),
            ]
        });
        assert!(given[&Lane::UrgentPolls] > 4 * given[&Lane::Polls], "{given:?}");
        assert!(given[&Lane::Polls] * 10 >= given[&Lane::UrgentPolls], "{given:?}");
        assert!(given[&Lane::UrgentSubmissions] > 4 * given[&Lane::Submissions], "{given:?}");
        assert!(given[&Lane::Submissions] >= 100, "{given:?}");
    }

    #[test]
    fn a_job_in_two_queues_has_one_turn() {
        let room = room(9);
        let queued = vec![queue(Lane::UrgentPolls, "b", 7, 1), queue(Lane::Polls, "a", 7, 2)];
        let mut choice = Choice::new(&room, queued, None, NOON);
        let given = lanes(&choice.take());
        assert_eq!(given, BTreeMap::from([(Lane::UrgentPolls, 1), (Lane::Polls, 1)]));
    }

    #[test]
    fn pages_need_no_room_and_go_round_with_polls() {
        let reader = PageReader {
            job: job(1),
            lease: Lease::default(),
            lane: Lane::Polls,
            team: "a".parse().unwrap(),
            since: NOON,
            pages: 8,
        };
        let room = Room::from_iter([(Lane::Polls, 2)]).with_readers(vec![reader]);
        let mut choice = Choice::new(&room, vec![queue(Lane::Polls, "b", 9, 9)], None, NOON);
        let teams = choice.take().into_iter().map(|entry| match entry {
            Entry::Job(due) => due.team.to_string(),
            Entry::Page(due) => due.team.to_string().to_uppercase(),
        });
        assert_eq!(teams.collect::<Vec<_>>().join(" "), "A b A b A A A A A A");
    }

    #[test]
    fn a_team_that_has_its_share_of_turns_lets_others_have_theirs() {
        let held = BTreeMap::from([((Lane::Polls, "a".parse().unwrap()), 3)]);
        let room = Room::from_iter([(Lane::Polls, 1)]).shared(3, held);
        let mut rows = queue(Lane::Polls, "a", 0, 9);
        let choice = Choice::new(&room, vec![queue(Lane::Polls, "a", 0, 9)], None, NOON);
        assert_eq!(choice.next_at(), None);
        rows.rows.extend(queue(Lane::Polls, "b", 20, 1).rows);
        let mut choice = Choice::new(&room, vec![rows], None, NOON);
        let taken = choice.take();
        assert!(
            matches!(taken.as_slice(), [Entry::Job(due)] if due.team.as_str() == "b"),
            "{taken:?}"
        );
    }
}
