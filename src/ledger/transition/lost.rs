//! What entries leave open: the parts of jobs whose reservation or unresolved charge has not ended,
//! as the journal alone tells them. Whoever adopts books has nothing else to know them by.

use std::collections::BTreeMap;

use crate::domain::credits::{Amounts, Unit};
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
            (Fact::Opened, ..) => self.count_in_more(entry),
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
        // A part only ever counts in more periods.
        part.periods.clone_from(&entry.periods);
        part.reserved = part.reserved.plus(entry.change.reserved);
        part.unresolved = part.unresolved.plus(entry.change.unresolved);
        part.charged = part.charged.plus(entry.charges);
        if part.reserved.is_zero() && part.unresolved.is_zero() {
            self.0.remove(&(job, batch));
        }
    }

    /// A quota began to be counted: what is open since its period began counts in it, too.
    fn count_in_more(&mut self, opened: &Entry) {
        let new: Vec<_> =
            opened.periods.iter().filter_map(|(unit, id)| Some((*unit, id.span()?))).collect();
        let counts = |part: &&mut Part| part.team == opened.team && part.counts_in_all_time();
        for part in self.0.values_mut().filter(counts) {
            for (unit, span) in &new {
                let period: (Unit, _) = (*unit, span.id.clone());
                if span.contains(part.admitted_at) && !part.periods.contains(&period) {
                    part.periods.push(period);
                }
            }
        }
    }
}
