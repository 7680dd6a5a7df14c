//! Sending a job: on the books first, then on the wire, then what came of it on the books.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::bodies::leads_at;
use super::circuit::Asked;
use super::dispatch::jittered;
use super::{Failed, Gateway};
use crate::domain::lead::{Field, Lead};
use crate::domain::vendor_id::VendorId;
use crate::ledger::ids::Lease;
use crate::ledger::record::job::{Cause, Job, JobLead, Reason};
use crate::ledger::step::{Attempt, Begun, Binding, Voided, Voiding};
use crate::ledger::{Ledger, LedgerError};
use crate::vendor::{LeadFields, Refusal, Submitted, Vendor};

/// How long a job rests after the vendor took the gateway's key or address for wrong.
const KEY_REST: Duration = Duration::from_secs(30);

/// The vendor's name for a job is worth trying for: how often it is written down again.
const BIND_TRIES: u32 = 8;

/// The vendor's status for: the account's credits are out.
const PAYMENT_REQUIRED: u16 = 402;

impl Gateway {
    pub(super) async fn send(&self, job: Job, lease: Lease) -> Result<(), Failed> {
        let Some(leads) = self.whole_body(&job).await? else {
            return self.body_lost(&job, lease).await;
        };
        let mut leaves = match self.leave_to_submit().await? {
            Ok(leaves) => leaves,
            Err(until) => return Ok(self.ledger.reschedule(job.id, lease, Some(until)).await?),
        };
        let attempt = Attempt {
            job: job.id,
            lease,
            after: job.attempts,
            unanswered_max: self.settings.attempts_max,
            horizon: self.settings.job_deadline,
            lease_for: self.settings.lease_for(),
        };
        match self.ledger.begin_send(attempt).await? {
            Begun::Attempt(_) => {}
            Begun::Exhausted => return self.give_up(&job, lease, Reason::NoAnswer).await,
        }
        if !leaves.take() {
            // The store took so long that the vendor may not be asked any more: nothing was sent.
            return Ok(self.ledger.put_back(job.id, lease, self.back_off(0)).await?);
        }
        let fields: Vec<_> = leads.iter().map(fields_of).collect();
        let began = Instant::now();
        let submitted = self.vendor.submit(&fields, job.reveals).await;
        self.metrics.ask_vendor("submit", outcome(&submitted), began.elapsed());
        self.follow(&job, lease, submitted).await
    }

    /// Writes down what came of an attempt.
    async fn follow(&self, job: &Job, lease: Lease, submitted: Submitted) -> Result<(), Failed> {
        let now = self.clock.now();
        if matches!(submitted, Submitted::Refused(_) | Submitted::Wait { .. }) {
            self.circuit.accept_key(Asked::Submit);
        }
        match submitted {
            Submitted::Accepted(vendor_id) => {
                self.circuit.take();
                self.bind(job, vendor_id).await
            }
            Submitted::Refused(refusal) => self.refused(job, lease, &refusal).await,
            Submitted::Misaddressed { status } => {
                warn!(job.id = %job.id, status, "the vendor takes our key or address for wrong");
                self.circuit.refuse_key(Asked::Submit, status);
                Ok(self.ledger.put_back(job.id, lease, now.after(jittered(KEY_REST))).await?)
            }
            Submitted::Wait { retry_after } => {
                self.leave_alone(retry_after).await;
                let back_off = self.back_off(job.attempts);
                let until = retry_after.map_or(back_off, |wait| now.after(wait));
                Ok(self.ledger.put_back(job.id, lease, until).await?)
            }
            Submitted::NotSent(cause) => {
                warn!(job.id = %job.id, %cause, "job {} could not be sent", job.id);
                Ok(self.ledger.put_back(job.id, lease, self.back_off(job.attempts)).await?)
            }
            Submitted::NoAnswer(cause) => {
                warn!(job.id = %job.id, %cause, "the vendor may have taken job {}", job.id);
                self.no_answer(job, lease).await
            }
        }
    }

    /// Writes the vendor's name for a job down. Should that fail for good, the job is sent again
    /// as if it had not been answered, which costs nothing inside the charge window.
    async fn bind(&self, job: &Job, vendor_id: VendorId) -> Result<(), Failed> {
        let poll_at = self.clock.now().after(self.settings.poll_interval_min);
        let binding = Binding { job: job.id, vendor_id, poll_at };
        let mut tries = 1;
        loop {
            match self.ledger.bind(binding).await {
                Ok(()) => break,
                Err(LedgerError::NotApplied(_) | LedgerError::Unknown(_)) if tries < BIND_TRIES => {
                    tokio::time::sleep(jittered(Duration::from_millis(50) * tries)).await;
                    tries += 1;
                }
                Err(error) => {
                    warn!(job.id = %job.id, vendor.id = %vendor_id, %error, "not written down");
                    return Err(error.into());
                }
            }
        }
        info!(
            job.id = %job.id,
            vendor.id = %vendor_id,
            leads = job.leads,
            "the vendor took job {} as {vendor_id}", job.id
        );
        Ok(())
    }

    async fn refused(&self, job: &Job, lease: Lease, refusal: &Refusal) -> Result<(), Failed> {
        let cause = if refusal.status == PAYMENT_REQUIRED {
            self.circuit.run_out(self.clock.now());
            Cause::VendorCredits
        } else {
            Cause::Refused
        };
        let quiet_until = self.clock.now().after(self.settings.quiet_period);
        let voiding = Voiding { job: job.id, lease, cause, quiet_until };
        let voided = self.ledger.void(voiding).await?;
        let (status, code) = (refusal.status, refusal.code.as_deref().unwrap_or("none"));
        match voided {
            Voided::Void => warn!(job.id = %job.id, status, code, "job {} was refused", job.id),
            Voided::StillUnknown => {
                warn!(job.id = %job.id, status, code, "refused, but an attempt before may count");
            }
        }
        self.wake.notify_one();
        Ok(())
    }

    /// The leads of a job in order; none where any of them is gone.
    async fn whole_body(&self, job: &Job) -> Result<Option<Vec<Lead>>, Failed> {
        Ok(self.body(job).await?.into_iter().collect())
    }

    /// The leads of a job in order, as far as the vault still has them.
    pub(super) async fn body(&self, job: &Job) -> Result<Vec<Option<Lead>>, Failed> {
        let (_, leads) = self.ledger.job(job.id).await?.ok_or(LedgerError::Fenced)?;
        let mut rest = leads.as_slice();
        let mut body = Vec::with_capacity(leads.len());
        for part in &job.parts {
            let count = usize::try_from(part.leads).unwrap_or(usize::MAX).min(rest.len());
            let (mine, others) = rest.split_at(count);
            rest = others;
            let position = |lead: &JobLead| lead.position;
            let mut found = match self.ledger.token(part.batch).await? {
                Some(token) => leads_at(&self.vault, token, mine.iter().map(position)).await?,
                None => BTreeMap::new(),
            };
            // Whoever is sent is whoever is on the books, or nobody.
            let is_meant = |lead: &JobLead, found: &Lead| self.lead_ask(found).key == lead.key;
            body.extend(
                mine.iter()
                    .map(|lead| found.remove(&lead.position).filter(|found| is_meant(lead, found))),
            );
        }
        Ok(body)
    }

    async fn body_lost(&self, job: &Job, lease: Lease) -> Result<(), Failed> {
        warn!(job.id = %job.id, "what job {} was to send is gone", job.id);
        if job.unanswered > 0 {
            return self.give_up(job, lease, Reason::BodyLost).await;
        }
        let (cause, quiet_until) = (Cause::BodyLost, self.clock.now());
        self.ledger.void(Voiding { job: job.id, lease, cause, quiet_until }).await?;
        self.wake.notify_one();
        Ok(())
    }
}

/// A lead as the vendor is told of it.
pub(super) fn fields_of(lead: &Lead) -> LeadFields<'_> {
    LeadFields {
        email: lead.field(Field::Email),
        linkedin_url: lead.field(Field::LinkedinUrl),
        company_domain: lead.field(Field::CompanyDomain),
        company_name: lead.field(Field::CompanyName),
        name: lead.field(Field::Name),
        title: lead.field(Field::Title),
    }
}

fn outcome(submitted: &Submitted) -> &'static str {
    match submitted {
        Submitted::Accepted(_) => "accepted",
        Submitted::Refused(_) => "refused",
        Submitted::Misaddressed { .. } => "misaddressed",
        Submitted::Wait { .. } => "wait",
        Submitted::NotSent(_) => "not_sent",
        Submitted::NoAnswer(_) => "no_answer",
    }
}
