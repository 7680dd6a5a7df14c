//! Keeping a turn: a lease lasts for half a minute, and is renewed while something long is under way,
//! so that the jobs of a replica that died are soon another's.
//!
//! Nothing else is written of the job meanwhile. A renewal that comes late may put off the next look
//! by a turn's length; it changes nothing that the turn has decided.

use std::future::Future;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Failed, Gateway};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::{Ledger, LedgerError};

/// How often a lease is renewed before it would run out: a renewal or two may fail.
const RENEWALS: u32 = 3;

impl Gateway {
    /// Does what must come to its end, and keeps the turn meanwhile as far as the store lets it.
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

    /// Does what is in vain once the turn is lost, and keeps the turn meanwhile.
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

    /// Renews a lease now and then, until what it is kept for is over or the turn is lost.
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
