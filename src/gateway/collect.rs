//! Bringing a job's answer home: asked for until the vendor has ended it, then settled at once.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tracing::{debug, error, info, warn};

use super::bodies::{forget, keep_results};
use super::circuit::Asked;
use super::dispatch::{SLOW_LOOK, jittered};
use super::evidence::{Answer, read_evidence};
use super::{Failed, Gateway};
use crate::domain::time::Timestamp;
use crate::domain::vendor_id::VendorId;
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, Lease, ResultRef};
use crate::ledger::record::job::{Job, Reason, State};
use crate::ledger::step::{Settled, Settlement};
use crate::telemetry::metrics::Stray;
use crate::vendor::{
    Batch, Canceled, Cause, Cursor, Gathered, Gathering, Page, Read, Unread, Vendor,
};

/// How long the vendor may not know a job that it took, before nobody can know its charge.
const GONE_FOR: Duration = Duration::from_hours(1);

/// How long a page that failed rests at least, and how often it is asked for again.
const PAGE_REST: Duration = Duration::from_millis(100);
const PAGE_TRIES: u32 = 8;

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
        let is_gone = matches!(looked, Err(Unread::Gone));
        if self.gone_for(job.id, is_gone, now) > GONE_FOR {
            return self.give_up(&job, lease, Reason::Gone).await;
        }
        if bound_for > self.settings.job_deadline {
            return self.give_up(&job, lease, Reason::Deadline).await;
        }
        let next = self.next_look(&looked, now, bound_for);
        Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?)
    }

    /// How long the vendor has said, without a break, that it does not know a job. A start of the
    /// gateway begins to count anew.
    fn gone_for(&self, job: JobId, is_gone: bool, now: Timestamp) -> Duration {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        if is_gone {
            now.since(*gone.entry(job).or_insert(now))
        } else {
            gone.remove(&job);
            Duration::ZERO
        }
    }

    /// Nothing more needs to be remembered of a job that has ended or is given up.
    pub(super) fn forget_marks(&self, job: JobId) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
        self.told_canceled.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
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
            Ok(Read::Ended(batch)) => self.end(job, lease, batch).await,
            Ok(Read::Running { .. }) | Err(_) => self.look_again_slowly(&job, lease).await,
        }
    }

    async fn look_again_slowly(&self, job: &Job, lease: Lease) -> Result<(), Failed> {
        let next = self.clock.now().after(jittered(SLOW_LOOK));
        Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?)
    }

    /// Reads the vendor's answer, page by page, and keeps the turn meanwhile. A page that fails is
    /// asked for again, so that the pages before it are not lost.
    async fn look(
        &self,
        job: &Job,
        lease: Lease,
        vendor_id: VendorId,
    ) -> Result<Result<Read, Unread>, Failed> {
        let mut gathering = Gathering::default();
        let mut failures = 0;
        let mut kept = Instant::now();
        loop {
            if failures > 0 || kept.elapsed() > self.settings.lease_for() / 3 {
                let until = self.clock.now().after(self.settings.lease_for());
                self.ledger.reschedule(job.id, lease, Some(until)).await?;
                kept = Instant::now();
            }
            let page = self.page_of(vendor_id, gathering.after()).await;
            let page = match page {
                Ok(Page::Ended(page)) => page,
                Ok(Page::Running { retry_after }) => return Ok(Ok(Read::Running { retry_after })),
                Err(unread) => match self.wait_for_page(&gathering, &unread, failures) {
                    Some(wait) => {
                        failures += 1;
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    None => return Ok(Err(unread)),
                },
            };
            failures = 0;
            gathering = match gathering.with(page).map_err(Cause::from) {
                Ok(Gathered::Partly(gathering)) => gathering,
                Ok(Gathered::Wholly(batch)) => return Ok(Ok(Read::Ended(batch))),
                Err(cause) => return Ok(Err(cause.into())),
            };
        }
    }

    async fn page_of(&self, vendor_id: VendorId, after: Option<&Cursor>) -> Result<Page, Unread> {
        let began = Instant::now();
        let page = self.vendor.page(vendor_id, after).await;
        self.metrics.ask_vendor("read", outcome(&page), began.elapsed());
        match &page {
            Ok(_) => self.circuit.accept_key(Asked::Read),
            Err(Unread::Misaddressed { status }) => {
                self.circuit.refuse_key(Asked::Read, *status);
            }
            Err(Unread::Gone | Unread::Wait { .. } | Unread::NoAnswer(_)) => {}
        }
        page
    }

    /// How long to wait before a later page is asked for again; none where the turn had better end,
    /// and the answer be read from the start another time.
    fn wait_for_page(
        &self,
        gathering: &Gathering,
        unread: &Unread,
        failures: u32,
    ) -> Option<Duration> {
        let said = match unread {
            Unread::Wait { retry_after } => *retry_after,
            Unread::NoAnswer(_) => None,
            Unread::Gone | Unread::Misaddressed { .. } => return None,
        };
        let is_first = gathering.after().is_none();
        let back_off = PAGE_REST.saturating_mul(1 << failures.min(6));
        let wait = said.unwrap_or_default().max(back_off);
        let is_worth_it = failures < PAGE_TRIES && wait < self.settings.lease_for() / 2;
        (!is_first && is_worth_it && !self.resting.is_cancelled())
            .then(|| wait.saturating_add(jittered(back_off)))
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
            Ok(Read::Ended(_)) | Err(Unread::Gone | Unread::Misaddressed { .. }) => None,
        };
        let (least, most) = (self.settings.poll_interval_min, self.settings.poll_interval_max);
        // Jobs that were told to come back together do not come back all at once.
        let wait = said.map_or_else(
            || jittered((bound_for / 4).clamp(least, most)),
            |said| said.saturating_add(jittered(said / 10)),
        );
        now.after(wait.max(least))
    }

    /// Tells the vendor, once, that nobody waits for a job any more.
    async fn tell_canceled(&self, job: &Job, vendor_id: VendorId) {
        if !self.told_canceled.lock().unwrap_or_else(PoisonError::into_inner).insert(job.id) {
            return;
        }
        let began = Instant::now();
        let canceled = self.vendor.cancel(vendor_id).await;
        let outcome = match &canceled {
            Canceled::Agreed => "agreed",
            Canceled::Refused(_) => "refused",
            Canceled::Gone => "gone",
            Canceled::Misaddressed { .. } => "misaddressed",
            Canceled::Wait { .. } => "wait",
            Canceled::NoAnswer(_) => "no_answer",
        };
        self.metrics.ask_vendor("cancel", outcome, began.elapsed());
        if matches!(canceled, Canceled::Wait { .. } | Canceled::NoAnswer(_)) {
            self.told_canceled.lock().unwrap_or_else(PoisonError::into_inner).remove(&job.id);
        }
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
            None => return self.look_again_slowly(&job, lease).await,
        };
        let Answer { evidence, results, unmatched, extras } = answer;
        self.metrics.meet_strays(Stray::Unmatched, unmatched);
        self.metrics.meet_strays(Stray::Extra, extras);
        if unmatched + extras > 0 {
            warn!(job.id = %job.id, unmatched, extras, "results of job {} are astray", job.id);
        }
        let results_expire_at = self.clock.now().after(self.settings.results_ttl());
        // A read before a crash may have kept results that this one does not say again.
        let places: Vec<_> = (0..job.leads).map(|index| ResultRef { job: job.id, index }).collect();
        forget(&self.vault, &places).await?;
        keep_results(&self.vault, results, job.reveals, results_expire_at).await?;
        let settlement = Settlement { job: job.id, evidence, results_expire_at };
        let settled = self.ledger.settle(settlement).await?;
        self.forget_marks(job.id);
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
