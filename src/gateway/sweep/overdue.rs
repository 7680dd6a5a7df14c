//! The delay of sweeping, which is reported if it is too long.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::kind::{Kind, Pace};
use crate::domain::time::Timestamp;

/// The delay after which operators are informed.
const TOLD_AFTER: Duration = Duration::from_hours(1);

/// The delay of each kind.
pub(in crate::gateway) struct Overdue {
    kinds: Mutex<BTreeMap<Kind, Standing>>,
}

/// The state of a kind.
#[derive(Clone, Debug)]
struct Standing {
    /// Rows that had expired by then are removed.
    clean_since: Timestamp,
    /// Why the last slice failed, if it did.
    error: Option<String>,
    /// Whether the delay was logged.
    is_told: bool,
}

impl Overdue {
    /// Nothing is overdue at the start.
    pub(in crate::gateway) fn new(now: Timestamp) -> Self {
        let standing = Standing { clean_since: now, error: None, is_told: false };
        let kinds = Kind::ALL.map(|kind| (kind, standing.clone()));
        Self { kinds: Mutex::new(kinds.into()) }
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<Kind, Standing>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A round that began then is complete.
    pub(super) fn complete(&self, kind: Kind, began: Timestamp) {
        if let Some(standing) = self.kinds().get_mut(&kind) {
            *standing = Standing { clean_since: began, error: None, is_told: false };
        }
    }

    /// A slice failed.
    pub(super) fn fail(&self, kind: Kind, why: &str) {
        if let Some(standing) = self.kinds().get_mut(&kind) {
            standing.error = Some(why.to_owned());
        }
    }

    /// How much longer than planned expired rows of each kind may have existed.
    pub(in crate::gateway) fn by_kind(&self, now: Timestamp) -> Vec<(&'static str, Duration)> {
        let kinds = self.kinds();
        let late = |(kind, standing): (&Kind, &Standing)| {
            (kind.name(), late(*kind, standing.clean_since, now))
        };
        kinds.iter().map(late).collect()
    }

    /// The reasons for `/readyz`.
    pub(in crate::gateway) fn remarks(&self, now: Timestamp) -> Vec<String> {
        let kinds = self.kinds();
        let behind = kinds.iter().filter(|(kind, standing)| is_behind(**kind, standing, now));
        behind.map(|(kind, standing)| remark(*kind, standing, now)).collect()
    }

    /// Those that are not logged yet.
    pub(super) fn news(&self, now: Timestamp) -> Vec<String> {
        let mut kinds = self.kinds();
        let behind = kinds
            .iter_mut()
            .filter(|(kind, standing)| !standing.is_told && is_behind(**kind, standing, now));
        let tell = |(kind, standing): (&Kind, &mut Standing)| {
            standing.is_told = true;
            remark(*kind, standing, now)
        };
        behind.map(tell).collect()
    }
}

/// How long the removal of expired rows is overdue. A round that is about to complete has removed
/// the rows that had expired when it began, one round earlier.
fn late(kind: Kind, clean_since: Timestamp, now: Timestamp) -> Duration {
    let (Pace::Every(planned) | Pace::Over(planned)) = kind.pace();
    now.since(clean_since).saturating_sub(planned.saturating_mul(2))
}

fn is_behind(kind: Kind, standing: &Standing, now: Timestamp) -> bool {
    late(kind, standing.clean_since, now) > TOLD_AFTER
}

fn remark(kind: Kind, standing: &Standing, now: Timestamp) -> String {
    let hours = late(kind, standing.clean_since, now).as_secs() / 3600;
    let why = standing.error.as_deref().unwrap_or("more rows expire than are removed");
    format!(
        "sweep: expired rows ({}) are removed {hours} h late, so the store grows: {why}",
        kind.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_764_000_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn late_batches(overdue: &Overdue, now: Timestamp) -> Duration {
        let late = overdue.by_kind(now).into_iter().find(|(kind, _)| *kind == "batches");
        late.unwrap().1
    }

    #[test]
    fn a_round_on_time_is_not_overdue() {
        let overdue = Overdue::new(NOON);
        assert_eq!(late_batches(&overdue, NOON.after(HOUR / 6)), Duration::ZERO);
        overdue.complete(Kind::Batches, NOON.after(HOUR));
        assert_eq!(late_batches(&overdue, NOON.after(HOUR)), Duration::ZERO);
        assert_eq!(overdue.remarks(NOON.after(HOUR)), [""; 0]);
    }

    #[test]
    fn failing_slices_are_logged_once_and_shown_while_they_fail() {
        let overdue = Overdue::new(NOON);
        overdue.fail(Kind::Batches, "the ledger: too late");
        let later = NOON.after(2 * HOUR);
        assert_eq!(late_batches(&overdue, later), Duration::from_mins(110));
        let said = |remarks: Vec<String>| {
            let of_batches = remarks.into_iter().filter(|remark| remark.contains("(batches)"));
            of_batches.collect::<Vec<_>>()
        };
        let text = "sweep: expired rows (batches) are removed 1 h late, so the store grows: the \
                    ledger: too late";
        assert_eq!(said(overdue.news(later)), [text]);
        assert_eq!(said(overdue.news(later)), [""; 0]);
        assert_eq!(said(overdue.remarks(later)), [text]);
        overdue.complete(Kind::Batches, later);
        assert_eq!(said(overdue.remarks(later)), [""; 0]);
        let much_later = later.after(2 * HOUR);
        assert_eq!(said(overdue.news(much_later)).len(), 1, "it is logged again");
    }

    #[test]
    fn a_round_that_is_spread_over_hours_has_twice_as_long() {
        let overdue = Overdue::new(NOON);
        let late = |now| overdue.by_kind(now).into_iter().find(|(kind, _)| *kind == "leads");
        assert_eq!(late(NOON.after(12 * HOUR)).unwrap().1, Duration::ZERO);
        assert_eq!(late(NOON.after(15 * HOUR)).unwrap().1, 3 * HOUR);
    }
}
