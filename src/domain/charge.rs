//! The charge gate: what is due for a person whom a job brought back, and what is then known.
//!
//! Facts of payment live with the person, not with the lead, so two leads that turn out to be one
//! person, a second replica and a replay all pass the same gate and pay once.

use std::time::Duration;

use super::identity::keys::PhoneKey;
use super::pricing::{Charges, PhoneBasis, Prices};
use super::reveal::Reveals;
use super::time::Timestamp;

/// What has been paid for a person. Kept for good: it holds no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Until when the person is surely not charged as found again.
    pub found_free_until: Option<Timestamp>,
    /// By when the vendor had made its latest charge for the find: that of the job that was charged,
    /// or of one that travelled beside it.
    pub found_charged_by: Option<Timestamp>,
    /// The reveals that were paid.
    pub owned: Reveals,
    /// The phone numbers that were paid, where each is charged.
    pub phones: Vec<PhoneKey>,
}

/// What a job's result shows of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// An email came back for a job that asked for it.
    pub email: bool,
    /// The chargeable phone numbers that came back for a job that asked for them.
    pub phones: Vec<PhoneKey>,
}

/// What passing the gate costs and leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// What is due now.
    pub charges: Charges,
    /// What is known from now on.
    pub facts: Facts,
    /// The find was charged although the job began before the vendor's own window had surely
    /// ended: the vendor may not have charged it, and the books may stand higher than its bill.
    pub perhaps_free: bool,
}

impl Facts {
    /// Whether the person's find is surely free at `at`, which is now or later. Where that would last
    /// longer than the vendor's window, a clock was wrong when it was settled, and nothing is sure.
    #[must_use]
    pub fn is_found_free(&self, at: Timestamp, window: Duration, now: Timestamp) -> bool {
        self.found_free_until.is_some_and(|until| at < until && until.since(now) <= window)
    }

    /// Charges what is due for `shown`, brought back by a job that the vendor charged no earlier than
    /// `first_sent`, when it was first sent, and no later than `by`.
    #[must_use]
    pub fn pass(
        mut self,
        shown: &Shown,
        prices: &Prices,
        first_sent: Timestamp,
        by: Timestamp,
    ) -> Passed {
        let mut charges = Charges::ZERO;
        let mut perhaps_free = false;
        if self.is_found_free(by, prices.person_window, by)
            && first_sent <= by
            && self.is_in_window(prices, first_sent, by)
        {
            self.pass_free(prices, first_sent, by);
        } else {
            let window_ends = self.found_charged_by.map(|last| last.after(prices.person_window));
            perhaps_free = window_ends.is_some_and(|ends| first_sent < ends);
            charges.person_found = prices.person_found;
            // A send that is still to come was dated by a clock that was wrong: it opens no window.
            let free_until = Some(prices.found_free_until(first_sent)).filter(|_| first_sent <= by);
            let longest = by.after(prices.person_window);
            let stands = self.found_free_until.filter(|until| *until <= longest);
            self.found_free_until = stands.max(free_until);
            self.found_charged_by = Some(by);
        }
        if shown.email && !self.owned.email {
            charges.email_revealed = prices.email_revealed;
            self.owned.email = true;
        }
        charges.phone_revealed = match prices.phone_basis {
            PhoneBasis::Person if !shown.phones.is_empty() && !self.owned.phone => {
                prices.phone_revealed
            }
            PhoneBasis::Person => super::credits::Credits::ZERO,
            PhoneBasis::Number => prices.phone_revealed.times(self.learn_numbers(&shown.phones)),
        };
        self.owned.phone |= !shown.phones.is_empty();
        Passed { charges, facts: self, perhaps_free }
    }

    /// Whether a job's find surely lies in the charge window that is open. One sent before the
    /// window opened would shorten it under those already counted on; where it also may be charged
    /// very late, the vendor may have charged it and, a window later, another one.
    fn is_in_window(&self, prices: &Prices, first_sent: Timestamp, by: Timestamp) -> bool {
        let half = prices.person_window.checked_div(2).unwrap_or_default();
        let shortens = Some(prices.found_free_until(first_sent)) < self.found_free_until;
        !shortens || by < first_sent.after(half)
    }

    /// A find that costs nothing. The vendor may have charged this job and not the one that the
    /// books charged, so the earlier send of the two opens the window.
    fn pass_free(&mut self, prices: &Prices, first_sent: Timestamp, by: Timestamp) {
        let free_until = prices.found_free_until(first_sent);
        self.found_free_until = self.found_free_until.map(|until| until.min(free_until));
        if self.found_charged_by.is_some_and(|last| first_sent < last) {
            self.found_charged_by = self.found_charged_by.max(Some(by));
        }
    }

    /// Adds the numbers not yet paid and tells how many they were.
    fn learn_numbers(&mut self, shown: &[PhoneKey]) -> u64 {
        let known = self.phones.len();
        for phone in shown {
            if !self.phones.contains(phone) {
                self.phones.push(*phone);
            }
        }
        self.phones.len().abs_diff(known).try_into().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn prices(phone_basis: PhoneBasis) -> Prices {
        Prices { phone_basis, ..Prices::PUBLISHED }
    }

    fn numbers(numbers: &[u8]) -> Vec<PhoneKey> {
        numbers.iter().map(|n| PhoneKey::from_bytes([*n; 16])).collect()
    }

    fn at(hours: u32) -> Timestamp {
        Timestamp::EPOCH.after(HOUR * hours)
    }

    #[test]
    fn a_person_is_charged_once_inside_the_window_and_again_after_it() {
        let prices = prices(PhoneBasis::Person);
        let shown = Shown { email: true, phones: numbers(&[1]) };
        let first = Facts::default().pass(&shown, &prices, at(0), at(1));
        assert_eq!(first.charges.amounts().to_string(), "email=1.5, phone=1");

        let last_free = Timestamp::from_millis(prices.found_free_until(at(0)).as_millis() - 1);
        let inside = first.facts.clone().pass(&shown, &prices, at(20), last_free);
        assert_eq!(inside.charges, Charges::ZERO);

        let outside = first.facts.pass(&shown, &prices, at(30), at(31));
        assert_eq!(outside.charges.amounts().to_string(), "email=0.5, phone=0");
        assert!(!outside.perhaps_free);
    }

    #[test]
    fn the_window_runs_from_the_first_send_and_not_from_the_settlement() {
        let prices = prices(PhoneBasis::Person);
        let passed = Facts::default().pass(&Shown::default(), &prices, at(0), at(5));
        assert_eq!(passed.facts.found_free_until, Some(prices.found_free_until(at(0))));
    }

    #[test]
    fn a_settlement_that_charges_nothing_may_only_shorten_the_free_time() {
        let prices = prices(PhoneBasis::Person);
        let first = Facts::default().pass(&Shown::default(), &prices, at(3), at(4));
        let earlier = first.facts.clone().pass(&Shown::default(), &prices, at(1), at(5));
        assert_eq!(earlier.facts.found_free_until, Some(prices.found_free_until(at(1))));
        let later = first.facts.pass(&Shown::default(), &prices, at(4), at(5));
        assert_eq!(later.facts.found_free_until, Some(prices.found_free_until(at(3))));
    }

    #[test]
    fn late_evidence_from_before_the_window_is_charged_and_leaves_the_window() {
        let prices = prices(PhoneBasis::Person);
        let first = Facts::default().pass(&Shown::default(), &prices, at(30), at(31));
        let late = first.facts.clone().pass(&Shown::default(), &prices, at(20), at(32));
        assert_eq!(late.charges.person_found, prices.person_found);
        assert!(late.perhaps_free);
        assert_eq!(late.facts.found_free_until, first.facts.found_free_until);
        let sooner = first.facts.pass(&Shown::default(), &prices, at(21), at(32));
        assert_eq!(sooner.charges, Charges::ZERO);
    }

    #[test]
    fn a_find_charged_across_the_turn_of_the_window_is_marked_as_perhaps_free() {
        let prices = prices(PhoneBasis::Person);
        let first = Facts::default().pass(&Shown::default(), &prices, at(0), at(1));
        let across = first.facts.pass(&Shown::default(), &prices, at(23), at(25));
        assert!(across.perhaps_free);
        assert_eq!(across.charges.person_found, prices.person_found);
    }

    #[test]
    fn a_window_that_a_wrong_clock_has_opened_frees_nothing() {
        let prices = prices(PhoneBasis::Person);
        // Sent and settled while the clock was two days ahead, asked for again once it was right.
        let wrong = Facts::default().pass(&Shown::default(), &prices, at(58), at(59));
        assert!(!wrong.facts.is_found_free(at(11), prices.person_window, at(11)));
        let right = wrong.facts.pass(&Shown::default(), &prices, at(11), at(12));
        assert_eq!(right.charges.person_found, prices.person_found);
        assert_eq!(right.facts.found_free_until, Some(prices.found_free_until(at(11))));
        // Sent while it was a day ahead, settled once it was right.
        let sent_wrong = Facts::default().pass(&Shown::default(), &prices, at(34), at(11));
        assert_eq!(sent_wrong.charges.person_found, prices.person_found);
        assert_eq!(sent_wrong.facts.found_free_until, None);
    }

    #[test]
    fn where_each_number_is_charged_a_known_one_is_free() {
        let prices = prices(PhoneBasis::Number);
        let shown = |seen: &[u8]| Shown { email: false, phones: numbers(seen) };
        let first = Facts::default().pass(&shown(&[1, 2, 2]), &prices, at(0), at(1));
        assert_eq!(first.charges.phone_revealed.to_string(), "2");
        let second = first.facts.pass(&shown(&[2, 3]), &prices, at(1), at(2));
        assert_eq!(second.charges.phone_revealed.to_string(), "1");
    }
}
