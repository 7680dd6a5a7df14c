//! Handing in: what came of an attempt is written down even where the store is away for a while, since
//! what is lost here is in doubt for good.

use std::time::{Duration, Instant};

use super::pause::jittered;
use super::{Failed, Gateway};
use crate::ledger::LedgerError;

/// How often it is tried at least, and how long is waited in between at most.
const TRIES: u32 = 8;
const PAUSE_MAX: Duration = Duration::from_secs(1);

impl Gateway {
    /// Takes a step until it is taken, or there is no use in it. A turn that was lost meanwhile
    /// changes nothing any more, but for the vendor's name and for late evidence.
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
