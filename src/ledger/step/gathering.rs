//! What is asked, and answered, where several jobs travel as one.

use crate::domain::request_id::RequestId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{JobId, Lease, Token};
use crate::ledger::record::job::JobLead;

/// Jobs to be gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathering {
    /// How many leads the vendor takes at once.
    pub leads_max: u32,
}

/// A coach that was filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// Its name.
    pub coach: JobId,
    /// How many jobs travel in it.
    pub jobs: u32,
    /// How many leads they have.
    pub leads: u32,
}

/// A coach to be split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Splitting {
    /// The vendor refused what was sent, and took nothing of it: each half goes on by itself.
    Refused {
        /// The coach.
        coach: JobId,
        /// The turn.
        lease: Lease,
        /// When to look again where an earlier attempt was not answered.
        quiet_until: Timestamp,
    },
    /// What some were to send is gone: these go on by themselves, before anything is sent.
    Without {
        /// The coach.
        coach: JobId,
        /// The turn.
        lease: Lease,
        /// Whose leads are gone.
        jobs: Vec<JobId>,
    },
}

/// Whether a coach was split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// It was, with every reservation as it stood.
    Apart,
    /// An earlier attempt was not answered, so the vendor may have all of it.
    StillUnknown,
}

/// What one batch has in a job, or in one of those that travel in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The job whose leads they are.
    pub job: JobId,
    /// The place in that job of the first of them.
    pub first: u32,
    /// The mark of the batch's admission, by which the vault keeps its leads; none where it is gone.
    pub token: Option<Token>,
    /// The id of the request that asked for them, where it had one.
    pub request: Option<RequestId>,
    /// The leads, in order.
    pub leads: Vec<JobLead>,
}
