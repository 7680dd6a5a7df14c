//! Metrics of the ledger's state. They are set from a snapshot and never summed up here.

use std::time::Duration;

use prometheus::{GaugeVec, IntGaugeVec};

use super::families::{Families, number, seconds};
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::period::Period;
use crate::domain::team::TeamId;
use crate::domain::team_limits::Measure;

/// The state of the ledger at one moment.
#[derive(Clone, Debug, Default)]
pub struct BooksSnapshot {
    /// Reserved and unresolved credits of each team.
    pub teams: Vec<OpenCredits>,
    /// The state of each quota.
    pub quotas: Vec<QuotaStanding>,
    /// The state of each limit of a team.
    pub limits: Vec<LimitStanding>,
    /// The number of batches that have not ended, by state.
    pub batches: BatchCounts,
    /// The age of the oldest open reservation, if there is one.
    pub oldest_unsettled: Option<Duration>,
}

/// Reserved and unresolved credits of one team.
#[derive(Clone, Debug)]
pub struct OpenCredits {
    /// The team.
    pub team: TeamId,
    /// Reserved for jobs in progress.
    pub reserved: Amounts,
    /// Credits of jobs of which it is not known whether the vendor charged them.
    pub unresolved: Amounts,
}

/// The state of one limit of a team.
#[derive(Clone, Debug)]
pub struct LimitStanding {
    /// The team.
    pub team: TeamId,
    /// What is counted.
    pub measure: Measure,
    /// The limit, if there is one.
    pub limit: Option<u64>,
    /// What counts towards it.
    pub used: u64,
}

/// The state of one quota in its current period.
#[derive(Clone, Debug)]
pub struct QuotaStanding {
    /// The team.
    pub team: TeamId,
    /// Its unit.
    pub unit: Unit,
    /// Its period.
    pub period: Period,
    /// The limit.
    pub limit: Credits,
    /// The remainder; `None` if it is not known.
    pub remaining: Option<Credits>,
}

/// Batches that have not ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct BatchCounts {
    /// Nothing was sent yet.
    pub queued: u64,
    /// Something was sent.
    pub processing: u64,
    /// They have unresolved credits.
    pub unresolved: u64,
}

pub(super) struct BooksGauges {
    reserved: GaugeVec,
    unresolved: GaugeVec,
    quota_limit: GaugeVec,
    quota_remaining: GaugeVec,
    limits: IntGaugeVec,
    limits_used: IntGaugeVec,
    batches: IntGaugeVec,
    /// A family without labels, because a plain gauge cannot be absent.
    oldest_unsettled: GaugeVec,
}

impl BooksGauges {
    pub(super) fn new(families: &Families<'_>) -> Self {
        let quota = ["team", "unit", "period"];
        Self {
            reserved: families.gauges(
                "tollgate_credits_reserved",
                &["team", "unit"],
                "Credits reserved for jobs in progress.",
            ),
            unresolved: families.gauges(
                "tollgate_credits_unresolved",
                &["team", "unit"],
                "Reserved credits of jobs of which it is not known whether the vendor charged \
                 them.",
            ),
            quota_limit: families.gauges(
                "tollgate_quota_limit_credits",
                &quota,
                "Quota: limit of spent, reserved and unresolved credits of a team in a period.",
            ),
            quota_remaining: families.gauges(
                "tollgate_quota_remaining_credits",
                &quota,
                "Remainder of a quota in its current period; absent when unknown.",
            ),
            limits: families.whole_gauges(
                "tollgate_team_limit",
                &["team", "limit"],
                "The most that a team may have under way, kept or submitted; absent without a limit.",
            ),
            limits_used: families.whole_gauges(
                "tollgate_team_limit_used",
                &["team", "limit"],
                "What counts towards a limit of a team.",
            ),
            batches: families.whole_gauges(
                "tollgate_batches",
                &["state"],
                "Batches that have not ended, by state.",
            ),
            oldest_unsettled: families.gauges(
                "tollgate_oldest_unsettled_seconds",
                &[],
                "Age of the oldest open reservation; 0 if there is none.",
            ),
        }
    }

    /// Shows the snapshot in place of everything that was shown before.
    pub(super) fn show(&self, books: &BooksSnapshot) {
        self.clear();
        for OpenCredits { team, reserved, unresolved } in &books.teams {
            for unit in Unit::ALL {
                let labels = [team.as_str(), unit.name()];
                self.reserved.with_label_values(&labels).set(number(reserved.in_unit(unit)));
                self.unresolved.with_label_values(&labels).set(number(unresolved.in_unit(unit)));
            }
        }
        for QuotaStanding { team, unit, period, limit, remaining } in &books.quotas {
            let labels = [team.as_str(), unit.name(), period.name()];
            self.quota_limit.with_label_values(&labels).set(number(*limit));
            if let Some(remaining) = remaining {
                self.quota_remaining.with_label_values(&labels).set(number(*remaining));
            }
        }
        for LimitStanding { team, measure, limit, used } in &books.limits {
            let labels = [team.as_str(), measure.name()];
            if let Some(limit) = limit {
                self.limits.with_label_values(&labels).set(whole(*limit));
            }
            self.limits_used.with_label_values(&labels).set(whole(*used));
        }
        let BatchCounts { queued, processing, unresolved } = books.batches;
        for (state, count) in
            [("queued", queued), ("processing", processing), ("unresolved", unresolved)]
        {
            self.batches.with_label_values(&[state]).set(whole(count));
        }
        let age = books.oldest_unsettled.map_or(0.0, seconds);
        self.oldest_unsettled.with_label_values::<&str>(&[]).set(age);
    }

    /// Shows nothing: unknown values are absent.
    pub(super) fn clear(&self) {
        self.reserved.reset();
        self.unresolved.reset();
        self.quota_limit.reset();
        self.quota_remaining.reset();
        self.limits.reset();
        self.limits_used.reset();
        self.oldest_unsettled.reset();
        self.batches.reset();
    }
}

fn whole(count: u64) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
