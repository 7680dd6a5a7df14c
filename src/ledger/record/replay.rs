//! Requests that may be asked again, and how one is told.

use crate::domain::identity::keys::RequestKey;
use crate::domain::time::Timestamp;
use crate::ledger::ids::BatchId;

/// A request that was admitted: asked again, its batch is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// What was asked.
    pub request: RequestKey,
    /// The batch that it became.
    pub batch: BatchId,
    /// From when on it is a new request.
    pub until: Timestamp,
}
