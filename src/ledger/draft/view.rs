//! What a store shows a step.

use std::ops::Bound;

use super::bounds::{after_prefix, below};
use super::heads::{self, Heads};
use super::range::Range;
use super::{Fault, RawRows};
use crate::domain::time::Timestamp;
use crate::ledger::table::TableId;

/// What a store shows a step: its rows, as bytes, as they stand.
pub trait View {
    /// The moment of the step, by the store's clock: the same however often it is asked.
    fn now(&self) -> Timestamp;

    /// One row.
    ///
    /// # Errors
    /// [`Fault::Store`] where the store fails.
    fn row(&self, table: TableId, key: &[u8], reliance: Reliance)
    -> Result<Option<Vec<u8>>, Fault>;

    /// All rows whose keys begin with `prefix`, in order.
    ///
    /// # Errors
    /// [`Fault::Store`] where the store fails.
    fn group(&self, table: TableId, prefix: &[u8], reliance: Reliance) -> Result<RawRows, Fault> {
        // Rows of a store that runs one step at a time can be relied on however they are read.
        let _ = reliance;
        let to = after_prefix(prefix);
        self.rows(table, Range::between(Bound::Included(prefix), below(to.as_ref())))
    }

    /// The step will ask for this row: a store may have it ready.
    fn foresee(&self, _table: TableId, _key: &[u8]) {}

    /// The step will ask for these rows: a store may have them ready.
    fn foresee_group(&self, _table: TableId, _prefix: &[u8]) {}

    /// The rows in this range: a scan, which no step relies on.
    ///
    /// # Errors
    /// [`Fault::Store`] where the store fails.
    fn rows(&self, table: TableId, range: Range<'_>) -> Result<RawRows, Fault>;

    /// How many rows there are whose keys begin with `prefix`: a scan, too.
    ///
    /// # Errors
    /// [`Fault::Store`] where the store fails.
    fn count(&self, table: TableId, prefix: &[u8]) -> Result<usize, Fault> {
        let to = after_prefix(prefix);
        Ok(self.rows(table, Range::between(Bound::Included(prefix), below(to.as_ref())))?.len())
    }

    /// The first rows of each group, whose keys agree in all but their last `tail` bytes: a scan, too.
    ///
    /// # Errors
    /// [`Fault::Store`] where the store fails.
    fn heads(&self, table: TableId, tail: usize, of: &[Heads]) -> Result<Vec<RawRows>, Fault> {
        of.iter().map(|heads| heads::by_ranges(self, table, tail, heads)).collect()
    }
}

/// Whether what is read must still stand when the step is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reliance {
    /// It is only looked at: whatever becomes of it meanwhile, the step is right.
    Glanced,
    /// The step is taken only if it still stands.
    Relied,
}
