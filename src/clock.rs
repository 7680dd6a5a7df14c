//! Where the time comes from. A store owns a clock and stamps every step with it; nothing else
//! in the gateway decides by time. Where the store is another machine's, the clock that a gateway is
//! given follows the store's, so that all replicas reckon by one time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::domain::time::Timestamp;

/// A source of time that never runs backwards: the store's, as nearly as it is known here.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock, held still where the machine sets it back.
#[derive(Debug, Default)]
pub struct SystemClock {
    latest: AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that asks the machine"
        )]
        let now = jiff::Timestamp::now().as_millisecond();
        let latest = self.latest.fetch_max(now, Ordering::Relaxed);
        Timestamp::from_millis(latest.max(now))
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
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }
}
