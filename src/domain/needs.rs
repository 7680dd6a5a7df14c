//! Which units a request needs, and values per unit.

use super::credits::{Amounts, Unit};
use super::reveal::Reveals;

/// Which units a request needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Email credits.
    pub email: bool,
    /// Phone credits.
    pub phone: bool,
}

impl Needs {
    /// Only email credits.
    pub const EMAIL: Self = Self { email: true, phone: false };
    /// Both.
    pub const ALL: Self = Self { email: true, phone: true };

    /// Only one unit.
    #[must_use]
    pub const fn of_unit(unit: Unit) -> Self {
        match unit {
            Unit::Email => Self::EMAIL,
            Unit::Phone => Self { email: false, phone: true },
        }
    }

    /// The units of a request with these reveals. Finding a person needs email credits.
    #[must_use]
    pub const fn of_persons(reveals: Reveals) -> Self {
        Self { email: true, phone: reveals.phone }
    }

    /// The units of a price.
    #[must_use]
    pub fn of_price(price: Amounts) -> Self {
        Self { email: !price.email.is_zero(), phone: !price.phone.is_zero() }
    }

    /// The units, in order.
    pub fn units(self) -> impl Iterator<Item = Unit> {
        let has = move |unit: &Unit| match unit {
            Unit::Email => self.email,
            Unit::Phone => self.phone,
        };
        Unit::ALL.into_iter().filter(has)
    }

    /// The unit that counts as exhausted if the vendor answers such a request that its account has
    /// no credits, since the vendor does not say which. If a phone number was requested, phone
    /// credits may be missing; requests that need only email credits continue until they get the
    /// same answer.
    #[must_use]
    pub const fn short_unit(self) -> Unit {
        if self.phone { Unit::Phone } else { Unit::Email }
    }
}

/// A value per unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByUnit<T> {
    /// For email credits.
    pub email: T,
    /// For phone credits.
    pub phone: T,
}

impl<T> ByUnit<T> {
    /// The value of a unit.
    #[must_use]
    pub const fn of(&self, unit: Unit) -> &T {
        match unit {
            Unit::Email => &self.email,
            Unit::Phone => &self.phone,
        }
    }

    /// The value of a unit, mutable.
    pub const fn of_mut(&mut self, unit: Unit) -> &mut T {
        match unit {
            Unit::Email => &mut self.email,
            Unit::Phone => &mut self.phone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_need_email_credits_and_their_numbers_phone_credits() {
        let units = |needs: Needs| needs.units().collect::<Vec<_>>();
        assert_eq!(units(Needs::of_persons(Reveals::NONE)), [Unit::Email]);
        assert_eq!(units(Needs::of_persons(Reveals::ALL)), Unit::ALL);
        let phone = Amounts::of(Unit::Phone, super::super::credits::Credits::from_thousandths(1));
        assert_eq!(units(Needs::of_price(phone)), [Unit::Phone]);
        assert_eq!(units(Needs::default()), []);
    }

    #[test]
    fn a_refused_request_for_numbers_proves_nothing_about_email_credits() {
        assert_eq!(Needs::of_persons(Reveals::ALL).short_unit(), Unit::Phone);
        assert_eq!(Needs::EMAIL.short_unit(), Unit::Email);
    }
}
