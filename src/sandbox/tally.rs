//! The vendor's record of paid charges: the charge window, the reveals that are charged once, and
//! the gaps in its deduplication that faults can open.

use std::collections::HashMap;

use super::bill::{Bill, Entry, EntryKind};
use super::fault::Miss;
use super::handle::Handle;
use super::lead::{Field, Named};
use super::person::Person;
use super::submission::Reveals;

/// The bill, and the payments behind it.
pub(super) struct Tally {
    window_ms: i64,
    paid: HashMap<Handle, Vec<Paid>>,
    pub(super) bill: Bill,
}

/// A person found for one lead.
#[derive(Clone)]
pub(super) struct Delivery {
    /// When the lead finished.
    pub(super) at: i64,
    /// `None` for a lookup.
    pub(super) batch: Option<u64>,
    pub(super) batch_taken_at: i64,
    /// From 1.
    pub(super) lead: usize,
    pub(super) person: String,
    pub(super) named: Named,
    pub(super) email_revealed: bool,
    pub(super) phone_revealed: bool,
}

/// A charge that may make later ones unnecessary.
struct Paid {
    kind: EntryKind,
    at: i64,
    batch: Option<u64>,
    by: Field,
    spelled: String,
}

impl Tally {
    pub(super) fn new(window_ms: i64) -> Self {
        Self { window_ms, paid: HashMap::new(), bill: Bill::default() }
    }

    /// Charges a request that is not about a person, every time.
    pub(super) fn charge_elsewhere(&mut self, kind: EntryKind, at: i64) {
        let (unit, credits) = (kind.unit(), kind.price());
        self.bill.without_dedupe.add(unit, credits);
        self.bill.charge(Entry {
            at,
            batch: None,
            lead: 0,
            person: String::new(),
            unit,
            kind,
            credits,
        });
    }

    /// Charges a delivery. Deliveries are booked in the order of their time.
    pub(super) fn book(&mut self, delivery: &Delivery, misses: &[Miss]) {
        for kind in delivery.kinds() {
            self.bill.without_dedupe.add(kind.unit(), kind.price());
            let paid = self.paid.entry(delivery.named.handle.clone()).or_default();
            if !paid.iter().any(|paid| paid.spares(kind, delivery, self.window_ms, misses)) {
                paid.push(delivery.paid(kind));
                self.bill.charge(delivery.entry(kind));
            }
        }
    }

    /// Charges one address, the n-th of a validation, every time.
    pub(super) fn charge_address(&mut self, at: i64, validation: u64, nth: usize) {
        let kind = EntryKind::AddressValidated;
        let (unit, credits) = (kind.unit(), kind.price());
        self.bill.without_dedupe.add(unit, credits);
        let (batch, lead, person) = (Some(validation), nth, String::new());
        self.bill.charge(Entry { at, batch, lead, person, unit, kind, credits });
    }
}

impl Delivery {
    /// A person found by a lookup, which finishes immediately.
    pub(super) fn at_once(named: Named, person: Person, reveals: Reveals, at: i64) -> Self {
        Self {
            at,
            batch: None,
            batch_taken_at: at,
            lead: 1,
            email_revealed: reveals.email && person.has_email(),
            phone_revealed: reveals.phone && person.has_priced_phone(),
            person: person.id,
            named,
        }
    }

    fn kinds(&self) -> impl Iterator<Item = EntryKind> {
        let email = self.email_revealed.then_some(EntryKind::EmailRevealed);
        let phone = self.phone_revealed.then_some(EntryKind::PhoneRevealed);
        [Some(EntryKind::PersonFound), email, phone].into_iter().flatten()
    }

    fn paid(&self, kind: EntryKind) -> Paid {
        let spelled = self.named.spelled.clone();
        Paid { kind, at: self.at, batch: self.batch, by: self.named.by, spelled }
    }

    fn entry(&self, kind: EntryKind) -> Entry {
        Entry {
            at: self.at,
            batch: self.batch,
            lead: self.lead,
            person: self.person.clone(),
            unit: kind.unit(),
            kind,
            credits: kind.price(),
        }
    }
}

impl Paid {
    /// Whether this charge makes another one of `kind` unnecessary: within the window for a find,
    /// always for a reveal, and only if the deduplication recognises the person.
    fn spares(
        &self,
        kind: EntryKind,
        delivery: &Delivery,
        window_ms: i64,
        misses: &[Miss],
    ) -> bool {
        let is_in_force = match kind {
            EntryKind::PersonFound => delivery.at - self.at < window_ms,
            EntryKind::EmailRevealed | EntryKind::PhoneRevealed => true,
            _ => false,
        };
        self.kind == kind
            && is_in_force
            && !misses.iter().any(|miss| self.is_overlooked(*miss, delivery))
    }

    fn is_overlooked(&self, miss: Miss, delivery: &Delivery) -> bool {
        let Named { by, spelled, .. } = &delivery.named;
        let is_respelled = self.by == *by && self.spelled != *spelled;
        match miss {
            Miss::EmailCase => {
                let is_same_but_for_case = self.spelled.to_lowercase() == spelled.to_lowercase();
                *by == Field::Email && is_respelled && is_same_but_for_case
            }
            Miss::LinkedinForm => *by == Field::LinkedIn && is_respelled,
            Miss::EmailVsLinkedin => matches!(
                (self.by, by),
                (Field::Email, Field::LinkedIn) | (Field::LinkedIn, Field::Email)
            ),
            Miss::SameBatch => self.batch.is_some() && self.batch == delivery.batch,
            Miss::ConcurrentBatches => {
                self.batch != delivery.batch && self.at > delivery.batch_taken_at
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bill::Credits;
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn delivery(at: i64, by: Field, spelled: &str) -> Delivery {
        let handle = Handle::from_words("ada-lovelace").unwrap();
        Delivery {
            at,
            batch: Some(1),
            batch_taken_at: at,
            lead: 1,
            person: "id".to_owned(),
            named: Named { handle, by, spelled: spelled.to_owned() },
            email_revealed: false,
            phone_revealed: false,
        }
    }

    fn email(at: i64) -> Delivery {
        delivery(at, Field::Email, "ada.lovelace@x.example")
    }

    /// Half credits charged: email, phone; then those without deduplication.
    fn charged(deliveries: &[Delivery], misses: &[Miss]) -> [u32; 4] {
        let mut tally = Tally::new(24 * HOUR);
        for delivery in deliveries {
            tally.book(delivery, misses);
        }
        let Bill { email, phone, without_dedupe: all, .. } = tally.bill;
        [email, phone, all.email, all.phone].map(Credits::halves)
    }

    #[test]
    fn a_person_is_charged_again_after_the_window_and_not_before() {
        assert_eq!(charged(&[email(0), email(24 * HOUR - 1)], &[]), [1, 0, 2, 0]);
        assert_eq!(charged(&[email(0), email(24 * HOUR)], &[]), [2, 0, 2, 0]);
    }

    #[test]
    fn the_window_runs_from_the_charge_and_no_read_extends_it() {
        let asked = [email(0), email(20 * HOUR), email(24 * HOUR), email(47 * HOUR)];
        assert_eq!(charged(&asked, &[]), [2, 0, 4, 0]);
    }

    #[test]
    fn a_reveal_is_charged_once_for_ever() {
        let revealed = |at| Delivery { email_revealed: true, phone_revealed: true, ..email(at) };
        assert_eq!(charged(&[revealed(0), revealed(9_999 * HOUR)], &[]), [4, 2, 6, 4]);
        assert_eq!(charged(&[email(0), revealed(HOUR)], &[]), [3, 2, 4, 2]);
    }

    #[test]
    fn each_gap_in_the_deduplication_charges_again_only_in_its_case() {
        let respelled = delivery(0, Field::Email, "Ada.Lovelace@x.example");
        let elsewhere = delivery(0, Field::Email, "ada.lovelace@y.example");
        let linkedin = delivery(0, Field::LinkedIn, "linkedin.com/in/ada-lovelace");
        let mobile = delivery(0, Field::LinkedIn, "linkedin.com/m/in/ada-lovelace");
        let named = delivery(0, Field::Name, "Ada Lovelace");
        let next = Delivery { batch: Some(2), ..email(HOUR) };
        let concurrent = Delivery { batch: Some(2), batch_taken_at: -1, ..email(HOUR) };
        let all = [respelled, elsewhere, linkedin, mobile, named, next, concurrent];
        let opened = |miss: Miss| {
            let again = all.iter().map(|second| {
                let mut tally = Tally::new(24 * HOUR);
                tally.book(&Delivery { batch: Some(3), ..email(0) }, &[miss]);
                tally.book(
                    &Delivery { batch: second.batch.map(|batch| batch + 3), ..second.clone() },
                    &[miss],
                );
                tally.bill.entries.len() == 2
            });
            again.collect::<Vec<_>>()
        };
        assert_eq!(opened(Miss::EmailCase), [true, false, false, false, false, false, false]);
        assert_eq!(opened(Miss::LinkedinForm), [false; 7]);
        assert_eq!(opened(Miss::EmailVsLinkedin), [false, false, true, true, false, false, false]);
        assert_eq!(
            opened(Miss::ConcurrentBatches),
            [false, false, false, false, false, false, true]
        );
        assert_eq!(charged(&all[2..4], &[Miss::LinkedinForm])[0], 2);
        assert_eq!(charged(&[email(0), email(0)], &[Miss::SameBatch])[0], 2);
        assert_eq!(charged(&[email(0), all[5].clone()], &[Miss::SameBatch])[0], 1);
    }
}
