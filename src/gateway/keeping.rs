//! Lease renewal: a lease lasts for half a minute and is renewed during long operations, so that
//! the jobs of a dead replica are soon taken over.
//!
//! Nothing else is written about the job meanwhile. A late renewal may delay the next poll by the
//! length of a lease; it changes no decision.

use std::future::Future;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Failed, Gateway};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::{Ledger, LedgerError};

/// How often a lease is renewed before it would expire: one or two renewals may fail.
const RENEWALS: u32 = 3;

impl Gateway {
    /// Runs a future to its end, and renews the lease meanwhile if the store allows it.
    pub(super) async fn keeping<T>(
        &self,
        job: JobId,
        lease: Lease,
        long: impl Future<Output = T>,
    ) -> T {
        let (over, lost) = (CancellationToken::new(), CancellationToken::new());
        let long = async {
            let done = long.await;
            over.cancel();
            done
        };
        tokio::join!(long, self.renew(job, lease, &over, &lost)).0
    }

    /// Runs the future and aborts it if the lease is lost.
    pub(super) async fn while_kept<T>(
        &self,
        job: JobId,
        lease: Lease,
        long: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, Failed> {
        let (over, lost) = (CancellationToken::new(), CancellationToken::new());
        let long = async {
            let done = tokio::select! {
                done = long => done,
                () = lost.cancelled() => Err(LedgerError::Fenced.into()),
            };
            over.cancel();
            done
        };
        tokio::join!(long, self.renew(job, lease, &over, &lost)).0
    }

    /// Renews a lease at intervals, until the operation ends or the lease is lost.
    async fn renew(
        &self,
        job: JobId,
        lease: Lease,
        over: &CancellationToken,
        lost: &CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = sleep(self.settings.turn_for / RENEWALS) => {}
                () = over.cancelled() => return,
            }
            let until = self.clock.now().after(self.settings.turn_for);
            match self.ledger.reschedule(job, lease, Some(until)).await {
                Ok(()) => {}
                Err(LedgerError::Fenced) => return lost.cancel(),
                Err(error) => {
                    warn!(job.id = %job, %error, "the lease of job {job} was not renewed");
                }
            }
        }
    }
}
