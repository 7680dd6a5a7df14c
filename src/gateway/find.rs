//! Looking one person up: admitted as a batch of one lead, and waited for.
//!
//! Whoever waits only looks. That the answer comes is a task's, as for every batch, so a caller who
//! hangs up or is told to come back finds it on the books. Only so many wait at once, since each holds
//! a connection: where the vendor is slow, there have to be some left for whoever only reads.

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

/// How soon the books are looked at again at the earliest and at the latest, where no turn that ended
/// here says that something has changed: other replicas take turns, too.
const LOOK_AGAIN_MIN: Duration = Duration::from_millis(50);
const LOOK_AGAIN_MAX: Duration = Duration::from_secs(1);

impl Gateway {
    /// Looks one person up, and waits for the answer. Where it takes too long, too many wait, or nothing
    /// is sent since the vendor does not answer, the page has not ended, and the answer, once it is
    /// there, is kept for whoever asks next.
    ///
    /// # Errors
    /// [`Refusal`]; no balance changed, but perhaps for [`Refusal::OutcomeUnknown`].
    pub async fn find(&self, caller: &Caller, ask: Enrichment) -> Result<BatchPage, Refusal> {
        let until = Instant::now() + self.settings.find_wait;
        let unit = Needs::of_persons(ask.reveals).short_unit();
        // From here on no turn ends unheard.
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
            // It was the first to hear of it: whoever asks next is told before anything is sent.
            Some(Finding::Failed(Failure::VendorCredits)) => {
                Err(Refusal::VendorCredits { unit, retry_after: PROBE_EVERY })
            }
            _ => Ok(page),
        }
    }

    /// Waits until a batch has ended, or it is no use to wait any longer.
    async fn wait_for(
        &self,
        caller: &Caller,
        batch: BatchId,
        until: Instant,
        mut turned: Receiver<JobId>,
    ) {
        let mut pause = LOOK_AGAIN_MIN;
        while Instant::now() < until {
            let jobs = match self.ledger.read(caller.team.clone(), batch, 0, 0).await {
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

    /// Whether nothing more will come of a batch soon, or not from here: a gateway that takes no more
    /// turns ends only those that are under way, and so does one whose vendor does not answer, with
    /// what is to be sent.
    fn is_in_vain(&self, reading: &Reading) -> bool {
        let is_under_way = || reading.batch.jobs.iter().any(|job| self.busy.has(*job));
        let is_held_up = || reading.waits_to_be_sent && self.outage_left().is_some();
        reading.status.has_ended()
            || ((self.resting.is_cancelled() || is_held_up()) && !is_under_way())
    }
}

/// Ready when a turn with one of these jobs has ended, or may have.
async fn any_turned(turned: &mut Receiver<JobId>, jobs: &[JobId]) {
    while let Ok(job) = turned.recv().await {
        if jobs.contains(&job) {
            return;
        }
    }
}
