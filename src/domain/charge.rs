//! The charge gate: the charges for a person that a job returned, and the payment facts afterwards.
//!
//! Facts of payment belong to the person, not to the lead. Two leads that turn out to be one
//! person, a second replica and a replay therefore all pass the same gate and pay once.

use std::time::Duration;

use super::identity::keys::PhoneKey;
use super::pricing::{Charges, PhoneBasis, Prices};
use super::reveal::Reveals;
use super::time::Timestamp;

/// What was paid for a person. Kept permanently; it contains no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Until when the find of the person is certainly free.
    pub found_free_until: Option<Timestamp>,
    /// The latest time of the vendor's last charge for the find: by the charged job, or by one that
    /// ran at the same time.
    pub found_charged_by: Option<Timestamp>,
    /// The paid reveals.
    pub owned: Reveals,
    /// The paid phone numbers, if each number is charged.
    pub phones: Vec<PhoneKey>,
}

/// What a job's result contains of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// An email was returned to a job that asked for it.
    pub email: bool,
    /// The chargeable phone numbers that were returned to a job that asked for them.
    pub phones: Vec<PhoneKey>,
}

/// The outcome of the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The charges.
    pub charges: Charges,
    /// The facts from now on.
    pub facts: Facts,
    /// The find was charged although the vendor's own window may not have ended when the job began.
    /// The vendor may not have charged it, so the ledger may exceed its bill.
    pub perhaps_free: bool,
}

impl Facts {
    /// Whether the person's find is certainly free at `at`, which is not in the past. A window
    /// longer than the vendor's was set by a wrong clock, and nothing is certain.
    #[must_use]
    pub fn is_found_free(&self, at: Timestamp, window: Duration, now: Timestamp) -> bool {
        self.found_free_until.is_some_and(|until| at < until && until.since(now) <= window)
    }

    /// Charges for `shown`, returned by a job that the vendor charged no earlier than `first_sent`,
    /// its first send, and no later than `by`.
    #[must_use]
    pub fn pass(
        mut self,
        shown: &Shown,
        prices: &Prices,
        first_sent: Timestamp,
        by: Timestamp,
    ) -> Passed {
        let first_sent = sent_by(first_sent, by, prices.window_margin);
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
            // A send far in the future has the date of a clock that was wrong. It opens no window.
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

    /// Whether a job's find certainly lies in the open charge window. A job sent before the window
    /// opened would shorten the window for jobs that already rely on it. If it may also be charged
    /// very late, the vendor may have charged this job and, a window later, another one.
    fn is_in_window(&self, prices: &Prices, first_sent: Timestamp, by: Timestamp) -> bool {
        let half = prices.person_window.checked_div(2).unwrap_or_default();
        let shortens = Some(prices.found_free_until(first_sent)) < self.found_free_until;
        !shortens || by < first_sent.after(half)
    }

    /// A find without a charge. The vendor may have charged this job and not the one that the
    /// ledger charged, so the earlier send of the two opens the window.
    fn pass_free(&mut self, prices: &Prices, first_sent: Timestamp, by: Timestamp) {
        let free_until = prices.found_free_until(first_sent);
        self.found_free_until = self.found_free_until.map(|until| until.min(free_until));
        if self.found_charged_by.is_some_and(|last| first_sent < last) {
            self.found_charged_by = self.found_charged_by.max(Some(by));
        }
    }

    /// Adds the numbers that are not paid yet and returns their count.
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

/// When a job was sent that has an answer by now. A date in the future means that the clock has been set
/// back since. Up to the margin of the window, the job counts as sent now.
fn sent_by(first_sent: Timestamp, by: Timestamp, margin: Duration) -> Timestamp {
    if first_sent.since(by) <= margin { first_sent.min(by) } else { first_sent }
}

#[cfg(test)]
mod tests {
    use super::super::credits::Credits;
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
    fn a_send_dated_by_a_clock_a_little_ahead_opens_the_window_and_one_far_ahead_does_not() {
        let prices = prices(PhoneBasis::Person);
        for (ahead, charged_again) in [(Duration::from_secs(90), 0), (HOUR, 500)] {
            let sent = at(10).after(ahead);
            let first = Facts::default().pass(&Shown::default(), &prices, sent, at(10));
            assert_eq!(first.charges.person_found, prices.person_found);
            let again = first.facts.pass(&Shown::default(), &prices, at(12), at(13));
            assert_eq!(again.charges.person_found, Credits::from_thousandths(charged_again));
        }
    }

    #[test]
    fn a_job_sent_by_a_clock_a_little_ahead_is_free_inside_an_open_window() {
        let prices = prices(PhoneBasis::Person);
        let first = Facts::default().pass(&Shown::default(), &prices, at(0), at(1));
        let sent = at(3).after(Duration::from_secs(90));
        let second = first.facts.pass(&Shown::default(), &prices, sent, at(3));
        assert_eq!(second.charges, Charges::ZERO);
    }

    #[test]
    fn the_window_runs_from_the_first_send_and_not_from_the_settlement() {
        let prices = prices(PhoneBasis::Person);
        let passed = Facts::default().pass(&Shown::default(), &prices, at(0), at(5));
        assert_eq!(passed.facts.found_free_until, Some(prices.found_free_until(at(0))));
    }

    #[test]
    fn a_settlement_without_charge_may_only_shorten_the_window() {
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
    fn a_find_charged_at_the_end_of_the_window_is_marked_as_perhaps_free() {
        let prices = prices(PhoneBasis::Person);
        let first = Facts::default().pass(&Shown::default(), &prices, at(0), at(1));
        let across = first.facts.pass(&Shown::default(), &prices, at(23), at(25));
        assert!(across.perhaps_free);
        assert_eq!(across.charges.person_found, prices.person_found);
    }

    #[test]
    fn a_window_opened_by_a_wrong_clock_frees_nothing() {
        let prices = prices(PhoneBasis::Person);
        // Sent and settled while the clock was two days ahead; requested again after it was
        // corrected.
        let wrong = Facts::default().pass(&Shown::default(), &prices, at(58), at(59));
        assert!(!wrong.facts.is_found_free(at(11), prices.person_window, at(11)));
        let right = wrong.facts.pass(&Shown::default(), &prices, at(11), at(12));
        assert_eq!(right.charges.person_found, prices.person_found);
        assert_eq!(right.facts.found_free_until, Some(prices.found_free_until(at(11))));
        // Sent while the clock was a day ahead; settled after it was corrected.
        let sent_wrong = Facts::default().pass(&Shown::default(), &prices, at(34), at(11));
        assert_eq!(sent_wrong.charges.person_found, prices.person_found);
        assert_eq!(sent_wrong.facts.found_free_until, None);
    }

    #[test]
    fn a_known_number_is_free_if_each_number_is_charged() {
        let prices = prices(PhoneBasis::Number);
        let shown = |seen: &[u8]| Shown { email: false, phones: numbers(seen) };
        let first = Facts::default().pass(&shown(&[1, 2, 2]), &prices, at(0), at(1));
        assert_eq!(first.charges.phone_revealed.to_string(), "2");
        let second = first.facts.pass(&shown(&[2, 3]), &prices, at(1), at(2));
        assert_eq!(second.charges.phone_revealed.to_string(), "1");
    }
}
