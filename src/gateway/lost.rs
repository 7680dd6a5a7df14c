//! Results that are in the ledger but no longer in the vault.
//!
//! A store that fails over, or is partially restored, may lose stored results and keep the rows
//! that refer to them. A step that would answer leads with results therefore first lists them
//! without changing anything. The vault is checked, and the step runs again without the missing
//! ones: their leads are sent like any other.

use std::collections::BTreeSet;

use tracing::warn;

use super::bodies::lost_of;
use super::{Failed, Gateway, Refusal};
use crate::domain::team::TeamId;
use crate::ledger::Ledger;
use crate::ledger::ids::{BatchId, KeptResult};
use crate::ledger::step::{Appraisal, Lost, Question, Redrive, Redriven, Refused};
use crate::ledger::transition::read::LeadReading;

/// How many leads of a batch are checked together.
const LEADS_AT_ONCE: u32 = 500;

impl Gateway {
    /// The results that the vault lacks.
    pub(super) async fn lost_of(&self, results: &[KeptResult]) -> Result<Lost, Failed> {
        let lost: BTreeSet<_> = lost_of(&self.vault, results).await?.into_iter().collect();
        if let Some(first) = lost.first() {
            self.metrics.lose_results(lost.len());
            warn!(
                results.lost = lost.len(),
                job.id = %first.at.job,
                "the vault has lost {} results that the ledger refers to; they are requested again",
                lost.len()
            );
        }
        Ok(Lost::Known(lost))
    }

    /// The outcome of an admission now, from the ledger and the vault.
    pub(super) async fn appraise(&self, question: Question) -> Result<Option<Appraisal>, Failed> {
        let ledger = self.ledger_for(&question.team);
        let appraisal = ledger.appraise(question.clone()).await?;
        let Some(Refused::Unchecked(results)) =
            appraisal.as_ref().and_then(|appraisal| appraisal.refused.as_ref())
        else {
            return Ok(appraisal);
        };
        let lost = self.lost_of(results).await?;
        Ok(ledger.appraise(Question { lost, ..question }).await?)
    }

    /// Whether results of any lead of a batch are lost.
    pub(super) async fn has_lost_results(
        &self,
        team: &TeamId,
        batch: BatchId,
    ) -> Result<bool, Refusal> {
        let ledger = self.ledger_for(team);
        let mut from = 0;
        while let Some(reading) =
            ledger.read(team.clone(), batch, from, from + LEADS_AT_ONCE).await?
        {
            let results: Vec<_> = reading.leads.iter().filter_map(LeadReading::result).collect();
            if !lost_of(&self.vault, &results).await?.is_empty() {
                return Ok(true);
            }
            from += LEADS_AT_ONCE;
            if from >= reading.batch.dispositions.submitted {
                break;
            }
        }
        Ok(false)
    }

    /// Moves leads of a batch away from a void job.
    pub(super) async fn redrive_step(&self, order: Redrive) -> Result<Redriven, Failed> {
        let driven = self.ledger.redrive(order.clone()).await?;
        if driven.unchecked.is_empty() {
            return Ok(driven);
        }
        let lost = self.lost_of(&driven.unchecked).await?;
        Ok(self.ledger.redrive(Redrive { lost, ..order }).await?)
    }
}
