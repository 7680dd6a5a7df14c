//! An hourly limit of the vendor, for any interval of an hour.
//!
//! Requests are paced by meters; this is a limit on sums. A request may use the whole limit at
//! once, and no interval of an hour exceeds it. The usage of the last hour is stored in slots, so
//! that the row stays small whatever the number of requests.

use std::num::NonZeroU32;
use std::time::Duration;

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

/// Why the limit refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// The request exceeds the limit of a whole hour.
    Ever,
    /// The limit is used up until this time.
    Before(Timestamp),
}

impl HourlyUse {
    /// Uses this amount.
    ///
    /// # Errors
    /// [`NoRoom`] if the last hour would exceed the limit.
    pub fn spend(self, wanted: u64, limit: NonZeroU32, now: Timestamp) -> Result<Self, NoRoom> {
        let limit = u64::from(limit.get());
        if wanted > limit {
            return Err(NoRoom::Ever);
        }
        let slot = slot_of(now);
        // A slot in the future was written by a wrong clock.
        let counts = |(began, _): &(Timestamp, u64)| now < ends(*began) && *began <= slot;
        let mut slots: Vec<_> = self.slots.into_iter().filter(counts).collect();
        let mut used = slots.iter().fold(0_u64, |sum, (_, used)| sum.saturating_add(*used));
        if used.saturating_add(wanted) > limit {
            for (began, of_slot) in slots {
                used = used.saturating_sub(of_slot);
                if used.saturating_add(wanted) <= limit {
                    return Err(NoRoom::Before(ends(began)));
                }
            }
            return Err(NoRoom::Ever);
        }
        match slots.last_mut().filter(|(began, _)| *began == slot) {
            Some((_, used)) => *used = used.saturating_add(wanted),
            None => slots.push((slot, wanted)),
        }
        Ok(Self { slots })
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

    #[test]
    fn the_whole_limit_can_be_used_at_once_and_no_hour_exceeds_it() {
        let used = HourlyUse::default().spend(10, LIMIT, minute(2)).unwrap();
        for at in [2, 30, 62, 64] {
            let refused = used.clone().spend(1, LIMIT, minute(at));
            assert_eq!(refused, Err(NoRoom::Before(minute(65))), "minute {at}");
        }
        let again = used.spend(10, LIMIT, minute(65)).unwrap();
        assert_eq!(again.slots, [(minute(65), 10)], "what no longer counts is not kept");
    }

    #[test]
    fn usage_expires_slot_by_slot() {
        let mut used = HourlyUse::default();
        for at in [0, 4, 7, 30] {
            used = used.spend(2, LIMIT, minute(at)).unwrap();
        }
        assert_eq!(used.slots, [(minute(0), 4), (minute(5), 2), (minute(30), 2)]);
        let refused = |wanted| used.clone().spend(wanted, LIMIT, minute(31)).unwrap_err();
        assert!(used.clone().spend(2, LIMIT, minute(31)).is_ok());
        assert_eq!(refused(3), NoRoom::Before(minute(65)));
        assert_eq!(refused(7), NoRoom::Before(minute(70)));
        assert_eq!(refused(10), NoRoom::Before(minute(95)));
    }

    #[test]
    fn more_than_an_hour_never_fits() {
        assert_eq!(HourlyUse::default().spend(11, LIMIT, minute(0)), Err(NoRoom::Ever));
    }

    #[test]
    fn a_slot_in_the_future_does_not_count() {
        let wrong = HourlyUse::default().spend(10, LIMIT, minute(900)).unwrap();
        assert_eq!(wrong.spend(1, LIMIT, minute(0)).unwrap().slots, [(minute(0), 1)]);
    }
}
