//! Collecting a validation's verdicts: polls until the vendor has finished, reads them completely,
//! then stores them, whether or not a caller reads them.

use std::collections::BTreeMap;
use std::time::Instant;

use tracing::{info, warn};

use super::Judgement;
use super::kept::keep;
use crate::domain::identity::Identity;
use crate::domain::identity::keys::LeadKey;
use crate::domain::uuid::Uuid;
use crate::gateway::collect::GONE_FOR;
use crate::gateway::look::{Looked, outcome_of};
use crate::gateway::readers::Requests;
use crate::gateway::{Failed, Gateway};
use crate::ledger::Ledger;
use crate::ledger::ids::{Lease, ResultRef};
use crate::ledger::record::job::Job;
use crate::ledger::record::validation::Validation;
use crate::ledger::transition::validation::ValidationEnd;
use crate::vendor::{
    Cause, Cursor, Ending, Remaining, Unread, Unreadable, ValidationPage, Verdict,
};

/// More pages than any validation has.
const PAGES_MAX: u32 = 2_000;

/// The verdicts of a validation, by the positions of their addresses.
struct Judged {
    judgements: Vec<(ResultRef, Judgement)>,
    /// The addresses without a verdict.
    missing: Vec<u32>,
}

impl Gateway {
    /// Processes a charged call whose verdicts may be pending.
    pub(in crate::gateway) async fn collect_validation(
        &self,
        job: &Job,
        lease: Lease,
        mut requests: Requests,
    ) -> Result<(), Failed> {
        let found = self.ledger.validation(job.id.batch).await?;
        let found = found.filter(Validation::is_under_way);
        let Some((validation, named)) = found.and_then(|found| Some((found, found.named?))) else {
            return Ok(self.ledger.reschedule(job.id, lease, None).await?);
        };
        let looking = async {
            if validation.is_canceled {
                let telling = || self.vendor.cancel_validation(named);
                self.tell_canceled(job.id, &mut requests, telling).await;
            }
            Ok(self.look_at_validation(named, job.leads, &mut requests).await)
        };
        let looked = self.while_kept(job.id, lease, looking).await?;
        self.note_read(job.id, &looked);
        let now = self.clock.now();
        let asked_for = now.since(validation.asked_at);
        let looked = match looked {
            Looked::Ended((ending, verdicts)) => {
                let judged = self.judged(job, verdicts).await?;
                let lacks_some = ending == Ending::Completed && !judged.missing.is_empty();
                if !lacks_some || !self.may_read_again(job.id) {
                    return self.end_validation(job, &validation, judged).await;
                }
                self.note_unreadable(job.id, "it is complete but lacks verdicts");
                Looked::Running { retry_after: None }
            }
            // It is charged, and such an answer cannot be used in part.
            looked if looked.is_too_large() => {
                warn!(job.id = %job.id, "the answer to validation {} is too large", job.id.batch);
                let judged = self.judged(job, Vec::new()).await?;
                self.end_validation(job, &validation, judged).await?;
                self.note_read(job.id, &looked);
                return Ok(());
            }
            looked => looked,
        };
        // Nothing was learned if the vendor could not be called.
        if !matches!(looked, Looked::NotAsked) {
            let is_gone = matches!(looked, Looked::Unread(Unread::Gone));
            let deadline = self.settings.job_deadline;
            let patience = match looked {
                Looked::Running { .. } => deadline,
                _ => self.settings.batch_ttl.max(deadline),
            };
            if self.gone_for(job.id, is_gone, now) > GONE_FOR || asked_for > patience {
                warn!(job.id = %job.id, is_gone, "validation {} ends without verdicts", job.id);
                let judged = self.judged(job, Vec::new()).await?;
                return self.end_validation(job, &validation, judged).await;
            }
        }
        let next = self.next_look(&looked, now, asked_for);
        Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?)
    }

    /// Reads the vendor's verdicts page by page.
    async fn look_at_validation(
        &self,
        named: Uuid,
        addresses: u32,
        requests: &mut Requests,
    ) -> Looked<(Ending, Vec<Verdict>)> {
        let (mut verdicts, mut after) = (Vec::new(), None);
        let mut remaining = self.settings.answer_to(addresses);
        for _ in 0..PAGES_MAX {
            if !self.may_ask(requests, 1).await {
                return Looked::NotAsked;
            }
            match self.validation_page(named, after.as_ref(), remaining).await {
                Ok(ValidationPage::Ended { ending, results, next, bytes }) => {
                    remaining = remaining.less(results.len(), bytes);
                    verdicts.extend(results);
                    if next.is_none() {
                        return Looked::Ended((ending, verdicts));
                    }
                    after = next;
                }
                Ok(ValidationPage::Running { retry_after }) => {
                    return Looked::Running { retry_after };
                }
                Err(unread) => return Looked::Unread(unread),
            }
        }
        let pages_max = PAGES_MAX as usize;
        Looked::Unread(Cause::from(Unreadable::Endless { pages_max }).into())
    }

    async fn validation_page(
        &self,
        named: Uuid,
        after: Option<&Cursor>,
        remaining: Remaining,
    ) -> Result<ValidationPage, Unread> {
        let began = Instant::now();
        let page = self.vendor.validation_page(named, after, remaining).await;
        let outcome = match &page {
            Ok(ValidationPage::Running { .. }) => "running",
            Ok(ValidationPage::Ended { .. }) => "ended",
            Err(unread) => outcome_of(unread),
        };
        self.metrics.ask_vendor("read", outcome, began.elapsed());
        self.note_page(&page).await;
        page
    }

    /// Matches each verdict with its address.
    async fn judged(&self, job: &Job, verdicts: Vec<Verdict>) -> Result<Judged, Failed> {
        let leads = self.ledger.job(job.id).await?.map(|(_, leads)| leads).unwrap_or_default();
        let mut places: BTreeMap<LeadKey, u32> =
            leads.iter().map(|lead| lead.key).zip(0..).collect();
        let mut judgements = Vec::new();
        for Verdict { email, result, catch_all } in verdicts {
            let Some(index) = self.address_key(&email).and_then(|key| places.remove(&key)) else {
                continue;
            };
            judgements.push((ResultRef { job: job.id, index }, Judgement { result, catch_all }));
        }
        let mut missing: Vec<_> = places.into_values().collect();
        missing.sort_unstable();
        Ok(Judged { judgements, missing })
    }

    /// Stores the verdicts, and ends the validation.
    async fn end_validation(
        &self,
        job: &Job,
        validation: &Validation,
        judged: Judged,
    ) -> Result<(), Failed> {
        let batch = job.id.batch;
        let Judged { judgements, missing } = judged;
        let answered = u32::try_from(judgements.len()).unwrap_or(u32::MAX);
        let results_until = validation.asked_at.after(self.settings.validation_results_ttl());
        keep(&self.vault, judgements, results_until).await?;
        let missing_count = missing.len();
        self.ledger
            .end_validation(ValidationEnd { batch, answered, missing, results_until })
            .await?;
        self.forget_marks(job.id);
        info!(batch.id = %batch, answered, missing = missing_count, "validation {batch} has ended");
        Ok(())
    }

    /// The key of an address, whatever it would be as a lead.
    pub(super) fn address_key(&self, email: &str) -> Option<LeadKey> {
        Identity::of_address(email).map(|address| self.keyer.lead_key(&address))
    }
}
