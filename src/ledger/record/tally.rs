//! Tallies: the counters of a team, in one unit, over one period.

use crate::domain::credits::{Credits, Unit};
use crate::domain::period::PeriodId;
use crate::domain::team::TeamId;

/// Which counters are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey {
    /// Whose.
    pub team: TeamId,
    /// Of what.
    pub unit: Unit,
    /// Over which period.
    pub period: PeriodId,
}

/// The counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Charged.
    pub spent: Credits,
    /// Set aside.
    pub reserved: Credits,
    /// Set aside, of a charge that nobody could learn.
    pub unresolved: Credits,
    /// List price of what was answered without the vendor.
    pub avoided: Credits,
}

impl Tally {
    /// What counts against a quota.
    #[must_use]
    pub fn used(&self) -> Credits {
        self.spent.plus(self.reserved).plus(self.unresolved)
    }

    /// This less the other, counter by counter.
    #[must_use]
    pub fn minus(self, less: Self) -> Self {
        Self {
            spent: self.spent.minus(less.spent),
            reserved: self.reserved.minus(less.reserved),
            unresolved: self.unresolved.minus(less.unresolved),
            avoided: self.avoided.minus(less.avoided),
        }
    }

    /// Both, counter by counter.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            spent: self.spent.plus(more.spent),
            reserved: self.reserved.plus(more.reserved),
            unresolved: self.unresolved.plus(more.unresolved),
            avoided: self.avoided.plus(more.avoided),
        }
    }
}
