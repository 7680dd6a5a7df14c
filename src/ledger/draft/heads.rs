//! Reading the first rows of many groups at once, however many groups and rows there are.

use std::ops::Bound;

use super::bounds::{after_prefix, below, group_of};
use super::range::Range;
use super::{Draft, Fault, RawRows, Rows, View, parsed};
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
    let (mut rows, mut from) = (RawRows::new(), Some(front.clone()));
    while let Some(least) = from.take() {
        let first = Range::between(Bound::Included(&least), below(end.as_ref())).limit(1);
        let first = view.rows(table, first)?;
        let Some((key, _)) = first.first() else { break };
        let group = group_of(key, tail);
        from = after_prefix(group);
        let heads = Range::between(Bound::Included(group), below(from.as_ref())).limit(*limit);
        rows.extend(view.rows(table, heads)?);
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
        self.not_written::<T>()?;
        self.view.heads(T::ID, tail, heads)?.into_iter().map(parsed::<T>).collect()
    }
}
