//! Which rows of a table a scan returns.

use std::ops::Bound;

use crate::ledger::table::TableId;

/// The rows of a table between two bounds: the first of them, or the last.
#[derive(Clone, Copy, Debug)]
pub struct Range<'k> {
    /// The lower bound of their keys.
    pub from: Bound<&'k [u8]>,
    /// The upper bound of their keys.
    pub to: Bound<&'k [u8]>,
    /// From which end they are returned.
    pub order: Order,
    /// How many are returned at most.
    pub limit: usize,
}

/// The order in which rows are returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The least key first.
    Ascending,
    /// The greatest key first.
    Descending,
}

/// A bound among the rows of all tables.
type Place = Bound<(TableId, Vec<u8>)>;

impl<'k> Range<'k> {
    /// Every row between two bounds.
    pub(in crate::ledger) const fn between(from: Bound<&'k [u8]>, to: Bound<&'k [u8]>) -> Self {
        Self { from, to, order: Order::Ascending, limit: usize::MAX }
    }

    /// Every row of a table.
    pub(in crate::ledger) const ALL: Self = Self::between(Bound::Unbounded, Bound::Unbounded);

    /// At most so many of these rows.
    pub(in crate::ledger) const fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// These rows, the last of them first.
    pub(in crate::ledger) const fn descending(self) -> Self {
        Self { order: Order::Descending, ..self }
    }

    /// Both bounds in a map that holds the rows of all tables.
    pub(in crate::ledger) fn places(self, table: TableId) -> (Place, Place) {
        let place = |bound: Bound<&[u8]>| bound.map(|key| (table, key.to_vec()));
        let from = match place(self.from) {
            Bound::Unbounded => Bound::Included((table, Vec::new())),
            bound => bound,
        };
        let to = match place(self.to) {
            Bound::Unbounded => after_table(table),
            bound => bound,
        };
        (from, to)
    }

    /// The first `limit` of the rows of an iterator, in the order asked for.
    pub(in crate::ledger) fn take<T, C: FromIterator<T>>(
        self,
        rows: impl DoubleEndedIterator<Item = T>,
    ) -> C {
        match self.order {
            Order::Ascending => rows.take(self.limit).collect(),
            Order::Descending => rows.rev().take(self.limit).collect(),
        }
    }
}

/// The bound above all keys of a table.
fn after_table(table: TableId) -> Place {
    let mut tables = TableId::ALL.iter().skip_while(|id| **id != table).skip(1);
    tables.next().map_or(Bound::Unbounded, |next| Bound::Excluded((*next, Vec::new())))
}
