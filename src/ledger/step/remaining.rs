//! What is left of a team's quotas and limits.

use std::time::Duration;

use crate::domain::credits::{Credits, Unit};
use crate::domain::period::{Period, Span};
use crate::domain::team::TeamId;
use crate::domain::team_limits::Measure;
use crate::domain::time::Timestamp;

/// What is left of each quota of a team, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// The quotas.
    pub quotas: Vec<QuotaLeft>,
    /// Its limits, where a request was judged by them.
    pub limits: Vec<LimitLeft>,
}

/// What is left of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitLeft {
    /// Of what.
    pub measure: Measure,
    /// The limit.
    pub limit: u64,
    /// What is left; zero where more is used than it now allows.
    pub remaining: u64,
    /// When counting begins again; none for what is given back.
    pub resets: Option<Reset>,
}

/// A limit that a request would exceed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// Whose.
    pub team: TeamId,
    /// Of what.
    pub measure: Measure,
    /// The limit.
    pub limit: u64,
    /// What is used.
    pub used: u64,
    /// What the request adds.
    pub needed: u64,
    /// When counting begins again; none for what is given back.
    pub resets: Option<Reset>,
}

/// What is left of one quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaLeft {
    /// Of what.
    pub unit: Unit,
    /// Over which period.
    pub period: Period,
    /// The quota.
    pub limit: Credits,
    /// What is left; zero where more is used than it now allows.
    pub remaining: Credits,
    /// When its present period ends; none for all time.
    pub resets: Option<Reset>,
}

/// The end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// How long the period is in all, which its zone's clocks may change by an hour.
    pub lasts: Duration,
    /// How soon it ends.
    pub ends_in: Duration,
}

impl Remaining {
    /// What is left of the tightest quota of a unit; none where there is no quota of it.
    #[must_use]
    pub fn tightest(&self, unit: Unit) -> Option<Credits> {
        self.quotas.iter().filter(|left| left.unit == unit).map(|left| left.remaining).min()
    }
}

impl Reset {
    /// The end of the period that `now` lies in; none for all time.
    #[must_use]
    pub fn of(span: &Span, now: Timestamp) -> Option<Self> {
        let ends = span.ends?;
        Some(Self { lasts: ends.since(span.starts), ends_in: ends.since(now) })
    }
}
