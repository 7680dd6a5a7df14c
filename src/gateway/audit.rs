//! The hourly audit of the ledger.

use std::time::Duration;

use tracing::{error, warn};

pub use crate::ledger::transition::audit::Audit;

use super::{Gateway, Refusal};
use crate::ledger::Ledger;

/// The time between two audits.
const BETWEEN_AUDITS: Duration = Duration::from_hours(1);

/// Audits the ledger at the start and every hour, until the gateway stops.
pub(super) async fn run(gateway: Gateway) {
    loop {
        // The audit reports its findings itself.
        if let Err(error) = gateway.audit().await {
            warn!(%error, "the audit failed and is repeated in an hour");
        }
        tokio::select! {
            () = tokio::time::sleep(BETWEEN_AUDITS) => {}
            () = gateway.stopping.cancelled() => return,
        }
    }
}

impl Gateway {
    /// Recomputes the counters from the journal and compares them with the stored ones.
    ///
    /// # Errors
    /// [`Refusal`] if the store is not available.
    pub async fn audit(&self) -> Result<Audit, Refusal> {
        let audit = self.ledger.audit().await?;
        let drift = audit.drift();
        self.metrics.show_drift(drift);
        let mismatches = audit.differences();
        if mismatches > 0 {
            error!(
                mismatches,
                credits.drift = %drift,
                "the counters do not agree with the journal"
            );
        }
        Ok(audit)
    }
}
