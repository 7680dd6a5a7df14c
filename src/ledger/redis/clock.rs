//! The server's clock, as far as it is known here: what it showed last, and what has passed since.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::clock::{Belief, Clock, Jumps, Monotonic, Passed, SystemClock};
use crate::domain::time::Timestamp;

/// Shows what the server's clock shows, as far as it is believed, and the machine's until it is known.
#[derive(Debug, Default)]
pub struct ServerClock {
    known: Mutex<Known>,
    passed: Monotonic,
    machine: SystemClock,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    belief: Belief,
    /// What the server showed last, and when it was asked.
    shown: Option<(Timestamp, Instant)>,
}

impl ServerClock {
    /// The server showed this, asked at that moment: it is surely no earlier there by now. Answers the
    /// moment that is believed.
    pub(super) fn learn(&self, time: Timestamp, asked: Instant) -> Timestamp {
        let mut known = self.known();
        if known.shown.is_none_or(|(_, before)| before < asked) {
            known.shown = Some((time, asked));
        }
        known.belief.hear(time, self.passed.at(asked))
    }

    /// The moment by the server's own clock, believed or not: what its scripts compare with.
    pub(super) fn at_server(&self) -> Timestamp {
        let shown = self.known().shown;
        shown.map_or_else(|| self.machine.now(), |(time, asked)| time.after(asked.elapsed()))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        let believed = self.known().belief.at(self.passed.passed());
        believed.unwrap_or_else(|| self.machine.now())
    }

    fn jumps(&self) -> Jumps {
        self.known().belief.jumps(self.passed.passed())
    }
}
