//! Reading from the end of a table, and counting: for lists that show the latest first, and for metrics.

use std::ops::Bound;

use super::bounds::{after_prefix, below};
use super::range::Range;
use super::{Draft, Fault, Rows, parsed};
use crate::ledger::codec::Ordered;
use crate::ledger::table::{Table, TableId};

impl Draft<'_> {
    /// The last `limit` rows before `before` whose keys begin as `prefix` does, the last of them first:
    /// a scan, which the step does not rely on.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read, or the step has written to the table.
    pub fn last_under<T: Table>(
        &self,
        prefix: &impl Ordered,
        before: Option<&T::Key>,
        limit: usize,
    ) -> Result<Rows<T>, Fault> {
        self.not_written::<T>()?;
        let (prefix, before) = (prefix.to_key(), before.map(Ordered::to_key));
        let end = before.or_else(|| after_prefix(&prefix));
        let range = Range::between(Bound::Included(&prefix), below(end.as_ref()));
        parsed::<T>(self.view.rows(T::ID, range.limit(limit).descending())?)
    }

    /// How many rows there are whose keys begin as `prefix` does: a scan, which the step does not rely
    /// on.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be counted, or the step has written to the table.
    pub fn count_under<T: Table>(&self, prefix: &impl Ordered) -> Result<usize, Fault> {
        self.not_written::<T>()?;
        self.view.count(T::ID, &prefix.to_key())
    }

    /// Some scans show the rows as they are stored, without what the step has written.
    pub(super) fn not_written<T: Table>(&self) -> Result<(), Fault> {
        let is_of = |(table, _): &(TableId, Vec<u8>)| *table == T::ID;
        if self.writes.rows.keys().any(is_of) {
            let what = format!("{} is scanned after the step wrote to it", T::ID.name());
            return Err(Fault::Invariant(what));
        }
        Ok(())
    }
}
