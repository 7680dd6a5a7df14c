//! The estimate: the most, and the likely, that a batch costs.

use super::credits::{Amounts, Credits};
use super::pricing::{Prices, WorstCase};

/// How often, in a thousand, something comes back. Starts as a prior and is to be replaced by what
/// was observed.
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
    /// What is assumed before anything was seen: rather too much than too little.
    pub const PRIOR: Self = Self { found: 850, email: 800, phone: 600 };

    /// What a lead with this worst case is likely to cost.
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

fn per_mille(of: u16, rate: u16) -> u16 {
    let product = u32::from(of).saturating_mul(u32::from(rate)) / 1000;
    u16::try_from(product).unwrap_or(u16::MAX)
}

/// So many thousandths of a sum, rounded up.
fn share(sum: Credits, rate: u16) -> Credits {
    let thousandths = sum.times(rate.into()).as_thousandths();
    Credits::from_thousandths(thousandths.saturating_add(999).div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reveal::Reveals;

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
}
