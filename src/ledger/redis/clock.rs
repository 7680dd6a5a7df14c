//! The server's clock, as far as it is known here: what it said last, and what has passed since.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use crate::clock::{Clock, SystemClock};
use crate::domain::time::Timestamp;

/// Shows what the server's clock shows, never backwards, and the machine's until it is known.
#[derive(Debug, Default)]
pub struct ServerClock {
    said: Mutex<Option<Said>>,
    latest: AtomicI64,
    machine: SystemClock,
}

/// What the server said, and when it was asked.
#[derive(Clone, Copy, Debug)]
struct Said {
    time: Timestamp,
    asked: Instant,
}

impl ServerClock {
    /// The server said so, asked at that moment: it is surely no earlier there by now.
    pub(super) fn learn(&self, time: Timestamp, asked: Instant) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|said| said.asked < asked) {
            *said = Some(Said { time, asked });
        }
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        let said = *self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(said) = said else { return self.machine.now() };
        let now = said.time.after(said.asked.elapsed());
        let latest = self.latest.fetch_max(now.as_millis(), Ordering::Relaxed);
        Timestamp::from_millis(latest.max(now.as_millis()))
    }
}
