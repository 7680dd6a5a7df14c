//! The vendor's prices, as settings, and the maximum cost that follows from them.

use std::time::Duration;

use super::credits::{Amounts, Credits};
use super::reveal::Reveals;
use super::time::Timestamp;

/// Whether phone credits are charged per person or per number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneBasis {
    /// One charge, however many numbers are returned.
    Person,
    /// One charge for each number.
    Number,
}

/// The prices under which a part was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// Email credits for a person found.
    pub person_found: Credits,
    /// Email credits for a revealed email.
    pub email_revealed: Credits,
    /// Phone credits for a revealed phone.
    pub phone_revealed: Credits,
    /// The basis of phone charges.
    pub phone_basis: PhoneBasis,
    /// How many numbers are reserved for a lead if each is charged.
    pub phone_numbers_max: u32,
    /// The charge window: how long a person found is not charged again.
    pub person_window: Duration,
    /// How much of the end of the window is not used, because clocks differ.
    pub window_margin: Duration,
}

impl Prices {
    /// The published prices: half an email credit for a person found, at most once in 24 hours, one
    /// for an email and one phone credit for a person's phone, once each.
    pub const PUBLISHED: Self = Self {
        person_found: Credits::from_thousandths(500),
        email_revealed: Credits::from_thousandths(1000),
        phone_revealed: Credits::from_thousandths(1000),
        phone_basis: PhoneBasis::Person,
        phone_numbers_max: 4,
        person_window: Duration::from_hours(24),
        window_margin: Duration::from_mins(10),
    };

    /// The maximum cost of one lead with these reveals.
    #[must_use]
    pub fn worst_case(&self, asked: Reveals) -> WorstCase {
        let phones = match (asked.phone, self.phone_basis) {
            (false, _) => 0,
            (true, PhoneBasis::Person) => 1,
            (true, PhoneBasis::Number) => self.phone_numbers_max,
        };
        WorstCase { find: true, email: asked.email, phones }
    }

    /// The price of a maximum cost.
    #[must_use]
    pub fn price_of(&self, worst: WorstCase) -> Amounts {
        let find = if worst.find { self.person_found } else { Credits::ZERO };
        let email = if worst.email { self.email_revealed } else { Credits::ZERO };
        Amounts { email: find.plus(email), phone: self.phone_revealed.times(worst.phones.into()) }
    }

    /// Until when a person is certainly free whose find was charged no earlier than `first_sent`.
    #[must_use]
    pub fn found_free_until(&self, first_sent: Timestamp) -> Timestamp {
        first_sent.after(self.person_window.saturating_sub(self.window_margin))
    }
}

/// The possible charges of one lead; their amount depends on the [`Prices`] of its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorstCase {
    /// The person may be charged as found.
    pub find: bool,
    /// The email may be charged as revealed.
    pub email: bool,
    /// The number of possible phone charges.
    pub phones: u32,
}

/// Charged credits, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charges {
    /// Email credits for persons found.
    pub person_found: Credits,
    /// Email credits for emails revealed.
    pub email_revealed: Credits,
    /// Phone credits for phones revealed.
    pub phone_revealed: Credits,
    /// Amounts booked by an operator.
    pub other: Amounts,
}

impl Charges {
    /// No charges.
    pub const ZERO: Self = Self {
        person_found: Credits::ZERO,
        email_revealed: Credits::ZERO,
        phone_revealed: Credits::ZERO,
        other: Amounts::ZERO,
    };

    /// Charges that an operator booked without a kind.
    #[must_use]
    pub fn of_other(amounts: Amounts) -> Self {
        Self { other: amounts, ..Self::ZERO }
    }

    /// The sum in each unit.
    #[must_use]
    pub fn amounts(self) -> Amounts {
        let email = self.person_found.plus(self.email_revealed);
        Amounts { email, phone: self.phone_revealed }.plus(self.other)
    }

    /// The sum per kind.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            person_found: self.person_found.plus(more.person_found),
            email_revealed: self.email_revealed.plus(more.email_revealed),
            phone_revealed: self.phone_revealed.plus(more.phone_revealed),
            other: self.other.plus(more.other),
        }
    }
}
