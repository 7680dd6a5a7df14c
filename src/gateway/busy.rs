//! The jobs that this process is working on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ledger::ids::{JobId, Lease};

/// All leases in use. A job may have two: one that has just passed the job on and is about to end,
/// and the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Busy(Arc<Mutex<BTreeSet<(JobId, Lease)>>>);

/// A lease in use, until it is dropped.
#[derive(Debug)]
pub(super) struct Turning {
    busy: Busy,
    turn: (JobId, Lease),
}

impl Busy {
    /// Registers a lease; `None` if it is already registered. Each lease is used once: one that is
    /// not begun here is unused until it expires.
    pub(super) fn begin(&self, job: JobId, lease: Lease) -> Option<Turning> {
        let turn = (job, lease);
        self.turns().insert(turn).then(|| Turning { busy: self.clone(), turn })
    }

    /// Whether the job is being worked on.
    pub(super) fn has(&self, job: JobId) -> bool {
        let all = (job, Lease(0))..=(job, Lease(u64::MAX));
        self.turns().range(all).next().is_some()
    }

    fn turns(&self) -> MutexGuard<'_, BTreeSet<(JobId, Lease)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turning {
    fn drop(&mut self) {
        self.busy.turns().remove(&self.turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::ids::BatchId;

    #[test]
    fn the_next_lease_begins_while_the_last_one_is_ending() {
        let [first, second] = [0, 1].map(|ordinal| JobId { batch: BatchId::FIRST, ordinal });
        let busy = Busy::default();
        let ending = busy.begin(first, Lease(5)).unwrap();
        assert!(busy.begin(first, Lease(5)).is_none(), "one lease is one turn");
        let next = busy.begin(first, Lease(6)).unwrap();
        assert!(busy.has(first) && !busy.has(second));
        drop(ending);
        assert!(busy.has(first), "the next turn goes on");
        drop(next);
        assert!(!busy.has(first));
    }
}
