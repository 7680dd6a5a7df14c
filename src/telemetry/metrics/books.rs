//! Books: the metrics that mirror the ledger. They are shown from a snapshot, never added up here.

use std::time::Duration;

use prometheus::{GaugeVec, IntGaugeVec};

use super::families::{Families, number, seconds};
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::period::Period;
use crate::domain::team::TeamId;

/// What the ledger says at one moment.
#[derive(Clone, Debug, Default)]
pub struct BooksSnapshot {
    /// What each team has open.
    pub teams: Vec<OpenCredits>,
    /// How each quota stands.
    pub quotas: Vec<QuotaStanding>,
    /// How many batches have not ended, by state.
    pub batches: BatchCounts,
    /// How long the oldest reservation has been open; none where none is.
    pub oldest_unsettled: Option<Duration>,
}

/// Credits of one team that are neither spent nor free.
#[derive(Clone, Debug)]
pub struct OpenCredits {
    /// Whose.
    pub team: TeamId,
    /// Set aside for jobs under way.
    pub reserved: Amounts,
    /// Of jobs whose charge nobody could learn.
    pub unresolved: Amounts,
}

/// How one quota stands in its present period.
#[derive(Clone, Debug)]
pub struct QuotaStanding {
    /// Whose.
    pub team: TeamId,
    /// Of what.
    pub unit: Unit,
    /// Over what.
    pub period: Period,
    /// The most there may be.
    pub limit: Credits,
    /// What is left; none where it is not known.
    pub remaining: Option<Credits>,
}

/// Batches that have not ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct BatchCounts {
    /// Nothing of them was sent yet.
    pub queued: u64,
    /// Something was sent.
    pub processing: u64,
    /// The charge of something in them could not be learnt.
    pub unresolved: u64,
}

pub(super) struct BooksGauges {
    reserved: GaugeVec,
    unresolved: GaugeVec,
    quota_limit: GaugeVec,
    quota_remaining: GaugeVec,
    batches: IntGaugeVec,
    /// Without labels, but able to show nothing.
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

    /// Shows the snapshot and nothing of what was shown before.
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
        let BatchCounts { queued, processing, unresolved } = books.batches;
        for (state, count) in
            [("queued", queued), ("processing", processing), ("unresolved", unresolved)]
        {
            self.batches.with_label_values(&[state]).set(count.try_into().unwrap_or(i64::MAX));
        }
        let age = books.oldest_unsettled.map_or(0.0, seconds);
        self.oldest_unsettled.with_label_values::<&str>(&[]).set(age);
    }

    /// Shows nothing: what is not known has no value.
    pub(super) fn clear(&self) {
        self.reserved.reset();
        self.unresolved.reset();
        self.quota_limit.reset();
        self.quota_remaining.reset();
        self.oldest_unsettled.reset();
        self.batches.reset();
    }
}
