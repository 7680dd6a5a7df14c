//! Recording with retries: the outcome of an attempt is written even if the store is temporarily
//! unavailable, since an outcome that is lost here leaves the charge unknown forever.

use std::time::{Duration, Instant};

use super::pause::jittered;
use super::{Failed, Gateway};
use crate::ledger::LedgerError;

/// The minimum number of tries, and the maximum pause between them.
const TRIES: u32 = 8;
const PAUSE_MAX: Duration = Duration::from_secs(1);

impl Gateway {
    /// Repeats a step until it succeeds or is pointless. A lost lease makes it pointless, except
    /// for the vendor's id and late evidence.
    pub(super) async fn hand_in<T, E, F>(&self, step: impl Fn() -> F + Send) -> Result<T, Failed>
    where
        E: Into<Failed>,
        F: Future<Output = Result<T, E>> + Send,
    {
        let until = Instant::now() + self.settings.quiet_period;
        let mut tries = 1;
        loop {
            let failed = match step().await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error.into(),
            };
            let has_tries = tries < TRIES;
            let goes_on = match &failed {
                Failed::Ledger(LedgerError::NotApplied(_) | LedgerError::Unknown(_))
                | Failed::Vault(_) => {
                    has_tries || (Instant::now() < until && !self.stopping.is_cancelled())
                }
                Failed::Ledger(LedgerError::NotDurable) => has_tries,
                Failed::Ledger(
                    LedgerError::Fenced | LedgerError::WrongEpoch | LedgerError::Invariant(_),
                ) => false,
            };
            if !goes_on {
                return Err(failed);
            }
            let pause = (Duration::from_millis(50) * tries).min(PAUSE_MAX);
            tokio::time::sleep(jittered(pause)).await;
            tries += 1;
        }
    }
}
