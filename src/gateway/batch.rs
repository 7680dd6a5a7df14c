//! Reading and cancelling a batch. Reading is free and sends nothing to the vendor.

use std::time::Duration;

use tracing::info;

use super::bodies::{leads_at, results_at};
use super::words::words_at;
use super::{
    Account, BatchPage, Caller, Failure, Finding, Gateway, Line, PageAsk, PageFrom, Refusal,
};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;
use crate::ledger::ids::BatchId;
use crate::ledger::record::job::Way;
use crate::ledger::transition::read::{LeadReading, Reading};

/// The default and maximum number of leads on a page.
const PAGE_LEADS: u32 = 100;

/// Shorter waits are rounded up to this.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);

impl Gateway {
    /// One page of a batch of the caller's team.
    ///
    /// # Errors
    /// [`Refusal::NoSuchBatch`], or the store is not available.
    pub async fn read(
        &self,
        caller: &Caller,
        batch: BatchId,
        page: PageAsk,
    ) -> Result<BatchPage, Refusal> {
        let page = self.page_and_quotas(&caller.team, batch, Way::Batch, page).await?;
        caller.allow_reveals(page.reveals)?;
        Ok(page)
    }

    /// One page, with the rest of the team's quotas. The quotas are read concurrently, and are
    /// omitted if they cannot be read: they never delay the page.
    pub(super) async fn page_and_quotas(
        &self,
        team: &TeamId,
        id: BatchId,
        way: Way,
        ask: PageAsk,
    ) -> Result<BatchPage, Refusal> {
        let (page, remaining) = tokio::join!(self.page(team, id, way, ask), self.remaining(team));
        let mut page = page?;
        page.account.remaining = remaining;
        Ok(page)
    }

    /// One page of a batch whose own jobs travel this way: a look-up is read by nobody but who waits
    /// for it.
    pub(super) async fn page(
        &self,
        team: &TeamId,
        id: BatchId,
        way: Way,
        ask: PageAsk,
    ) -> Result<BatchPage, Refusal> {
        let (mut from, mut reading) = self.reading(team, id, ask).await?;
        if reading.batch.way != way {
            return Err(Refusal::NoSuchBatch);
        }
        let end = reading.batch.dispositions.submitted.saturating_add(1);
        if matches!(ask.from, PageFrom::Before(position) if position > end) {
            // Before a position beyond the end is the last page.
            let last = PageAsk { from: PageFrom::Before(end), ..ask };
            (from, reading) = self.reading(team, id, last).await?;
        }
        let lines = self.lines(from, &reading).await?;
        Ok(BatchPage {
            reveals: reading.batch.reveals,
            id,
            status: reading.status,
            leads: reading.batch.dispositions.submitted,
            lines,
            retry_after: self.retry_after(&reading),
            account: Account::of(&reading),
            is_replay: false,
        })
    }

    /// The ledger's data on a batch, and the position, from 0, of its first lead.
    async fn reading(
        &self,
        team: &TeamId,
        id: BatchId,
        ask: PageAsk,
    ) -> Result<(u32, Reading), Refusal> {
        let (from, to) = ask.range();
        let reading = self.ledger_for(team).read(team.clone(), id, from, to).await?;
        let reading = reading.filter(|reading| !self.is_forgotten(reading));
        reading.map(|reading| (from, reading)).ok_or(Refusal::NoSuchBatch)
    }

    /// A batch is readable for this long after its end, however often it is read.
    fn is_forgotten(&self, reading: &Reading) -> bool {
        let until = reading.readable_until(self.settings.batch_ttl);
        until.is_some_and(|until| until <= self.clock.now())
    }

    fn retry_after(&self, reading: &Reading) -> Option<Duration> {
        if reading.status.has_ended() {
            return None;
        }
        Some(self.wait_for_look(reading.next_look))
    }

    /// When to read a batch again whose job is polled then.
    pub(super) fn wait_for_look(&self, at: Option<Timestamp>) -> Duration {
        let wait = at.map(|at| at.since(self.clock.now())).unwrap_or_default();
        wait.clamp(RETRY_AFTER_MIN, self.settings.poll_interval_max.max(RETRY_AFTER_MIN))
    }

    async fn lines(&self, from: u32, reading: &Reading) -> Result<Vec<Line>, Refusal> {
        let shown = |(_, lead): &(u32, &LeadReading)| !matches!(lead, LeadReading::Removed);
        let positions: Vec<_> =
            (from..).zip(&reading.leads).filter(shown).map(|(position, _)| position).collect();
        let mut echoes = leads_at(&self.vault, reading.batch.token, positions.into_iter()).await?;
        let results: Vec<_> = reading.leads.iter().filter_map(LeadReading::result).collect();
        let persons = results_at(&self.vault, &results, reading.batch.reveals).await?;
        let lost = results.iter().zip(&persons).filter(|(_, person)| person.is_none());
        self.want_restored(lost.map(|(result, _)| *result));
        let mut persons = persons.into_iter();
        let refused =
            |(_, lead): &(u32, &LeadReading)| matches!(lead, LeadReading::Failed(Failure::Refused));
        let positions: Vec<_> =
            (from..).zip(&reading.leads).filter(refused).map(|(position, _)| position).collect();
        let mut words = words_at(&self.vault, reading.batch.token, &positions).await?;
        let line = |(position, lead): (u32, &LeadReading)| {
            let finding = match lead {
                LeadReading::Pending => Finding::Pending,
                LeadReading::Found(_) => match persons.next().flatten() {
                    Some(person) => Finding::Found(person),
                    None => Finding::Failed(Failure::Lost),
                },
                LeadReading::NotFound => Finding::NotFound,
                LeadReading::Removed => Finding::Removed,
                LeadReading::Failed(failure) => match words.remove(&position) {
                    Some(words) => Finding::Refused(Box::new(words)),
                    None => Finding::Failed(*failure),
                },
            };
            Line { position: position + 1, echo: echoes.remove(&position), finding }
        };
        Ok((from..).zip(&reading.leads).map(line).collect())
    }

    /// Cancels a batch of the caller's team and returns its first page.
    ///
    /// # Errors
    /// [`Refusal::NoSuchBatch`], or the store is not available.
    pub async fn cancel(&self, caller: &Caller, id: BatchId) -> Result<BatchPage, Refusal> {
        // Its team, and whether it can still be read, are checked as for any other reader.
        let page = self.page(&caller.team, id, Way::Batch, PageAsk::first()).await?;
        caller.allow_reveals(page.reveals)?;
        let gateway = self.clone();
        let canceling = async move { gateway.ledger.cancel(id, None).await };
        let outcome = self.tasks.spawn(canceling).await;
        outcome.map_err(|died| Refusal::StoreAway { why: died.to_string() })??;
        self.wake.notify_one();
        info!(batch.id = %id, team = %caller.team, "batch {id} was cancelled by its caller");
        self.page_and_quotas(&caller.team, id, Way::Batch, PageAsk::first()).await
    }
}

impl PageAsk {
    /// The first page, of maximum size.
    pub(super) const fn first() -> Self {
        Self { from: PageFrom::Start, size: PAGE_LEADS }
    }

    fn size(self) -> u32 {
        self.size.clamp(1, PAGE_LEADS)
    }

    /// The positions on the page, from 0. A cursor is a position, from 1, and exclusive.
    pub(super) fn range(self) -> (u32, u32) {
        match self.from {
            PageFrom::Start => (0, self.size()),
            PageFrom::After(position) => (position, position.saturating_add(self.size())),
            PageFrom::Before(position) => {
                let to = position.saturating_sub(1);
                (to.saturating_sub(self.size()), to)
            }
        }
    }
}
