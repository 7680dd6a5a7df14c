//! What entries leave open: the parts of jobs whose reservation or unresolved charge has not ended,
//! as the journal alone tells them. Whoever adopts books has nothing else to know them by.

use std::collections::BTreeMap;

use crate::domain::credits::Amounts;
use crate::domain::pricing::{Charges, Prices};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::entry::{Entry, Fact};
use crate::ledger::record::job::Part;

/// The fold of a journal into what it leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenParts(BTreeMap<(JobId, BatchId), Part>);

impl OpenParts {
    /// Adds what an entry says. Entries are given in order.
    pub fn note(&mut self, entry: &Entry) {
        match (entry.fact, entry.job, entry.batch) {
            (Fact::Opened, Some(job), Some(batch)) => self.recount(job, batch, entry),
            (_, Some(job), Some(batch)) => self.note_part(job, batch, entry),
            _ => {}
        }
    }

    /// What is open, job by job. A part of which the entries do not tell the beginning is left out.
    #[must_use]
    pub fn into_jobs(self) -> BTreeMap<JobId, Vec<Part>> {
        let mut jobs: BTreeMap<JobId, Vec<Part>> = BTreeMap::new();
        let is_whole = |amounts: Amounts| amounts.at_most(Amounts::ZERO).is_zero();
        for ((job, _), part) in self.0 {
            if is_whole(part.reserved) && is_whole(part.unresolved) {
                jobs.entry(job).or_default().push(part);
            }
        }
        jobs
    }

    fn note_part(&mut self, job: JobId, batch: BatchId, entry: &Entry) {
        let part = self.0.entry((job, batch)).or_insert_with(|| Part {
            batch,
            kept_for: None,
            team: entry.team.clone(),
            request: None,
            leads: 0,
            admitted_at: entry.dated,
            periods: Vec::new(),
            prices: Prices::PUBLISHED,
            reserved: Amounts::ZERO,
            unresolved: Amounts::ZERO,
            charged: Charges::ZERO,
            word: None,
        });
        part.periods.clone_from(&entry.periods);
        part.reserved = part.reserved.plus(entry.change.reserved);
        part.unresolved = part.unresolved.plus(entry.change.unresolved);
        part.charged = part.charged.plus(entry.charges);
        if part.reserved.is_zero() && part.unresolved.is_zero() {
            self.0.remove(&(job, batch));
        }
    }

    /// A part began to count in a period; one that is not of all time ceased to.
    fn recount(&mut self, job: JobId, batch: BatchId, opened: &Entry) {
        let Some(part) = self.0.get_mut(&(job, batch)) else { return };
        if part.counts_in_all_time() {
            part.periods.extend(opened.periods.iter().cloned());
        } else {
            part.periods.retain(|period| !opened.periods.contains(period));
        }
    }
}
