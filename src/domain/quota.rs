//! Quotas: the most a team may have spent, reserved and unresolved in a period.

use std::fmt;
use std::str::FromStr;

use super::credits::{Credits, Unit};
use super::period::{Period, Span, Zone};
use super::time::Timestamp;

/// One bound on a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What is counted.
    pub unit: Unit,
    /// For how long.
    pub period: Period,
    /// The most that may be spent, reserved and unresolved.
    pub limit: Credits,
    /// Where the period begins and ends.
    pub zone: Zone,
    /// What happens past it.
    pub action: Action,
}

/// What happens to a request that does not fit a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is refused.
    Refuse,
    /// It goes through, and is counted and logged.
    Warn,
}

impl Action {
    /// `refuse` or `warn`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
        }
    }
}

/// Why a text is no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an action is one of: refuse, warn")]
pub struct NotAnAction;

impl FromStr for Action {
    type Err = NotAnAction;

    fn from_str(text: &str) -> Result<Self, NotAnAction> {
        [Self::Refuse, Self::Warn].into_iter().find(|a| a.name() == text).ok_or(NotAnAction)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Quota {
    /// The quota's period that `moment` lies in.
    #[must_use]
    pub fn span(&self, moment: Timestamp) -> Span {
        self.period.span(&self.zone, moment)
    }

    /// Whether two quotas count into the same tallies; limit and action may differ.
    #[must_use]
    pub fn counts_as(&self, other: &Self) -> bool {
        self.unit == other.unit
            && self.period == other.period
            && (self.period == Period::Total || self.zone == other.zone)
    }
}
