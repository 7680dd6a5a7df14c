//! Reading and cancelling a validation. Both are free, and reading sends nothing to the vendor.

use std::collections::BTreeSet;

use tracing::info;

use super::kept::{judgements_at, missing};
use super::name::{batch_of, name_of};
use super::{AddressLine, ValidationPage, Verdict};
use crate::domain::team::TeamId;
use crate::domain::uuid::Uuid;
use crate::gateway::bodies::leads_at;
use crate::gateway::{
    Account, BatchId, Caller, Failure, Gateway, PageAsk, PageFrom, Refusal, Status,
};
use crate::ledger::Ledger;
use crate::ledger::ids::ResultRef;
use crate::ledger::transition::validation::{AddressReading, ValidationReading};

/// How many addresses of a validation are checked together.
const ADDRESSES_AT_ONCE: u32 = 500;

impl Gateway {
    /// One page of a validation of the caller's team.
    ///
    /// # Errors
    /// [`Refusal::NoSuchValidation`], or the store is not available.
    pub async fn validation(
        &self,
        caller: &Caller,
        name: Uuid,
        ask: PageAsk,
    ) -> Result<ValidationPage, Refusal> {
        let batch = self.named(&caller.team, name).await?;
        self.page_of_validation(&caller.team, batch, ask).await
    }

    /// Cancels a validation of the caller's team and returns its first page. It is also cancelled
    /// at the vendor, unless others wait for it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchValidation`], or the store is not available.
    pub async fn cancel_validation(
        &self,
        caller: &Caller,
        name: Uuid,
    ) -> Result<ValidationPage, Refusal> {
        let batch = self.named(&caller.team, name).await?;
        let gateway = self.clone();
        let canceling = async move { gateway.ledger.cancel_validation(batch, None).await };
        let outcome = self.tasks.spawn(canceling).await;
        outcome.map_err(|died| Refusal::StoreAway { why: died.to_string() })??;
        self.wake.notify_one();
        info!(batch.id = %batch, "canceled validation {batch}");
        self.page_of_validation(&caller.team, batch, PageAsk::first()).await
    }

    /// A readable validation of this team, by its name.
    async fn named(&self, team: &TeamId, name: Uuid) -> Result<BatchId, Refusal> {
        let batch = batch_of(name).ok_or(Refusal::NoSuchValidation)?;
        let reading = self.validation_reading(team, batch, 0, 0).await?;
        // A reused id has another token.
        if name_of(batch, reading.batch.token) == name {
            Ok(batch)
        } else {
            Err(Refusal::NoSuchValidation)
        }
    }

    /// Whether verdicts that a validation is answered with are lost. Addresses without a verdict of
    /// the vendor do not count.
    pub(super) async fn has_lost_verdicts(
        &self,
        team: &TeamId,
        batch: BatchId,
    ) -> Result<bool, Refusal> {
        let ledger = self.ledger_for(team);
        let (mut from, mut calls) = (0, BTreeSet::new());
        while let Some(reading) =
            ledger.read_validation(team.clone(), batch, from, from + ADDRESSES_AT_ONCE).await?
        {
            let kept: Vec<_> = reading.addresses.iter().filter_map(AddressReading::kept).collect();
            calls.extend(missing(&self.vault, &kept).await?.into_iter().map(|at| at.job));
            from += ADDRESSES_AT_ONCE;
            if from >= reading.batch.dispositions.submitted {
                break;
            }
        }
        // Calls with missing verdicts: more than the vendor omitted, or not.
        for call in calls {
            let validation = ledger.validation(call.batch).await?;
            let answered = validation.map_or(0, |validation| validation.answered) as usize;
            let addresses = ledger.job(call).await?.map_or(0, |(_, leads)| leads.len());
            let places = (0_u32..).take(addresses).map(|index| ResultRef { job: call, index });
            let places: Vec<_> = places.collect();
            let gone = missing(&self.vault, &places).await?.len();
            if addresses.saturating_sub(gone) < answered {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn validation_reading(
        &self,
        team: &TeamId,
        batch: BatchId,
        from: u32,
        to: u32,
    ) -> Result<ValidationReading, Refusal> {
        let ledger = self.ledger_for(team);
        let reading = ledger.read_validation(team.clone(), batch, from, to).await?;
        let now = self.clock.now();
        let is_readable = |reading: &ValidationReading| {
            let until = [reading.batch.admitted_at.after(self.settings.batch_ttl)];
            until.into_iter().chain(reading.sealed_until).min() > Some(now)
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
            // Before a position beyond the end is the last page.
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
            retry_after: (!reading.status.has_ended())
                .then(|| self.wait_for_look(reading.next_look)),
            account: account_of(&reading),
            is_replay: false,
        })
    }

    /// The addresses of an ended validation; before its end there are none to show.
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
        let kept: Vec<_> = reading.addresses.iter().filter_map(AddressReading::kept).collect();
        let mut judgements = judgements_at(&self.vault, &kept).await?.into_iter();
        let line = |(place, address): (u32, &AddressReading)| {
            let verdict = match address {
                AddressReading::Pending => Verdict::Pending,
                AddressReading::Kept(_) => match judgements.next().flatten() {
                    Some(judgement) => Verdict::Judged(judgement),
                    None if reading.batch.canceled_at.is_some() => {
                        Verdict::Failed(Failure::Canceled)
                    }
                    None => Verdict::Failed(Failure::VendorError),
                },
                AddressReading::Removed => Verdict::Removed,
                AddressReading::Failed(failure) => Verdict::Failed(*failure),
            };
            AddressLine { position: place + 1, echo: echoes.remove(&place), verdict }
        };
        Ok((from..).zip(&reading.addresses).map(line).collect())
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
