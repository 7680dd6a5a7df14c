//! Reading the first rows of many groups at once, however many groups and rows there are.

use std::ops::Bound;

use super::bounds::{after_prefix, group_of};
use super::{Draft, Fault, RawRows, Rows, View};
use crate::ledger::codec::{Ordered, from_row};
use crate::ledger::table::{Table, TableId};

/// Of which groups, and how many rows of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// How the keys of the groups begin.
    pub front: Vec<u8>,
    /// How many rows are read of each group at most.
    pub limit: usize,
}

/// Reads group after group, for a store that is asked at no cost.
pub(super) fn by_ranges<V: View + ?Sized>(
    view: &V,
    table: TableId,
    tail: usize,
    Heads { front, limit }: &Heads,
) -> Result<RawRows, Fault> {
    let end = after_prefix(front);
    let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let (mut rows, mut from) = (RawRows::new(), Some(front.clone()));
    while let Some(least) = from.take() {
        let first = view.rows(table, Bound::Included(&least), end, 1)?;
        let Some((key, _)) = first.first() else { break };
        let group = group_of(key, tail);
        from = after_prefix(group);
        let to = from.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        rows.extend(view.rows(table, Bound::Included(group), to, *limit)?);
    }
    Ok(rows)
}

impl Draft<'_> {
    /// The first rows of each group of a table, whose keys agree in all but their last `tail` bytes:
    /// a scan, which the step does not rely on. A store answers it in a number of round trips that
    /// does not grow with the groups. It is to be asked for before the step writes to the table.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn heads<T: Table>(&self, tail: usize, heads: &[Heads]) -> Result<Vec<Rows<T>>, Fault> {
        if self.writes.rows.keys().any(|(table, _)| *table == T::ID) {
            let what = format!("the heads of {} are read after it was written to", T::ID.name());
            return Err(Fault::Invariant(what));
        }
        let parse = |(key, row): (Vec<u8>, Vec<u8>)| {
            Ok((T::Key::parse(&mut key.as_slice())?, from_row(&row)?))
        };
        let found = self.view.heads(T::ID, tail, heads)?;
        found.into_iter().map(|rows| rows.into_iter().map(parse).collect()).collect()
    }
}
