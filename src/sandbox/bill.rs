//! The sandbox's own bill: what the vendor's published rules make of the leads it answered.
//!
//! Amounts are whole half credits, the smallest step that the price list knows. Whom the vendor
//! takes for already paid is [`super::tally`]'s business.

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

/// What an entry charges for, each at its published price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A person was found: 0.5 email credits, once in a charge window.
    PersonFound,
    /// An email was revealed: 1 email credit, once ever.
    EmailRevealed,
    /// A phone number was revealed: 1 phone credit, once ever.
    PhoneRevealed,
    /// An address was taken to be validated: 1 email credit, every time.
    AddressValidated,
    /// Something that is no person was asked for: 1 email credit, each time.
    EmailElsewhere,
    /// The same, which spends phone credits: 1, each time.
    PhoneElsewhere,
}

/// One charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When the lead finished, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The vendor's id of the batch, or the number of the validation; none where it was neither.
    pub batch: Option<u64>,
    /// The lead's position in its batch, from 1; 0 where it was none.
    pub lead: usize,
    /// The vendor's id of the person; empty where it was none.
    pub person: String,
    /// What it is charged in.
    pub unit: Unit,
    /// What it is charged for.
    pub kind: EntryKind,
    /// How much.
    pub credits: Credits,
}

/// Everything charged so far, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// Email credits charged.
    pub email: Credits,
    /// Phone credits charged.
    pub phone: Credits,
    /// The charges, oldest first; they sum to the two amounts above.
    pub entries: Vec<Entry>,
    /// What the same answers would have cost, had no charge ever spared another.
    pub without_dedupe: Totals,
    /// Leads in all batches and look-ups taken.
    pub leads_received: u64,
    /// Submissions of batches that arrived, whatever became of them.
    pub posts_received: u64,
    /// Look-ups that arrived, whatever became of them.
    pub look_ups_received: u64,
}

impl Credits {
    /// So many half credits.
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
    /// So much more of one unit.
    pub(super) fn add(&mut self, unit: Unit, credits: Credits) {
        match unit {
            Unit::Email => self.email += credits,
            Unit::Phone => self.phone += credits,
        }
    }
}

impl EntryKind {
    /// What is charged in.
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
    /// One more charge; the sums go with it.
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
    fn credits_read_as_numbers_with_a_half_only_where_there_is_one() {
        let read = |halves| serde_json::to_value(Credits::from_halves(halves)).unwrap();
        assert_eq!(
            [read(0), read(1), read(6), read(25)],
            [json!(0), json!(0.5), json!(3), json!(12.5)]
        );
    }

    #[test]
    fn a_charge_raises_the_sum_of_its_unit_only() {
        let mut bill = Bill::default();
        for kind in [EntryKind::PersonFound, EntryKind::EmailRevealed, EntryKind::PhoneRevealed] {
            let (unit, credits) = (kind.unit(), kind.price());
            let person = "p".to_owned();
            bill.charge(Entry { at: 0, batch: Some(1), lead: 1, person, unit, kind, credits });
        }
        assert_eq!((bill.email.halves(), bill.phone.halves()), (3, 2));
    }
}
