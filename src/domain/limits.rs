//! Limits: what a caller allows one batch to cost, beside what the quotas of its team allow.

use super::credits::{Amounts, Credits, Unit};

/// What a caller allows a batch to cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The most that its worst case may come to.
    pub most: UpTo,
    /// What becomes of it where it does not fit a quota.
    pub on_quota: OnQuota,
}

/// What becomes of a batch that does not fit a quota of its team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnQuota {
    /// All of it is refused.
    #[default]
    Refuse,
    /// Its leads are walked in order, and each that does not fit is trimmed: it is not sent, and
    /// reads as refused.
    Trim,
}

/// So much of each unit at most; none where it has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpTo {
    /// Email credits.
    pub email: Option<Credits>,
    /// Phone credits.
    pub phone: Option<Credits>,
}

/// What is needed of a unit, beyond what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// Of what.
    pub unit: Unit,
    /// The worst case.
    pub needed: Credits,
    /// The most there may be.
    pub allowed: Credits,
}

impl UpTo {
    /// No bound at all.
    pub const ANY: Self = Self { email: None, phone: None };

    /// The bound of one unit.
    #[must_use]
    pub const fn in_unit(self, unit: Unit) -> Option<Credits> {
        match unit {
            Unit::Email => self.email,
            Unit::Phone => self.phone,
        }
    }

    /// The tighter bound of each unit.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        let tighter = |one: Option<Credits>, other: Option<Credits>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (bound, None) | (None, bound) => bound,
        };
        let (email, phone) = (tighter(self.email, other.email), tighter(self.phone, other.phone));
        Self { email, phone }
    }

    /// What is left where so much is used; below zero where that is more than all of it.
    #[must_use]
    pub fn less(self, used: Amounts) -> Self {
        let email = self.email.map(|most| most.minus(used.email));
        Self { email, phone: self.phone.map(|most| most.minus(used.phone)) }
    }

    /// The first unit of which more is needed.
    #[must_use]
    pub fn passed_by(self, worst: Amounts) -> Option<Excess> {
        Unit::ALL.into_iter().find_map(|unit| {
            let (needed, allowed) = (worst.in_unit(unit), self.in_unit(unit)?);
            (needed > allowed).then_some(Excess { unit, needed, allowed })
        })
    }
}

/// What is still left of such a bound while leads are placed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    left: UpTo,
}

impl Room {
    /// All that is left.
    #[must_use]
    pub const fn new(left: UpTo) -> Self {
        Self { left }
    }

    /// Takes what one lead needs, if it fits. A unit that is not needed bounds nothing, also where
    /// more than all of it is used.
    pub fn take(&mut self, needed: Amounts) -> bool {
        let fits = |unit: Unit| {
            let needed = needed.in_unit(unit);
            needed.is_zero() || self.left.in_unit(unit).is_none_or(|left| needed <= left)
        };
        let fits = Unit::ALL.into_iter().all(fits);
        if fits {
            self.left = self.left.less(needed);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits(text: &str) -> Credits {
        text.parse().unwrap()
    }

    fn amounts(email: &str, phone: &str) -> Amounts {
        Amounts { email: credits(email), phone: credits(phone) }
    }

    #[test]
    fn a_bound_is_passed_by_more_and_not_by_as_much() {
        let most = UpTo { email: Some(credits("1.5")), phone: None };
        assert_eq!(most.passed_by(amounts("1.5", "100")), None);
        let excess = most.passed_by(amounts("1.501", "0")).unwrap();
        assert_eq!((excess.unit, excess.needed, excess.allowed.to_string()), {
            (Unit::Email, credits("1.501"), "1.5".to_owned())
        });
        assert_eq!(UpTo::ANY.passed_by(amounts("9999", "9999")), None);
    }

    #[test]
    fn of_two_bounds_the_tighter_holds_and_what_is_used_tightens_it() {
        let up_to = |email: &str| UpTo { email: Some(credits(email)), phone: None };
        let phones = UpTo { email: None, phone: Some(credits("1")) };
        assert_eq!(up_to("3").within(up_to("2")), up_to("2"));
        assert_eq!(up_to("3").within(phones), UpTo { phone: phones.phone, ..up_to("3") });
        assert_eq!(up_to("3").less(amounts("4", "9")), up_to("-1"));
        assert_eq!(UpTo::ANY.less(amounts("4", "9")), UpTo::ANY);
    }

    #[test]
    fn what_fits_is_taken_and_what_does_not_takes_nothing() {
        let left = UpTo { email: Some(credits("3")), phone: Some(credits("1")) };
        let mut room = Room::new(left);
        assert!(room.take(amounts("1.5", "1")));
        assert!(!room.take(amounts("1", "1")), "no phone credit is left");
        assert!(!room.take(amounts("1.501", "0")));
        assert!(room.take(amounts("1.5", "0")));
        assert!(room.take(Amounts::ZERO));
    }

    #[test]
    fn a_unit_that_is_overdrawn_refuses_only_those_who_need_it() {
        let mut room = Room::new(UpTo { email: None, phone: Some(credits("-2")) });
        assert!(room.take(amounts("1.5", "0")));
        assert!(!room.take(amounts("0", "0.001")));
    }
}
