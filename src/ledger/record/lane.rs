//! Lanes: jobs that have their turns apart from others.

use super::job::{Job, State, Way};
use crate::domain::time::Timestamp;
use crate::ledger::ids::JobId;

/// Jobs that have their turns apart from others: where the vendor hangs at those of one lane, those
/// of the others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Look-ups that are to be sent: somebody waits for each.
    LookUps,
    /// Batches that are to be sent.
    Submissions,
    /// All others: those that the vendor has, and those that died.
    Others,
}

/// Where a job stands among those that are due: of a lane, the longest due comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueAt {
    /// The lane.
    pub lane: Lane,
    /// When something is to be done about it.
    pub at: Timestamp,
    /// The job.
    pub job: JobId,
}

impl Lane {
    /// All of them, in the order in which they have their turns.
    pub const ALL: [Self; 3] = [Self::LookUps, Self::Submissions, Self::Others];

    /// Its name in the books.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LookUps => "look_ups",
            Self::Submissions => "submissions",
            Self::Others => "others",
        }
    }
}

impl Job {
    /// The lane that it is in.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        match (self.way, self.state) {
            (Way::LookUp, State::Ready | State::Sending | State::Unknown) => Lane::LookUps,
            (Way::Batch, State::Ready | State::Sending | State::Unknown) => Lane::Submissions,
            _ => Lane::Others,
        }
    }

    /// Where it stands among the jobs that are due; none where nothing is to be done about it.
    #[must_use]
    pub fn due_at(&self) -> Option<DueAt> {
        self.due.map(|at| DueAt { lane: self.lane(), at, job: self.id })
    }
}
