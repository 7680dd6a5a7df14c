//! No minute exceeds the rate, and requests with priority are permitted.

use proptest::prelude::*;

use super::*;

const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);
const MILLISECOND: Duration = Duration::from_millis(1);
const ONE: NonZeroU32 = NonZeroU32::MIN;
const ERRANDS: [Errand; 6] = [
    Errand::LookUp,
    Errand::Submit,
    Errand::SubmitSlowly,
    Errand::FollowUrgently,
    Errand::Follow,
    Errand::Pass,
];

/// Seven tenths of the requests may be lookups, as with the vendor.
fn rates(per_minute: u32) -> Rates {
    let rate = |requests| Rate(NonZeroU32::new(requests).unwrap());
    Rates { requests: rate(per_minute), look_ups: rate(look_ups_of(per_minute)) }
}

fn look_ups_of(per_minute: u32) -> u32 {
    (per_minute * 7 / 10).max(1)
}

/// Takes a permit if there is one.
fn takes(budget: &mut Budget, errand: Errand, rates: Rates, now: Timestamp) -> bool {
    let (spent, leave) = budget.spend(errand, ONE, rates, now);
    *budget = spent;
    matches!(leave, Leave::Given(_))
}

/// Every millisecond of this many minutes.
fn milliseconds(minutes: u32) -> impl Iterator<Item = Timestamp> {
    (0..minutes * 60_000).map(|millis| NOON.after(MILLISECOND * millis))
}

/// How many requests of each class are permitted in a minute if all of them are requested all the
/// time.
fn all_greedy<const N: usize>(per_minute: u32, errands: [Errand; N]) -> [u32; N] {
    let (mut budget, mut taken) = (Budget::default(), [0; N]);
    for now in milliseconds(10) {
        for (taken, errand) in taken.iter_mut().zip(errands) {
            *taken += u32::from(takes(&mut budget, errand, rates(per_minute), now));
        }
    }
    taken.map(|taken| taken / 10)
}

/// A pause, the class, the wanted number, and the delay of the requests, in milliseconds.
type Ask = (u64, Errand, u32, u64);

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    prop::collection::vec((0..600_u64, errand(), 1..9_u32, 0..=3_000_u64), 1..600)
}

fn errand() -> impl Strategy<Value = Errand> {
    prop::sample::select(&ERRANDS[..])
}

/// The times and classes of the permitted requests.
fn made(asks: Vec<Ask>, rates: Rates) -> Vec<(Timestamp, Errand)> {
    let (mut budget, mut now, mut made) = (Budget::default(), NOON, Vec::new());
    for (pause, errand, wanted, late) in asks {
        now = now.after(Duration::from_millis(pause));
        let wanted = NonZeroU32::new(wanted).unwrap();
        let (spent, leave) = budget.spend(errand, wanted, rates, now);
        budget = spent;
        if let Leave::Given(given) = leave {
            assert!(given <= wanted);
            let at = now.after(Duration::from_millis(late));
            made.extend(std::iter::repeat_n((at, errand), given.get() as usize));
        }
    }
    made.sort_unstable_by_key(|(at, _)| *at);
    made
}

proptest! {
    #[test]
    fn no_minute_has_more_requests_than_the_rate(
        per_minute in prop_oneof![1_u32..40, 400_u32..600], asks in asks(),
    ) {
        let made = made(asks, rates(per_minute));
        for (first, (from, _)) in made.iter().enumerate() {
            let in_minute = |(at, _): &&(Timestamp, Errand)| {
                at.since(*from) < Duration::from_mins(1)
            };
            let minute: Vec<_> = made[first..].iter().take_while(in_minute).collect();
            let look_ups = minute.iter().filter(|(_, errand)| *errand == Errand::LookUp).count();
            prop_assert!(minute.len() <= per_minute as usize, "{} from {from}", minute.len());
            prop_assert!(look_ups <= look_ups_of(per_minute) as usize, "{look_ups} from {from}");
        }
    }

    #[test]
    fn a_refused_request_is_permitted_at_the_given_time_and_not_before(
        per_minute in 1_u32..600, taken in 0_u32..60, errand in errand(),
    ) {
        let rates = rates(per_minute);
        let mut budget = Budget::default();
        for _ in 0..taken {
            takes(&mut budget, errand, rates, NOON);
        }
        if let (_, Leave::NotBefore(until)) = budget.spend(errand, ONE, rates, NOON) {
            prop_assert!(takes(&mut budget.clone(), errand, rates, until));
            prop_assert!(!takes(&mut budget, errand, rates, until.before(MILLISECOND)));
        }
    }
}

#[test]
fn the_vendors_minute_is_a_minute_plus_the_validity_of_a_permit() {
    assert_eq!(Duration::from_micros(MINUTE), Duration::from_mins(1) + ALLOWED_FOR);
}

#[test]
fn a_single_class_uses_most_of_the_rate() {
    let [followed] = all_greedy(500, [Errand::Follow]);
    assert!((455..=500).contains(&followed), "{followed} in a minute");
    let [looked_up] = all_greedy(500, [Errand::LookUp]);
    assert!((320..=350).contains(&looked_up), "{looked_up} in a minute");
}

#[test]
fn a_submission_is_permitted_whatever_the_number_of_polls() {
    for per_minute in [2, 6, 60, 500] {
        let mut budget = Budget::default();
        for now in milliseconds(5) {
            while takes(&mut budget, Errand::Follow, rates(per_minute), now) {}
            while takes(&mut budget, Errand::Pass, rates(per_minute), now) {}
            assert!(takes(&mut budget.clone(), Errand::Submit, rates(per_minute), now));
        }
    }
}

#[test]
fn a_lookup_is_permitted_whatever_the_number_of_submissions() {
    for per_minute in [100, 500] {
        let mut budget = Budget::default();
        for now in milliseconds(5) {
            while takes(&mut budget, Errand::Submit, rates(per_minute), now) {}
            while takes(&mut budget, Errand::Follow, rates(per_minute), now) {}
            while takes(&mut budget, Errand::Pass, rates(per_minute), now) {}
            assert!(takes(&mut budget.clone(), Errand::LookUp, rates(per_minute), now));
        }
    }
}

#[test]
fn submissions_go_first_and_leave_a_quarter() {
    for per_minute in [20, 100, 500] {
        let [followed, submitted] = all_greedy(per_minute, [Errand::Follow, Errand::Submit]);
        assert!(submitted > followed, "{submitted} submitted, {followed} followed");
        assert!(followed * 5 >= submitted + followed, "{followed} beside {submitted}");
    }
}

#[test]
fn half_of_the_flow_is_left_to_waiting_polls() {
    for per_minute in [20, 100, 500] {
        let [followed, submitted] = all_greedy(per_minute, [Errand::Follow, Errand::SubmitSlowly]);
        assert!(followed * 9 >= submitted * 8, "{followed} beside {submitted}");
        assert!(submitted * 9 >= followed * 8, "{submitted} beside {followed}");
    }
}

#[test]
fn an_urgent_poll_is_permitted_beside_other_polls() {
    for per_minute in [100, 500] {
        let mut budget = Budget::default();
        for now in milliseconds(5) {
            while takes(&mut budget, Errand::Follow, rates(per_minute), now) {}
            assert!(takes(&mut budget.clone(), Errand::FollowUrgently, rates(per_minute), now));
        }
    }
}

#[test]
fn lookups_leave_capacity_to_every_class() {
    for per_minute in [100, 500] {
        let [followed, submitted, looked_up] =
            all_greedy(per_minute, [Errand::Follow, Errand::Submit, Errand::LookUp]);
        assert!(looked_up > submitted && submitted > 0, "{looked_up} beside {submitted}");
        assert!(followed * 5 >= per_minute / 2, "{followed} of {per_minute} followed");
    }
}

#[test]
fn nothing_is_permitted_during_a_pause() {
    let until = NOON.after(Duration::from_secs(90));
    let mut budget = Budget::default().closed_until(until).closed_until(NOON);
    for errand in ERRANDS {
        let (_, leave) = budget.spend(errand, ONE, rates(500), until.before(MILLISECOND));
        assert_eq!(leave, Leave::NotBefore(until));
        assert!(takes(&mut { budget }, errand, rates(500), until));
    }
    assert!(takes(&mut budget, Errand::Submit, rates(500), until));
    assert_eq!(budget.closed_until, None);
}

#[test]
fn a_pause_of_forwarded_requests_affects_nothing_else() {
    let until = NOON.after(Duration::from_secs(90));
    let mut budget = Budget::default().passages_closed_until(until).passages_closed_until(NOON);
    for errand in [Errand::LookUp, Errand::Submit, Errand::Follow] {
        assert!(takes(&mut budget, errand, rates(500), NOON), "{errand:?}");
    }
    let (_, leave) = budget.spend(Errand::Pass, ONE, rates(500), until.before(MILLISECOND));
    assert_eq!(leave, Leave::NotBefore(until));
    assert!(takes(&mut budget, Errand::Pass, rates(500), until));
    assert_eq!(budget.passages_closed_until, None);
}

#[test]
fn several_are_permitted_at_once_up_to_the_burst() {
    let eight = NonZeroU32::new(8).unwrap();
    let (budget, leave) = Budget::default().spend(Errand::Follow, eight, rates(500), NOON);
    assert_eq!(leave, Leave::Given(eight));
    let (_, leave) = budget.spend(Errand::Follow, eight, rates(500), NOON);
    assert_eq!(leave, Leave::Given(NonZeroU32::new(2).unwrap()), "half of a burst in all");
}

#[test]
fn at_most_half_of_the_flow_is_forwarded() {
    let [passed] = all_greedy(500, [Errand::Pass]);
    assert!((220..=250).contains(&passed), "{passed} in a minute");
}

#[test]
fn an_allowance_gives_its_whole_rate_to_one_class() {
    let (mut allowance, mut given) = (Budget::default(), 0);
    let rate = Rate(NonZeroU32::new(30).unwrap());
    for millis in 0..600_000 {
        let now = NOON.after(MILLISECOND * millis);
        let (spent, leave) = allowance.spend_allowance(ONE, rate, now);
        allowance = spent;
        given += u32::from(matches!(leave, Leave::Given(_)));
    }
    assert!((250..=300).contains(&given), "{given} in ten minutes");
}

#[test]
fn a_meter_set_by_a_wrong_clock_delays_nothing() {
    let (mut budget, day) = (Budget::default(), Duration::from_secs(40));
    for errand in ERRANDS {
        while takes(&mut budget, errand, rates(60), NOON.after(day)) {}
    }
    for errand in ERRANDS {
        assert!(takes(&mut { budget }, errand, rates(60), NOON), "{errand:?}");
    }
    // The slowest meter is never mistaken for one of those.
    let mut slow = Budget::default();
    while takes(&mut slow, Errand::Pass, rates(2), NOON) {}
    assert!(!takes(&mut slow, Errand::Pass, rates(2), NOON));
}
