//! Bringing a validation's verdicts home: read whole from the vendor once, then sealed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::Judgement;
use super::kept::keep;
use crate::domain::identity::keys::LeadKey;
use crate::domain::lead::{Field, Fields, Lead};
use crate::domain::time::Timestamp;
use crate::domain::uuid::Uuid;
use crate::gateway::circuit::Asked;
use crate::gateway::{BatchId, Failed, Gateway};
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, ResultRef};
use crate::ledger::transition::validation::ValidationEnd;
use crate::vendor::{Canceled, Cursor, Unread, ValidationPage, Verdict};

/// How long a look may take before another may look as well.
const LOOK_FOR: Duration = Duration::from_mins(2);

/// More pages than any validation has.
const PAGES_MAX: u32 = 2_000;

/// How long the vendor may not know a validation that it took, before nobody can know its verdicts.
const GONE_FOR: Duration = Duration::from_hours(1);

/// What a look showed.
enum Looked {
    Ended(Vec<Verdict>),
    NotBefore(Timestamp),
    Gone,
}

impl Gateway {
    /// Looks once whether the vendor has ended a validation, and brings it home if so: none. Else
    /// when to look again.
    pub(super) async fn collect_validation(
        &self,
        batch: BatchId,
        vendors: Uuid,
    ) -> Result<Option<Timestamp>, Failed> {
        let now = self.clock.now();
        if let Err(not_before) = self.looks.take(batch, now, now.after(LOOK_FOR)) {
            return Ok(Some(not_before));
        }
        let looked = self.look_at_validation(vendors).await;
        let verdicts = match looked {
            Ok(Looked::Ended(verdicts)) => verdicts,
            Ok(Looked::Gone) if self.is_long_gone(batch).await? => Vec::new(),
            Ok(Looked::NotBefore(until)) => {
                self.looks.put_off(batch, until);
                return Ok(Some(until));
            }
            Ok(Looked::Gone) | Err(_) => {
                let until = now.after(self.settings.poll_interval_max);
                self.looks.put_off(batch, until);
                looked?;
                return Ok(Some(until));
            }
        };
        let ended = self.end_validation(batch, verdicts).await;
        self.looks.put_off(batch, now);
        ended.map(|()| None)
    }

    async fn look_at_validation(&self, vendors: Uuid) -> Result<Looked, Failed> {
        let mut leaves = match self.leave_to_follow().await? {
            Ok(leaves) => leaves,
            Err(until) => return Ok(Looked::NotBefore(until)),
        };
        let (mut verdicts, mut after) = (Vec::new(), None);
        let mut pages = 0;
        while pages < PAGES_MAX {
            if !leaves.take() {
                leaves = match self.leave_for_pages(1).await? {
                    Ok(leaves) => leaves,
                    Err(until) => return Ok(Looked::NotBefore(until)),
                };
                continue;
            }
            pages += 1;
            let (results, next) = match self.validation_page(vendors, after.as_ref()).await {
                Ok(ValidationPage::Ended { results, next, .. }) => (results, next),
                Ok(ValidationPage::Running { retry_after }) => {
                    let wait = retry_after.unwrap_or(self.settings.poll_interval_min);
                    return Ok(Looked::NotBefore(self.clock.now().after(wait)));
                }
                Err(Unread::Gone) => return Ok(Looked::Gone),
                Err(unread) => {
                    let said = match unread {
                        Unread::Wait { retry_after } => retry_after,
                        _ => None,
                    };
                    let wait = said.unwrap_or(self.settings.poll_interval_min);
                    return Ok(Looked::NotBefore(self.clock.now().after(wait)));
                }
            };
            verdicts.extend(results);
            after = next;
            if after.is_none() {
                return Ok(Looked::Ended(verdicts));
            }
        }
        warn!(vendor.id = %vendors, "a validation has more pages than any can have");
        Ok(Looked::NotBefore(self.clock.now().after(self.settings.poll_interval_max)))
    }

    async fn validation_page(
        &self,
        vendors: Uuid,
        after: Option<&Cursor>,
    ) -> Result<ValidationPage, Unread> {
        let began = Instant::now();
        let page = self.vendor.validation_page(vendors, after).await;
        let outcome = match &page {
            Ok(_) => "answered",
            Err(Unread::Gone) => "gone",
            Err(Unread::Misaddressed { .. }) => "misaddressed",
            Err(Unread::Wait { .. }) => "wait",
            Err(Unread::NoAnswer(_)) => "no_answer",
        };
        self.metrics.ask_vendor("read", outcome, began.elapsed());
        match &page {
            Ok(_) => self.circuit.accept_key(Asked::Read),
            Err(Unread::Misaddressed { status }) => {
                self.circuit.refuse_key(Asked::Read, *status);
            }
            Err(Unread::Wait { retry_after }) => self.leave_alone(*retry_after).await,
            Err(Unread::Gone | Unread::NoAnswer(_)) => {}
        }
        page
    }

    /// Whether the vendor has had time enough to know a validation that it says it does not.
    async fn is_long_gone(&self, batch: BatchId) -> Result<bool, Failed> {
        let job = self.ledger.job(JobId { batch, ordinal: 0 }).await?;
        let sent_at = job.and_then(|(job, _)| job.first_sent_at);
        Ok(sent_at.is_none_or(|at| self.clock.now().since(at) > GONE_FOR))
    }

    /// Seals what the vendor says, address by address, and ends the validation.
    async fn end_validation(&self, batch: BatchId, verdicts: Vec<Verdict>) -> Result<(), Failed> {
        let id = JobId { batch, ordinal: 0 };
        let found = self.ledger.job(id).await?;
        let sent_at = found.as_ref().and_then(|(job, _)| job.first_sent_at);
        let leads = found.map(|(_, leads)| leads).unwrap_or_default();
        let mut places: BTreeMap<LeadKey, u32> =
            leads.iter().map(|lead| lead.key).zip(0..).collect();
        let mut judgements = Vec::new();
        for Verdict { email, result, catch_all } in verdicts {
            let Some(index) = self.address_key(email).and_then(|key| places.remove(&key)) else {
                continue;
            };
            judgements.push((ResultRef { job: id, index }, Judgement { result, catch_all }));
        }
        let mut missing: Vec<_> = places.into_values().collect();
        missing.sort_unstable();
        let answered = u32::try_from(judgements.len()).unwrap_or(u32::MAX);
        let ttl = self.settings.validation_results_ttl();
        let expires = sent_at.unwrap_or_else(|| self.clock.now()).after(ttl);
        keep(&self.vault, judgements, expires).await?;
        let missing_count = missing.len();
        self.ledger.end_validation(ValidationEnd { batch, answered, missing }).await?;
        info!(batch.id = %batch, answered, missing = missing_count, "validation {batch} has ended");
        Ok(())
    }

    fn address_key(&self, email: String) -> Option<LeadKey> {
        let mut fields = Fields::default();
        fields[Field::Email] = Some(email);
        Some(self.lead_ask(&Lead::new(fields).ok()?).key)
    }

    /// Tells the vendor, as well as it can be told: what it goes on with is paid already.
    pub(super) async fn tell_validation_canceled(&self, batch: BatchId, vendors: Uuid) {
        let Ok(Ok(mut leaves)) = self.leave_to_follow().await else { return };
        if !leaves.take() {
            return;
        }
        match self.vendor.cancel_validation(vendors).await {
            Canceled::Agreed => self.looks.put_off(batch, self.clock.now()),
            Canceled::Wait { retry_after } => self.leave_alone(retry_after).await,
            other => warn!(batch.id = %batch, ?other, "the vendor did not cancel a validation"),
        }
    }
}
