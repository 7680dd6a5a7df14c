//! How far the settlement of a job has come that takes several steps.

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::domain::time::Timestamp;
use crate::ledger::record::job::Job;

/// What the steps of a settlement have added up so far. The credits move with the last step, so that
/// the reservation covers the job until then.
///
/// It is a row of its own, beside the job: leads that join the job validate the job's row, and must
/// not collide with each step of its settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The place in the job of the next lead to be settled.
    pub next: u32,
    /// When the vault forgets the last of the results that are settled.
    pub results_until: Option<Timestamp>,
    /// Each part's sums, in the order of the parts.
    pub parts: Vec<PartProgress>,
}

/// What the leads of one part cost that are settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartProgress {
    /// Charged by the gate.
    pub charged: Charges,
    /// The worst case of leads whose answer could not be matched.
    pub unmatched: Amounts,
    /// What an operator said the part was charged, before its settlement came to the end.
    pub word: Option<Amounts>,
}

impl Progress {
    /// Nothing is settled yet.
    #[must_use]
    pub fn begin(job: &Job) -> Self {
        Self { next: 0, results_until: None, parts: vec![PartProgress::default(); job.parts.len()] }
    }
}
