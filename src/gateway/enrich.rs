//! From leads to an admitted batch: keys, then what must be kept, then the one step that counts.

use std::sync::atomic::Ordering;

use tracing::{error, info, warn};

use super::bodies::{forget_leads, keep_leads};
use super::caller::random;
use super::{Account, BatchPage, Caller, Enrichment, Estimate, Gateway, PageAsk, Refusal, Status};
use crate::domain::identity::identities;
use crate::domain::lead::Lead;
use crate::ledger::ids::{BatchId, Token};
use crate::ledger::step::{Admission, Admitted, Appraisal, LeadAsk, Question, Refused};
use crate::ledger::{Ledger, LedgerError};
use crate::telemetry::metrics::{Decision, Disposition};

/// How often an admission whose outcome is unknown is asked again, and an id taken anew.
const TRIES: usize = 3;

impl Gateway {
    /// Admits a batch. It is durable when this answers, and finishes by itself.
    ///
    /// The caller may hang up at any time: a task of the gateway's own goes through with it.
    ///
    /// # Errors
    /// [`Refusal`]; no balance changed, but perhaps for [`Refusal::OutcomeUnknown`].
    pub async fn enrich(&self, caller: &Caller, ask: Enrichment) -> Result<BatchPage, Refusal> {
        let (gateway, caller) = (self.clone(), caller.clone());
        let admitting = async move { gateway.admit(&caller, ask).await };
        let outcome = self.tasks.spawn(admitting).await;
        outcome.unwrap_or_else(|died| {
            error!(%died, "an admission ended in a panic, which is a bug");
            Err(Refusal::OutcomeUnknown)
        })
    }

    async fn admit(&self, caller: &Caller, ask: Enrichment) -> Result<BatchPage, Refusal> {
        let (batch, admitted) = match self.admit_or_refuse(caller, ask).await {
            Ok(admitted) => admitted,
            Err(refusal) => {
                self.metrics.decide(&caller.team, Decision::Refused(refusal.code()));
                return Err(refusal);
            }
        };
        self.metrics.decide(&caller.team, Decision::Admitted);
        self.report_admission(caller, batch, &admitted);
        self.wake.notify_one();
        // From here on nothing may sound as if the batch did not exist.
        let shown = self.page(&caller.team, batch, PageAsk::first()).await;
        let mut page = shown.map_err(|_| Refusal::OutcomeUnknown)?;
        page.account.remaining = Some(admitted.remaining);
        if !page.status.has_ended() {
            page.status = Status::Queued;
            page.lines.clear();
        }
        Ok(page)
    }

    async fn admit_or_refuse(
        &self,
        caller: &Caller,
        ask: Enrichment,
    ) -> Result<(BatchId, Admitted), Refusal> {
        if self.stopping.is_cancelled() {
            return Err(Refusal::ShuttingDown);
        }
        let asks = self.lead_asks(&ask.leads);
        self.pass_circuit(caller, &ask, &asks).await?;
        self.admit_as_new(caller, &ask, asks).await
    }

    /// While the vendor's credits are out, only what costs nothing passes, and one request a minute.
    async fn pass_circuit(
        &self,
        caller: &Caller,
        ask: &Enrichment,
        asks: &[LeadAsk],
    ) -> Result<(), Refusal> {
        if !self.circuit.is_out_of_credits() {
            return Ok(());
        }
        let appraisal = self.ledger.appraise(self.question(caller, ask, asks.to_vec())).await?;
        // What admission will refuse must not use up the one request that may go and see.
        let goes_on =
            |appraisal: Appraisal| appraisal.dispositions.fresh == 0 || appraisal.short.is_some();
        if appraisal.is_none_or(goes_on) {
            return Ok(());
        }
        match self.circuit.wait(self.clock.now()) {
            Some(retry_after) => Err(Refusal::VendorCredits { retry_after }),
            None => Ok(()),
        }
    }

    async fn admit_as_new(
        &self,
        caller: &Caller,
        ask: &Enrichment,
        asks: Vec<LeadAsk>,
    ) -> Result<(BatchId, Admitted), Refusal> {
        for _ in 0..TRIES {
            let batch = self.new_batch_id();
            let expires = self.clock.now().after(self.settings.results_ttl());
            keep_leads(&self.vault, batch, &ask.leads, expires).await?;
            let admission = Admission {
                batch,
                token: Token::new(random()),
                team: caller.team.clone(),
                reveals: ask.reveals,
                leads: asks.clone(),
                terms: self.settings.terms(),
            };
            let refused = match self.admit_surely(admission).await? {
                Ok(admitted) => return Ok((batch, admitted)),
                // The id, and what is kept under it, is another batch's.
                Err(Refused::Collision) => continue,
                Err(refused) => refused,
            };
            forget_leads(&self.vault, batch, ask.leads.len()).await?;
            return Err(match refused {
                Refused::Quota(short) => Refusal::Quota(short),
                Refused::Paused => Refusal::TeamPaused(caller.team.clone()),
                Refused::NoTeam | Refused::Collision => Refusal::BadKey,
            });
        }
        Err(Refusal::StoreAway { why: "no free batch id was found".to_owned() })
    }

    /// A step whose outcome is unknown is asked again by the same id: it is taken once.
    async fn admit_surely(
        &self,
        admission: Admission,
    ) -> Result<Result<Admitted, Refused>, LedgerError> {
        for _ in 1..TRIES {
            match self.ledger.admit(admission.clone()).await {
                Err(LedgerError::Unknown(why)) => {
                    warn!(batch.id = %admission.batch, why, "asking again whether it was admitted");
                }
                known => return known,
            }
        }
        self.ledger.admit(admission).await
    }

    /// An id that sorts by time, and that this process never gives twice: what is kept under it
    /// before the admission must be no other batch's.
    fn new_batch_id(&self) -> BatchId {
        const RANDOM_BITS: u32 = 12;
        let millis = u64::try_from(self.clock.now().as_millis()).unwrap_or_default();
        let [high, low] = random::<2>();
        let random = u64::from(u16::from_be_bytes([high, low]) >> (u16::BITS - RANDOM_BITS));
        let wanted = (millis << RANDOM_BITS | random) & BatchId::MAX;
        let higher = |latest: u64| Some(wanted.max(latest + 1));
        let before = self.latest_id.fetch_update(Ordering::Relaxed, Ordering::Relaxed, higher);
        let number = wanted.max(before.unwrap_or_default() + 1);
        BatchId::new(number).expect("the years in which ids are too long are far away")
    }

    fn lead_asks(&self, leads: &[Lead]) -> Vec<LeadAsk> {
        leads.iter().map(|lead| self.lead_ask(lead)).collect()
    }

    /// The keys of whom a lead names.
    pub(super) fn lead_ask(&self, lead: &Lead) -> LeadAsk {
        let identities = identities(lead);
        LeadAsk {
            key: self.keyer.lead_key(&identities.strongest),
            other: identities.other.map(|other| self.keyer.lead_key(&other)),
        }
    }

    fn question(&self, caller: &Caller, ask: &Enrichment, leads: Vec<LeadAsk>) -> Question {
        Question {
            team: caller.team.clone(),
            reveals: ask.reveals,
            leads,
            terms: self.settings.terms(),
            rates: self.settings.rates,
        }
    }

    fn report_admission(&self, caller: &Caller, id: BatchId, admitted: &Admitted) {
        let team = &caller.team;
        let count = admitted.batch.dispositions;
        for (disposition, leads) in [
            (Disposition::Repeated, count.repeated),
            (Disposition::Cached, count.cached),
            (Disposition::Joined, count.joined),
            (Disposition::Fresh, count.fresh),
        ] {
            self.metrics.place_leads(team, disposition, leads.into());
        }
        for avoided in &admitted.avoided {
            self.metrics.avoid(team, *avoided);
        }
        for passed in &admitted.passed {
            let (unit, period, limit) = (passed.unit, passed.period, passed.limit);
            warn!(%team, %unit, %period, %limit, "the quota is passed, and only warns");
        }
        info!(
            batch.id = %id,
            %team,
            leads.submitted = count.submitted,
            leads.fresh = count.fresh,
            credits.reserved = %admitted.batch.reserved,
            "admitted batch {id} of {team} with {} reserved", admitted.batch.reserved
        );
    }

    /// What a batch would cost now. Reserves nothing.
    ///
    /// # Errors
    /// [`Refusal`] where the store is away.
    pub async fn estimate(&self, caller: &Caller, ask: Enrichment) -> Result<Estimate, Refusal> {
        let asks = self.lead_asks(&ask.leads);
        let appraisal = self.ledger.appraise(self.question(caller, &ask, asks)).await?;
        let appraisal = appraisal.ok_or(Refusal::BadKey)?;
        Ok(Estimate {
            dispositions: appraisal.dispositions,
            worst: appraisal.worst,
            expected: appraisal.expected,
            fits: appraisal.short.is_none(),
            remaining: appraisal.remaining,
        })
    }
}

impl Account {
    /// What a batch of the books costs and spares, as far as is known.
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
