//! How far the spend of quotas that are new in the middle of a period has been counted.

use crate::domain::credits::{Credits, Unit};
use crate::domain::period::PeriodId;
use crate::ledger::ids::JobId;

/// The quotas of a team that are being counted, and how far the count has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// What was found so far, period by period.
    pub periods: Vec<Counted>,
    /// Where the next step goes on.
    pub cursor: Cursor,
}

/// What was spent in a period by journal entries that did not count in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Of what.
    pub unit: Unit,
    /// The period.
    pub period: PeriodId,
    /// How much, so far.
    pub spent: Credits,
}

/// Where a count goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// With the jobs after this one; none for the first. From then on they count in the periods.
    Jobs(Option<JobId>),
    /// With the journal entries below this number, backwards.
    Entries(u64),
}
