//! Admission of a batch: computes the keys, stores the leads, then runs the admission step.

use std::time::{Duration, Instant};

use tracing::{Instrument, error, info, warn};

use super::bodies::{bytes_of, forget_leads, keep_leads};
use super::call::{log_refusal, tell_passed};
use super::caller::random;
use super::{Account, BatchPage, Caller, Enrichment, Estimate, Gateway, PageAsk, Refusal, Status};
use crate::domain::lead::Lead;
use crate::domain::limits::OnQuota;
use crate::domain::needs::Needs;
use crate::domain::request_id::RequestId;
use crate::domain::team::TeamId;
use crate::ledger::ids::Token;
use crate::ledger::record::job::Way;
use crate::ledger::record::replay::{Retry, ToldBy};
use crate::ledger::step::{
    Admission, Admitted, Appraisal, LeadAsk, Lost, Novelty, Question, Refused,
};
use crate::ledger::{Ledger, LedgerError};
use crate::telemetry::metrics::{Decision, Disposition};

/// How often an admission with an unknown outcome is repeated, and a new id is taken.
pub(super) const TRIES: usize = 3;

/// How long it is repeated.
pub(super) const ASK_AGAIN_FOR: Duration = Duration::from_millis(500);

impl Gateway {
    /// Admits a batch. It is durable when this returns, and is processed in the background. The
    /// `room` that it uses is released when it is admitted or refused, also if its caller
    /// disconnects.
    ///
    /// # Errors
    /// [`Refusal`]; no balance changed, except perhaps with [`Refusal::OutcomeUnknown`].
    pub async fn enrich(
        &self,
        caller: &Caller,
        ask: Enrichment,
        room: impl Send + 'static,
    ) -> Result<BatchPage, Refusal> {
        let mut page = self.admit(caller, ask, Way::Batch, room).await?;
        if !page.is_replay && !page.status.has_ended() {
            page.status = Status::Queued;
            page.lines.clear();
        }
        Ok(page)
    }

    /// Admits a request, and returns its current state.
    ///
    /// The caller may disconnect at any time: a task of the gateway completes it.
    pub(super) async fn admit(
        &self,
        caller: &Caller,
        ask: Enrichment,
        way: Way,
        room: impl Send + 'static,
    ) -> Result<BatchPage, Refusal> {
        caller.allow_reveals(ask.reveals)?;
        let (gateway, caller) = (self.clone(), caller.clone());
        let admitting = async move {
            let admitted = gateway.admit_in_task(&caller, ask, way).await;
            drop(room);
            admitted
        };
        // Its log lines have the request's id.
        let outcome = self.tasks.spawn(admitting.in_current_span()).await;
        outcome.unwrap_or_else(|died| {
            error!(%died, "an admission panicked, which is a bug");
            Err(Refusal::OutcomeUnknown)
        })
    }

    async fn admit_in_task(
        &self,
        caller: &Caller,
        ask: Enrichment,
        way: Way,
    ) -> Result<BatchPage, Refusal> {
        let admitted = match self.admit_or_replay(caller, &ask, way).await {
            Ok(admitted) => admitted,
            Err(refusal) => {
                self.metrics.decide(&caller.team, Decision::Refused(refusal.code()));
                log_refusal(&caller.team, &refusal);
                return Err(refusal);
            }
        };
        self.report(caller, &admitted);
        self.wake.notify_one();
        // From here on nothing may sound as if the batch did not exist.
        let shown = self.page(&caller.team, admitted.id, way, PageAsk::first()).await;
        let mut page = shown.map_err(|_| Refusal::OutcomeUnknown)?;
        if admitted.batch.dispositions.is_all_trimmed() {
            let echoes = page.lines.iter_mut().zip(ask.leads);
            echoes.for_each(|(line, lead)| line.echo = Some(lead));
        }
        page.account.remaining = Some(admitted.remaining);
        page.is_replay = admitted.novelty == Novelty::Replayed;
        Ok(page)
    }

    /// Admits a request, or finds the batch of the first one, unless its results are lost.
    async fn admit_or_replay(
        &self,
        caller: &Caller,
        ask: &Enrichment,
        way: Way,
    ) -> Result<Admitted, Refusal> {
        // A repeated lookup is answered from the cache, or joins the job in progress.
        let mut retry = match way {
            Way::Batch => self.retry(caller, ask),
            Way::LookUp | Way::Call => None,
        };
        let admitted = self.admit_or_refuse(caller, ask, way, retry).await?;
        let Some(told) = retry.as_mut().filter(|retry| retry.by == ToldBy::Content) else {
            return Ok(admitted);
        };
        let is_replay = admitted.novelty == Novelty::Replayed;
        if !is_replay || !self.has_lost_results(&caller.team, admitted.id).await? {
            return Ok(admitted);
        }
        told.lost = Some(admitted.id);
        self.admit_or_refuse(caller, ask, way, retry).await
    }

    async fn admit_or_refuse(
        &self,
        caller: &Caller,
        ask: &Enrichment,
        way: Way,
        retry: Option<Retry>,
    ) -> Result<Admitted, Refusal> {
        if self.stopping.is_cancelled() {
            return Err(Refusal::ShuttingDown);
        }
        let asks = self.lead_asks(&ask.leads).await;
        self.pass_circuit(caller, ask, way, &asks, retry).await?;
        self.admit_under_a_free_id(caller, ask, way, asks, retry).await
    }

    /// While the vendor's account has no credits of a unit, requests that need it are refused,
    /// except for one per minute. While the vendor does not answer, batches are admitted and wait,
    /// but lookups are refused, since their callers would be gone when they are sent.
    async fn pass_circuit(
        &self,
        caller: &Caller,
        ask: &Enrichment,
        way: Way,
        asks: &[LeadAsk],
        retry: Option<Retry>,
    ) -> Result<(), Refusal> {
        let outage_left = self.outage_left().filter(|_| way == Way::LookUp);
        let most = Needs::of_persons(ask.reveals);
        if self.circuit.lacks(most).is_none() && outage_left.is_none() {
            return Ok(());
        }
        let question = Question { retry, ..self.question(caller, ask, asks.to_vec()) };
        let appraisal = self.appraise(question).await?;
        // A request that admission will refuse must not use up the probe.
        let goes_on = |appraisal: Appraisal| {
            appraisal.dispositions.fresh == 0
                || appraisal.replays.is_some()
                || appraisal.refused.is_some()
        };
        let needs = appraisal.as_ref().map_or(most, |appraisal| appraisal.needs);
        if appraisal.is_none_or(goes_on) {
            return Ok(());
        }
        match outage_left {
            Some(retry_after) => Err(Refusal::VendorBusy { retry_after }),
            None => self.pass_circuit_to_pay(&caller.team, needs).await,
        }
    }

    async fn admit_under_a_free_id(
        &self,
        caller: &Caller,
        ask: &Enrichment,
        way: Way,
        asks: Vec<LeadAsk>,
        retry: Option<Retry>,
    ) -> Result<Admitted, Refusal> {
        for _ in 0..TRIES {
            let (batch, token) = (self.new_batch_id().await?, Token::new(random()));
            let admission = Admission {
                batch,
                token,
                team: caller.team.clone(),
                request: caller.request.clone(),
                way,
                reveals: ask.reveals,
                leads: asks.clone(),
                field_bytes: bytes_of(&ask.leads),
                max_age: ask.max_age,
                limits: ask.limits,
                retry,
                terms: self.settings.terms(),
                lost: Lost::Unknown,
                leads_expire_at: None,
            };
            let refused = match self.judge_and_admit(admission, &ask.leads).await? {
                Ok(admitted) => return Ok(admitted),
                Err(refused) => refused,
            };
            if let Some(refusal) = Refusal::of(refused, &caller.team, self.clock.now()) {
                return Err(refusal);
            }
        }
        Err(Refusal::StoreAway { why: "no unused batch id was found".to_owned() })
    }

    /// Evaluates a batch, and admits it if it is not refused: with no result that the vault has
    /// lost, and with its leads stored. Nothing is stored for a batch that is refused or is a
    /// retry, nor the leads of one that is trimmed completely.
    async fn judge_and_admit(
        &self,
        mut admission: Admission,
        leads: &[Lead],
    ) -> Result<Result<Admitted, Refused>, Refusal> {
        let outcome = self.admit_surely(&admission).await?;
        let Err(Refused::Unchecked(results)) = outcome else { return Ok(outcome) };
        self.headroom.take(leads.len(), admission.field_bytes)?;
        admission.lost = self.lost_of(&results).await?;
        if admission.limits.on_quota == OnQuota::Trim {
            let outcome = self.admit_surely(&admission).await?;
            let Err(Refused::NeedsLeads) = outcome else { return Ok(outcome) };
        }
        let expires = self.clock.now().after(self.settings.results_ttl());
        keep_leads(&self.vault, admission.token, leads, expires).await?;
        admission.leads_expire_at = Some(expires);
        let outcome = self.admit_surely(&admission).await?;
        if !matches!(&outcome, Ok(admitted) if admitted.novelty != Novelty::Replayed) {
            // A quota was used up meanwhile, or the same request was admitted. They expire in any
            // case.
            let _ = forget_leads(&self.vault, admission.token, leads.len()).await;
        }
        Ok(outcome)
    }

    /// A step with an unknown outcome is repeated with the same id, so it takes effect once. It is
    /// not repeated for long: callers get an error within two seconds if the store is not
    /// available.
    async fn admit_surely(
        &self,
        admission: &Admission,
    ) -> Result<Result<Admitted, Refused>, LedgerError> {
        let ledger = self.ledger_for(&admission.team);
        let patience = Instant::now() + ASK_AGAIN_FOR;
        let mut outcome = ledger.admit(admission.clone()).await;
        for _ in 1..TRIES {
            let Err(LedgerError::Unknown(why)) = &outcome else { break };
            if Instant::now() > patience {
                break;
            }
            warn!(
                batch.id = %admission.batch,
                why,
                "repeating an admission whose outcome is unknown"
            );
            outcome = match ledger.admit(admission.clone()).await {
                // That it was not taken now says nothing of the time before.
                Err(LedgerError::NotApplied(why)) => Err(LedgerError::Unknown(why)),
                outcome => outcome,
            };
        }
        outcome
    }

    /// Counts a request that is refused before its evaluation, and returns the refusal.
    pub(crate) fn turn_away(&self, team: &TeamId, refusal: Refusal) -> Refusal {
        self.metrics.decide(team, Decision::Refused(refusal.code()));
        refusal
    }

    fn question(&self, caller: &Caller, ask: &Enrichment, leads: Vec<LeadAsk>) -> Question {
        Question {
            team: caller.team.clone(),
            reveals: ask.reveals,
            leads,
            max_age: ask.max_age,
            limits: ask.limits,
            retry: None,
            terms: self.settings.terms(),
            lost: Lost::Unknown,
            rates: self.settings.rates,
        }
    }

    fn report(&self, caller: &Caller, admitted: &Admitted) {
        let team = &caller.team;
        for avoided in &admitted.avoided {
            self.metrics.avoid(team, *avoided);
        }
        match admitted.novelty {
            Novelty::New | Novelty::AskedAgain => {
                self.metrics.decide(team, Decision::Admitted);
                self.report_admission(team, admitted);
            }
            Novelty::Replayed => {
                let id = admitted.id;
                self.metrics.decide(team, Decision::Replayed);
                info!(batch.id = %id, %team, "{team} retried the request of batch {id}");
            }
        }
    }

    fn report_admission(&self, team: &TeamId, admitted: &Admitted) {
        let Admitted { id, batch, passed, .. } = admitted;
        let count = batch.dispositions;
        for (disposition, leads) in [
            (Disposition::Repeated, count.repeated),
            (Disposition::Cached, count.cached),
            (Disposition::Joined, count.joined),
            (Disposition::Fresh, count.fresh),
            (Disposition::Trimmed, count.trimmed),
        ] {
            self.metrics.place_leads(team, disposition, leads.into());
        }
        tell_passed(team, passed);
        info!(
            batch.id = %id,
            %team,
            request.id = batch.request.as_ref().map(RequestId::as_str),
            leads.submitted = count.submitted,
            leads.fresh = count.fresh,
            credits.reserved = %batch.reserved,
            "admitted batch {id} of {team} with {} reserved", batch.reserved
        );
    }

    /// The current cost of a batch. Reserves nothing.
    ///
    /// # Errors
    /// [`Refusal`] if the store is not available, or a policy does not allow the request.
    pub async fn estimate(&self, caller: &Caller, ask: Enrichment) -> Result<Estimate, Refusal> {
        caller.allow_reveals(ask.reveals)?;
        let asks = self.lead_asks(&ask.leads).await;
        let appraisal = self.appraise(self.question(caller, &ask, asks)).await?;
        let appraisal = appraisal.ok_or(Refusal::BadKey)?;
        if appraisal.refused == Some(Refused::PhonesNotAllowed) {
            return Err(Refusal::PhonesNotAllowed(caller.team.clone()));
        }
        Ok(Estimate {
            dispositions: appraisal.dispositions,
            worst: appraisal.worst,
            expected: appraisal.expected,
            basis: appraisal.basis,
            fits: appraisal.refused.is_none(),
            remaining: appraisal.remaining,
        })
    }
}

impl Account {
    /// The charged and avoided credits of a batch, as far as they are known.
    pub(super) fn of(reading: &crate::ledger::transition::read::Reading) -> Self {
        Self {
            dispositions: reading.batch.dispositions,
            reserved: reading.batch.reserved,
            spent: reading.spent,
            avoided: reading.batch.avoided,
            remaining: None,
        }
    }
}
