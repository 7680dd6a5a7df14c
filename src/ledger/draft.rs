//! A step in the making: what it has read, and what it will write, all of it or nothing.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::codec::{Corrupt, Ordered, from_row, to_row};
use super::table::{Table, TableId};
use crate::domain::time::Timestamp;

/// What a store shows a step: its rows, as bytes, as they stand.
pub trait View {
    /// One row.
    ///
    /// # Errors
    /// [`Fault::Store`] where the store fails.
    fn row(&self, table: TableId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// The first `limit` rows from `from` on whose keys lie below `to`, in order.
    ///
    /// # Errors
    /// [`Fault::Store`] where the store fails.
    fn rows(
        &self,
        table: TableId,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        limit: usize,
    ) -> Result<RawRows, Fault>;
}

/// Rows as bytes, with their keys.
pub type RawRows = Vec<(Vec<u8>, Vec<u8>)>;

/// Rows of a table, with their keys.
pub type Rows<T> = Vec<(<T as Table>::Key, <T as Table>::Row)>;

/// Why a step could not be taken. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Another holds the job's lease, or the job has moved on.
    #[error("another has the job's turn")]
    Fenced,
    /// The books contradict themselves.
    #[error("the books contradict themselves: {0}")]
    Invariant(String),
    /// The store failed while it was read.
    #[error("the store cannot be read: {0}")]
    Store(String),
}

impl From<Corrupt> for Fault {
    fn from(corrupt: Corrupt) -> Self {
        Self::Invariant(corrupt.to_string())
    }
}

/// What a step writes: rows to put and, where there is none, to delete.
pub type Writes = BTreeMap<(TableId, Vec<u8>), Option<Vec<u8>>>;

/// How many rows are held at once where all are looked at.
const PAGE: usize = 1000;

/// A step in the making. It reads its own writes.
pub struct Draft<'a> {
    view: &'a dyn View,
    writes: Writes,
    now: Timestamp,
}

impl<'a> Draft<'a> {
    /// A step that begins with what `view` shows at `now`.
    #[must_use]
    pub fn new(view: &'a dyn View, now: Timestamp) -> Self {
        Self { view, writes: Writes::new(), now }
    }

    /// The moment of the step, by the store's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What the step writes.
    #[must_use]
    pub fn into_writes(self) -> Writes {
        self.writes
    }

    /// The row under `key`.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn find<T: Table>(&self, key: &T::Key) -> Result<Option<T::Row>, Fault> {
        let place = (T::ID, key.to_key());
        let row = match self.writes.get(&place) {
            Some(written) => written.clone(),
            None => self.view.row(T::ID, &place.1)?,
        };
        Ok(row.map(|row| from_row(&row)).transpose()?)
    }

    /// The row under `key`, which must be there.
    ///
    /// # Errors
    /// [`Fault::Invariant`] where it is not.
    pub fn need<T: Table>(&self, key: &T::Key) -> Result<T::Row, Fault> {
        self.find::<T>(key)?
            .ok_or_else(|| Fault::Invariant(format!("a row of {} is missing", T::ID.name())))
    }

    /// Puts a row.
    pub fn put<T: Table>(&mut self, key: &T::Key, row: &T::Row) {
        self.writes.insert((T::ID, key.to_key()), Some(to_row(row)));
    }

    /// Deletes a row, if it is there.
    pub fn delete<T: Table>(&mut self, key: &T::Key) {
        self.writes.insert((T::ID, key.to_key()), None);
    }

    /// All rows whose keys begin as `prefix` does, in order.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn under<T: Table>(&self, prefix: &impl Ordered) -> Result<Rows<T>, Fault> {
        let from = prefix.to_key();
        let to = after_prefix(&from);
        let to = to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.range::<T>(Bound::Included(&from), to, usize::MAX)
    }

    /// The first `limit` rows from `from` on, in order.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn from<T: Table>(&self, from: Bound<&T::Key>, limit: usize) -> Result<Rows<T>, Fault> {
        let from = from.map(Ordered::to_key);
        self.range::<T>(from.as_ref().map(Vec::as_slice), Bound::Unbounded, limit)
    }

    /// Shows every row in order, and holds no more than a page of them at once.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn each<T: Table>(&self, mut show: impl FnMut(T::Key, T::Row)) -> Result<(), Fault> {
        let mut after = Vec::new();
        loop {
            let page = self.range::<T>(Bound::Excluded(&after), Bound::Unbounded, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = last.to_key();
            for (key, row) in page {
                show(key, row);
            }
        }
    }

    fn range<T: Table>(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        limit: usize,
    ) -> Result<Rows<T>, Fault> {
        let owned = |bound: Bound<&[u8]>| bound.map(|key| (T::ID, key.to_vec()));
        let to_place = match owned(to) {
            Bound::Unbounded => after_table(T::ID),
            bound => bound,
        };
        let from_place = match owned(from) {
            Bound::Unbounded => Bound::Included((T::ID, Vec::new())),
            bound => bound,
        };
        let written: Vec<_> = self.writes.range((from_place, to_place)).collect();
        // A row that this step deleted must not eat up the limit.
        let wanted = limit.saturating_add(written.len());
        let mut rows: BTreeMap<_, _> =
            self.view.rows(T::ID, from, to, wanted)?.into_iter().collect();
        for ((_, key), row) in written {
            match row {
                Some(row) => rows.insert(key.clone(), row.clone()),
                None => rows.remove(key),
            };
        }
        let parse = |(key, row): (Vec<u8>, Vec<u8>)| {
            Ok((T::Key::parse(&mut key.as_slice())?, from_row(&row)?))
        };
        rows.into_iter().take(limit).map(parse).collect()
    }
}

impl std::fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}

/// The least key above all that begin with `prefix`; none where there is no such key.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let (end, head) = prefix.get(..=last)?.split_last()?;
    let mut after = head.to_vec();
    after.push(end.saturating_add(1));
    Some(after)
}

fn after_table(table: TableId) -> Bound<(TableId, Vec<u8>)> {
    let mut tables = TableId::ALL.iter().skip_while(|id| **id != table).skip(1);
    tables.next().map_or(Bound::Unbounded, |next| Bound::Excluded((*next, Vec::new())))
}

impl Draft<'_> {
    /// Every row of a table as text, in order.
    ///
    /// # Errors
    /// [`Fault`] where the store fails.
    pub fn dump(&self, table: TableId) -> Result<Vec<String>, Fault> {
        let rows = self.view.rows(table, Bound::Unbounded, Bound::Unbounded, usize::MAX)?;
        let line = |(key, row): (Vec<u8>, Vec<u8>)| {
            format!("{} {} {}", table.name(), hex::encode(key), hex::encode(row))
        };
        Ok(rows.into_iter().map(line).collect())
    }
}
