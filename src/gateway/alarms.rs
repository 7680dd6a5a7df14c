//! Alarms: a team whose leads come to nothing unusually often within an hour, by this process's count.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::warn;

use super::Gateway;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::step::Outcome;

const HOUR: Duration = Duration::from_hours(1);

/// From how many leads of a team in an hour there is an alarm; zero for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmThresholds {
    /// Leads for which no person was found.
    pub not_found: u32,
    /// Leads of persons who are to be forgotten.
    pub removed: u32,
    /// Leads whose answer contradicted an alias.
    pub contradicted: u32,
}

/// The hours that are being counted.
#[derive(Debug, Default)]
pub(super) struct Alarms(Mutex<BTreeMap<(TeamId, Outcome), Hour>>);

/// What was counted since this moment.
#[derive(Clone, Copy, Debug)]
struct Hour {
    began: Timestamp,
    leads: u64,
    is_reported: bool,
}

impl AlarmThresholds {
    fn of(self, outcome: Outcome) -> Option<u64> {
        let threshold = match outcome {
            Outcome::Found => 0,
            Outcome::NotFound => self.not_found,
            Outcome::Removed => self.removed,
            Outcome::Contradicted => self.contradicted,
        };
        (threshold > 0).then_some(threshold.into())
    }
}

impl Alarms {
    /// Counts leads of a team. Returns how many there are in this hour if they have just reached the
    /// threshold.
    fn count(
        &self,
        team: &TeamId,
        outcome: Outcome,
        leads: u64,
        threshold: u64,
        now: Timestamp,
    ) -> Option<u64> {
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hours.retain(|_, hour| now.since(hour.began) < HOUR);
        let hour = hours.entry((team.clone(), outcome)).or_insert(Hour {
            began: now,
            leads: 0,
            is_reported: false,
        });
        hour.leads = hour.leads.saturating_add(leads);
        let is_reached = hour.leads >= threshold && !hour.is_reported;
        hour.is_reported |= is_reached;
        is_reached.then_some(hour.leads)
    }
}

impl Gateway {
    /// Counts what leads of a team came to, and warns once in an hour where that is unusual.
    pub(super) fn watch_outcome(&self, team: &TeamId, outcome: Outcome, leads: u64) {
        // The counters of a team are shown at 0 from its first answer.
        for watched in [Outcome::NotFound, Outcome::Removed, Outcome::Contradicted] {
            self.metrics.raise_alarms(team, watched.name(), 0);
        }
        let Some(threshold) = self.settings.alarms.of(outcome) else { return };
        let now = self.clock.now();
        if let Some(leads) = self.alarms.count(team, outcome, leads, threshold, now) {
            let outcome = outcome.name();
            self.metrics.raise_alarms(team, outcome, 1);
            warn!(
                %team, outcome, leads,
                "{leads} leads of {team} came to {outcome} within an hour, which is unusual: see \
                 alarms.{outcome}_per_hour"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_a_team_that_reaches_the_threshold_is_reported_once() {
        let alarms = Alarms::default();
        let [sales, growth] = ["sales", "growth"].map(|name| name.parse::<TeamId>().unwrap());
        let began = Timestamp::from_millis(0);
        let count = |team, outcome, leads, now| alarms.count(team, outcome, leads, 10, now);
        assert_eq!(count(&sales, Outcome::NotFound, 9, began), None);
        assert_eq!(count(&growth, Outcome::NotFound, 9, began), None, "each team has its own hour");
        assert_eq!(count(&sales, Outcome::Removed, 9, began), None, "and each outcome");
        assert_eq!(count(&sales, Outcome::NotFound, 3, began.after(HOUR / 2)), Some(12));
        assert_eq!(count(&sales, Outcome::NotFound, 30, began.after(HOUR / 2)), None);
        assert_eq!(count(&sales, Outcome::NotFound, 9, began.after(HOUR)), None, "the next hour");
        assert_eq!(count(&sales, Outcome::NotFound, 1, began.after(HOUR)), Some(10));
        assert_eq!(alarms.0.lock().unwrap().len(), 1, "hours that are over are not kept");
    }

    #[test]
    fn a_threshold_of_zero_is_none() {
        let thresholds = AlarmThresholds { removed: 1, ..AlarmThresholds::default() };
        let of = [Outcome::Found, Outcome::NotFound, Outcome::Removed, Outcome::Contradicted];
        assert_eq!(of.map(|outcome| thresholds.of(outcome)), [None, None, Some(1), None]);
    }
}
