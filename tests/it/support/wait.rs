//! Waiting for what will surely be, with a limit.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

/// How long anything may take before a test gives up: far longer than it takes on a machine that is
/// busy with something else, too.
pub(crate) const LIMIT: Duration = Duration::from_mins(5);

/// Waits until a condition holds, looking again and again.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut patience = Patience::new();
    while !holds().await {
        patience.look_again(what).await;
    }
}

/// How long there is still to wait.
pub(crate) struct Patience {
    look: Interval,
    until: Instant,
}

impl Patience {
    pub(crate) fn new() -> Self {
        let mut look = interval(Duration::from_millis(10));
        // After a stall, what is waited for gets its time before the next look.
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { look, until: Instant::now() + LIMIT }
    }

    /// Waits a moment; fails the test where there has been too many of them.
    pub(crate) async fn look_again(&mut self, what: &str) {
        assert!(Instant::now() < self.until, "waited {LIMIT:?} in vain: {what}");
        self.look.tick().await;
    }
}
