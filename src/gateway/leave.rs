//! Vendor permits, from the request budget that all replicas share.
//!
//! A leased job comes with a permit for its first request. A priced call or a forwarded request,
//! whose caller waits for the vendor's own answer, has no lease and waits for its permit in a queue
//! here.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use super::concurrency::Holder;
use super::pause::jittered;
use super::{ConcurrencyLimit, Gateway};
use crate::domain::budget::{ALLOWED_FOR, Allowance, Errand, Leave, Reach};
use crate::domain::share::Share;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::record::job::Way;
use crate::ledger::step::{Asking, Spending};
use crate::ledger::{Ledger, LedgerError};

/// How long a call or a forwarded request waits in the queue: much shorter than a lease.
const LINE_WAIT_MAX: Duration = Duration::from_secs(5);

/// Jitter for requests that have to retry.
const COME_BACK_WITHIN: Duration = Duration::from_secs(2);

/// How long to wait for the next page of an answer. Longer than any wait for the budget, so that
/// only a pause requested by the vendor ends the reading of an answer.
pub(super) const PAGE_WAIT_MAX: Duration = Duration::from_mins(5);

/// The pause after a 429 without `Retry-After`.
pub(super) const LEFT_ALONE_FOR: Duration = Duration::from_secs(2);

/// A number of permits, with their expiry.
#[derive(Debug)]
pub(super) struct Leaves {
    left: u32,
    good_until: Instant,
}

impl Leaves {
    /// Permits for this many requests, requested at this time.
    pub(super) fn of(requests: u32, asked_at: Instant) -> Self {
        Self { left: requests, good_until: asked_at + ALLOWED_FOR }
    }

    /// Whether there is a valid one.
    pub(super) fn is_good(&self) -> bool {
        self.left > 0 && Instant::now() < self.good_until
    }

    /// Uses one, if there is a valid one.
    pub(super) fn take(&mut self) -> bool {
        let is_good = self.is_good();
        self.left -= u32::from(is_good);
        is_good
    }
}

/// Where leave is waited for, one queue for each budget that it is spent from: a request that waits for
/// an allowance delays no other. Only the first in a queue asks the store, and teams take turns in it.
pub(super) struct Lines {
    submissions: ConcurrencyLimit,
    look_ups: ConcurrencyLimit,
    passages: ConcurrencyLimit,
    allowances: HashMap<String, ConcurrencyLimit>,
}

impl Lines {
    /// The queues, with one for each of these.
    pub(super) fn of(allowances: impl Iterator<Item = Allowance>, share: Share) -> Self {
        let queue = |setting| ConcurrencyLimit::new(1, share, setting);
        let of_allowance = |allowance: Allowance| (allowance.name, queue("routes"));
        Self {
            submissions: queue("vendor.requests_per_minute"),
            look_ups: queue("vendor.find_requests_per_minute"),
            passages: queue("vendor.requests_per_minute"),
            allowances: allowances.map(of_allowance).collect(),
        }
    }

    fn to_pass(&self, allowance: Option<&Allowance>) -> &ConcurrencyLimit {
        let own = allowance.and_then(|allowance| self.allowances.get(&allowance.name));
        own.unwrap_or(&self.passages)
    }
}

/// Permits, or when to retry.
pub(super) type Answer = Result<Leaves, Timestamp>;

impl Gateway {
    /// Leave to send one job that has none with its turn any more. Look-ups have a line of their own:
    /// somebody waits for each.
    pub(super) async fn leave_to_send(
        &self,
        holder: impl Into<Holder>,
        way: Way,
    ) -> Result<Answer, LedgerError> {
        let (errand, line) = match way {
            Way::Batch | Way::Call => (Errand::Submit, &self.lines.submissions),
            Way::LookUp => (Errand::LookUp, &self.lines.look_ups),
        };
        self.wait_in_line(line, holder.into(), errand, None).await
    }

    /// A permit to forward one request.
    pub(super) async fn leave_to_pass(
        &self,
        team: &TeamId,
        allowance: Option<&Allowance>,
    ) -> Result<Answer, LedgerError> {
        let line = self.lines.to_pass(allowance);
        self.wait_in_line(line, team.into(), Errand::Pass, allowance).await
    }

    async fn wait_in_line(
        &self,
        line: &ConcurrencyLimit,
        holder: Holder,
        errand: Errand,
        allowance: Option<&Allowance>,
    ) -> Result<Answer, LedgerError> {
        let patience = Instant::now() + LINE_WAIT_MAX;
        let Ok(_place) = line.take(holder, 1, LINE_WAIT_MAX).await else {
            return Ok(Err(self.clock.now().after(jittered(COME_BACK_WITHIN))));
        };
        loop {
            let until = match self.ask_leave(errand, NonZeroU32::MIN, allowance).await? {
                Ok(leaves) => return Ok(Ok(leaves)),
                Err(until) => until,
            };
            let wait = until.since(self.clock.now());
            if Instant::now() + wait > patience || !self.rest_for(wait).await {
                return Ok(Err(until.after(jittered(COME_BACK_WITHIN))));
            }
        }
    }

    /// Pauses the requests of all replicas, for the vendor's `Retry-After` or else briefly.
    pub(super) async fn leave_alone(&self, retry_after: Option<Duration>) {
        self.leave_alone_by(Reach::Everything, retry_after).await;
    }

    /// The same for these requests.
    pub(super) async fn leave_alone_by(&self, reach: Reach, retry_after: Option<Duration>) {
        let until = self.clock.now().after(retry_after.unwrap_or(LEFT_ALONE_FOR));
        warn!(%until, ?reach, "the vendor limits the rate: no requests are sent until {until}");
        if let Err(error) = self.ledger.leave_alone(until, reach).await {
            // This worker pauses nevertheless, and the next 429 is recorded again.
            warn!(%error, "the pause could not be shared with other workers");
        }
    }

    /// Waits this long; false if the gateway stops leasing jobs meanwhile.
    pub(super) async fn rest_for(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.resting.cancelled() => false,
        }
    }

    async fn ask_leave(
        &self,
        errand: Errand,
        wanted: NonZeroU32,
        allowance: Option<&Allowance>,
    ) -> Result<Answer, LedgerError> {
        let asked_at = Instant::now();
        let (rates, allowance) = (self.settings.request_rates, allowance.cloned());
        let closed_for_max = self.closed_for_max();
        let asking = Asking { errand, wanted, rates, allowance, closed_for_max };
        Ok(match self.ledger.ask_leave(asking).await? {
            Leave::Given(given) => Ok(Leaves::of(given.get(), asked_at)),
            Leave::NotBefore(until) => Err(until),
        })
    }

    /// The request budget of leased jobs.
    pub(super) fn spending(&self) -> Spending {
        let rates = self.settings.request_rates;
        Spending { rates, closed_for_max: self.closed_for_max() }
    }

    /// The longest pause, also used without a `Retry-After`.
    fn closed_for_max(&self) -> Duration {
        self.settings.retry_after_max.max(LEFT_ALONE_FOR)
    }
}
