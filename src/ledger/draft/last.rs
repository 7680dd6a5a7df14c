//! Reading from the end of a table, and counting: for lists that show the latest first, and for metrics.

use std::ops::Bound;

use super::bounds::after_prefix;
use super::{Draft, Fault, Rows};
use crate::ledger::codec::{Ordered, from_row};
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
        self.only_read::<T>()?;
        let (prefix, before) = (prefix.to_key(), before.map(Ordered::to_key));
        let end = before.or_else(|| after_prefix(&prefix));
        let to = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.view.last_rows(T::ID, Bound::Included(&prefix), to, limit)?;
        let parse = |(key, row): (Vec<u8>, Vec<u8>)| {
            Ok((T::Key::parse(&mut key.as_slice())?, from_row(&row)?))
        };
        rows.into_iter().map(parse).collect()
    }

    /// How many rows there are whose keys begin as `prefix` does: a scan, which the step does not rely
    /// on.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be counted, or the step has written to the table.
    pub fn count_under<T: Table>(&self, prefix: &impl Ordered) -> Result<usize, Fault> {
        self.only_read::<T>()?;
        self.view.count(T::ID, &prefix.to_key())
    }

    /// These scans show the rows as they are stored, without what the step has written.
    fn only_read<T: Table>(&self) -> Result<(), Fault> {
        let is_of = |(table, _): &(TableId, Vec<u8>)| *table == T::ID;
        if self.writes.rows.keys().any(is_of) {
            let what = format!("{} is read from its end after it was written to", T::ID.name());
            return Err(Fault::Invariant(what));
        }
        Ok(())
    }
}
