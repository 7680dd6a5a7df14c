//! Making an opened call: permit, the one request, and its outcome in the ledger.

use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use crate::domain::credits::Amounts;
use crate::domain::needs::Needs;
use crate::domain::team::TeamId;
use crate::gateway::circuit::Asked;
use crate::gateway::enrich::{ASK_AGAIN_FOR, TRIES};
use crate::gateway::supply::PROBE_EVERY;
use crate::gateway::{Failed, Gateway, Refusal};
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::{Cause, Way};
use crate::ledger::step::Settled;
use crate::ledger::transition::call::Closing;
use crate::ledger::{Ledger, LedgerError, Outcome};
use crate::vendor::{Called, Whole};

/// The vendor's status for an account without credits.
const PAYMENT_REQUIRED: u16 = 402;

/// When a call may be retried that the vendor did not accept.
const VENDOR_REST: Duration = Duration::from_secs(5);

/// An opened call, ready to be made.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Ready {
    pub(in crate::gateway) team: TeamId,
    pub(in crate::gateway) job: JobId,
    pub(in crate::gateway) lease: Lease,
    pub(in crate::gateway) price: Amounts,
    /// The local time of its opening.
    pub(in crate::gateway) opened: Instant,
}

/// The certain outcome of a call.
pub(in crate::gateway) enum Made<T> {
    Done(T),
    Refused(Whole),
}

impl Gateway {
    /// A step that opens a call is repeated with the same ids if its outcome is unknown. If it is
    /// not known to be durable, the call is not made, and is released as far as the store allows.
    pub(in crate::gateway) async fn surely<T, F>(
        &self,
        job: JobId,
        step: impl Fn() -> F,
    ) -> Result<T, Refusal>
    where
        F: Future<Output = Outcome<T>>,
    {
        let patience = Instant::now() + ASK_AGAIN_FOR;
        let mut outcome = step().await;
        for _ in 1..TRIES {
            let Err(LedgerError::Unknown(_)) = &outcome else { break };
            if Instant::now() > patience {
                break;
            }
            outcome = match step().await {
                // That it was not written now does not show that it was not written before.
                Err(LedgerError::NotApplied(why)) => Err(LedgerError::Unknown(why)),
                outcome => outcome,
            };
        }
        let error = match outcome {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        if matches!(error, LedgerError::Unknown(_) | LedgerError::NotDurable) {
            self.withdraw(job, Cause::NotSent).await;
            return Err(Refusal::StoreAway { why: error.to_string() });
        }
        Err(error.into())
    }

    /// Releases a call that may be open and was not made: later, if the store is not available now,
    /// because no other process knows that nothing was sent.
    pub(in crate::gateway) async fn withdraw(&self, job: JobId, cause: Cause) {
        let closing = Closing::NotCharged(cause);
        // If it is fenced, it was never opened.
        if let Ok(_) | Err(LedgerError::Fenced) = self.ledger.close_call(job, closing).await {
            return;
        }
        let gateway = self.clone();
        self.tasks.spawn(async move {
            let closed = gateway.hand_in(|| gateway.ledger.close_call(job, closing)).await;
            match closed {
                Ok(_) | Err(Failed::Ledger(LedgerError::Fenced)) => {}
                Err(error) => {
                    error!(
                        job.id = %job,
                        %error,
                        "call {job} was not made, and its end could not be booked"
                    );
                }
            }
        });
    }

    /// Makes an opened call once, and books its outcome.
    pub(in crate::gateway) async fn make<T, F>(
        &self,
        ready: Ready,
        asking: impl FnOnce() -> F,
        charged: impl FnOnce(&T, Amounts) -> Closing,
    ) -> Result<Made<T>, Refusal>
    where
        F: Future<Output = Called<T>>,
    {
        let made = async {
            let called = self.ask_once(&ready, asking).await?;
            self.book(&ready, called, charged).await
        };
        self.keeping(ready.job, ready.lease, made).await
    }

    /// Sends the request once, as soon as there is a permit.
    pub(super) async fn ask_once<T, F>(
        &self,
        ready: &Ready,
        asking: impl FnOnce() -> F,
    ) -> Result<Called<T>, Refusal>
    where
        F: Future<Output = Called<T>>,
    {
        if let Err(refusal) = self.leave_to_make(ready).await {
            self.withdraw(ready.job, Cause::NotSent).await;
            return Err(refusal);
        }
        let began = Instant::now();
        let called = asking().await;
        self.metrics.ask_vendor("call", called.outcome(), began.elapsed());
        Ok(called)
    }

    /// Waits for a permit for the call, for as long as its lease allows.
    async fn leave_to_make(&self, ready: &Ready) -> Result<(), Refusal> {
        let mut leaves = self
            .leave_to_send(&ready.team, Way::Call)
            .await?
            .map_err(|until| Refusal::VendorBusy { retry_after: until.since(self.clock.now()) })?;
        if !leaves.take() || ready.opened.elapsed() > self.settings.turn_for / 2 {
            // The store took so long that the permit has expired, or the lease soon will.
            return Err(Refusal::VendorBusy { retry_after: VENDOR_REST });
        }
        Ok(())
    }

    /// Books the outcome of a call, and returns what its caller gets.
    pub(super) async fn book<T>(
        &self,
        ready: &Ready,
        called: Called<T>,
        charged: impl FnOnce(&T, Amounts) -> Closing,
    ) -> Result<Made<T>, Refusal> {
        let (job, needs) = (ready.job, Needs::of_price(ready.price));
        match &called {
            Called::Done(_)
            | Called::Refused(_)
            | Called::Misaddressed { .. }
            | Called::Wait { .. } => self.hear_answer(),
            Called::NotSent(_) => {}
            Called::NoAnswer(cause) => {
                self.count_unreadable("call", cause);
                self.hear_nothing(cause);
            }
        }
        match called {
            Called::Done(done) => {
                self.circuit.take(needs);
                self.close(ready, charged(&done, ready.price)).await;
                Ok(Made::Done(done))
            }
            Called::Refused(answer) if answer.status.as_u16() == PAYMENT_REQUIRED => {
                self.circuit.accept_key(Asked::Submit);
                self.circuit.run_out(needs, self.clock.now());
                self.close(ready, Closing::NotCharged(Cause::VendorCredits)).await;
                Err(Refusal::VendorCredits { unit: needs.short_unit(), retry_after: PROBE_EVERY })
            }
            Called::Refused(answer) => {
                self.circuit.sell_nothing(needs);
                self.close(ready, Closing::NotCharged(Cause::Refused)).await;
                Ok(Made::Refused(answer))
            }
            Called::Misaddressed { status } => {
                warn!(job.id = %job, status, "the vendor rejected our API key or URL");
                self.circuit.refuse_key(Asked::Submit, status);
                self.close(ready, Closing::NotCharged(Cause::Refused)).await;
                Err(Refusal::VendorRefusesKey)
            }
            Called::Wait { retry_after } => {
                self.circuit.sell_nothing(needs);
                self.leave_alone(retry_after).await;
                self.close(ready, Closing::NotCharged(Cause::NotSent)).await;
                Err(Refusal::VendorBusy { retry_after: retry_after.unwrap_or(VENDOR_REST) })
            }
            Called::NotSent(cause) => {
                warn!(job.id = %job, %cause, "call {job} could not be sent");
                self.close(ready, Closing::NotCharged(Cause::NotSent)).await;
                Err(Refusal::VendorBusy { retry_after: VENDOR_REST })
            }
            Called::NoAnswer(cause) => {
                warn!(job.id = %job, %cause, "call {job} is unresolved: it was not answered");
                self.close(ready, Closing::Unanswered).await;
                Err(Refusal::Unresolved(job.batch))
            }
        }
    }

    /// Books the end of a call. If that fails for good, its lease expires and it becomes
    /// unresolved; the caller gets the vendor's answer nevertheless.
    async fn close(&self, ready: &Ready, closing: Closing) {
        let closed = self.hand_in(|| self.ledger.close_call(ready.job, closing)).await;
        self.report_close(ready, closed);
    }

    fn report_close(&self, ready: &Ready, closed: Result<Settled, Failed>) {
        let (job, team) = (ready.job, &ready.team);
        let settled = match closed {
            Ok(settled) => settled,
            Err(error) => {
                error!(
                    job.id = %job,
                    %team,
                    %error,
                    "the outcome of call {job} could not be booked"
                );
                return;
            }
        };
        for part in settled.parts.iter().filter(|_| settled.is_first) {
            self.metrics.spend(team, &part.charged);
            let charged = part.charged.amounts();
            info!(
                batch.id = %part.batch,
                job.id = %job,
                %team,
                credits.charged = %charged,
                credits.unresolved = %part.unresolved,
                "settled call {job} for {charged}"
            );
        }
    }
}
