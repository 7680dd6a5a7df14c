//! What operators are told of requests that find no room, now and then while it lasts: how many they
//! are, the metrics tell.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;

/// How often it is said at most.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// Says that requests are turned away, and by which setting.
#[derive(Debug)]
pub(super) struct Crowded {
    setting: &'static str,
    said_at: Mutex<Option<Instant>>,
}

impl Crowded {
    /// Of the room that this setting bounds.
    pub(super) const fn by(setting: &'static str) -> Self {
        Self { setting, said_at: Mutex::new(None) }
    }

    /// Somebody found no room.
    pub(super) fn say(&self) {
        let mut said_at = self.said_at();
        if said_at.is_none_or(|said_at| said_at.elapsed() > SAID_EVERY) {
            *said_at = Some(Instant::now());
            warn!(
                setting = self.setting,
                "requests are refused: the limit {} is reached", self.setting
            );
        }
    }

    fn said_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.said_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
