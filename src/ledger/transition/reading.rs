//! What a team reads of a batch.

use std::time::Duration;

use crate::domain::credits::Amounts;
use crate::domain::time::Timestamp;
use crate::ledger::ids::KeptResult;
use crate::ledger::record::batch::Batch;

/// A batch as its team sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The batch.
    pub batch: Batch,
    /// Where it stands.
    pub status: Status,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When the vault forgets the first of what it is read from.
    pub sealed_until: Option<Timestamp>,
    /// What it was charged, once all it pays for is settled.
    pub spent: Option<Amounts>,
    /// When the soonest of its jobs is looked at again.
    pub next_look: Option<Timestamp>,
    /// Whether each job that it waits for is to be sent, for the first time or again.
    pub waits_to_be_sent: bool,
    /// The leads of the range that was asked for, in order.
    pub leads: Vec<LeadReading>,
}

impl Reading {
    /// Until when an ended batch can be read: for its time, and while all is there that it is read
    /// from. A longer time that settings say since brings nothing back.
    #[must_use]
    pub fn readable_until(&self, batch_ttl: Duration) -> Option<Timestamp> {
        let ended_at = self.ended_at?;
        let sealed_until = self.sealed_until.filter(|until| *until > ended_at);
        sealed_until.into_iter().chain([ended_at.after(batch_ttl)]).min()
    }
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing of it has been sent.
    Queued,
    /// Something of it is under way.
    Processing,
    /// It ended, and some lead was answered.
    Completed,
    /// Its caller cancelled it.
    Canceled,
    /// It ended, and no lead was answered.
    Error,
}

impl Status {
    /// `queued`, `processing`, `completed`, `canceled` or `error`, as the vendor says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::Error => "error",
        }
    }

    /// Whether nothing more will come.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Canceled | Self::Error)
    }
}

/// How one lead reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadReading {
    /// No answer yet.
    Pending,
    /// A person; the result is in the vault. What its job asked decides what passes.
    Found(KeptResult),
    /// Nobody.
    NotFound,
    /// The person was removed: the echo is erased, too.
    Removed,
    /// No answer, for good.
    Failed(Failure),
}

impl LeadReading {
    /// Whether that is an answer.
    pub(super) const fn is_answer(&self) -> bool {
        match self {
            Self::Found(_) | Self::NotFound | Self::Removed => true,
            Self::Pending | Self::Failed(_) => false,
        }
    }

    /// Its result, where a person was found.
    #[must_use]
    pub const fn result(&self) -> Option<KeptResult> {
        match self {
            Self::Found(result) => Some(*result),
            Self::Pending | Self::NotFound | Self::Removed | Self::Failed(_) => None,
        }
    }
}

/// Why a lead has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Its own team's quotas, or its caller's limits, did not allow its send.
    InsufficientCredits,
    /// The vendor refused it, being out of credits itself.
    VendorCredits,
    /// Nobody could learn what became of it.
    Unresolved,
    /// The vendor failed on it, or it could not be sent.
    VendorError,
    /// The vendor refused it; the vault keeps what the vendor said, if it said anything.
    Refused,
    /// It was answered, and the store has lost the answer.
    Lost,
    /// Its batch was cancelled before it was answered.
    Canceled,
}
