//! Restoring lost results of ended batches from the vendor's batch.
//!
//! A reader that encounters a lost result makes its job due, at most every few minutes, and
//! continues without it. The job then polls the vendor as usual, matches the answer as the
//! settlement did, and stores the missing results under their old keys. Reading by the vendor's id
//! is free, and nothing is charged. Results that the vendor no longer has stay lost.

use std::collections::{BTreeMap, BTreeSet};

use tracing::{debug, info};

use super::bodies::{forget, keep_results, lost_of};
use super::evidence::{LeadAnswer, read_evidence};
use super::look::Looked;
use super::readers::Requests;
use super::{Failed, Gateway};
use crate::domain::person::Sections;
use crate::ledger::ids::{JobId, KeptResult, Lease, ResultRef};
use crate::ledger::record::job::Job;
use crate::ledger::step::Evidence;
use crate::ledger::table::SETTLED_AT_ONCE;
use crate::ledger::transition::restore::ToKeep;
use crate::ledger::{Ledger, LedgerError};
use crate::vendor::Batch;

impl Gateway {
    /// Schedules lost results to be read again in the background.
    pub(super) fn want_restored(&self, lost: impl IntoIterator<Item = KeptResult>) {
        let jobs: BTreeSet<_> = lost.into_iter().map(|result| result.at.job).collect();
        if jobs.is_empty() {
            return;
        }
        let gateway = self.clone();
        self.tasks.spawn(async move {
            match gateway.ledger.restore(jobs).await {
                Ok(0) => {}
                Ok(_) => gateway.wake.notify_one(),
                // The next reader schedules it again.
                Err(error) => {
                    debug!(%error, "lost results could not be scheduled to be read again");
                }
            }
        });
    }

    /// Processes a settled job whose results are to be read again.
    pub(super) async fn restore(
        &self,
        job: Job,
        lease: Lease,
        mut requests: Requests,
    ) -> Result<(), Failed> {
        let Some(vendor_id) = job.vendor_id else {
            return Ok(self.ledger.reschedule(job.id, lease, None).await?);
        };
        let looking = async { Ok(self.look(&job, vendor_id, &mut requests).await) };
        match self.while_kept(job.id, lease, looking).await? {
            Looked::Ended(batch) => match self.keep_again(&job, batch).await {
                // The job of a lead was swept meanwhile.
                Ok(()) | Err(Failed::Ledger(LedgerError::Fenced)) => {}
                Err(failed) => return Err(failed),
            },
            Looked::NotAsked => {
                let next = self.clock.now().after(self.settings.poll_interval_min);
                return Ok(self.ledger.reschedule(job.id, lease, Some(next)).await?);
            }
            Looked::Running { .. } | Looked::Unread(_) => {}
        }
        self.forget_marks(job.id);
        Ok(self.ledger.reschedule(job.id, lease, None).await?)
    }

    /// Stores those results of a job that the vault lacks.
    async fn keep_again(&self, job: &Job, batch: Batch) -> Result<(), Failed> {
        let load = self.load(job).await?;
        let Some(answer) = read_evidence(&self.keyer, job.reveals, &load, batch) else {
            return Ok(());
        };
        let mut rows: BTreeMap<(JobId, u32), Vec<LeadAnswer>> = BTreeMap::new();
        for lead in answer.leads {
            let ResultRef { job, index } = lead.at;
            rows.entry((job, index / SETTLED_AT_ONCE)).or_default().push(lead);
        }
        let mut restored = 0;
        for ((of, row), leads) in rows {
            let at = ResultRef { job: of, index: row * SETTLED_AT_ONCE };
            restored += self.keep_row_again(job, at, leads).await?;
        }
        if restored > 0 {
            info!(job.id = %job.id, results = restored, "restored {restored} lost results");
        }
        Ok(())
    }

    /// The same for leads that were settled in one step. Returns how many it stored.
    async fn keep_row_again(
        &self,
        job: &Job,
        at: ResultRef,
        leads: Vec<LeadAnswer>,
    ) -> Result<usize, Failed> {
        let to_keep = self.ledger.to_keep(at).await?;
        let results: Vec<_> = to_keep.iter().map(|kept| kept.result).collect();
        let lost = lost_of(&self.vault, &results).await?;
        let (Some(one), false) = (to_keep.first(), lost.is_empty()) else { return Ok(0) };
        let sections = |lead: LeadAnswer| sections_of(lead, &to_keep, &lost);
        let found: Vec<_> = leads.into_iter().filter_map(sections).collect();
        let kept: Vec<_> =
            found.iter().map(|(at, _)| KeptResult { at: *at, ..one.result }).collect();
        keep_results(&self.vault, one.result.turn, found, job.reveals, one.until).await?;
        // A person erased in the meantime was erased from a vault without these results.
        let mut removed = kept.clone();
        for still in self.ledger.to_keep(at).await? {
            removed.retain(|result| *result != still.result);
        }
        forget(&self.vault, &removed).await?;
        Ok(kept.len() - removed.len())
    }
}

/// The person of a lead, if it is the one in the ledger and its result is lost.
fn sections_of(
    lead: LeadAnswer,
    to_keep: &[ToKeep],
    lost: &[KeptResult],
) -> Option<(ResultRef, Sections)> {
    let Evidence::Found { person, .. } = lead.evidence else { return None };
    let known = to_keep.iter().find(|kept| kept.result.at == lead.at)?;
    let is_same = known.person == person && lost.contains(&known.result);
    lead.sections.filter(|_| is_same).map(|sections| (lead.at, sections))
}
