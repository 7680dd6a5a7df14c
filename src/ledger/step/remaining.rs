//! What is left of a team's quotas.

use std::time::Duration;

use crate::domain::credits::{Credits, Unit};
use crate::domain::period::{Period, Span};
use crate::domain::time::Timestamp;

/// What is left of each quota of a team, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// The quotas.
    pub quotas: Vec<QuotaLeft>,
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
