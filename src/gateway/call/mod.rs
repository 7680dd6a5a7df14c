//! Priced calls: requests to any priced path of the vendor other than enrichment.
//!
//! A call is a sequence owned by a task: its maximum cost is reserved, a permit is taken from the
//! request budget, it is made once (`make`), its outcome is booked, and the vendor's answer is
//! returned. Callers of [`Gateway::call`] pass the request as it is to be sent, and its price. An
//! unanswered call is never repeated: its price stays unresolved under the batch in
//! [`Refusal::Unresolved`]. A retry gets the stored answer (`kept`) and sends nothing.

mod kept;
mod make;

use std::mem::take;
use std::time::{Duration, Instant};

use tracing::{Instrument, error, info, warn};

use super::caller::random;
use super::enrich::TRIES;
use super::held::holding;
use super::{Caller, Gateway, Marks, Refusal, Remaining};
use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::credits::Amounts;
use crate::domain::limits::UpTo;
use crate::domain::needs::Needs;
use crate::domain::team::TeamId;
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, Token};
use crate::ledger::record::job::{Cause, State};
use crate::ledger::record::replay::Retry;
use crate::ledger::step::{QuotaShort, Refused};
use crate::ledger::transition::call::{CallOpened, Closing, Opened, OpenedBefore, Opening};
use crate::telemetry::metrics::Decision;
use crate::vendor::Called;
pub use crate::vendor::{Request, Whole};
pub(super) use make::{Made, Ready};

/// When a call may be retried that found no permit.
const SOON: Duration = Duration::from_secs(2);

/// A call to a priced path.
#[derive(Clone, Debug)]
pub struct Call {
    /// The request to send.
    pub request: Request,
    /// Its price if the vendor processes it.
    pub price: Amounts,
    /// The limit set by its caller.
    pub most: UpTo,
    /// What distinguishes it from another one, for recognising retries.
    pub marks: Marks,
}

/// A call with a certain answer of the vendor.
#[derive(Clone, Debug)]
pub struct CallAnswered {
    /// The answer: a success, or a refusal that cost nothing.
    pub answer: Whole,
    /// The reserved maximum cost.
    pub reserved: Amounts,
    /// The charged credits.
    pub spent: Amounts,
    /// The rest of each quota of the team, if it is known.
    pub remaining: Option<Remaining>,
    /// Whether it answers a retry: nothing was sent or charged.
    pub is_replay: bool,
}

/// The result of opening a call.
enum Begun {
    Ready(Ready, Remaining),
    Before(OpenedBefore),
}

impl Gateway {
    /// Makes a priced call, once, and books what it cost; or answers a retry as it was answered.
    ///
    /// The caller may hang up at any time: a task of the gateway's own goes through with it.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was spent, but perhaps for [`Refusal::Unresolved`].
    pub async fn call(&self, caller: &Caller, call: Call) -> Result<CallAnswered, Refusal> {
        let (gateway, caller) = (self.clone(), caller.clone());
        let calling = async move { gateway.call_decided(&caller, call).await };
        let outcome = self.tasks.spawn(calling.in_current_span()).await;
        outcome.unwrap_or_else(|died| {
            error!(%died, "a call panicked, which is a bug");
            Err(Refusal::OutcomeUnknown)
        })
    }

    async fn call_decided(&self, caller: &Caller, call: Call) -> Result<CallAnswered, Refusal> {
        let outcome = self.call_under_limit(caller, call).await;
        self.metrics.decide(
            &caller.team,
            match &outcome {
                Ok(answered) if answered.is_replay => Decision::Replayed,
                Ok(_) => Decision::Admitted,
                Err(refusal) => Decision::Refused(refusal.code()),
            },
        );
        outcome
    }

    /// Holds a permit for as long as anything of the call is held, its answer included.
    async fn call_under_limit(&self, caller: &Caller, call: Call) -> Result<CallAnswered, Refusal> {
        if self.stopping.is_cancelled() {
            return Err(Refusal::ShuttingDown);
        }
        let permit = self.calls.try_take(&caller.team)?;
        self.headroom.take(0, 0)?;
        let mut answered = self.open_and_make(caller, call).await?;
        let body = take(&mut answered.answer.body);
        answered.answer.body = holding(body, permit);
        Ok(answered)
    }

    async fn open_and_make(&self, caller: &Caller, call: Call) -> Result<CallAnswered, Refusal> {
        let retry = self.retry_of_call(caller, &call);
        let (ready, remaining) = match self.open_call(&caller.team, &call, retry).await? {
            Begun::Ready(ready, remaining) => (ready, remaining),
            Begun::Before(before) => return self.answer_again(&caller.team, before).await,
        };
        // A request that will be refused must not use up the probe.
        let needs = Needs::of_price(call.price);
        if let Err(refusal) = self.pass_circuit_to_pay(&caller.team, needs).await {
            self.withdraw(ready.job, Cause::VendorCredits).await;
            return Err(refusal);
        }
        let made = self.make_and_keep(ready, call.request, retry).await?;
        let (answer, spent, remaining) = match made {
            Made::Done(answer) => (answer, call.price, Some(remaining)),
            // The reserved credits are released and remain again.
            Made::Refused(answer) => (answer, Amounts::ZERO, self.remaining(&caller.team).await),
        };
        Ok(CallAnswered { answer, reserved: call.price, spent, remaining, is_replay: false })
    }

    async fn open_call(
        &self,
        team: &TeamId,
        call: &Call,
        retry: Option<Retry>,
    ) -> Result<Begun, Refusal> {
        let ledger = self.ledger_for(team);
        for _ in 0..TRIES {
            let opening = Opening {
                batch: self.new_batch_id().await?,
                token: Token::new(random()),
                team: team.clone(),
                worst: call.price,
                most: call.most,
                retry,
                prices: self.settings.prices,
                lease_for: self.settings.turn_for,
                limits: self.settings.store_limits,
            };
            let opened = Instant::now();
            let job = JobId { batch: opening.batch, ordinal: 0 };
            match self.surely(job, || ledger.open_call(opening.clone())).await? {
                Ok(CallOpened::Opened(Opened { job, lease, remaining, passed, .. })) => {
                    tell_passed(team, &passed);
                    let (team, price) = (team.clone(), call.price);
                    return Ok(Begun::Ready(Ready { team, job, lease, price, opened }, remaining));
                }
                Ok(CallOpened::Before(before)) => return Ok(Begun::Before(before)),
                // After the vendor has answered the question, the call is opened again.
                Err(Refused::NoAnswers(probe_at)) => self.pass_outage(probe_at).await?,
                Err(refused) => {
                    if let Some(refusal) = Refusal::of(refused, team, self.clock.now()) {
                        return Err(refusal);
                    }
                }
            }
        }
        Err(Refusal::StoreAway { why: "no unused batch id was found".to_owned() })
    }

    /// Makes an opened call, and stores its answer for retries before it is booked as answered.
    async fn make_and_keep(
        &self,
        ready: Ready,
        request: Request,
        retry: Option<Retry>,
    ) -> Result<Made<Whole>, Refusal> {
        let kept = async {
            let called = self.ask_once(&ready, || self.vendor.call(request)).await?;
            if let (Called::Done(answer), Some(retry)) = (&called, retry) {
                self.keep_answer(ready.job.batch, answer, retry.window).await;
            }
            self.book(&ready, called, |_, price| Closing::Charged(price)).await
        };
        self.keeping(ready.job, ready.lease, kept).await
    }

    /// The answer to a retry, if there is one. It moves no credits.
    async fn answer_again(
        &self,
        team: &TeamId,
        before: OpenedBefore,
    ) -> Result<CallAnswered, Refusal> {
        let OpenedBefore { batch, state, reserved, charged, remaining } = before;
        match state {
            State::Sending => return Err(Refusal::UnderWay { retry_after: SOON }),
            State::Done => {}
            _ => return Err(Refusal::Unresolved(batch)),
        }
        let kept = self.kept_answer(batch).await?;
        let answer = kept.ok_or(Refusal::AnswerNotKept(batch))?;
        self.metrics.avoid(team, Avoided { reason: AvoidedReason::Replayed, amounts: charged });
        info!(batch.id = %batch, %team, "{team} retried call {batch}");
        let remaining = Some(remaining);
        Ok(CallAnswered { answer, reserved, spent: charged, remaining, is_replay: true })
    }
}

/// Logs exceeded quotas that only warn.
pub(super) fn tell_passed(team: &TeamId, passed: &[QuotaShort]) {
    for QuotaShort { unit, period, limit, .. } in passed {
        warn!(%team, %unit, %period, %limit, "the quota is passed, and only warns");
    }
}

/// Logs why a request of a team was refused; for a quota, which one, and its rest.
pub(super) fn log_refusal(team: &TeamId, refusal: &Refusal) {
    let code = refusal.code();
    let Refusal::Quota(short) = refusal else {
        return info!(%team, code, "refused a request of {team}: {refusal}");
    };
    let QuotaShort { unit, period, limit, spent, reserved, unresolved, needed, .. } = &**short;
    info!(
        %team,
        code,
        quota.unit = %unit,
        quota.period = period.name(),
        quota.limit = %limit,
        quota.spent = %spent,
        quota.reserved = %reserved,
        quota.unresolved = %unresolved,
        credits.needed = %needed,
        "refused a request of {team}: {needed} {unit} credits do not fit its quota of {limit} ({})",
        period.name()
    );
}
