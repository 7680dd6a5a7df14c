//! Quotas: limits of a team's spent, reserved and unresolved credits in a period.

use std::fmt;
use std::str::FromStr;

use super::credits::{Credits, Unit};
use super::period::{Period, Span, Zone};
use super::time::Timestamp;

/// One quota of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What is counted.
    pub unit: Unit,
    /// Its period.
    pub period: Period,
    /// The limit of spent, reserved and unresolved credits together.
    pub limit: Credits,
    /// The time zone of the period.
    pub zone: Zone,
    /// What happens if it is exceeded.
    pub action: Action,
}

/// What happens to a request that does not fit a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is refused.
    Refuse,
    /// It is admitted, counted and logged.
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

/// Why a text is not an action.
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
    /// The period of the quota that contains `moment`.
    #[must_use]
    pub fn span(&self, moment: Timestamp) -> Span {
        self.period.span(&self.zone, moment)
    }

    /// Whether two quotas use the same counters; limit and action may differ.
    #[must_use]
    pub fn counts_as(&self, other: &Self) -> bool {
        self.unit == other.unit
            && self.period == other.period
            && (self.period == Period::Total || self.zone == other.zone)
    }
}
