//! Limits: the maximum cost that a caller allows for one batch, in addition to the quotas of its
//! team.

use super::credits::{Amounts, Credits, Unit};

/// The limits set by a caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The limit for the maximum cost.
    pub most: UpTo,
    /// What happens if the batch does not fit a quota.
    pub on_quota: OnQuota,
}

/// What happens to a batch that does not fit a quota of its team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnQuota {
    /// The whole batch is refused.
    #[default]
    Refuse,
    /// The leads are checked in order, and each that does not fit is trimmed: it is not sent, and
    /// reads as refused.
    Trim,
}

/// A limit per unit; `None` for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpTo {
    /// Email credits.
    pub email: Option<Credits>,
    /// Phone credits.
    pub phone: Option<Credits>,
}

/// An exceeded limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The unit.
    pub unit: Unit,
    /// The maximum cost.
    pub needed: Credits,
    /// The limit.
    pub allowed: Credits,
}

impl UpTo {
    /// No limits.
    pub const ANY: Self = Self { email: None, phone: None };

    /// The limit of one unit.
    #[must_use]
    pub const fn in_unit(self, unit: Unit) -> Option<Credits> {
        match unit {
            Unit::Email => self.email,
            Unit::Phone => self.phone,
        }
    }

    /// The lower limit of each unit.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        let tighter = |one: Option<Credits>, other: Option<Credits>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (bound, None) | (None, bound) => bound,
        };
        let (email, phone) = (tighter(self.email, other.email), tighter(self.phone, other.phone));
        Self { email, phone }
    }

    /// The remainder after this usage; negative if it is exceeded.
    #[must_use]
    pub fn less(self, used: Amounts) -> Self {
        let email = self.email.map(|most| most.minus(used.email));
        Self { email, phone: self.phone.map(|most| most.minus(used.phone)) }
    }

    /// The first unit whose limit is exceeded.
    #[must_use]
    pub fn passed_by(self, worst: Amounts) -> Option<Excess> {
        Unit::ALL.into_iter().find_map(|unit| {
            let (needed, allowed) = (worst.in_unit(unit), self.in_unit(unit)?);
            (needed > allowed).then_some(Excess { unit, needed, allowed })
        })
    }
}

/// The remainder of a limit while leads are placed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    left: UpTo,
}

impl Room {
    /// The whole remainder.
    #[must_use]
    pub const fn new(left: UpTo) -> Self {
        Self { left }
    }

    /// Takes the cost of one lead if it fits. A unit that is not needed limits nothing, even if it
    /// is overdrawn.
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
    fn a_limit_is_exceeded_by_more_and_not_by_the_same() {
        let most = UpTo { email: Some(credits("1.5")), phone: None };
        assert_eq!(most.passed_by(amounts("1.5", "100")), None);
        let excess = most.passed_by(amounts("1.501", "0")).unwrap();
        assert_eq!((excess.unit, excess.needed, excess.allowed.to_string()), {
            (Unit::Email, credits("1.501"), "1.5".to_owned())
        });
        assert_eq!(UpTo::ANY.passed_by(amounts("9999", "9999")), None);
    }

    #[test]
    fn the_lower_of_two_limits_applies_and_usage_reduces_it() {
        let up_to = |email: &str| UpTo { email: Some(credits(email)), phone: None };
        let phones = UpTo { email: None, phone: Some(credits("1")) };
        assert_eq!(up_to("3").within(up_to("2")), up_to("2"));
        assert_eq!(up_to("3").within(phones), UpTo { phone: phones.phone, ..up_to("3") });
        assert_eq!(up_to("3").less(amounts("4", "9")), up_to("-1"));
        assert_eq!(UpTo::ANY.less(amounts("4", "9")), UpTo::ANY);
    }

    #[test]
    fn a_cost_that_fits_is_taken_and_another_takes_nothing() {
        let left = UpTo { email: Some(credits("3")), phone: Some(credits("1")) };
        let mut room = Room::new(left);
        assert!(room.take(amounts("1.5", "1")));
        assert!(!room.take(amounts("1", "1")), "no phone credit is left");
        assert!(!room.take(amounts("1.501", "0")));
        assert!(room.take(amounts("1.5", "0")));
        assert!(room.take(Amounts::ZERO));
    }

    #[test]
    fn an_overdrawn_unit_refuses_only_leads_that_need_it() {
        let mut room = Room::new(UpTo { email: None, phone: Some(credits("-2")) });
        assert!(room.take(amounts("1.5", "0")));
        assert!(!room.take(amounts("0", "0.001")));
    }
}
