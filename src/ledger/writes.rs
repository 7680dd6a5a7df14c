//! What a step writes. Most of it is rows. The journal and the counters, which many steps move at
//! once, are written as changes, so that a store may run steps side by side.

use std::collections::BTreeMap;

use super::record::tally::{Tally, TallyKey};
use super::record::usage::UseKey;
use super::table::TableId;
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
    /// How what counts towards teams' limits moves.
    pub uses: BTreeMap<UseKey, i64>,
    /// How hit rates move.
    pub observed: BTreeMap<TeamId, ObservedChange>,
    /// What counters must not exceed: else nothing is written.
    pub bounds: Vec<Bounded>,
}

/// A quota or a limit that must still hold when a step is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded {
    /// What is counted.
    pub counter: Counter,
    /// What the step adds to what is used.
    pub needed: i64,
    /// What may be used at most.
    pub limit: i64,
}

/// Something that is counted, and may be bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counter {
    /// What is used of a tally, in thousandths.
    Tally(TallyKey),
    /// What counts towards a limit.
    Use(UseKey),
}

impl Writes {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.entries.is_empty()
            && self.tallies.is_empty()
            && self.uses.is_empty()
            && self.observed.is_empty()
    }
}
