//! Free space of the store. New work is refused before the store is full, so that admitted work can
//! be settled, expired rows be removed, and operators' changes be made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{info, warn};

use super::Refusal;
use crate::domain::team_limits::kept_bytes;

/// The last known free space of the store. Clones share it.
#[derive(Clone, Debug)]
pub struct Headroom(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    reserve: u64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The free bytes of the store, minus what was admitted since; `None` if they are not known.
    left: Option<u64>,
    /// Whether the shortage was logged.
    is_short: bool,
}

impl Headroom {
    /// For a store of which this many bytes are reserved.
    #[must_use]
    pub fn new(reserve: u64) -> Self {
        Self(Arc::new(Inside { reserve, seen: Mutex::default() }))
    }

    /// Sets the free bytes of the store; `None` if there is no limit, or it is not known.
    pub fn show(&self, left: Option<u64>) {
        let mut seen = self.seen();
        seen.left = left;
        let is_short = left.is_some_and(|left| left < self.0.reserve);
        if is_short && !seen.is_short {
            warn!(store.left = left, store.reserve = self.0.reserve, "{}", self.why());
        } else if seen.is_short && !is_short {
            info!(store.left = left, "the store has space again: new work is admitted");
        }
        seen.is_short = is_short;
    }

    /// How many bytes new work may use; `None` if there is no limit.
    #[must_use]
    pub fn for_new_work(&self) -> Option<u64> {
        self.seen().left.map(|left| left.saturating_sub(self.0.reserve))
    }

    /// Takes the space of a request with this number and size of leads.
    pub(super) fn take(&self, leads: usize, bytes: usize) -> Result<(), Refusal> {
        let needed = kept_bytes(leads, bytes);
        let mut seen = self.seen();
        let Some(left) = seen.left else { return Ok(()) };
        let rest = left.checked_sub(needed).filter(|rest| *rest >= self.0.reserve);
        seen.left = Some(rest.ok_or(Refusal::StoreFull)?);
        Ok(())
    }

    /// The reason for `/readyz`.
    pub(super) fn remark(&self) -> Option<String> {
        let is_short = self.seen().left.is_some_and(|left| left < self.0.reserve);
        is_short.then(|| format!("store: {}", self.why()))
    }

    fn why(&self) -> String {
        format!(
            "less than store.reserve ({} bytes) is free, so new work is refused; give the store \
             more space",
            self.0.reserve
        )
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_between_two_measurements_count_and_the_reserve_stays() {
        let headroom = Headroom::new(10_000);
        headroom.take(10_000, 1 << 30).unwrap();
        headroom.show(Some(20_000));
        headroom.take(1, 5_000).unwrap();
        assert_eq!(headroom.for_new_work(), Some(20_000 - 10_000 - 5_000 - 2_560));
        assert_eq!(headroom.take(1, 0), Err(Refusal::StoreFull));
        assert_eq!(headroom.remark(), None, "some is left of what new work may take");
        headroom.show(Some(9_999));
        assert_eq!((headroom.for_new_work(), headroom.remark().is_some()), (Some(0), true));
        headroom.show(None);
        headroom.take(10_000, 1 << 30).unwrap();
    }
}
