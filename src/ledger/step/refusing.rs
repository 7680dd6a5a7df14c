//! What is asked, and answered, where the vendor refuses what was sent.

use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, JobId, Lease, ResultRef};

/// A definite refusal by the vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusing {
    /// The job that was sent.
    pub job: JobId,
    /// The turn.
    pub lease: Lease,
    /// The leads that the refusal names; none where it names no lead.
    pub named: Vec<ResultRef>,
    /// How often a job may be refused before all that is left of it ends.
    pub refusals_max: u32,
    /// When to look again where an earlier attempt was not answered.
    pub quiet_until: Timestamp,
}

/// What became of a refused job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterRefusal {
    /// Nothing is left to be sent: it ended, and all that was reserved for it was released.
    Void,
    /// So many leads ended, and the rest is sent without them.
    Without(u32),
    /// No lead is to blame yet: fewer leads are sent at once.
    Narrowed,
    /// An earlier attempt was not answered, so the vendor may have all of it.
    StillUnknown,
}

/// Whether a job carries all that waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detached {
    /// Some leads were moved to a job of their own; there may be more.
    Partly,
    /// These batches wait for leads that it does not carry any more, and are to be driven off it.
    Strays(Vec<BatchId>),
    /// It does.
    Clear,
}
