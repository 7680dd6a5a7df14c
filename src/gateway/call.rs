//! Priced calls: any path of the vendor's that costs and is not for leads.
//!
//! A call is a straight line, owned by a task: its worst case is reserved and written down, leave is
//! taken out of the request budget, it is made once, and what came of it is booked. Whoever knows
//! what a path costs asks [`Gateway::call`] with the request as it is to be sent and its price; the
//! vendor's answer comes back whole. A call that was not answered is never made again: its price
//! stays unresolved under the batch that [`Refusal::Unresolved`] names, until an operator says.

use std::time::{Duration, Instant};

use tracing::{error, info, warn};

use super::caller::random;
use super::circuit::{Asked, PROBE_EVERY};
use super::enrich::{ASK_AGAIN_FOR, TRIES, new_batch_id};
use super::{Caller, Failed, Gateway, Refusal, Remaining};
use crate::domain::credits::Amounts;
use crate::domain::limits::UpTo;
use crate::domain::team::TeamId;
use crate::ledger::ids::{BatchId, JobId, Lease, Token};
use crate::ledger::record::job::{Cause, Way};
use crate::ledger::step::{QuotaShort, Settled};
use crate::ledger::transition::call::{Closing, Opened, Opening};
use crate::ledger::{Ledger, LedgerError, Outcome};
use crate::telemetry::metrics::Decision;
use crate::vendor::Called;
pub use crate::vendor::{Request, Whole};

/// The vendor's status for: the account's credits are out.
const PAYMENT_REQUIRED: u16 = 402;

/// When a call may come again that the vendor would not hear.
const VENDOR_REST: Duration = Duration::from_secs(5);

/// A call to a priced path.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is sent, and nothing else.
    pub request: Request,
    /// What it costs if the vendor does it.
    pub price: Amounts,
    /// The most that its caller allows it to cost.
    pub most: UpTo,
}

/// A call that the vendor answered for certain.
#[derive(Clone, Debug)]
pub struct CallAnswered {
    /// The answer: a success, or a refusal that cost nothing.
    pub answer: Whole,
    /// The batch under which it is on the books.
    pub batch: BatchId,
    /// What was set aside for it.
    pub reserved: Amounts,
    /// What it was charged.
    pub spent: Amounts,
    /// What is left of the team's tightest quota of each unit.
    pub remaining: Remaining,
}

/// A call on the books, ready to be made.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) team: TeamId,
    pub(super) job: JobId,
    pub(super) lease: Lease,
    pub(super) price: Amounts,
    /// When it was opened, by this machine's time.
    pub(super) opened: Instant,
}

/// What came of a call for certain.
pub(super) enum Made<T> {
    Done(T),
    Refused(Whole),
}

impl Gateway {
    /// Makes a priced call, once, and books what it cost.
    ///
    /// The caller may hang up at any time: a task of the gateway's own goes through with it.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was spent, but perhaps for [`Refusal::Unresolved`].
    pub async fn call(&self, caller: &Caller, call: Call) -> Result<CallAnswered, Refusal> {
        let (gateway, caller) = (self.clone(), caller.clone());
        let calling = async move { gateway.call_decided(&caller, call).await };
        let outcome = self.tasks.spawn(calling).await;
        outcome.unwrap_or_else(|died| {
            error!(%died, "a call ended in a panic, which is a bug");
            Err(Refusal::OutcomeUnknown)
        })
    }

    async fn call_decided(&self, caller: &Caller, call: Call) -> Result<CallAnswered, Refusal> {
        let outcome = self.open_and_make(caller, call).await;
        self.metrics.decide(
            &caller.team,
            match &outcome {
                Ok(_) => Decision::Admitted,
                Err(refusal) => Decision::Refused(refusal.code()),
            },
        );
        outcome
    }

    async fn open_and_make(&self, caller: &Caller, call: Call) -> Result<CallAnswered, Refusal> {
        if self.stopping.is_cancelled() {
            return Err(Refusal::ShuttingDown);
        }
        let Call { request, price, most } = call;
        let (ready, remaining) = self.open_call(&caller.team, price, most).await?;
        let (batch, reserved) = (ready.job.batch, price);
        // What was refused before must not use up the one request that may go and see.
        if let Err(refusal) = self.pass_circuit_to_pay().await {
            self.withdraw(ready.job, Cause::VendorCredits).await;
            return Err(refusal);
        }
        let charged = |_: &Whole, price| Closing::Charged(price);
        let made = self.make(ready, || self.vendor.call(request), charged).await?;
        let (answer, spent) = match made {
            Made::Done(answer) => (answer, price),
            Made::Refused(answer) => (answer, Amounts::ZERO),
        };
        Ok(CallAnswered { answer, batch, reserved, spent, remaining })
    }

    async fn open_call(
        &self,
        team: &TeamId,
        price: Amounts,
        most: UpTo,
    ) -> Result<(Ready, Remaining), Refusal> {
        for _ in 0..TRIES {
            let opening = Opening {
                batch: new_batch_id(self.clock.now()),
                token: Token::new(random()),
                team: team.clone(),
                worst: price,
                most,
                prices: self.settings.prices,
                lease_for: self.settings.turn_for,
            };
            let opened = Instant::now();
            let job = JobId { batch: opening.batch, ordinal: 0 };
            match self.surely(job, || self.ledger.open_call(opening.clone())).await? {
                Ok(Opened { job, lease, remaining, passed, .. }) => {
                    tell_passed(team, &passed);
                    return Ok((
                        Ready { team: team.clone(), job, lease, price, opened },
                        remaining,
                    ));
                }
                Err(refused) => {
                    if let Some(refusal) = Refusal::of(refused, team) {
                        return Err(refusal);
                    }
                }
            }
        }
        Err(Refusal::StoreAway { why: "no free batch id was found".to_owned() })
    }

    /// A step that opens a call is asked again by the same ids where its outcome is unknown. Where
    /// nobody can say that it will last, the call is not made, and released as far as the store lets
    /// it.
    pub(super) async fn surely<T, F>(&self, job: JobId, step: impl Fn() -> F) -> Result<T, Refusal>
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
                // That it was not taken now says nothing of the time before.
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

    /// Releases a call that may be on the books and was not made.
    pub(super) async fn withdraw(&self, job: JobId, cause: Cause) {
        let closing = Closing::NotCharged(cause);
        match self.ledger.close_call(job, closing).await {
            // It was never opened.
            Ok(_) | Err(LedgerError::Fenced) => {}
            Err(error) => {
                warn!(job.id = %job, %error, "call {job} was not made and may stay reserved");
            }
        }
    }

    /// Makes a call that is on the books, once, and books what came of it.
    pub(super) async fn make<T, F>(
        &self,
        ready: Ready,
        asking: impl FnOnce() -> F,
        charged: impl FnOnce(&T, Amounts) -> Closing,
    ) -> Result<Made<T>, Refusal>
    where
        F: Future<Output = Called<T>>,
    {
        let (job, lease) = (ready.job, ready.lease);
        self.keeping(job, lease, self.make_kept(&ready, asking, charged)).await
    }

    async fn make_kept<T, F>(
        &self,
        ready: &Ready,
        asking: impl FnOnce() -> F,
        charged: impl FnOnce(&T, Amounts) -> Closing,
    ) -> Result<Made<T>, Refusal>
    where
        F: Future<Output = Called<T>>,
    {
        let mut leaves = match self.leave_to_send(Way::Call).await {
            Ok(Ok(leaves)) => leaves,
            Ok(Err(until)) => {
                self.withdraw(ready.job, Cause::NotSent).await;
                let retry_after = until.since(self.clock.now());
                return Err(Refusal::VendorBusy { retry_after });
            }
            Err(error) => {
                self.withdraw(ready.job, Cause::NotSent).await;
                return Err(error.into());
            }
        };
        if !leaves.take() || ready.opened.elapsed() > self.settings.turn_for / 2 {
            // The store took so long that the leave is over, or the turn soon will be.
            self.withdraw(ready.job, Cause::NotSent).await;
            return Err(Refusal::VendorBusy { retry_after: VENDOR_REST });
        }
        let began = Instant::now();
        let called = asking().await;
        self.metrics.ask_vendor("call", called.outcome(), began.elapsed());
        self.book(ready, called, charged).await
    }

    /// Books what came of a call, and tells what its caller is to know.
    async fn book<T>(
        &self,
        ready: &Ready,
        called: Called<T>,
        charged: impl FnOnce(&T, Amounts) -> Closing,
    ) -> Result<Made<T>, Refusal> {
        let job = ready.job;
        if matches!(called, Called::Refused(_) | Called::Wait { .. }) {
            self.circuit.accept_key(Asked::Submit);
        }
        match called {
            Called::Done(done) => {
                self.circuit.take();
                self.close(ready, charged(&done, ready.price)).await;
                Ok(Made::Done(done))
            }
            Called::Refused(answer) if answer.status.as_u16() == PAYMENT_REQUIRED => {
                self.circuit.run_out(self.clock.now());
                self.close(ready, Closing::NotCharged(Cause::VendorCredits)).await;
                Err(Refusal::VendorCredits { retry_after: PROBE_EVERY })
            }
            Called::Refused(answer) => {
                self.close(ready, Closing::NotCharged(Cause::Refused)).await;
                Ok(Made::Refused(answer))
            }
            Called::Misaddressed { status } => {
                warn!(job.id = %job, status, "the vendor takes our key or address for wrong");
                self.circuit.refuse_key(Asked::Submit, status);
                self.close(ready, Closing::NotCharged(Cause::Refused)).await;
                Err(Refusal::VendorRefusesKey)
            }
            Called::Wait { retry_after } => {
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

    /// Books the end of a call. Should that fail for good, its turn runs out, and it is unresolved:
    /// the caller is told what the vendor said all the same.
    async fn close(&self, ready: &Ready, closing: Closing) {
        let closed = self.hand_in(|| self.ledger.close_call(ready.job, closing)).await;
        self.report_close(ready, closed);
    }

    fn report_close(&self, ready: &Ready, closed: Result<Settled, Failed>) {
        let (job, team) = (ready.job, &ready.team);
        let settled = match closed {
            Ok(settled) => settled,
            Err(error) => {
                error!(job.id = %job, %team, %error, "what came of call {job} was not booked");
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

/// Says that quotas were passed that only warn.
pub(super) fn tell_passed(team: &TeamId, passed: &[QuotaShort]) {
    for QuotaShort { unit, period, limit, .. } in passed {
        warn!(%team, %unit, %period, %limit, "the quota is passed, and only warns");
    }
}
