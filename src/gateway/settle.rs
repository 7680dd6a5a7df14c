//! Settlement of a job with the vendor's answer, some leads in each step.

use std::sync::Arc;

use tracing::{error, info, warn};

use super::bodies::{forget, keep_results};
use super::evidence::Answer;
use super::{Failed, Gateway};
use crate::domain::request_id::RequestId;
use crate::ledger::Ledger;
use crate::ledger::ids::{JobId, KeptResult, Lease};
use crate::ledger::record::job::Job;
use crate::ledger::step::{Settled, Settlement, settlement_steps};
use crate::ledger::table::SETTLED_AT_ONCE;
use crate::telemetry::metrics::Stray;

impl Gateway {
    /// Settles a job. Each step stores its results before the ledger refers to them, and is
    /// repeated while the store is not available, so that the answer is not read again.
    pub(super) async fn settle(
        &self,
        job: &Job,
        lease: Lease,
        answer: Arc<Answer>,
    ) -> Result<(), Failed> {
        let settling = self.settle_in_steps(job, lease, &answer);
        self.keeping(job.id, lease, settling).await?;
        self.forget_marks(job.id);
        Ok(())
    }

    async fn settle_in_steps(
        &self,
        job: &Job,
        lease: Lease,
        answer: &Answer,
    ) -> Result<(), Failed> {
        let settled_to = match job.leads {
            ..=SETTLED_AT_ONCE => 0,
            _ if job.is_coach() => 0,
            _ => self.ledger.settled_to(job.id).await?,
        };
        if settled_to == 0 {
            self.report_strays(job.id, answer);
        }
        for step in settlement_steps(&answer.places()) {
            let first = u32::try_from(step.start).unwrap_or(u32::MAX);
            if first < settled_to {
                continue;
            }
            let settled = self
                .hand_in(|| self.settle_step(job, lease, first, &answer.leads[step.clone()]))
                .await?;
            self.report_settlement(job, &settled);
        }
        Ok(())
    }

    async fn settle_step(
        &self,
        job: &Job,
        lease: Lease,
        first: u32,
        leads: &[super::evidence::LeadAnswer],
    ) -> Result<Settled, Failed> {
        let results_expire_at = self.clock.now().after(self.settings.results_ttl());
        let results: Vec<_> =
            leads.iter().filter_map(|lead| Some((lead.at, lead.sections.clone()?))).collect();
        let mine: Vec<_> =
            results.iter().map(|(at, _)| KeptResult { at: *at, turn: lease }).collect();
        keep_results(&self.vault, lease, results, job.reveals, results_expire_at).await?;
        let evidence = leads.iter().map(|lead| lead.evidence.clone()).collect();
        let settlement =
            Settlement { job: job.id, turn: lease, first, evidence, results_expire_at };
        let settled = self.ledger.settle(settlement).await?;
        if settled.turn != lease {
            // Another worker settled these leads: nothing refers to the results stored here.
            forget(&self.vault, &mine).await?;
        }
        forget(&self.vault, &settled.removed).await?;
        Ok(settled)
    }

    /// Credits all joiners of a settled job.
    pub(super) async fn credit_joiners(&self, job: JobId) -> Result<(), Failed> {
        loop {
            let credited = self.ledger.credit_joiners(job).await?;
            for (team, avoided) in &credited.avoided {
                self.metrics.avoid(team, *avoided);
            }
            if credited.is_all {
                return Ok(());
            }
        }
    }

    fn report_strays(&self, job: JobId, answer: &Answer) {
        let Answer { unmatched, extras, .. } = *answer;
        self.metrics.meet_strays(Stray::Unmatched, unmatched);
        self.metrics.meet_strays(Stray::Extra, extras);
        if unmatched + extras > 0 {
            warn!(job.id = %job, unmatched, extras, "leads and results of job {job} do not match");
        }
    }

    fn report_settlement(&self, job: &Job, settled: &Settled) {
        if !settled.is_first {
            return;
        }
        for part in &settled.parts {
            let team = &part.team;
            self.metrics.spend(team, &part.charged);
            if !part.exceeded.is_zero() {
                self.metrics.adjust_beyond_reservation();
                error!(
                    batch.id = %part.batch,
                    %team,
                    credits.exceeded = %part.exceeded,
                    "batch {} was charged beyond its reservation", part.batch
                );
            }
            let charged = part.charged.amounts();
            info!(
                batch.id = %part.batch,
                job.id = %job.id,
                %team,
                request.id = part.request.as_ref().map(RequestId::as_str),
                credits.charged = %charged,
                credits.unresolved = %part.unresolved,
                "settled batch {} for {charged}", part.batch
            );
        }
        for (team, avoided) in &settled.avoided {
            self.metrics.avoid(team, *avoided);
        }
        for ((team, outcome), count) in &settled.outcomes {
            self.metrics.come_to(team, outcome.name(), *count);
            self.watch_outcome(team, *outcome, *count);
        }
        for _ in 0..settled.perhaps_free {
            self.metrics.book_find_in_margin();
        }
    }
}
