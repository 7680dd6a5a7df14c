//! The share of a limit that one team may use.

/// A share, in whole percent from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u8);

impl Share {
    /// Half.
    pub const HALF: Self = Self(50);

    /// This percentage; `None` if it is not between 1 and 100.
    #[must_use]
    pub const fn percent(percent: u8) -> Option<Self> {
        if percent >= 1 && percent <= 100 { Some(Self(percent)) } else { None }
    }

    /// The share of this number, rounded up: at least one.
    #[must_use]
    pub fn of(self, all: usize) -> usize {
        all.saturating_mul(usize::from(self.0)).div_ceil(100)
    }

    /// The same of a count that the books keep.
    #[must_use]
    pub fn of_count(self, all: u64) -> u64 {
        all.saturating_mul(u64::from(self.0)).div_ceil(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up() {
        let of = |percent, all| Share::percent(percent).unwrap().of(all);
        assert_eq!([0, 1, 2, 3, 101].map(|all| of(50, all)), [0, 1, 1, 2, 51]);
        assert_eq!((of(1, 1), of(1, 1000), of(100, 7)), (1, 10, 7));
        assert_eq!([0, 101].map(Share::percent), [None, None]);
    }
}
