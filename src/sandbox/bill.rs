//! The sandbox's bill: the charges for the answered leads by the vendor's published rules.
//!
//! Amounts are in half credits, the smallest unit of the price list. [`super::tally`] decides which
//! charges were already paid.

use std::ops::{Add, AddAssign};

use serde::{Serialize, Serializer};

/// An amount of credits of one unit, exact in half credits. In JSON a number: `3` or `12.5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credits {
    halves: u32,
}

/// The two currencies of the vendor's price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Email credits.
    Email,
    /// Phone credits.
    Phone,
}

/// An amount of each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Email credits.
    pub email: Credits,
    /// Phone credits.
    pub phone: Credits,
}

/// The kinds of charges, each at its published price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A person was found: 0.5 email credits, once per charge window.
    PersonFound,
    /// An email was revealed: 1 email credit, once ever.
    EmailRevealed,
    /// A phone number was revealed: 1 phone credit, once ever.
    PhoneRevealed,
    /// An address was accepted for validation: 1 email credit, each time.
    AddressValidated,
    /// A request that is not about a person: 1 email credit, each time.
    EmailElsewhere,
    /// The same for requests that spend phone credits: 1, each time.
    PhoneElsewhere,
}

/// One charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When the lead finished, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The vendor's id of the batch, or the number of the validation; `None` for neither.
    pub batch: Option<u64>,
    /// The lead's position in its batch, from 1; 0 if there is none.
    pub lead: usize,
    /// The vendor's id of the person; empty if there is none.
    pub person: String,
    /// Its unit.
    pub unit: Unit,
    /// Its kind.
    pub kind: EntryKind,
    /// Its amount.
    pub credits: Credits,
}

/// All charges so far, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// Email credits charged.
    pub email: Credits,
    /// Phone credits charged.
    pub phone: Credits,
    /// The charges, oldest first; their sums are the two amounts above.
    pub entries: Vec<Entry>,
    /// The cost of the same answers without any deduplication.
    pub without_dedupe: Totals,
    /// Leads in all accepted batches and lookups.
    pub leads_received: u64,
    /// Received submissions of batches, whatever their outcome.
    pub posts_received: u64,
    /// Received lookups, whatever their outcome.
    pub look_ups_received: u64,
}

impl Credits {
    /// This many half credits.
    #[must_use]
    pub const fn from_halves(halves: u32) -> Self {
        Self { halves }
    }

    /// The amount in half credits.
    #[must_use]
    pub const fn halves(self) -> u32 {
        self.halves
    }
}

impl Add for Credits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { halves: self.halves + other.halves }
    }
}

impl AddAssign for Credits {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Serialize for Credits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.halves.is_multiple_of(2) {
            serializer.serialize_u32(self.halves / 2)
        } else {
            serializer.serialize_f64(f64::from(self.halves) / 2.0)
        }
    }
}

impl Totals {
    /// Adds an amount of one unit.
    pub(super) fn add(&mut self, unit: Unit, credits: Credits) {
        match unit {
            Unit::Email => self.email += credits,
            Unit::Phone => self.phone += credits,
        }
    }
}

impl EntryKind {
    /// The unit of this kind.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::PersonFound
            | Self::EmailRevealed
            | Self::AddressValidated
            | Self::EmailElsewhere => Unit::Email,
            Self::PhoneRevealed | Self::PhoneElsewhere => Unit::Phone,
        }
    }

    /// The published price.
    #[must_use]
    pub const fn price(self) -> Credits {
        match self {
            Self::PersonFound => Credits::from_halves(1),
            _ => Credits::from_halves(2),
        }
    }
}

impl Bill {
    /// Adds a charge and updates the sums.
    pub(super) fn charge(&mut self, entry: Entry) {
        match entry.unit {
            Unit::Email => self.email += entry.credits,
            Unit::Phone => self.phone += entry.credits,
        }
        self.entries.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credits_are_numbers_with_a_half_only_if_needed() {
        let read = |halves| serde_json::to_value(Credits::from_halves(halves)).unwrap();
        assert_eq!(
            [read(0), read(1), read(6), read(25)],
            [json!(0), json!(0.5), json!(3), json!(12.5)]
        );
    }

    #[test]
    fn a_charge_increases_only_the_sum_of_its_unit() {
        let mut bill = Bill::default();
        for kind in [EntryKind::PersonFound, EntryKind::EmailRevealed, EntryKind::PhoneRevealed] {
            let (unit, credits) = (kind.unit(), kind.price());
            let person = "p".to_owned();
            bill.charge(Entry { at: 0, batch: Some(1), lead: 1, person, unit, kind, credits });
        }
        assert_eq!((bill.email.halves(), bill.phone.halves()), (3, 2));
    }
}
