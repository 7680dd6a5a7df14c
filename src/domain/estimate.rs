//! The estimate: the maximum and the expected cost of a batch.

use super::credits::{Amounts, Credits};
use super::pricing::{Prices, WorstCase};
use super::reveal::Reveals;

/// Rates of success, in thousandths: assumed at first, and observed after enough observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HitRates {
    /// A lead is found.
    pub found: u16,
    /// A person found has an email.
    pub email: u16,
    /// A person found has a phone.
    pub phone: u16,
}

impl HitRates {
    /// The assumed rates, rather too high than too low.
    pub const PRIOR: Self = Self { found: 850, email: 800, phone: 600 };

    /// The expected cost of a lead with this maximum cost.
    #[must_use]
    pub fn expected(self, prices: &Prices, worst: WorstCase) -> Amounts {
        let email_rate = per_mille(self.found, self.email);
        let phone_rate = per_mille(self.found, self.phone);
        let most = |worst| prices.price_of(worst);
        let find = most(WorstCase { email: false, phones: 0, ..worst }).email;
        let email = most(WorstCase { find: false, phones: 0, ..worst }).email;
        let phone = most(WorstCase { find: false, email: false, ..worst }).phone;
        Amounts {
            email: share(find, self.found).plus(share(email, email_rate)),
            phone: share(phone, phone_rate),
        }
    }
}

/// How many observations are enough.
const ENOUGH: u32 = 100;

/// Beyond this number of leads, the counters are halved, so that recent leads count more.
const REMEMBERED_MAX: u32 = 10_000;

/// The observed results of the leads that one team paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Answered leads.
    pub leads: u32,
    /// Of these, persons found.
    pub found: u32,
    /// Of those found, how many were asked for an email.
    pub emails_asked: u32,
    /// Of those asked, how many had one.
    pub emails: u32,
    /// Of those found, how many were asked for a phone.
    pub phones_asked: u32,
    /// Of those asked, how many had one.
    pub phones: u32,
}

/// Changes of the counters of [`Observed`], in the order of its fields. Settlements of one team add
/// their changes without reading each other's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObservedChange(pub [i64; 6]);

impl ObservedChange {
    /// Both changes.
    #[must_use]
    pub fn with(self, more: Self) -> Self {
        Self(std::array::from_fn(|n| self.0[n].saturating_add(more.0[n])))
    }
}

/// The number of observations behind each rate; `None` if there are too few and the rate is
/// assumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// That a person is found: leads.
    pub person_found: Option<u32>,
    /// That an email is revealed: persons found.
    pub email_revealed: Option<u32>,
    /// That a phone is revealed: persons found.
    pub phone_revealed: Option<u32>,
}

impl Observed {
    /// One lead for which no person was found.
    pub const NOBODY: Self =
        Self { leads: 1, found: 0, emails_asked: 0, emails: 0, phones_asked: 0, phones: 0 };

    /// One lead that was found, with the requested and the returned reveals.
    #[must_use]
    pub fn found(asked: Reveals, came: Reveals) -> Self {
        Self {
            leads: 1,
            found: 1,
            emails_asked: asked.email.into(),
            emails: (asked.email && came.email).into(),
            phones_asked: asked.phone.into(),
            phones: (asked.phone && came.phone).into(),
        }
    }

    /// Both.
    #[must_use]
    pub fn with(self, more: Self) -> Self {
        self.merged(more, u32::saturating_add)
    }

    /// The counters after halving, if they exceed the limit.
    #[must_use]
    pub fn recent(self) -> Self {
        let mut recent = self;
        while recent.leads > REMEMBERED_MAX {
            recent = recent.merged(Self::default(), |count, _| count / 2);
        }
        recent
    }

    /// The six counters, in the order of the fields.
    #[must_use]
    pub const fn counts(self) -> [u32; 6] {
        let Self { leads, found, emails_asked, emails, phones_asked, phones } = self;
        [leads, found, emails_asked, emails, phones_asked, phones]
    }

    /// The counters in the order of the fields.
    #[must_use]
    pub const fn of_counts(counts: [u32; 6]) -> Self {
        let [leads, found, emails_asked, emails, phones_asked, phones] = counts;
        Self { leads, found, emails_asked, emails, phones_asked, phones }
    }

    /// The change from these counters to `after`.
    #[must_use]
    pub fn change_to(self, after: Self) -> ObservedChange {
        let (from, to) = (self.counts(), after.counts());
        let moves = |n: usize| i64::from(to[n]).saturating_sub(i64::from(from[n]));
        ObservedChange(std::array::from_fn(moves))
    }

    /// The counters after a change. Concurrent changes may sum up to a negative value; a counter
    /// stops at zero.
    #[must_use]
    pub fn changed(self, by: ObservedChange) -> Self {
        let from = self.counts();
        let count = |n: usize| {
            let count = i64::from(from[n]).saturating_add(by.0[n]).max(0);
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        Self::of_counts(std::array::from_fn(count))
    }

    fn merged(self, other: Self, merge: impl Fn(u32, u32) -> u32) -> Self {
        Self {
            leads: merge(self.leads, other.leads),
            found: merge(self.found, other.found),
            emails_asked: merge(self.emails_asked, other.emails_asked),
            emails: merge(self.emails, other.emails),
            phones_asked: merge(self.phones_asked, other.phones_asked),
            phones: merge(self.phones, other.phones),
        }
    }

    /// The observed rates where there are enough observations, and the assumed rates otherwise.
    #[must_use]
    pub fn rates(self, assumed: HitRates) -> (HitRates, Basis) {
        let basis = |seen: u32| (seen >= ENOUGH).then_some(seen);
        let rate = |came: u32, seen, assumed| {
            // Rounded up, like the assumed rates.
            let observed = |seen| came.saturating_mul(1000).div_ceil(seen);
            let observed = basis(seen).and_then(|seen| u16::try_from(observed(seen)).ok());
            observed.unwrap_or(assumed)
        };
        let rates = HitRates {
            found: rate(self.found, self.leads, assumed.found),
            email: rate(self.emails, self.emails_asked, assumed.email),
            phone: rate(self.phones, self.phones_asked, assumed.phone),
        };
        let basis = Basis {
            person_found: basis(self.leads),
            email_revealed: basis(self.emails_asked),
            phone_revealed: basis(self.phones_asked),
        };
        (rates, basis)
    }
}

fn per_mille(of: u16, rate: u16) -> u16 {
    let product = u32::from(of).saturating_mul(u32::from(rate)) / 1000;
    u16::try_from(product).unwrap_or(u16::MAX)
}

/// This many thousandths of an amount, rounded up.
fn share(sum: Credits, rate: u16) -> Credits {
    let thousandths = sum.times(rate.into()).as_thousandths();
    Credits::from_thousandths(thousandths.saturating_add(999).div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_cost_never_exceeds_the_worst_case() {
        let prices = Prices::PUBLISHED;
        let worst = prices.worst_case(Reveals::ALL);
        assert_eq!(prices.price_of(worst).to_string(), "email=1.5, phone=1");
        let expected = HitRates::PRIOR.expected(&prices, worst);
        assert_eq!(expected.to_string(), "email=1.105, phone=0.51");
        let certain = HitRates { found: 1000, email: 1000, phone: 1000 };
        assert_eq!(certain.expected(&prices, worst), prices.price_of(worst));
    }

    fn times(count: u32, one: Observed) -> Observed {
        (0..count).fold(Observed::default(), |sum, _| sum.with(one).recent())
    }

    #[test]
    fn each_rate_is_assumed_until_there_are_enough_observations() {
        let with_email = Reveals { email: true, phone: false };
        let (found, missed) = (Observed::found(with_email, Reveals::NONE), Observed::NOBODY);
        let (rates, basis) = times(99, found).rates(HitRates::PRIOR);
        assert_eq!((rates, basis), (HitRates::PRIOR, Basis::default()));

        let observed = times(99, found).with(missed);
        let (rates, basis) = observed.rates(HitRates::PRIOR);
        assert_eq!(rates, HitRates { found: 990, ..HitRates::PRIOR });
        assert_eq!(basis, Basis { person_found: Some(100), ..Basis::default() });

        let (rates, basis) = observed.with(found).rates(HitRates::PRIOR);
        assert_eq!((rates.email, rates.phone), (0, HitRates::PRIOR.phone));
        assert_eq!((basis.email_revealed, basis.phone_revealed), (Some(100), None));
    }

    #[test]
    fn recent_leads_count_for_more() {
        let found = Observed::found(Reveals::ALL, Reveals::ALL);
        let before = times(9_999, Observed::NOBODY);
        let observed = (0..9_999).fold(before, |sum, _| sum.with(found).recent());
        assert!(observed.leads <= REMEMBERED_MAX);
        let (rates, _) = observed.rates(HitRates::PRIOR);
        assert!(rates.found > 600, "half of all were found, and the later half: {rates:?}");
        assert_eq!((rates.email, rates.phone), (1000, 1000));
    }
}
