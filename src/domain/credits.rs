//! Credits, the vendor's money: whole thousandths, in two units that are never added together.

use std::fmt;
use std::str::FromStr;

/// An amount of credits of one unit, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credits(i64);

/// The maximum amount: exact as a double in every JSON reader and in Lua.
const THOUSANDTHS_MAX: i64 = (1 << 53) - 1;

impl Credits {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// This many thousandths of a credit.
    #[must_use]
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// The amount in thousandths of a credit.
    #[must_use]
    pub const fn as_thousandths(self) -> i64 {
        self.0
    }

    /// The sum of both.
    ///
    /// # Panics
    /// Beyond nine trillion credits, which no account has: a broken invariant.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.0
            .checked_add(other.0)
            .filter(|sum| sum.unsigned_abs() <= THOUSANDTHS_MAX.unsigned_abs())
            .map(Self)
            .expect("a sum of credits stays far below 2^53 thousandths")
    }

    /// The difference; may be negative.
    ///
    /// # Panics
    /// As [`Credits::plus`].
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    /// The negated amount.
    ///
    /// # Panics
    /// As [`Credits::plus`].
    #[must_use]
    pub fn negated(self) -> Self {
        Self(self.0.checked_neg().expect("no sum of credits is i64::MIN"))
    }

    /// The product.
    ///
    /// # Panics
    /// As [`Credits::plus`].
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        i64::try_from(count)
            .ok()
            .and_then(|count| self.0.checked_mul(count))
            .filter(|product| product.unsigned_abs() <= THOUSANDTHS_MAX.unsigned_abs())
            .map(Self)
            .expect("a product of credits stays far below 2^53 thousandths")
    }

    /// Whether this is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is negative.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl std::iter::Sum for Credits {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Credits {
    /// A decimal without trailing zeros: `7.5`, `12`, `-0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousandths = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (thousandths / 1000, thousandths % 1000);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let fraction = format!("{rest:03}");
        write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

/// Why a text is not an amount of credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of credits: write digits with at most three decimals, such as 0.5")]
pub struct NotCredits;

impl FromStr for Credits {
    type Err = NotCredits;

    fn from_str(text: &str) -> Result<Self, NotCredits> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > 3 {
            return Err(NotCredits);
        }
        format!("{whole}{fraction:0<3}")
            .parse::<i64>()
            .ok()
            .filter(|thousandths| *thousandths <= THOUSANDTHS_MAX)
            .and_then(|thousandths| thousandths.checked_mul(sign))
            .map(Self)
            .ok_or(NotCredits)
    }
}

/// The unit of an amount. The vendor keeps the two units apart, and so does the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Email credits: persons found and emails revealed.
    Email,
    /// Phone credits: phone numbers revealed.
    Phone,
}

impl Unit {
    /// Both units.
    pub const ALL: [Self; 2] = [Self::Email, Self::Phone];

    /// `email` or `phone`, as in settings, headers and labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An amount in each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Amounts {
    /// Email credits.
    pub email: Credits,
    /// Phone credits.
    pub phone: Credits,
}

impl Amounts {
    /// Zero in both units.
    pub const ZERO: Self = Self { email: Credits::ZERO, phone: Credits::ZERO };

    /// An amount of one unit, and zero of the other.
    #[must_use]
    pub fn of(unit: Unit, credits: Credits) -> Self {
        match unit {
            Unit::Email => Self { email: credits, ..Self::ZERO },
            Unit::Phone => Self { phone: credits, ..Self::ZERO },
        }
    }

    /// The amount in one unit.
    #[must_use]
    pub fn in_unit(self, unit: Unit) -> Credits {
        match unit {
            Unit::Email => self.email,
            Unit::Phone => self.phone,
        }
    }

    /// The sum per unit.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { email: self.email.plus(other.email), phone: self.phone.plus(other.phone) }
    }

    /// The difference per unit.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self { email: self.email.minus(other.email), phone: self.phone.minus(other.phone) }
    }

    /// Whether both are zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The smaller amount per unit.
    #[must_use]
    pub fn at_most(self, bound: Self) -> Self {
        Self { email: self.email.min(bound.email), phone: self.phone.min(bound.phone) }
    }
}

impl std::iter::Sum for Amounts {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Amounts {
    /// As in headers and messages: `email=7.5, phone=5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "email={}, phone={}", self.email, self.phone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_read_and_print_as_decimals_without_needless_zeros() {
        for (text, thousandths) in [("0", 0), ("0.5", 500), ("12", 12_000), ("-0.25", -250)] {
            let credits: Credits = text.parse().unwrap();
            assert_eq!(credits.as_thousandths(), thousandths);
            assert_eq!(credits.to_string(), text);
        }
        assert_eq!("007.50".parse::<Credits>().unwrap().to_string(), "7.5");
    }

    #[test]
    fn invalid_amounts_are_refused() {
        for text in ["", "-", ".5", "5.", "0.0001", "1e3", "+1", "nan", "9007199254740992", "--1"] {
            assert_eq!(text.parse::<Credits>(), Err(NotCredits), "{text:?}");
        }
    }

    #[test]
    #[should_panic(expected = "far below 2^53")]
    fn a_sum_beyond_exact_doubles_is_a_broken_invariant() {
        let most = Credits::from_thousandths(THOUSANDTHS_MAX);
        let _ = most.plus(Credits::from_thousandths(1));
    }
}
