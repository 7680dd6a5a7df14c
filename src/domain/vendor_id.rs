//! The vendor's id of a batch.

use std::fmt;

/// The vendor's id of a batch that it accepted: a whole number, so that no other text can be
/// inserted into a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VendorId(u64);

impl VendorId {
    /// The batch with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    #[must_use]
    pub const fn as_number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for VendorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
