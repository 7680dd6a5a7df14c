//! Why a step has no outcome.

use super::draft::Fault;

/// Why a step has no outcome, by what its caller can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It was certainly not taken: ask again, or later.
    #[error("the step was not written: {0}")]
    NotApplied(String),
    /// It may have been taken: ask again with the same ids, and assume nothing.
    #[error("the step may have been written: {0}")]
    Unknown(String),
    /// Another has the job's turn, or the job has moved on: stop.
    #[error("another worker has the job's lease")]
    Fenced,
    /// The store is not the one whose books these are: stop all that costs.
    #[error("the store holds a different ledger than before")]
    WrongEpoch,
    /// It was taken but may be lost: do not act on it.
    #[error("the step was written but is not yet durable")]
    NotDurable,
    /// The books contradict themselves: a fault of this program or of the store.
    #[error("the books contradict themselves: {0}")]
    Invariant(String),
}

/// What a ledger answers.
pub type Outcome<T> = Result<T, LedgerError>;

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Fenced => Self::Fenced,
            Fault::Invariant(what) => Self::Invariant(what),
            Fault::Store(why) => Self::NotApplied(why),
        }
    }
}
