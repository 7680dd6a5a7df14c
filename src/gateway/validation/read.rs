//! Reading and cancelling a validation. Reading is free; what the vendor has not told yet, it is
//! asked for.

use std::time::Duration;

use tracing::info;

use super::kept::judgements_at;
use super::name::{batch_of, name_of};
use super::{AddressLine, ValidationPage, Verdict};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::domain::uuid::Uuid;
use crate::gateway::bodies::leads_at;
use crate::gateway::{
    Account, BatchId, Caller, Failure, Gateway, PageAsk, PageFrom, Refusal, Status,
};
use crate::ledger::Ledger;
use crate::ledger::transition::validation::{AddressReading, ValidationReading};

/// A wait that is known to be shorter is told as this.
const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);

impl Gateway {
    /// One page of a validation of the caller's team.
    ///
    /// # Errors
    /// [`Refusal::NoSuchValidation`], or the store is away.
    pub async fn validation(
        &self,
        caller: &Caller,
        name: Uuid,
        ask: PageAsk,
    ) -> Result<ValidationPage, Refusal> {
        let (batch, reading) = self.named(&caller.team, name).await?;
        let next_look = self.bring_home(&reading).await;
        let mut page = self.page_of_validation(&caller.team, batch, ask).await?;
        if !page.status.has_ended() {
            let wait = next_look.map(|at| at.since(self.clock.now())).unwrap_or_default();
            let most = self.settings.poll_interval_max.max(RETRY_AFTER_MIN);
            page.retry_after = Some(wait.clamp(RETRY_AFTER_MIN, most));
        }
        Ok(page)
    }

    /// Cancels a validation of the caller's team and shows its first page. The vendor is told, unless
    /// others wait for it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchValidation`], or the store is away.
    pub async fn cancel_validation(
        &self,
        caller: &Caller,
        name: Uuid,
    ) -> Result<ValidationPage, Refusal> {
        let (batch, _) = self.named(&caller.team, name).await?;
        let gateway = self.clone();
        let canceling = async move {
            let told = gateway.ledger.cancel_validation(batch).await?;
            if let Some(vendors) = told {
                gateway.tell_validation_canceled(batch, vendors).await;
            }
            Ok::<_, Refusal>(())
        };
        let outcome = self.tasks.spawn(canceling).await;
        outcome.map_err(|died| Refusal::StoreAway { why: died.to_string() })??;
        info!(batch.id = %batch, "canceled validation {batch}");
        self.validation(caller, name, PageAsk::first()).await
    }

    /// A validation by its name, of this team and readable.
    async fn named(
        &self,
        team: &TeamId,
        name: Uuid,
    ) -> Result<(BatchId, ValidationReading), Refusal> {
        let batch = batch_of(name).ok_or(Refusal::NoSuchValidation)?;
        let reading = self.validation_reading(team, batch, 0, 0).await?;
        // An id that was given again has another mark.
        if name_of(batch, reading.batch.token) == name {
            Ok((batch, reading))
        } else {
            Err(Refusal::NoSuchValidation)
        }
    }

    async fn validation_reading(
        &self,
        team: &TeamId,
        batch: BatchId,
        from: u32,
        to: u32,
    ) -> Result<ValidationReading, Refusal> {
        let reading = self.ledger.read_validation(team.clone(), batch, from, to).await?;
        let now = self.clock.now();
        let is_readable = |reading: &ValidationReading| {
            reading.batch.admitted_at.after(self.settings.batch_ttl) > now
        };
        reading.filter(is_readable).ok_or(Refusal::NoSuchValidation)
    }

    pub(super) async fn page_of_validation(
        &self,
        team: &TeamId,
        batch: BatchId,
        ask: PageAsk,
    ) -> Result<ValidationPage, Refusal> {
        let (mut from, to) = ask.range();
        let mut reading = self.validation_reading(team, batch, from, to).await?;
        let end = reading.batch.dispositions.submitted.saturating_add(1);
        if matches!(ask.from, PageFrom::Before(position) if position > end) {
            // What lies before a place beyond the end is the last page.
            let (last, to) = PageAsk { from: PageFrom::Before(end), ..ask }.range();
            from = last;
            reading = self.validation_reading(team, batch, from, to).await?;
        }
        let lines = self.address_lines(from, &reading).await?;
        Ok(ValidationPage {
            name: name_of(batch, reading.batch.token),
            status: reading.status,
            addresses: reading.batch.dispositions.submitted,
            lines,
            retry_after: (!reading.status.has_ended()).then_some(RETRY_AFTER_MIN),
            account: account_of(&reading),
            is_replay: false,
        })
    }

    /// The addresses of a validation that has ended: there is none to show before.
    async fn address_lines(
        &self,
        from: u32,
        reading: &ValidationReading,
    ) -> Result<Vec<AddressLine>, Refusal> {
        if matches!(reading.status, Status::Queued | Status::Processing) {
            return Ok(Vec::new());
        }
        let positions = (from..).zip(&reading.addresses);
        let shown = positions.filter(|(_, address)| **address != AddressReading::Removed);
        let positions: Vec<_> = shown.map(|(position, _)| position).collect();
        let mut echoes = leads_at(&self.vault, reading.batch.token, positions.into_iter()).await?;
        let kept = reading.addresses.iter().filter_map(|address| match address {
            AddressReading::Kept(at) => Some(*at),
            _ => None,
        });
        let kept: Vec<_> = kept.collect();
        let mut judgements = judgements_at(&self.vault, &kept).await?.into_iter();
        let line = |(place, address): (u32, &AddressReading)| {
            let verdict = match address {
                AddressReading::Pending => Verdict::Pending,
                AddressReading::Kept(_) => match judgements.next().flatten() {
                    Some(judgement) => Verdict::Judged(judgement),
                    None => Verdict::Failed(Failure::VendorError),
                },
                AddressReading::Removed => Verdict::Removed,
                AddressReading::Failed(failure) => Verdict::Failed(*failure),
            };
            AddressLine { position: place + 1, echo: echoes.remove(&place), verdict }
        };
        Ok((from..).zip(&reading.addresses).map(line).collect())
    }

    /// Has the vendor's verdicts brought home that this validation waits for; when to look again for
    /// those that there are not yet.
    async fn bring_home(&self, reading: &ValidationReading) -> Option<Timestamp> {
        let mut next = None;
        for (batch, vendors) in reading.waits_for.iter().copied() {
            let gateway = self.clone();
            let collecting = async move { gateway.collect_validation(batch, vendors).await };
            let looked = self.tasks.spawn(collecting).await;
            let at = match looked {
                Ok(Ok(at)) => at,
                // What stands on the books is shown all the same.
                Ok(Err(_)) | Err(_) => Some(self.clock.now().after(RETRY_AFTER_MIN)),
            };
            next = next.max(at);
        }
        next
    }
}

fn account_of(reading: &ValidationReading) -> Account {
    Account {
        dispositions: reading.batch.dispositions,
        reserved: reading.batch.reserved,
        spent: reading.spent,
        avoided: reading.batch.avoided,
        remaining: None,
    }
}
