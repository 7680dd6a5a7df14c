//! Reveals: the charged contacts of a person.

use std::fmt;

/// A set of reveals: requested, contained in a job, or owned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reveals {
    /// The email address.
    pub email: bool,
    /// The phone numbers.
    pub phone: bool,
}

impl Reveals {
    /// None.
    pub const NONE: Self = Self { email: false, phone: false };
    /// Both.
    pub const ALL: Self = Self { email: true, phone: true };

    /// Every set.
    pub const SETS: [Self; 4] = [
        Self::NONE,
        Self { email: true, phone: false },
        Self { email: false, phone: true },
        Self::ALL,
    ];

    /// Whether everything in `other` is in this set too.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        (self.email || !other.email) && (self.phone || !other.phone)
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self { email: self.email && !other.email, phone: self.phone && !other.phone }
    }

    /// What is in both.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self { email: self.email && other.email, phone: self.phone && other.phone }
    }

    /// What is in either.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self { email: self.email || other.email, phone: self.phone || other.phone }
    }
}

impl fmt::Display for Reveals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.email, self.phone) {
            (false, false) => "none",
            (true, false) => "email",
            (false, true) => "phone",
            (true, true) => "email and phone",
        })
    }
}
