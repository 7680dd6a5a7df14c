//! Requests that may be asked again, and how one is told.

use std::time::Duration;

use crate::domain::identity::keys::{ReplayKey, RequestKey};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::BatchId;

/// A request that was admitted: asked again, its batch is the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// What was asked.
    pub request: RequestKey,
    /// What it became.
    pub became: Became,
    /// From when on it is a new request.
    pub until: Timestamp,
    /// The team against whose limit of keys it counts; none where it counts against none.
    pub counts_for: Option<TeamId>,
}

/// What a request became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// A caller's batch.
    Batch(BatchId),
    /// An entry of the journal, which an operator asked for.
    Entry(u64),
}

/// How an admission that is a retry is told from a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// What its first admission is found by.
    pub key: ReplayKey,
    /// What is asked.
    pub request: RequestKey,
    /// Who says that it is a retry.
    pub by: ToldBy,
    /// For how long from its first admission.
    pub window: Duration,
    /// How long a batch is readable from its end: there is no answering with one that is not.
    pub batch_ttl: Duration,
    /// A batch that has lost results: it answers its caller's key, and no request that only asks the
    /// same.
    pub lost: Option<BatchId>,
}

/// Who says that a request is a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldBy {
    /// Its caller, by a key: it is answered whatever became of its batch, and another request by
    /// that key is refused.
    Caller,
    /// Only that it asks the same: where nothing came of its batch, it is a new request.
    Content,
}
