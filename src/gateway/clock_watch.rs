//! Monitoring of the store's clock: reports jumps, and a clock that is behind the timestamps in the
//! ledger.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::Gateway;
use crate::clock::{Clock, Direction, Jump};
use crate::ledger::{Ledger, LedgerError};

/// How often the clock is checked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many checks pass between two comparisons with the latest journal entry.
const COMPARE_EVERY: u32 = 10;

/// How far the latest entry may be ahead of the clock: steps of several replicas overlap.
const AHEAD_MAX: Duration = Duration::from_mins(1);

/// The state of the clock besides its jumps.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    /// How far the clock is behind the latest journal entry.
    behind: Mutex<Option<Duration>>,
}

/// Monitors until the gateway stops.
pub(super) async fn run(gateway: Gateway) {
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = 0;
    for looks in 0_u32.. {
        tokio::select! {
            _ = look.tick() => {}
            () = gateway.stopping.cancelled() => return,
        }
        seen = gateway.report_jumps(seen);
        if looks.is_multiple_of(COMPARE_EVERY) {
            // Failures to read the ledger are reported elsewhere.
            let _ = gateway.compare_clock().await;
        }
    }
}

impl Gateway {
    /// Reports new jumps; returns the total number of jumps.
    fn report_jumps(&self, seen: u64) -> u64 {
        let jumps = self.clock.jumps();
        if jumps.count > seen {
            self.metrics.count_clock_jumps(jumps.count - seen);
            if let Some(jump) = jumps.latest {
                warn!("{}", remark(jump));
            }
        }
        jumps.count
    }

    /// Compares the clock with the latest journal entry.
    async fn compare_clock(&self) -> Result<(), LedgerError> {
        let next = self.ledger.holdings().await?.next_entry;
        let Some(last) = next.checked_sub(1) else { return Ok(()) };
        let entries = self.ledger.journal(last, 1).await?;
        let Some((_, entry)) = entries.first() else { return Ok(()) };
        let ahead = Some(entry.at.since(self.clock.now())).filter(|ahead| *ahead > AHEAD_MAX);
        let before = {
            let mut behind = self.clock_watch.behind.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *behind, ahead)
        };
        match (before, ahead) {
            (None, Some(ahead)) => warn!("{}", behind(ahead)),
            (Some(_), None) => info!("the clock is past the latest journal entry again"),
            _ => {}
        }
        Ok(())
    }

    /// The reasons for `/readyz`.
    pub(super) fn clock_remarks(&self) -> Vec<String> {
        let jumped = self.clock.jumps().latest.map(remark);
        let behind_by = *self.clock_watch.behind.lock().unwrap_or_else(PoisonError::into_inner);
        jumped.into_iter().chain(behind_by.map(behind)).collect()
    }

    /// Whether the clock jumped ahead recently, so that expiries are not certain.
    pub(super) fn has_jumped_ahead(&self) -> bool {
        self.clock.jumps().latest.is_some_and(|jump| jump.to == Direction::Ahead)
    }
}

fn remark(jump: Jump) -> String {
    let seconds = jump.by.as_secs();
    let to = match jump.to {
        Direction::Ahead => "ahead",
        Direction::Back => "back",
    };
    let so = if jump.is_believed {
        "it lasted, so the ledger follows it"
    } else {
        "the ledger ignores it unless it lasts"
    };
    format!("clock: the store's clock jumped {to} by {seconds} s; {so}: check its time service")
}

fn behind(by: Duration) -> String {
    let seconds = by.as_secs();
    format!(
        "clock: the store's clock is {seconds} s behind the latest journal entry, so it is or was \
         wrong: check its time service"
    )
}
