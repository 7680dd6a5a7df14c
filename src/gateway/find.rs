//! Looking one person up: a batch of one lead is admitted and polled.
//!
//! The handler only polls; a background task fetches the answer, as for every batch. A caller that
//! disconnects or gets 503 therefore finds the answer later. The number of waiting lookups is
//! limited, since each holds a connection: if the vendor is slow, connections must remain for
//! requests that only read.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::supply::PROBE_EVERY;
use super::{BatchPage, Caller, Enrichment, Failure, Finding, Gateway, PageAsk, Refusal};
use crate::domain::needs::Needs;
use crate::ledger::Ledger;
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::job::Way;
use crate::ledger::transition::read::Reading;

/// The shortest and the longest interval between two reads of the ledger without a notification.
/// Other replicas process jobs, too.
const LOOK_AGAIN_MIN: Duration = Duration::from_millis(50);
const LOOK_AGAIN_MAX: Duration = Duration::from_secs(1);

impl Gateway {
    /// Looks a person up and waits for the answer. If it takes too long, too many lookups wait, or
    /// nothing is sent because the vendor does not answer, the returned page has not ended. The
    /// answer is stored for the next request.
    ///
    /// # Errors
    /// [`Refusal`]; no balance changed, except perhaps with [`Refusal::OutcomeUnknown`].
    pub async fn find(&self, caller: &Caller, ask: Enrichment) -> Result<BatchPage, Refusal> {
        let until = Instant::now() + self.settings.find_wait;
        let unit = Needs::of_persons(ask.reveals).short_unit();
        // From here on no notification is missed.
        let turned = self.turned.subscribe();
        let page = self.admit(caller, ask, Way::LookUp, ()).await?;
        if page.status.has_ended() {
            return Ok(page);
        }
        let Ok(_permit) = self.look_ups.try_take(&caller.team) else { return Ok(page) };
        self.wait_for(caller, page.id, until, turned).await;
        let first = PageAsk::first();
        let shown = self.page_and_quotas(&caller.team, page.id, Way::LookUp, first).await;
        let mut page = shown.map_err(|_| Refusal::OutcomeUnknown)?;
        if let Some(left) = self.outage_left().filter(|_| !page.status.has_ended()) {
            page.retry_after = page.retry_after.max(Some(left));
        }
        match page.lines.first().map(|line| &line.finding) {
            // This request was the first to learn of it; the next one is refused before anything is
            // sent.
            Some(Finding::Failed(Failure::VendorCredits)) => {
                Err(Refusal::VendorCredits { unit, retry_after: PROBE_EVERY })
            }
            _ => Ok(page),
        }
    }

    /// Waits until a batch has ended, or waiting is pointless.
    async fn wait_for(
        &self,
        caller: &Caller,
        batch: BatchId,
        until: Instant,
        mut turned: Receiver<JobId>,
    ) {
        let mut pause = LOOK_AGAIN_MIN;
        while Instant::now() < until {
            let ledger = self.ledger_for(&caller.team);
            let jobs = match ledger.read(caller.team.clone(), batch, 0, 0).await {
                Ok(Some(reading)) if !self.is_in_vain(&reading) => reading.batch.jobs,
                Ok(_) => return,
                Err(error) => {
                    warn!(
                        batch.id = %batch,
                        %error,
                        "batch {batch} could not be read and is polled again soon"
                    );
                    Vec::new()
                }
            };
            let look_again = until.min(Instant::now() + pause);
            tokio::select! {
                _ = timeout_at(look_again, any_turned(&mut turned, &jobs)) => {}
                () = self.resting.cancelled(), if !self.resting.is_cancelled() => {}
            }
            pause = pause.saturating_mul(2).min(LOOK_AGAIN_MAX);
        }
    }

    /// Whether nothing more will happen to a batch soon, at least not in this process: a gateway
    /// that leases no more jobs finishes only those in progress, and so does one whose vendor does
    /// not answer, for jobs that are due to be sent.
    fn is_in_vain(&self, reading: &Reading) -> bool {
        let is_under_way = || reading.batch.jobs.iter().any(|job| self.busy.has(*job));
        let is_held_up = || reading.waits_to_be_sent && self.outage_left().is_some();
        reading.status.has_ended()
            || ((self.resting.is_cancelled() || is_held_up()) && !is_under_way())
    }
}

/// Ready when the processing of one of these jobs has ended, or may have.
async fn any_turned(turned: &mut Receiver<JobId>, jobs: &[JobId]) {
    while let Ok(job) = turned.recv().await {
        if jobs.contains(&job) {
            return;
        }
    }
}
