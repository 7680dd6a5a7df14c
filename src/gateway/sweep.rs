//! Forgetting, slice by slice: what nobody can read any more leaves the ledger and the vault, and
//! what is old and exported leaves the journal.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::warn;

use super::{Failed, Gateway};
use crate::ledger::Ledger;
use crate::ledger::transition::sweep::Sweep;
use crate::ledger::transition::trim::Trim;
use crate::ledger::transition::validation::{Stale, StalePlace};
use crate::vault::Vault;

/// How many rows of each kind are looked at in one step.
const ROWS: usize = 500;

/// Between slices, so that sweeping never crowds out what callers wait for.
const BETWEEN_SLICES: Duration = Duration::from_millis(500);

/// Between one round over everything and the next.
const BETWEEN_ROUNDS: Duration = Duration::from_mins(5);

/// How many rounds there are between two audits: about an hour.
const ROUNDS_BETWEEN_AUDITS: u32 = 12;

/// Sweeps, and audits the books now and then, until the gateway stops.
pub(super) async fn run(gateway: Gateway) {
    let mut place = gateway.first_sweep();
    let mut rounds = 0_u32;
    loop {
        if rounds.is_multiple_of(ROUNDS_BETWEEN_AUDITS) {
            // What it finds it tells itself.
            if let Err(error) = gateway.audit().await {
                warn!(%error, "the books could not be audited; tried again in about an hour");
            }
            rounds += 1;
        }
        let rest = match gateway.sweep_on(place).await {
            Ok(Some(next)) => {
                place = next;
                BETWEEN_SLICES
            }
            Ok(None) => {
                gateway.forget_validations().await;
                place = gateway.first_sweep();
                rounds = rounds.wrapping_add(1);
                BETWEEN_ROUNDS
            }
            Err(error) => {
                warn!(%error, "the sweep goes on later");
                BETWEEN_ROUNDS
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = gateway.stopping.cancelled() => return,
        }
    }
}

impl Gateway {
    fn first_sweep(&self) -> Sweep {
        Sweep {
            batch: None,
            job: None,
            lead: None,
            superseded: None,
            replay: None,
            rows: ROWS,
            batch_ttl: self.settings.batch_ttl,
            results_ttl: self.settings.results_ttl(),
            leads_ttl: self.settings.results_ttl(),
        }
    }

    /// Forgets what counts no more of validations, slice by slice.
    async fn forget_validations(&self) {
        let mut stale = Stale {
            place: StalePlace::Addresses(None),
            rows: ROWS,
            ttl: self.settings.validation_ttl,
            validation_ttl: self.settings.validation_results_ttl(),
        };
        while stale.place != StalePlace::End && !self.stopping.is_cancelled() {
            match self.ledger.forget_validations(stale.clone()).await {
                Ok(next) => stale = next,
                Err(error) => {
                    warn!(%error, "validations are forgotten later");
                    return;
                }
            }
            tokio::time::sleep(BETWEEN_SLICES).await;
        }
    }

    /// Sweeps one slice; none where the round is complete.
    async fn sweep_on(&self, place: Sweep) -> Result<Option<Sweep>, Failed> {
        self.vault.sweep(ROWS).await?;
        let next = self.ledger.sweep(place).await?;
        // Only what this process has on a disk of its own counts as exported.
        let exported = self.exported.load(Ordering::Relaxed);
        let trim = Trim { keep: self.settings.keep, exported, limit: ROWS };
        let trimmed = if exported > 0 { self.ledger.trim(trim).await? } else { 0 };
        let is_swept = next.batch.is_none()
            && next.job.is_none()
            && next.lead.is_none()
            && next.superseded.is_none()
            && next.replay.is_none();
        let is_done = is_swept && trimmed < ROWS;
        Ok((!is_done).then_some(next))
    }
}
