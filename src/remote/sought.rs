//! Single-flight cell for expensive values such as connections: one task connects, waiters share
//! its result. Waiters for an unreachable server therefore wait once, not in turn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::Unreached;

/// A value that is created on demand and kept while it is valid.
pub(super) struct Sought<T> {
    found: Mutex<Option<T>>,
    failures: AtomicU64,
    /// Held by the task that creates the value; contains the last error.
    turn: tokio::sync::Mutex<Unreached>,
}

impl<T: Clone> Sought<T> {
    pub(super) fn new() -> Self {
        Self {
            found: Mutex::new(None),
            failures: AtomicU64::new(0),
            turn: tokio::sync::Mutex::new(Unreached(String::new())),
        }
    }

    /// The cached value, if there is one.
    pub(super) fn found(&self) -> Option<T> {
        self.lock().clone()
    }

    /// Drops the cached value if the condition holds.
    pub(super) fn forget_if(&self, is_so: impl FnOnce(&T) -> bool) {
        self.lock().take_if(|found| is_so(found));
    }

    /// The cached value if it is still valid, or the result of creating a new one.
    pub(super) async fn or_seek(
        &self,
        holds: impl Fn(&T) -> bool,
        attempt: impl Future<Output = Result<T, Unreached>>,
    ) -> Result<T, Unreached> {
        let failures = self.failures.load(Ordering::Acquire);
        if let Some(found) = self.found().filter(&holds) {
            return Ok(found);
        }
        let mut last = self.turn.lock().await;
        if let Some(found) = self.found().filter(&holds) {
            return Ok(found);
        }
        if self.failures.load(Ordering::Acquire) != failures {
            return Err(last.clone());
        }
        match attempt.await {
            Ok(found) => {
                *self.lock() = Some(found.clone());
                Ok(found)
            }
            Err(why) => {
                *last = why.clone();
                self.failures.fetch_add(1, Ordering::Release);
                Err(why)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.found.lock().expect("no code panics while it holds the value")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_cached_value_is_used_while_it_is_valid() {
        let sought = Sought::new();
        let found = sought.or_seek(|_| true, async { Ok(1) }).await;
        assert_eq!(found, Ok(1));
        assert_eq!(sought.or_seek(|_| true, async { Ok(2) }).await, Ok(1));
        assert_eq!(sought.or_seek(|_| false, async { Ok(3) }).await, Ok(3));
        sought.forget_if(|found| *found == 9);
        assert_eq!(sought.found(), Some(3));
        sought.forget_if(|found| *found == 3);
        assert_eq!(sought.found(), None);
    }

    #[tokio::test]
    async fn waiters_share_a_failure_and_later_callers_retry() {
        let sought = Arc::new(Sought::<u8>::new());
        let gate = Arc::new(Semaphore::new(0));
        let tries = Arc::new(AtomicU64::new(0));
        let ask = || {
            let (sought, gate, tries) =
                (Arc::clone(&sought), Arc::clone(&gate), Arc::clone(&tries));
            async move {
                let attempt = async {
                    tries.fetch_add(1, Ordering::Relaxed);
                    gate.acquire().await.unwrap().forget();
                    Err(Unreached("refused".to_owned()))
                };
                sought.or_seek(|_| true, attempt).await
            }
        };
        let open = async { gate.add_permits(1) };
        let (first, second, third, ()) = tokio::join!(ask(), ask(), ask(), open);
        for asked in [first, second, third] {
            assert_eq!(asked, Err(Unreached("refused".to_owned())));
        }
        assert_eq!(tries.load(Ordering::Relaxed), 1);

        gate.add_permits(1);
        assert!(ask().await.is_err());
        assert_eq!(tries.load(Ordering::Relaxed), 2);
    }
}
