//! Log lines about refused requests, at intervals while they continue. The metrics have their
//! number.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;

/// The minimum time between two log lines.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// Logs that requests are refused, and by which limit.
#[derive(Debug)]
pub(super) struct Crowded {
    setting: &'static str,
    said_at: Mutex<Option<Instant>>,
}

impl Crowded {
    /// For the limit of this setting.
    pub(super) const fn by(setting: &'static str) -> Self {
        Self { setting, said_at: Mutex::new(None) }
    }

    /// A request was refused.
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
