//! Opening a validation: known addresses cost nothing, the rest is sent at once.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::{Instrument, error, info};

use super::{ValidationAsk, ValidationPage};
use crate::domain::credits::{Amounts, Unit};
use crate::domain::identity::canonical_address;
use crate::domain::lead::{Field, Lead};
use crate::domain::needs::Needs;
use crate::gateway::bodies::{bytes_of, forget_leads, keep_leads};
use crate::gateway::call::{Made, Ready, tell_passed};
use crate::gateway::caller::random;
use crate::gateway::enrich::TRIES;
use crate::gateway::pause::jittered;
use crate::gateway::{BatchId, Caller, Gateway, PageAsk, Refusal, Remaining, Status};
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, Token};
use crate::ledger::record::job::{Cause, State};
use crate::ledger::record::replay::ToldBy;
use crate::ledger::step::{Lost, Refused};
use crate::ledger::transition::call::Closing;
use crate::ledger::transition::validation::{OpenedValidation, ValidationOpened, ValidationOrder};
use crate::telemetry::metrics::Decision;

/// How long a request waits for another one that is sending one of its addresses, and how often it
/// checks.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(10);
const BUSY_LOOK: Duration = Duration::from_millis(200);

const READABLE: &str = "an invalid address is refused before";

/// When it may be retried.
const BUSY_REST: Duration = Duration::from_secs(2);

/// An admitted validation.
enum Opened {
    New { batch: BatchId, validation: Box<OpenedValidation>, opened: Instant },
    Before(BatchId),
}

impl Gateway {
    /// Validates addresses. The fresh ones are charged and sent when this returns.
    ///
    /// The caller may disconnect at any time: a task of the gateway completes it, and then releases
    /// the `room` that it uses.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was spent, except perhaps with [`Refusal::OutcomeUnknown`] and
    /// [`Refusal::Unresolved`].
    pub async fn validate(
        &self,
        caller: &Caller,
        ask: ValidationAsk,
        room: impl Send + 'static,
    ) -> Result<ValidationPage, Refusal> {
        let (gateway, caller) = (self.clone(), caller.clone());
        let validating = async move {
            let validated = gateway.validate_decided(&caller, ask).await;
            drop(room);
            validated
        };
        let outcome = self.tasks.spawn(validating.in_current_span()).await;
        outcome.unwrap_or_else(|died| {
            error!(%died, "a validation panicked, which is a bug");
            Err(Refusal::OutcomeUnknown)
        })
    }

    async fn validate_decided(
        &self,
        caller: &Caller,
        ask: ValidationAsk,
    ) -> Result<ValidationPage, Refusal> {
        let outcome = self.open_and_validate(caller, &ask).await;
        self.metrics.decide(
            &caller.team,
            match &outcome {
                Ok(page) if page.is_replay => Decision::Replayed,
                Ok(_) => Decision::Admitted,
                Err(refusal) => Decision::Refused(refusal.code()),
            },
        );
        outcome
    }

    async fn open_and_validate(
        &self,
        caller: &Caller,
        ask: &ValidationAsk,
    ) -> Result<ValidationPage, Refusal> {
        if self.stopping.is_cancelled() {
            return Err(Refusal::ShuttingDown);
        }
        let price = Amounts::of(Unit::Email, self.address_price(caller)?);
        let (batch, validation, opened) = match self.open(caller, ask, price).await? {
            Opened::New { batch, validation, opened } => (batch, validation, opened),
            Opened::Before(batch) => return self.replay(caller, batch).await,
        };
        let OpenedValidation { batch: standing, call, fresh, avoided, remaining, passed } =
            *validation;
        tell_passed(&caller.team, &passed);
        for avoided in avoided {
            self.metrics.avoid(&caller.team, avoided);
        }
        info!(
            batch.id = %batch,
            team = %caller.team,
            addresses = ask.addresses.len(),
            addresses.fresh = fresh.len(),
            "opened validation {batch} of {}", caller.team
        );
        if let Some((job, lease)) = call {
            let price = standing.reserved;
            let ready = Ready { team: caller.team.clone(), job, lease, price, opened };
            self.send_addresses(ready, &ask.addresses, &fresh).await?;
        }
        self.accepted(caller, batch, remaining).await
    }

    /// Makes the one call of a validation.
    async fn send_addresses(
        &self,
        ready: Ready,
        addresses: &[Lead],
        fresh: &[u32],
    ) -> Result<(), Refusal> {
        if let Err(refusal) = self.pass_circuit_to_pay(&ready.team, Needs::EMAIL).await {
            self.withdraw(ready.job, Cause::VendorCredits).await;
            return Err(refusal);
        }
        // The verdict is stored for the canonical address, so that one is validated.
        let email =
            |place: &u32| canonical_address(addresses.get(*place as usize)?.field(Field::Email)?);
        let emails: Vec<_> = fresh.iter().filter_map(email).collect();
        let emails: Vec<_> = emails.iter().map(String::as_str).collect();
        let named = |name: &_, amounts| {
            let poll_at = self.clock.now().after(self.settings.poll_interval_min);
            Closing::Named { amounts, named: *name, poll_at }
        };
        match self.make(ready, || self.vendor.validate(&emails), named).await? {
            Made::Done(_) => Ok(()),
            Made::Refused(answer) => {
                Err(Refusal::VendorRefused { code: answer.refusal().code().map(str::to_owned) })
            }
        }
    }

    /// Opens a validation, and waits a while if another one is sending one of its addresses.
    async fn open(
        &self,
        caller: &Caller,
        ask: &ValidationAsk,
        price: Amounts,
    ) -> Result<Opened, Refusal> {
        let addresses = &ask.addresses;
        let patience = Instant::now() + BUSY_WAIT_MAX;
        let key = |lead: &Lead| self.address_key(lead.field(Field::Email)?);
        let keys: Vec<_> = addresses.iter().map(|lead| key(lead).expect(READABLE)).collect();
        let retry = self.retry_of_validation(caller, ask);
        let ledger = self.ledger_for(&caller.team);
        let mut collisions = 0;
        while collisions < TRIES {
            let (batch, token) = (self.new_batch_id().await?, Token::new(random()));
            let expires = self.clock.now().after(self.settings.validation_results_ttl());
            let mut order = ValidationOrder {
                batch,
                token,
                team: caller.team.clone(),
                addresses: keys.clone(),
                field_bytes: bytes_of(addresses),
                limits: self.settings.store_limits,
                retry,
                price,
                most: ask.most,
                prices: self.settings.prices,
                ttl: self.settings.validation_ttl,
                max_age: ask.max_age,
                readable_for: self.settings.batch_ttl,
                lease_for: self.settings.turn_for,
                lost: Lost::Unknown,
                addresses_expire_at: expires,
                per_hour: self.settings.validations_per_hour,
                share: self.settings.team_share,
            };
            // Nothing is stored for a validation that is refused or is a retry.
            let mut are_kept = false;
            loop {
                let opened = Instant::now();
                let job = JobId { batch, ordinal: 0 };
                let step = || ledger.open_validation(order.clone());
                let outcome = self.surely(job, step).await?;
                if let Ok(ValidationOpened::Opened(validation)) = outcome {
                    return Ok(Opened::New { batch, validation, opened });
                }
                if let Err(Refused::Unchecked(results)) = &outcome {
                    self.headroom.take(addresses.len(), order.field_bytes)?;
                    order.lost = self.lost_of(results).await?;
                    keep_leads(&self.vault, token, addresses, expires).await?;
                    are_kept = true;
                    continue;
                }
                if let Ok(ValidationOpened::Replayed(before)) = &outcome
                    && let Some(retry) =
                        order.retry.as_mut().filter(|retry| retry.by == ToldBy::Content)
                    && self.has_lost_verdicts(&caller.team, *before).await?
                {
                    retry.lost = Some(*before);
                    continue;
                }
                let is_patient = Instant::now() < patience;
                if matches!(outcome, Ok(ValidationOpened::Busy)) && is_patient {
                    sleep(jittered(BUSY_LOOK)).await;
                    continue;
                }
                if are_kept {
                    forget_leads(&self.vault, token, addresses.len()).await?;
                }
                match outcome {
                    Ok(ValidationOpened::Replayed(before)) => return Ok(Opened::Before(before)),
                    Ok(_) => return Err(Refusal::VendorBusy { retry_after: BUSY_REST }),
                    // After the vendor has answered the question, it is opened again.
                    Err(Refused::NoAnswers(probe_at)) => {
                        self.pass_outage(probe_at).await?;
                        break;
                    }
                    Err(refused) => match Refusal::of(refused, &caller.team, self.clock.now()) {
                        Some(refusal) => return Err(refusal),
                        // The id is taken by another batch.
                        None => break,
                    },
                }
            }
            collisions += 1;
        }
        Err(Refusal::StoreAway { why: "no unused batch id was found".to_owned() })
    }

    /// The validation of an earlier identical request.
    async fn replay(&self, caller: &Caller, batch: BatchId) -> Result<ValidationPage, Refusal> {
        let job = JobId { batch, ordinal: 0 };
        let job = self.ledger_for(&caller.team).job(job).await?.map(|(job, _)| job.state);
        if matches!(job, Some(State::Unresolved(_) | State::Resolved)) {
            return Err(Refusal::Unresolved(batch));
        }
        let page = self.page_of_validation(&caller.team, batch, PageAsk::first()).await?;
        Ok(ValidationPage { is_replay: true, ..page })
    }

    /// A validation just opened: queued, or completed with its first page.
    async fn accepted(
        &self,
        caller: &Caller,
        batch: BatchId,
        remaining: Remaining,
    ) -> Result<ValidationPage, Refusal> {
        // From here on no error may suggest that it does not exist.
        let page = self.page_of_validation(&caller.team, batch, PageAsk::first()).await;
        let mut page = page.map_err(|_| Refusal::OutcomeUnknown)?;
        page.account.remaining = Some(remaining);
        if !page.status.has_ended() {
            page.status = Status::Queued;
            page.lines.clear();
        }
        Ok(page)
    }
}
