//! Auditing the books now and then.

use std::time::Duration;

use tracing::{error, warn};

pub use crate::ledger::transition::audit::Audit;

use super::{Gateway, Refusal};
use crate::ledger::Ledger;

/// Between two audits.
const BETWEEN_AUDITS: Duration = Duration::from_hours(1);

/// Audits the books at the start and every hour, until the gateway stops.
pub(super) async fn run(gateway: Gateway) {
    loop {
        // What it finds it reports itself.
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
    /// The books made anew from the journal and held against what they say.
    ///
    /// # Errors
    /// [`Refusal`] where the store is away.
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
