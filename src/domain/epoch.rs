//! Epochs: the identity of a ledger, from its start in an empty store.

use std::fmt;
use std::str::FromStr;

/// The epoch of a ledger: a random number, so that two stores that began empty have different ones.
/// A ledger that is adopted after its store was lost keeps its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The epoch as a number.
    #[must_use]
    pub const fn as_number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    /// 16 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Why a text is not an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an epoch is 16 hexadecimal digits, as the gateway logs them at its start")]
pub struct NotAnEpoch;

impl FromStr for Epoch {
    type Err = NotAnEpoch;

    fn from_str(text: &str) -> Result<Self, NotAnEpoch> {
        let is_hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_hex);
        number.map(Self).ok_or(NotAnEpoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_reads_as_it_prints() {
        for number in [0, 1, u64::MAX] {
            let epoch = Epoch::from_number(number);
            assert_eq!(epoch.to_string().parse(), Ok(epoch));
        }
        for text in ["", "0", "+00000000000000f", "000000000000000g", "00000000000000000"] {
            assert_eq!(text.parse::<Epoch>(), Err(NotAnEpoch), "{text:?}");
        }
    }
}
