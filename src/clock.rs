//! Where the time comes from. A store owns a clock and stamps every step with it; nothing else
//! in the gateway decides by time. Where the store is another machine's, the clock that a gateway is
//! given follows the store's, so that all replicas reckon by one time.
//!
//! Clocks are wrong at times. What a clock shows is compared with what has passed by the process's own
//! monotonic clock ([`Belief`]), and a jump is believed only once it has lasted.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::time::Timestamp;

/// By how much a clock may differ from what was expected without having jumped. A step back by less
/// is held still.
const JUMP_MIN: Duration = Duration::from_secs(2);

/// How long a jump must last until it is believed.
const BELIEVED_AFTER: Duration = Duration::from_secs(5);

/// How long after its last sign a jump is still reported.
const REPORTED_FOR: Duration = Duration::from_mins(10);

/// A source of time: the store's, as nearly as it is known here. It runs backwards only where it jumped
/// and that was believed.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// How the source has jumped so far.
    fn jumps(&self) -> Jumps {
        Jumps::default()
    }
}

/// How a clock has jumped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jumps {
    /// How often, since the process began.
    pub count: u64,
    /// The latest jump, until it was some minutes ago.
    pub latest: Option<Jump>,
}

/// A jump of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// By how much it differed from what was expected.
    pub by: Duration,
    /// Where to.
    pub to: Direction,
    /// Whether it was believed.
    pub is_believed: bool,
}

/// Whether a clock jumped forward or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Ahead of what was expected.
    Ahead,
    /// Behind it.
    Back,
}

/// What is believed of a clock that others set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Belief {
    /// The moment that was believed last, and when that was by the monotonic clock.
    known: Option<(Timestamp, Duration)>,
    /// A jump that is not believed yet: by how many milliseconds, and since when.
    doubt: Option<(i64, Duration)>,
    /// How often the clock has jumped, the latest jump, and when it was last seen.
    count: u64,
    latest: Option<(Jump, Duration)>,
}

impl Belief {
    /// The clock shows `shown`, at `at` by the monotonic clock: answers the moment that is believed.
    pub fn hear(&mut self, shown: Timestamp, at: Duration) -> Timestamp {
        let Some((known, known_at)) = self.known else {
            self.known = Some((shown, at));
            return shown;
        };
        if at < known_at {
            // An answer that others have overtaken.
            return known.before(known_at.saturating_sub(at));
        }
        let expected = known.after(at.saturating_sub(known_at));
        let (ahead, behind) = (shown.since(expected), expected.since(shown));
        if ahead <= JUMP_MIN && behind <= JUMP_MIN {
            self.doubt = None;
            let believed = shown.max(known);
            self.known = Some((believed, at));
            return believed;
        }
        let offset = shown.as_millis().saturating_sub(expected.as_millis());
        let to = if behind.is_zero() { Direction::Ahead } else { Direction::Back };
        let is_same = |(before, _): &(i64, Duration)| {
            Duration::from_millis(before.abs_diff(offset)) <= JUMP_MIN
        };
        let doubted = self.doubt.filter(is_same);
        if doubted.is_none() {
            self.count = self.count.saturating_add(1);
        }
        let (_, since) = doubted.unwrap_or((offset, at));
        let is_believed = at.saturating_sub(since) >= BELIEVED_AFTER;
        self.latest = Some((Jump { by: ahead.max(behind), to, is_believed }, at));
        if is_believed {
            self.doubt = None;
            self.known = Some((shown, at));
            return shown;
        }
        self.doubt = Some((offset, since));
        expected.max(known)
    }

    /// The moment that is believed at `at`, where nothing is asked.
    #[must_use]
    pub fn at(&self, at: Duration) -> Option<Timestamp> {
        self.known.map(|(known, known_at)| known.after(at.saturating_sub(known_at)))
    }

    /// How the clock has jumped, as of `at`.
    #[must_use]
    pub fn jumps(&self, at: Duration) -> Jumps {
        let is_recent = |(_, seen): &(Jump, Duration)| at.saturating_sub(*seen) < REPORTED_FOR;
        Jumps { count: self.count, latest: self.latest.filter(is_recent).map(|(jump, _)| jump) }
    }
}

/// The machine's clock, as far as it is believed.
#[derive(Debug)]
pub struct SystemClock(SteadyClock<MachineClock, Monotonic>);

#[derive(Debug)]
struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the only place that reads the machine's clock"
        )]
        let now = jiff::Timestamp::now().as_millisecond();
        Timestamp::from_millis(now)
    }
}

/// What has passed since some moment, by a clock that no one sets.
pub trait Passed: Send + Sync + 'static {
    /// So much.
    fn passed(&self) -> Duration;
}

/// The monotonic clock of the process.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic(Instant);

impl Default for Monotonic {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Monotonic {
    /// What had passed at that instant.
    #[must_use]
    pub fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.0)
    }
}

impl Passed for Monotonic {
    fn passed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock that others set, as far as it is believed.
#[derive(Debug)]
pub struct SteadyClock<C, P> {
    source: C,
    passed: P,
    belief: Mutex<Belief>,
}

impl<C: Clock, P: Passed> SteadyClock<C, P> {
    /// What is believed of this clock, by what has passed.
    pub fn new(source: C, passed: P) -> Self {
        Self { source, passed, belief: Mutex::default() }
    }
}

impl<C: Clock, P: Passed> Clock for SteadyClock<C, P> {
    fn now(&self) -> Timestamp {
        let mut belief = self.belief.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked under the lock, so that moments are heard in their order.
        belief.hear(self.source.now(), self.passed.passed())
    }

    fn jumps(&self) -> Jumps {
        self.now();
        self.belief.lock().unwrap_or_else(PoisonError::into_inner).jumps(self.passed.passed())
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn jumps(&self) -> Jumps {
        (**self).jumps()
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self(SteadyClock::new(MachineClock, Monotonic::default()))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn jumps(&self) -> Jumps {
        self.0.jumps()
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now: AtomicI64::new(now.as_millis()) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let now = self.now().after(by);
        self.now.fetch_max(now.as_millis(), Ordering::Relaxed);
    }

    /// Sets the clock, ahead or back.
    pub fn set(&self, now: Timestamp) {
        self.now.store(now.as_millis(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }
}

impl Passed for ManualClock {
    fn passed(&self) -> Duration {
        self.now().since(Timestamp::EPOCH)
    }
}

impl<P: Passed + ?Sized> Passed for Arc<P> {
    fn passed(&self) -> Duration {
        (**self).passed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    /// What is believed of a clock that shows, so many seconds after the beginning, noon and so many
    /// seconds more.
    fn believed(shown: &[(u64, i64)]) -> (Vec<i64>, Belief) {
        let mut belief = Belief::default();
        let mut heard = Vec::new();
        for (at, seconds) in shown {
            let shown = Timestamp::from_millis(NOON.as_millis() + seconds * 1_000);
            let now = belief.hear(shown, Duration::from_secs(*at));
            heard.push((now.as_millis() - NOON.as_millis()) / 1_000);
        }
        (heard, belief)
    }

    #[test]
    fn a_clock_that_is_wrong_for_a_moment_is_not_believed() {
        let day = 86_400;
        let (heard, belief) = believed(&[(0, 0), (1, 1), (2, day), (4, day + 2), (5, 5), (9, 9)]);
        assert_eq!(heard, [0, 1, 2, 4, 5, 9]);
        let jumps = belief.jumps(Duration::from_secs(9));
        let jump = jumps.latest.unwrap();
        assert_eq!((jumps.count, jump.to, jump.is_believed), (1, Direction::Ahead, false));
        assert!(jump.by > Duration::from_hours(23), "{jump:?}");
        assert_eq!(belief.jumps(Duration::from_mins(11)).latest, None);
    }

    #[test]
    fn a_jump_that_lasts_is_believed_in_either_direction() {
        let (heard, belief) = believed(&[(0, 0), (1, 3_600), (5, 3_604), (6, 3_605), (7, 3_606)]);
        assert_eq!(heard, [0, 1, 5, 3_605, 3_606]);
        assert_eq!(belief.jumps(Duration::from_secs(7)).count, 1);
        let (heard, belief) = believed(&[(0, 0), (1, -40), (4, -37), (6, -35), (8, -33)]);
        assert_eq!(heard, [0, 1, 4, -35, -33]);
        let jump = belief.jumps(Duration::from_secs(8)).latest.unwrap();
        assert_eq!((jump.to, jump.is_believed), (Direction::Back, true));
    }

    #[test]
    fn a_small_step_back_is_held_still() {
        let (heard, belief) = believed(&[(10, 10), (11, 9), (12, 11), (13, 13)]);
        assert_eq!(heard, [10, 10, 11, 13]);
        assert_eq!(belief.jumps(Duration::from_secs(13)), Jumps::default());
    }
}
