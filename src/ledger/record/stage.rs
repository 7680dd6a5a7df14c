//! Stages: which jobs are open, and how. Metrics and operators' lists count and list jobs by these rows,
//! so that neither looks at every job.

use super::job::{Job, State};
use crate::ledger::ids::JobId;

/// How a job is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing of it was sent.
    Queued,
    /// It may be with the vendor.
    Processing,
    /// Credits of it are unresolved, whatever its state.
    Unresolved,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Queued, Self::Processing, Self::Unresolved];

    /// `queued`, `processing` or `unresolved`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Unresolved => "unresolved",
        }
    }
}

/// A row of the index: this job is at this stage.
pub type StageAt = (Stage, JobId);

impl Job {
    /// The stage of what travels as this job; none once it has ended. A gathered job is where its
    /// combined job is.
    #[must_use]
    pub const fn travel_stage(&self) -> Option<Stage> {
        match self.state {
            State::Ready => Some(Stage::Queued),
            State::Sending | State::Unknown | State::Bound => Some(Stage::Processing),
            State::Gathered(_)
            | State::Unresolved(_)
            | State::Resolved
            | State::Done
            | State::Void(_) => None,
        }
    }

    /// Whether anything of it is unresolved.
    #[must_use]
    pub fn has_unresolved(&self) -> bool {
        self.parts.iter().any(|part| !part.unresolved.is_zero())
    }
}
