//! Gathering: small jobs that have waited for the gather window are combined into one, which is
//! split again if the vendor refuses it or some of its leads are lost.

use tracing::{info, warn};

use super::{Failed, Gateway};
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, Lease};
use crate::ledger::record::job::Job;
use crate::ledger::step::{Gathering, Split, Splitting};

impl Gateway {
    /// Combines jobs that have waited long enough. After a failure they are sent alone.
    pub(super) async fn gather(&self) {
        if self.settings.gather_window.is_zero() {
            return;
        }
        let gathering = Gathering { leads_max: self.settings.job_leads_max };
        loop {
            match self.ledger.gather(gathering).await {
                Ok(Some(gathered)) => info!(
                    job.id = %gathered.coach,
                    jobs = gathered.jobs,
                    leads = gathered.leads,
                    "gathered {} jobs as job {}", gathered.jobs, gathered.coach
                ),
                Ok(None) => return,
                Err(error) => return warn!(%error, "jobs could not be gathered: {error}"),
            }
        }
    }

    /// The vendor refused a combined job: its halves are sent separately, so that a refused member
    /// is refused alone in the end.
    pub(super) async fn split(
        &self,
        coach: &Job,
        lease: Lease,
        status: u16,
        quiet_until: Timestamp,
    ) -> Result<(), Failed> {
        let coach = coach.id;
        let splitting = Splitting::Refused { coach, lease, quiet_until };
        match self.hand_in(|| self.ledger.split(splitting.clone())).await? {
            Split::Apart => {
                warn!(
                    job.id = %coach,
                    status,
                    "job {coach} was refused and is split into smaller ones"
                );
            }
            Split::StillUnknown => {
                warn!(
                    job.id = %coach,
                    status,
                    "the job was refused, but an earlier attempt may have been charged"
                );
            }
        }
        self.wake.notify_one();
        Ok(())
    }

    /// The leads of some members are lost: these are detached, and the others continue.
    pub(super) async fn go_without(
        &self,
        coach: &Job,
        lease: Lease,
        jobs: Vec<JobId>,
    ) -> Result<(), Failed> {
        warn!(
            job.id = %coach.id,
            jobs = jobs.len(),
            "the leads of some members of job {} are lost", coach.id
        );
        self.ledger.split(Splitting::Without { coach: coach.id, lease, jobs }).await?;
        self.wake.notify_one();
        Ok(())
    }
}
