//! An hourly limit of the vendor, for any interval of an hour.
//!
//! Requests are paced by meters; this is a limit on sums. A request may use a team's whole share at
//! once, and no interval of an hour exceeds the limit. One team uses at most its share of what the other
//! teams leave. The usage of the last hour is stored in slots, so that the row stays small whatever the
//! number of requests.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::domain::share::Share;
use crate::domain::time::Timestamp;

const HOUR: Duration = Duration::from_hours(1);

/// Usage counts for an hour and at most one slot.
const SLOT: Duration = Duration::from_mins(5);

/// The usage of the last hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourlyUse {
    /// The usage per slot, by the slot's start; the oldest first.
    pub slots: Vec<(Timestamp, u64)>,
}

/// The usage of the last hour by all teams together, and by one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedUse {
    /// All teams, this one included.
    pub all: HourlyUse,
    /// This team.
    pub own: HourlyUse,
}

/// Why the limit refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// The request exceeds the team's share of a whole hour.
    Ever,
    /// The limit, or the share, is used up until this time.
    Before(Timestamp),
}

impl HourlyUse {
    /// The usage that still counts. A slot in the future was written by a wrong clock.
    fn at(mut self, now: Timestamp) -> Self {
        self.slots.retain(|(began, _)| now < ends(*began) && *began <= slot_of(now));
        self
    }

    /// The usage that still counts at a later time.
    fn used(&self, later: Timestamp) -> u64 {
        let counts = self.slots.iter().filter(|(began, _)| later < ends(*began));
        counts.fold(0, |sum, (_, used)| sum.saturating_add(*used))
    }

    fn add(&mut self, wanted: u64, now: Timestamp) {
        let slot = slot_of(now);
        match self.slots.last_mut().filter(|(began, _)| *began == slot) {
            Some((_, used)) => *used = used.saturating_add(wanted),
            None => self.slots.push((slot, wanted)),
        }
    }
}

impl SharedUse {
    /// Uses this amount.
    ///
    /// # Errors
    /// [`NoRoom`] if the last hour would exceed the limit, or the team its share.
    pub fn spend(
        self,
        wanted: u64,
        limit: NonZeroU32,
        share: Share,
        now: Timestamp,
    ) -> Result<Self, NoRoom> {
        let mut used = Self { all: self.all.at(now), own: self.own.at(now) };
        let fits_at = |later| {
            let (all, own) = (used.all.used(later), used.own.used(later));
            let left = u64::from(limit.get()).saturating_sub(all.saturating_sub(own));
            own.saturating_add(wanted) <= share.of_count(left)
        };
        if !fits_at(now) {
            let mut moments = used.all.slots.iter().map(|(began, _)| ends(*began));
            return Err(moments.find(|later| fits_at(*later)).map_or(NoRoom::Ever, NoRoom::Before));
        }
        used.all.add(wanted, now);
        used.own.add(wanted, now);
        Ok(used)
    }
}

fn slot_of(now: Timestamp) -> Timestamp {
    let slot = i64::try_from(SLOT.as_millis()).unwrap_or(i64::MAX);
    let into = now.as_millis().checked_rem_euclid(slot).unwrap_or_default();
    Timestamp::from_millis(now.as_millis().saturating_sub(into))
}

/// When the usage of a slot no longer counts.
fn ends(began: Timestamp) -> Timestamp {
    began.after(SLOT).after(HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: NonZeroU32 = NonZeroU32::new(10).unwrap();

    fn minute(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn spend(used: &SharedUse, wanted: u64, at: i64) -> Result<SharedUse, NoRoom> {
        used.clone().spend(wanted, LIMIT, Share::percent(100).unwrap(), minute(at))
    }

    #[test]
    fn the_whole_limit_can_be_used_at_once_and_no_hour_exceeds_it() {
        let used = spend(&SharedUse::default(), 10, 2).unwrap();
        for at in [2, 30, 62, 64] {
            assert_eq!(spend(&used, 1, at), Err(NoRoom::Before(minute(65))), "minute {at}");
        }
        let again = spend(&used, 10, 65).unwrap();
        assert_eq!(again.all.slots, [(minute(65), 10)], "what no longer counts is not kept");
        assert_eq!(again.own, again.all);
    }

    #[test]
    fn usage_expires_slot_by_slot() {
        let mut used = SharedUse::default();
        for at in [0, 4, 7, 30] {
            used = spend(&used, 2, at).unwrap();
        }
        assert_eq!(used.all.slots, [(minute(0), 4), (minute(5), 2), (minute(30), 2)]);
        let refused = |wanted| spend(&used, wanted, 31).unwrap_err();
        assert!(spend(&used, 2, 31).is_ok());
        assert_eq!(refused(3), NoRoom::Before(minute(65)));
        assert_eq!(refused(7), NoRoom::Before(minute(70)));
        assert_eq!(refused(10), NoRoom::Before(minute(95)));
    }

    #[test]
    fn a_team_uses_its_share_of_what_the_others_leave() {
        let half = |all: &HourlyUse, own: HourlyUse, wanted, at| {
            SharedUse { all: all.clone(), own }.spend(wanted, LIMIT, Share::HALF, minute(at))
        };
        let none = HourlyUse::default();
        assert_eq!(half(&none, none.clone(), 6, 0), Err(NoRoom::Ever));
        let SharedUse { all, own } = half(&none, none.clone(), 5, 0).unwrap();
        assert_eq!(half(&all, own, 1, 1), Err(NoRoom::Before(minute(65))), "half of ten");
        assert_eq!(half(&all, none.clone(), 4, 1), Err(NoRoom::Before(minute(65))));
        let SharedUse { all, own } = half(&all, none, 3, 1).expect("half of five, rounded up");
        assert_eq!(all.slots, [(minute(0), 8)]);
        assert_eq!(own.slots, [(minute(0), 3)]);
    }

    #[test]
    fn more_than_an_hour_never_fits() {
        assert_eq!(spend(&SharedUse::default(), 11, 0), Err(NoRoom::Ever));
    }

    #[test]
    fn a_slot_in_the_future_does_not_count() {
        let wrong = spend(&SharedUse::default(), 10, 900).unwrap();
        assert_eq!(spend(&wrong, 1, 0).unwrap().all.slots, [(minute(0), 1)]);
    }
}
