//! Definite refusals of the vendor.

use tracing::warn;

use super::circuit::Asked;
use super::load::Carried;
use super::words::{Words, keep_words};
use super::{Failed, Gateway};
use crate::domain::needs::Needs;
use crate::ledger::Ledger;
use crate::ledger::ids::Lease;
use crate::ledger::record::job::{Cause, Job, State};
use crate::ledger::step::{AfterRefusal, Detached, Refusing, Voided, Voiding};
use crate::vendor::{Refusal, VendorError};

/// The vendor's status for an account without credits.
const PAYMENT_REQUIRED: u16 = 402;

/// The vendor's status for an unsupported media type: no lead is the cause.
const UNSUPPORTED_MEDIA_TYPE: u16 = 415;

impl Gateway {
    pub(super) async fn refused(
        &self,
        job: &Job,
        lease: Lease,
        sent: &[&Carried],
        refusal: &Refusal,
    ) -> Result<(), Failed> {
        let needs = Needs::of_persons(job.reveals);
        match refusal.status {
            PAYMENT_REQUIRED => {
                self.circuit.accept_key(Asked::Submit);
                self.circuit.run_out(needs, self.clock.now());
                self.void_refused(job, lease, Cause::VendorCredits, refusal).await?;
            }
            UNSUPPORTED_MEDIA_TYPE => {
                self.circuit.sell_nothing(needs);
                self.void_refused(job, lease, Cause::Refused, refusal).await?;
            }
            _ => {
                self.circuit.sell_nothing(needs);
                self.refused_leads(job, lease, sent, refusal).await?;
            }
        }
        self.wake.notify_one();
        Ok(())
    }

    async fn void_refused(
        &self,
        job: &Job,
        lease: Lease,
        cause: Cause,
        refusal: &Refusal,
    ) -> Result<(), Failed> {
        let quiet_until = self.clock.now().after(self.settings.quiet_period);
        let voiding = Voiding { job: job.id, lease, cause, quiet_until };
        let voided = self.hand_in(|| self.ledger.void(voiding)).await?;
        let (status, code) = (refusal.status, refusal.code().unwrap_or("none"));
        match voided {
            Voided::Void => warn!(job.id = %job.id, status, code, "job {} was refused", job.id),
            Voided::StillUnknown => {
                warn!(
                    job.id = %job.id,
                    status,
                    code,
                    "the job was refused, but an earlier attempt may have been charged"
                );
            }
        }
        Ok(())
    }

    /// Leads that the refusal names end with the vendor's error, and the rest is sent without them.
    /// If it names none, fewer are sent at once, until one is refused alone.
    async fn refused_leads(
        &self,
        job: &Job,
        lease: Lease,
        sent: &[&Carried],
        refusal: &Refusal,
    ) -> Result<(), Failed> {
        let named = refusal.leads(sent.len());
        let quiet_until = self.clock.now().after(self.settings.quiet_period);
        if named.is_empty() && job.is_coach() {
            return self.split(job, lease, refusal.status, quiet_until).await;
        }
        let to_blame: Vec<(&Carried, &VendorError)> = match sent {
            [only] => refusal.errors.first().map(|error| (*only, error)).into_iter().collect(),
            _ => named.into_iter().map(|(place, error)| (sent[place], error)).collect(),
        };
        let words: Vec<_> = to_blame
            .iter()
            .filter_map(|(carried, error)| Some((carried.place?, Words::of(error)?)))
            .collect();
        let expires = self.clock.now().after(self.settings.results_ttl());
        // They are stored before the ledger refers to them.
        self.hand_in(|| keep_words(&self.vault, &words, expires)).await?;
        let refusing = Refusing {
            job: job.id,
            lease,
            named: to_blame.iter().map(|(carried, _)| carried.at).collect(),
            refusals_max: self.settings.refusals_max,
            quiet_until,
        };
        let after = self.hand_in(|| self.ledger.refuse(refusing.clone())).await?;
        let (status, code, id) = (refusal.status, refusal.code().unwrap_or("none"), job.id);
        match after {
            AfterRefusal::Void => warn!(job.id = %id, status, code, "job {id} was refused"),
            AfterRefusal::Without(leads) => warn!(
                job.id = %id,
                status,
                code,
                leads,
                "the vendor refused {leads} leads of job {id}; the rest is sent without them"
            ),
            AfterRefusal::Narrowed => warn!(
                job.id = %id,
                status,
                code,
                "job {id} was refused without naming a lead; half of it is sent next"
            ),
            AfterRefusal::StillUnknown => {
                warn!(
                    job.id = %id,
                    status,
                    code,
                    "the job was refused, but an earlier attempt may have been charged"
                );
            }
        }
        Ok(())
    }

    /// Leads that were not sent with a job's first ones continue as jobs of their own, and batches
    /// that wait for leads that the job no longer has send them themselves.
    pub(super) async fn detach(&self, mut job: Job, lease: Lease) -> Result<Job, Failed> {
        if !job.is_alive() || (job.window.is_none() && !job.has_strays) {
            return Ok(job);
        }
        loop {
            match self.ledger.detach(job.id, lease).await? {
                Detached::Partly => self.wake.notify_one(),
                Detached::Strays(batches) => self.redrive(&job, batches).await?,
                Detached::Clear => break,
            }
        }
        if matches!(job.state, State::Sending | State::Unknown | State::Bound) {
            job.leads = job.sent_to();
            job.window = None;
        }
        job.has_strays = false;
        Ok(job)
    }
}
