//! Bringing a job's answer home: asked for until the vendor has ended it, then settled at once.

use std::time::{Duration, Instant};

use tracing::{debug, error, info, warn};

use super::bodies::{forget, keep_results};
use super::dispatch::{SLOW_LOOK, jittered};
use super::evidence::{Answer, read_evidence};
use super::{Failed, Gateway};
use crate::domain::time::Timestamp;
use crate::domain::vendor_id::VendorId;
use crate::ledger::Ledger;
use crate::ledger::ids::Lease;
use crate::ledger::record::job::{Job, Reason, State};
use crate::ledger::step::{Settled, Settlement};
use crate::telemetry::metrics::Stray;
use crate::vendor::{Batch, Cause, Gathered, Gathering, Page, Read, Unread, Vendor};

/// How long the vendor may not know a job that it took, before nobody can know its charge.
const GONE_FOR: Duration = Duration::from_hours(1);

impl Gateway {
    /// One turn with a job that the vendor took.
    pub(super) async fn collect(&self, job: Job, lease: Lease) -> Result<(), Failed> {
        let Some(vendor_id) = job.vendor_id else {
            return self.give_up(&job, lease, Reason::Gone).await;
        };
        if job.is_cancel_wanted {
            self.tell_canceled(&job, vendor_id).await;
        }
        let now = self.clock.now();
        let bound_for = job.bound_at.map(|at| now.since(at)).unwrap_or_default();
        let looked = self.look(&job, lease, vendor_id).await?;
        if let Ok(Read::Ended(batch)) = looked {
            return self.end(job, lease, batch).await;
        }
        if matches!(looked, Err(Unread::Gone)) && bound_for > GONE_FOR {
            return self.give_up(&job, lease, Reason::Gone).await;
        }
        if bound_for > self.settings.job_deadline {
            return self.give_up(&job, lease, Reason::Deadline).await;
        }
        let next = self.next_look(&looked, now, bound_for);
        Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?)
    }

    /// One turn with a job whose charge nobody could learn: the vendor may still say.
    pub(super) async fn look_for_evidence(&self, job: Job, lease: Lease) -> Result<(), Failed> {
        let now = self.clock.now();
        let gave_up_at = job.ended_at.unwrap_or(now);
        let looks_on = now.since(gave_up_at) < self.settings.results_ttl();
        let Some(vendor_id) = job.vendor_id.filter(|_| looks_on) else {
            return Ok(self.ledger.reschedule(job.id, lease, None).await?);
        };
        match self.look(&job, lease, vendor_id).await? {
            Ok(Read::Ended(batch)) if batch.results.is_some() => self.end(job, lease, batch).await,
            _ => {
                let next = now.after(jittered(SLOW_LOOK));
                Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?)
            }
        }
    }

    /// Reads the vendor's answer, page by page, and keeps the turn meanwhile.
    async fn look(
        &self,
        job: &Job,
        lease: Lease,
        vendor_id: VendorId,
    ) -> Result<Result<Read, Unread>, Failed> {
        let keep_every = self.settings.lease_for() / 3;
        let mut kept = Instant::now();
        let mut gathering = Gathering::default();
        loop {
            if kept.elapsed() > keep_every {
                let until = self.clock.now().after(self.settings.lease_for());
                self.ledger.reschedule(job.id, lease, Some(until)).await?;
                kept = Instant::now();
            }
            let began = Instant::now();
            let page = self.vendor.page(vendor_id, gathering.after()).await;
            self.metrics.ask_vendor("read", outcome(&page), began.elapsed());
            if page.is_ok() {
                self.circuit.accept_key();
            }
            let page = match page {
                Ok(Page::Ended(page)) => page,
                Ok(Page::Running { retry_after }) => return Ok(Ok(Read::Running { retry_after })),
                Err(unread) => return Ok(Err(unread)),
            };
            gathering = match gathering.with(page).map_err(Cause::from) {
                Ok(Gathered::Partly(gathering)) => gathering,
                Ok(Gathered::Wholly(batch)) => return Ok(Ok(Read::Ended(batch))),
                Err(cause) => return Ok(Err(cause.into())),
            };
        }
    }

    /// When to look again: the longer it takes the later, but as the vendor says where it does.
    fn next_look(
        &self,
        looked: &Result<Read, Unread>,
        now: Timestamp,
        bound_for: Duration,
    ) -> Timestamp {
        let said = match looked {
            Ok(Read::Running { retry_after }) | Err(Unread::Wait { retry_after }) => *retry_after,
            Err(Unread::NoAnswer(cause)) => {
                debug!(%cause, "the vendor did not answer a read");
                None
            }
            Err(Unread::Misaddressed { status }) => {
                self.circuit.refuse_key(*status);
                None
            }
            Ok(Read::Ended(_)) | Err(Unread::Gone) => None,
        };
        let (least, most) = (self.settings.poll_interval_min, self.settings.poll_interval_max);
        let wait = said.unwrap_or_else(|| jittered((bound_for / 4).clamp(least, most)));
        now.after(wait.max(least))
    }

    async fn tell_canceled(&self, job: &Job, vendor_id: VendorId) {
        let began = Instant::now();
        let canceled = self.vendor.cancel(vendor_id).await;
        let outcome = match &canceled {
            crate::vendor::Canceled::Agreed => "agreed",
            crate::vendor::Canceled::Refused(_) => "refused",
            crate::vendor::Canceled::Gone => "gone",
            crate::vendor::Canceled::Misaddressed { .. } => "misaddressed",
            crate::vendor::Canceled::Wait { .. } => "wait",
            crate::vendor::Canceled::NoAnswer(_) => "no_answer",
        };
        self.metrics.ask_vendor("cancel", outcome, began.elapsed());
        info!(job.id = %job.id, outcome, "told the vendor that job {} is cancelled", job.id);
    }

    /// Settles a job by the answer that ended it. Results are kept before the step that points at
    /// them.
    async fn end(&self, job: Job, lease: Lease, batch: Batch) -> Result<(), Failed> {
        let body = self.body(&job).await?;
        let answer = match read_evidence(&self.keyer, &job, &body, batch) {
            Some(answer) => answer,
            None if matches!(job.state, State::Bound) => {
                return self.give_up(&job, lease, Reason::Failed).await;
            }
            None => return Ok(self.ledger.reschedule(job.id, lease, None).await?),
        };
        let Answer { evidence, results, unmatched, extras } = answer;
        self.metrics.meet_strays(Stray::Unmatched, unmatched);
        self.metrics.meet_strays(Stray::Extra, extras);
        if unmatched + extras > 0 {
            warn!(job.id = %job.id, unmatched, extras, "results of job {} are astray", job.id);
        }
        let results_expire_at = self.clock.now().after(self.settings.results_ttl());
        keep_results(&self.vault, results, job.reveals, results_expire_at).await?;
        let settlement = Settlement { job: job.id, evidence, results_expire_at };
        let settled = self.ledger.settle(settlement).await?;
        forget(&self.vault, &settled.removed).await?;
        self.report_settlement(&job, &settled);
        Ok(())
    }

    fn report_settlement(&self, job: &Job, settled: &Settled) {
        if !settled.is_first {
            return;
        }
        for part in &settled.parts {
            let team = &part.team;
            self.metrics.spend(team, &part.charged);
            if !part.exceeded.is_zero() {
                self.metrics.adjust_beyond_reservation();
                error!(
                    batch.id = %part.batch,
                    %team,
                    credits.exceeded = %part.exceeded,
                    "batch {} was charged beyond its reservation", part.batch
                );
            }
            let charged = part.charged.amounts();
            info!(
                batch.id = %part.batch,
                job.id = %job.id,
                %team,
                credits.charged = %charged,
                credits.unresolved = %part.unresolved,
                "settled batch {} for {charged}", part.batch
            );
        }
        for (team, avoided) in &settled.avoided {
            self.metrics.avoid(team, *avoided);
        }
        for _ in 0..settled.perhaps_free {
            self.metrics.book_find_in_margin();
        }
    }
}

fn outcome(page: &Result<Page, Unread>) -> &'static str {
    match page {
        Ok(Page::Running { .. }) => "running",
        Ok(Page::Ended(_)) => "ended",
        Err(Unread::Gone) => "gone",
        Err(Unread::Misaddressed { .. }) => "misaddressed",
        Err(Unread::Wait { .. }) => "wait",
        Err(Unread::NoAnswer(_)) => "no_answer",
    }
}
