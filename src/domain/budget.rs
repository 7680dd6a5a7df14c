//! The request budget: how fast the vendor is asked by all replicas together.
//!
//! The vendor takes so many requests a minute, wherever the minute begins. A [`Budget`] is a pair of
//! meters that run ahead of the clock by one interval for each request, as in the generic cell rate
//! algorithm (ITU-T I.371): a request is allowed for as long as its meter is not ahead by more than
//! a small burst. Intervals are chosen such that burst and flow together stay within any minute.

use std::num::NonZeroU32;
use std::time::Duration;

use super::time::Timestamp;

/// How long a request that was allowed may still be made. Later it is not: it would be counted in
/// another minute than it was allowed in.
pub const ALLOWED_FOR: Duration = Duration::from_secs(3);

/// The vendor's minute, seen from here, in microseconds: requests that it counts in one minute were
/// allowed within a minute and [`ALLOWED_FOR`].
const MINUTE: u64 = 63_000_000;

/// A burst is this share of a minute's requests.
const BURST_SHARE: u32 = 25;

/// So many requests in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(pub NonZeroU32);

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// It submits a job. It goes first, but takes three quarters of the flow at most: a job that
    /// nobody asks after never ends.
    Submit,
    /// It asks after a job, or cancels one. It leaves room for submissions.
    Follow,
    /// It passes a caller's request on. It leaves room for all others, and takes half of the flow at
    /// most.
    Pass,
}

/// Whether the vendor may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// So many times, from now on for [`ALLOWED_FOR`].
    Given(NonZeroU32),
    /// Not before this moment.
    NotBefore(Timestamp),
}

/// How often one path of the vendor's may be asked in a minute, within the request budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Which one, as the books know it.
    pub name: String,
    /// How often.
    pub rate: Rate,
}

/// What was spent of the request budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Every request.
    pub requests: Meter,
    /// Submissions alone.
    pub submissions: Meter,
    /// What is passed on for callers alone.
    pub passages: Meter,
    /// Until when the vendor asked to be left alone.
    pub closed_until: Option<Timestamp>,
}

/// How far ahead of the clock the requests so far have pushed: a moment in microseconds since the
/// Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter(pub u64);

impl Budget {
    /// Takes as many of the `wanted` requests as are allowed now, if any is.
    #[must_use]
    pub fn spend(
        self,
        errand: Errand,
        wanted: NonZeroU32,
        rate: Rate,
        now: Timestamp,
    ) -> (Self, Leave) {
        if let Some(until) = self.closed_until.filter(|until| now < *until) {
            return (self, Leave::NotBefore(until));
        }
        let flow = rate.flow();
        let shared = match errand {
            Errand::Submit => flow,
            Errand::Follow => flow.with_burst_by(2),
            Errand::Pass => flow.with_burst_by(4),
        };
        let mut spent = Self { closed_until: None, ..self };
        let own = match errand {
            Errand::Submit => Some((&mut spent.submissions, flow.slowed(4, 3))),
            Errand::Follow => None,
            Errand::Pass => Some((&mut spent.passages, flow.slowed(2, 1))),
        };
        let (mut room, mut free_at) = self.requests.look(shared, now);
        if let Some((meter, flow)) = &own {
            let (own_room, own_free_at) = meter.look(*flow, now);
            (room, free_at) = (room.min(own_room), free_at.max(own_free_at));
        }
        let Some(given) = NonZeroU32::new(room.min(wanted.get())) else {
            return (self, Leave::NotBefore(free_at));
        };
        if let Some((meter, flow)) = own {
            *meter = meter.push(flow, given, now);
        }
        spent.requests = self.requests.push(flow, given, now);
        (spent, Leave::Given(given))
    }

    /// As [`Budget::spend`] of an allowance, which only one errand is ever asked on: all of the flow
    /// is its.
    #[must_use]
    pub fn spend_allowance(self, wanted: NonZeroU32, rate: Rate, now: Timestamp) -> (Self, Leave) {
        if let Some(until) = self.closed_until.filter(|until| now < *until) {
            return (self, Leave::NotBefore(until));
        }
        let flow = rate.flow();
        let (room, free_at) = self.requests.look(flow, now);
        let Some(given) = NonZeroU32::new(room.min(wanted.get())) else {
            return (self, Leave::NotBefore(free_at));
        };
        let requests = self.requests.push(flow, given, now);
        (Self { requests, closed_until: None, ..self }, Leave::Given(given))
    }

    /// The vendor asked to be left alone until then, which outweighs an earlier word of its.
    #[must_use]
    pub fn closed_until(self, until: Timestamp) -> Self {
        Self { closed_until: self.closed_until.max(Some(until)), ..self }
    }
}

/// How a meter runs.
#[derive(Clone, Copy, Debug)]
struct Flow {
    /// By how many microseconds a request pushes the meter.
    interval: u64,
    /// How many requests may be made at once.
    burst: u32,
}

impl Rate {
    /// In any `MINUTE` there are fewer than `burst + MINUTE / interval` requests. The interval is
    /// the shortest that makes this the rate and one at most.
    fn flow(self) -> Flow {
        let rate = self.0.get();
        let burst = rate.div_euclid(BURST_SHARE).max(2).min(rate);
        let steady = u64::from(rate.saturating_sub(burst).saturating_add(1));
        Flow { interval: MINUTE.div_ceil(steady), burst }
    }
}

impl Flow {
    /// The burst of what leaves room for others: so many times smaller.
    fn with_burst_by(self, divisor: u32) -> Self {
        Self { burst: self.burst.checked_div(divisor).unwrap_or_default().max(1), ..self }
    }

    /// For each `shares` requests of the whole flow, so many at most.
    fn slowed(self, shares: u64, of: u64) -> Self {
        Self { interval: self.interval.saturating_mul(shares).div_ceil(of), ..self }
    }
}

impl Meter {
    /// How many requests there is room for, and when there is room for one.
    fn look(self, flow: Flow, now: Timestamp) -> (u32, Timestamp) {
        let burst = flow.interval.saturating_mul(flow.burst.into());
        let room = burst.saturating_sub(self.0.saturating_sub(micros(now)));
        let room = room.checked_div(flow.interval).unwrap_or_default();
        let free_at = self.0.saturating_add(flow.interval).saturating_sub(burst);
        (u32::try_from(room).unwrap_or(u32::MAX), moment(free_at))
    }

    fn push(self, flow: Flow, requests: NonZeroU32, now: Timestamp) -> Self {
        let by = flow.interval.saturating_mul(requests.get().into());
        Self(self.0.max(micros(now)).saturating_add(by))
    }
}

fn micros(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or_default().saturating_mul(1000)
}

/// The first whole millisecond that is not before.
fn moment(micros: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(micros.div_ceil(1000)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);
    const MILLISECOND: Duration = Duration::from_millis(1);
    const ONE: NonZeroU32 = NonZeroU32::MIN;

    fn rate(per_minute: u32) -> Rate {
        Rate(NonZeroU32::new(per_minute).unwrap())
    }

    /// Takes one if it may.
    fn takes(budget: &mut Budget, errand: Errand, rate: Rate, now: Timestamp) -> bool {
        let (spent, leave) = budget.spend(errand, ONE, rate, now);
        *budget = spent;
        matches!(leave, Leave::Given(_))
    }

    /// How many of each errand are allowed in a minute, where both are asked for all the time.
    fn both_greedy(per_minute: u32) -> (u32, u32) {
        let (mut budget, mut submitted, mut followed) = (Budget::default(), 0, 0);
        for millis in 0..600_000 {
            let now = NOON.after(MILLISECOND * millis);
            followed += u32::from(takes(&mut budget, Errand::Follow, rate(per_minute), now));
            submitted += u32::from(takes(&mut budget, Errand::Submit, rate(per_minute), now));
        }
        (submitted / 10, followed / 10)
    }

    /// A pause, the errand, how many are wanted, and how late they are made, in milliseconds.
    type Ask = (u64, Errand, u32, u64);

    fn asks() -> impl Strategy<Value = Vec<Ask>> {
        prop::collection::vec((0..600_u64, errands(), 1..9_u32, 0..=3_000_u64), 1..600)
    }

    fn errands() -> impl Strategy<Value = Errand> {
        prop_oneof![Just(Errand::Submit), Just(Errand::Follow), Just(Errand::Pass)]
    }

    /// When the requests that were allowed are made.
    fn made(asks: Vec<Ask>, rate: Rate) -> Vec<Timestamp> {
        let (mut budget, mut now, mut made) = (Budget::default(), NOON, Vec::new());
        for (pause, errand, wanted, late) in asks {
            now = now.after(Duration::from_millis(pause));
            let wanted = NonZeroU32::new(wanted).unwrap();
            let (spent, leave) = budget.spend(errand, wanted, rate, now);
            budget = spent;
            if let Leave::Given(given) = leave {
                assert!(given <= wanted);
                let at = now.after(Duration::from_millis(late));
                made.extend(std::iter::repeat_n(at, given.get() as usize));
            }
        }
        made.sort_unstable();
        made
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_requests_than_the_rate(
            per_minute in prop_oneof![1_u32..40, 400_u32..600], asks in asks(),
        ) {
            let made = made(asks, rate(per_minute));
            for (first, from) in made.iter().enumerate() {
                let in_minute = |at: &&Timestamp| at.since(*from) < Duration::from_mins(1);
                let count = made[first..].iter().take_while(in_minute).count();
                prop_assert!(count <= per_minute as usize, "{count} in the minute from {from}");
            }
        }

        #[test]
        fn whoever_is_told_to_wait_may_ask_then_and_not_before(
            per_minute in 1_u32..600, taken in 0_u32..60, errand in errands(),
        ) {
            let rate = rate(per_minute);
            let mut budget = Budget::default();
            for _ in 0..taken {
                takes(&mut budget, errand, rate, NOON);
            }
            if let (_, Leave::NotBefore(until)) = budget.spend(errand, ONE, rate, NOON) {
                prop_assert!(takes(&mut budget.clone(), errand, rate, until));
                prop_assert!(!takes(&mut budget, errand, rate, until.before(MILLISECOND)));
            }
        }
    }

    #[test]
    fn the_vendors_minute_is_a_minute_and_how_long_a_leave_is_good() {
        assert_eq!(Duration::from_micros(MINUTE), Duration::from_mins(1) + ALLOWED_FOR);
    }

    #[test]
    fn most_of_the_rate_is_used_by_whoever_asks_alone() {
        let mut budget = Budget::default();
        let moments = (0..600_000).map(|millis| NOON.after(MILLISECOND * millis));
        let mut made = 0;
        for now in moments {
            made += u32::from(takes(&mut budget, Errand::Follow, rate(500), now));
        }
        assert!((455..=500).contains(&(made / 10)), "{made} in ten minutes");
    }

    #[test]
    fn however_much_is_asked_after_a_submission_finds_room() {
        for per_minute in [2, 6, 60, 500] {
            let mut budget = Budget::default();
            for millis in 0..300_000 {
                let now = NOON.after(MILLISECOND * millis);
                while takes(&mut budget, Errand::Follow, rate(per_minute), now) {}
                while takes(&mut budget, Errand::Pass, rate(per_minute), now) {}
                assert!(takes(&mut budget.clone(), Errand::Submit, rate(per_minute), now));
            }
        }
    }

    #[test]
    fn submissions_go_first_and_leave_a_quarter() {
        for per_minute in [20, 100, 500] {
            let (submitted, followed) = both_greedy(per_minute);
            assert!(submitted > followed, "{submitted} submitted, {followed} followed");
            assert!(followed * 5 >= submitted + followed, "{followed} beside {submitted}");
        }
    }

    #[test]
    fn half_of_the_flow_is_passed_on_at_most() {
        let (mut budget, mut passed) = (Budget::default(), 0);
        for millis in 0..600_000 {
            let now = NOON.after(MILLISECOND * millis);
            passed += u32::from(takes(&mut budget, Errand::Pass, rate(500), now));
        }
        assert!((2_200..=2_500).contains(&passed), "{passed} in ten minutes");
    }

    #[test]
    fn an_allowance_gives_all_of_its_rate_to_whoever_asks_alone() {
        let (mut allowance, mut given) = (Budget::default(), 0);
        for millis in 0..600_000 {
            let now = NOON.after(MILLISECOND * millis);
            let (spent, leave) = allowance.spend_allowance(ONE, rate(30), now);
            allowance = spent;
            given += u32::from(matches!(leave, Leave::Given(_)));
        }
        assert!((250..=300).contains(&given), "{given} in ten minutes");
    }

    #[test]
    fn nobody_asks_while_the_vendor_wants_to_be_left_alone() {
        let until = NOON.after(Duration::from_secs(90));
        let mut budget = Budget::default().closed_until(until).closed_until(NOON);
        for errand in [Errand::Submit, Errand::Follow, Errand::Pass] {
            let (_, leave) = budget.spend(errand, ONE, rate(500), until.before(MILLISECOND));
            assert_eq!(leave, Leave::NotBefore(until));
            assert!(takes(&mut budget.clone(), errand, rate(500), until));
        }
        assert!(takes(&mut budget, Errand::Submit, rate(500), until));
        assert_eq!(budget.closed_until, None);
    }

    #[test]
    fn several_are_given_at_once_as_far_as_there_is_room() {
        let eight = NonZeroU32::new(8).unwrap();
        let (budget, leave) = Budget::default().spend(Errand::Follow, eight, rate(500), NOON);
        assert_eq!(leave, Leave::Given(eight));
        let (_, leave) = budget.spend(Errand::Follow, eight, rate(500), NOON);
        assert_eq!(leave, Leave::Given(NonZeroU32::new(2).unwrap()), "half of a burst in all");
    }
}
