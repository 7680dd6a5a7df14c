//! What the vendor takes so much of in an hour, whenever the hour begins.
//!
//! Requests are paced by meters; this is a bound on sums. A request may use all of an hour at once, and
//! no hour sees more. The use of the last hour is kept by slots, so that the row stays small whatever
//! the number of requests.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::domain::time::Timestamp;

const HOUR: Duration = Duration::from_hours(1);

/// Use counts for an hour and a slot at most.
const SLOT: Duration = Duration::from_mins(5);

/// What was used in the last hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HourlyUse {
    /// How much was used in each slot, by when the slot began; the oldest first.
    pub slots: Vec<(Timestamp, u64)>,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// It is more than all of an hour.
    Ever,
    /// There is none before this moment.
    Before(Timestamp),
}

impl HourlyUse {
    /// Uses so much.
    ///
    /// # Errors
    /// [`NoRoom`] where the last hour would exceed its limit.
    pub fn spend(self, wanted: u64, limit: NonZeroU32, now: Timestamp) -> Result<Self, NoRoom> {
        let limit = u64::from(limit.get());
        if wanted > limit {
            return Err(NoRoom::Ever);
        }
        let slot = slot_of(now);
        // A slot that is yet to come was written by a clock that was wrong.
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

/// When what was used in a slot no longer counts.
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
    fn an_hour_can_be_used_at_once_and_no_hour_sees_more() {
        let used = HourlyUse::default().spend(10, LIMIT, minute(2)).unwrap();
        for at in [2, 30, 62, 64] {
            let refused = used.clone().spend(1, LIMIT, minute(at));
            assert_eq!(refused, Err(NoRoom::Before(minute(65))), "minute {at}");
        }
        let again = used.spend(10, LIMIT, minute(65)).unwrap();
        assert_eq!(again.slots, [(minute(65), 10)], "what no longer counts is not kept");
    }

    #[test]
    fn room_comes_back_slot_by_slot() {
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
    fn a_slot_that_is_yet_to_come_does_not_count() {
        let wrong = HourlyUse::default().spend(10, LIMIT, minute(900)).unwrap();
        assert_eq!(wrong.spend(1, LIMIT, minute(0)).unwrap().slots, [(minute(0), 1)]);
    }
}
