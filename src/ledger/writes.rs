//! What a step writes. Most of it is rows. The journal and the counters, which many steps move at
//! once, are written as changes, so that a store may run steps side by side.

use std::collections::BTreeMap;

use super::record::tally::{Tally, TallyKey};
use super::table::TableId;
use crate::domain::credits::Credits;
use crate::domain::estimate::ObservedChange;
use crate::domain::team::TeamId;

/// Rows to put and, where there is none, to delete.
pub type RowWrites = BTreeMap<(TableId, Vec<u8>), Option<Vec<u8>>>;

/// What a step writes, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Rows to put and to delete.
    pub rows: RowWrites,
    /// The journal's next entries, in order.
    pub entries: Vec<Vec<u8>>,
    /// How tallies move.
    pub tallies: BTreeMap<TallyKey, Tally>,
    /// How hit rates move.
    pub observed: BTreeMap<TeamId, ObservedChange>,
    /// What tallies must not pass: else nothing is written.
    pub bounds: Vec<Bounded>,
}

/// A quota that must still hold when a step is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded {
    /// The counters.
    pub key: TallyKey,
    /// What the step adds to what is used.
    pub needed: Credits,
    /// What may be used at most.
    pub limit: Credits,
}

impl Writes {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.entries.is_empty()
            && self.tallies.is_empty()
            && self.observed.is_empty()
    }
}
