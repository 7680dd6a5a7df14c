//! Polling: reads the vendor's answer page by page, and cancels jobs at the vendor.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tracing::info;

use super::Gateway;
use super::circuit::Asked;
use super::leave::{LEFT_ALONE_FOR, PAGE_WAIT_MAX};
use super::pause::jittered;
use super::readers::Requests;
use crate::domain::vendor_id::VendorId;
use crate::ledger::ids::JobId;
use crate::ledger::record::job::Job;
use crate::vendor::{Batch, Canceled, Cause, Cursor, Page, Remaining, Unread, Vendor};

/// The minimum pause after a failed page, and how often a page is retried.
const PAGE_REST: Duration = Duration::from_millis(100);
const PAGE_TRIES: u32 = 8;

/// The result of a poll.
pub(super) enum Looked<T> {
    /// The whole answer.
    Ended(T),
    /// The vendor has not finished it yet.
    Running {
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// No answer.
    Unread(Unread),
    /// No answer, because the vendor was not called.
    NotAsked,
}

impl Gateway {
    /// Reads the vendor's answer page by page. A failed page is retried, so that earlier pages are
    /// not lost.
    pub(super) async fn look(
        &self,
        job: &Job,
        vendor_id: VendorId,
        requests: &mut Requests,
    ) -> Looked<Batch> {
        let mut read = self.unsettled.pages(job.id);
        let all = self.settings.answer_to(job.leads);
        let results = u32::try_from(read.results()).unwrap_or(u32::MAX);
        let mut pages = Pages { leads: job.leads, read: results, largest: 1 };
        let mut failures = 0;
        loop {
            if !self.may_ask(requests, pages.left()).await {
                return Looked::NotAsked;
            }
            let page = match self.page_of(vendor_id, read.after(), read.remaining(all)).await {
                Ok(Page::Ended(page)) => page,
                Ok(Page::Running { retry_after }) => return Looked::Running { retry_after },
                Err(unread) => match wait_for_page(read.after(), &unread, failures) {
                    Some(wait) if self.rest_for(wait).await => {
                        failures += 1;
                        continue;
                    }
                    _ => return Looked::Unread(unread),
                },
            };
            failures = 0;
            pages.count(page.batch.results.as_ref().map_or(0, Vec::len));
            match read.add(page).map_err(Cause::from) {
                Ok(None) => {}
                Ok(Some(batch)) => return Looked::Ended(batch),
                Err(cause) => return Looked::Unread(cause.into()),
            }
        }
    }

    async fn page_of(
        &self,
        vendor_id: VendorId,
        after: Option<&Cursor>,
        remaining: Remaining,
    ) -> Result<Page, Unread> {
        let began = Instant::now();
        let page = self.vendor.page(vendor_id, after, remaining).await;
        let outcome = match &page {
            Ok(Page::Running { .. }) => "running",
            Ok(Page::Ended(_)) => "ended",
            Err(unread) => outcome_of(unread),
        };
        self.metrics.ask_vendor("read", outcome, began.elapsed());
        self.note_page(&page).await;
        page
    }

    /// Updates the circuit breaker and the rate limit from the result of a page.
    pub(super) async fn note_page<P>(&self, page: &Result<P, Unread>) {
        match page {
            Ok(_) => self.circuit.accept_key(Asked::Read),
            Err(Unread::Misaddressed { status }) => {
                self.circuit.refuse_key(Asked::Read, *status);
            }
            Err(Unread::Wait { retry_after }) => self.leave_alone(*retry_after).await,
            Err(Unread::NoAnswer(cause)) => self.count_unreadable("read", cause),
            Err(Unread::Gone) => {}
        }
    }

    /// Cancels a job at the vendor, once.
    pub(super) async fn tell_canceled<F>(
        &self,
        job: JobId,
        requests: &mut Requests,
        telling: impl FnOnce() -> F,
    ) where
        F: Future<Output = Canceled>,
    {
        if self.told_canceled.lock().unwrap_or_else(PoisonError::into_inner).contains(&job) {
            return;
        }
        if !self.may_ask(requests, 1).await {
            // The next lease of the job repeats it.
            return;
        }
        let began = Instant::now();
        let canceled = telling().await;
        let outcome = match &canceled {
            Canceled::Agreed => "agreed",
            Canceled::Refused(_) => "refused",
            Canceled::Gone => "gone",
            Canceled::Misaddressed { .. } => "misaddressed",
            Canceled::Wait { .. } => "wait",
            Canceled::NoAnswer(_) => "no_answer",
        };
        self.metrics.ask_vendor("cancel", outcome, began.elapsed());
        match canceled {
            Canceled::Wait { retry_after } => self.leave_alone(retry_after).await,
            Canceled::NoAnswer(_) => {}
            _ => {
                let mut jobs = self.told_canceled.lock().unwrap_or_else(PoisonError::into_inner);
                jobs.insert(job);
            }
        }
        info!(job.id = %job, outcome, "cancelled job {job} at the vendor");
    }
}

/// How many pages an answer still has, as far as the pages so far show.
struct Pages {
    leads: u32,
    read: u32,
    largest: u32,
}

impl Pages {
    fn count(&mut self, results: usize) {
        let results = u32::try_from(results).unwrap_or(u32::MAX);
        self.read = self.read.saturating_add(results);
        self.largest = self.largest.max(results);
    }

    fn left(&self) -> u32 {
        self.leads.saturating_sub(self.read).div_ceil(self.largest)
    }
}

/// The pause before a later page is retried; `None` if the poll should end and the answer be read
/// from the start later.
fn wait_for_page(after: Option<&Cursor>, unread: &Unread, failures: u32) -> Option<Duration> {
    let said = match unread {
        Unread::NoAnswer(cause) if cause.is_too_large() => return None,
        Unread::Wait { retry_after } => Some(retry_after.unwrap_or(LEFT_ALONE_FOR)),
        Unread::NoAnswer(_) => None,
        Unread::Gone | Unread::Misaddressed { .. } => return None,
    };
    let is_first = after.is_none();
    let back_off = PAGE_REST.saturating_mul(1 << failures.min(6));
    let wait = said.unwrap_or_default().max(back_off);
    let is_worth_it = failures < PAGE_TRIES && wait < PAGE_WAIT_MAX;
    (!is_first && is_worth_it).then(|| wait.saturating_add(jittered(back_off)))
}

impl<T> Looked<T> {
    /// Whether the vendor's answer is larger than an answer to these leads can be.
    pub(super) const fn is_too_large(&self) -> bool {
        matches!(self, Self::Unread(Unread::NoAnswer(cause)) if cause.is_too_large())
    }
}

/// The reason for a missing page, as a metric label.
pub(super) const fn outcome_of(unread: &Unread) -> &'static str {
    match unread {
        Unread::Gone => "gone",
        Unread::Misaddressed { .. } => "misaddressed",
        Unread::Wait { .. } => "wait",
        Unread::NoAnswer(_) => "no_answer",
    }
}
