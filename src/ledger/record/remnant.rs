//! Remnants: chunks that are left of large batches and jobs that were swept.

use crate::ledger::ids::{BatchId, JobId};

/// An owner that was swept, of whose chunks some are left: it was too large for one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remnant {
    /// Slots of a batch.
    Slots(BatchId),
    /// Leads and answers of a job.
    Leads(JobId),
}
