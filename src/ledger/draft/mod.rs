//! A step in the making: what it has read, and what it will write, all of it or nothing.

mod bounds;
mod heads;
mod last;
mod range;
mod view;

use std::collections::BTreeMap;
use std::ops::Bound;

use super::codec::{Corrupt, Ordered, from_row, to_row};
use super::record::entry::Entry;
use super::table::{Numbers, Observations, Table, TableId, Tallies, Uses};
use super::writes::{RowWrites, Writes};
use crate::domain::note::Note;
use crate::domain::time::Timestamp;
pub(super) use bounds::{after_prefix, below, group_of};
pub(super) use heads::Heads;
pub use range::{Order, Range};
pub use view::{Reliance, View};

/// Rows as bytes, with their keys.
pub type RawRows = Vec<(Vec<u8>, Vec<u8>)>;

/// Rows of a table, with their keys.
pub type Rows<T> = Vec<(<T as Table>::Key, <T as Table>::Row)>;

/// Why a step could not be taken. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Another holds the job's lease, or the job has moved on.
    #[error("another worker has the job's lease")]
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

/// How many rows are held at once where all are looked at.
const PAGE: usize = 1000;

/// A step in the making. It reads its own writes.
pub struct Draft<'a> {
    view: &'a dyn View,
    pub(super) writes: Writes,
    note: Option<Note>,
}

/// The row of the journal's next number.
pub(super) const NEXT_ENTRY: &str = "next_entry";

impl<'a> Draft<'a> {
    /// A step that begins with what `view` shows.
    #[must_use]
    pub fn new(view: &'a dyn View) -> Self {
        Self { view, writes: Writes::default(), note: None }
    }

    /// An operator's reason for the step, which its entries carry.
    pub fn annotate(&mut self, note: Option<Note>) {
        self.note = note;
    }

    /// The operator's reason for the step.
    #[must_use]
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// The moment of the step, by the store's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.view.now()
    }

    /// What the step writes.
    #[must_use]
    pub fn into_writes(self) -> Writes {
        self.writes
    }

    /// What the step writes, as rows for a store that runs one step at a time: the journal's
    /// entries under their numbers, and tallies as they then stand.
    ///
    /// # Errors
    /// [`Fault`] where the books cannot be read.
    pub fn into_rows(mut self) -> Result<RowWrites, Fault> {
        let mut next = self.next_entry()?;
        for entry in std::mem::take(&mut self.writes.entries) {
            self.writes.rows.insert((TableId::Journal, next.to_key()), Some(entry));
            next = next.saturating_add(1);
            self.put::<Numbers>(&NEXT_ENTRY.to_owned(), &next);
        }
        for (key, more) in std::mem::take(&mut self.writes.tallies) {
            let stands = self.peek::<Tallies>(&key)?.unwrap_or_default();
            self.put::<Tallies>(&key, &stands.plus(more));
        }
        for (key, more) in std::mem::take(&mut self.writes.uses) {
            let stands = self.peek::<Uses>(&key)?.unwrap_or_default();
            self.put::<Uses>(&key, &stands.saturating_add_signed(more));
        }
        for (team, more) in std::mem::take(&mut self.writes.observed) {
            let stands = self.peek::<Observations>(&team)?.unwrap_or_default();
            self.put::<Observations>(&team, &stands.changed(more));
        }
        Ok(self.writes.rows)
    }

    /// The row under `key`. The step is taken only if it still stands.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn find<T: Table>(&self, key: &T::Key) -> Result<Option<T::Row>, Fault> {
        self.look::<T>(key, Reliance::Relied)
    }

    /// The row under `key`, which the step does not rely on.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn peek<T: Table>(&self, key: &T::Key) -> Result<Option<T::Row>, Fault> {
        self.look::<T>(key, Reliance::Glanced)
    }

    fn look<T: Table>(&self, key: &T::Key, reliance: Reliance) -> Result<Option<T::Row>, Fault> {
        let place = (T::ID, key.to_key());
        let row = match self.writes.rows.get(&place) {
            Some(written) => written.clone(),
            None => self.view.row(T::ID, &place.1, reliance)?,
        };
        Ok(row.map(|row| from_row(&row)).transpose()?)
    }

    /// Tells the store which row the step will ask for, so that it need not be waited for singly.
    pub fn foresee<T: Table>(&self, key: &T::Key) {
        self.view.foresee(T::ID, &key.to_key());
    }

    /// Tells the store which rows the step will ask for.
    pub fn foresee_under<T: Table>(&self, prefix: &impl Ordered) {
        self.view.foresee_group(T::ID, &prefix.to_key());
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
        self.writes.rows.insert((T::ID, key.to_key()), Some(to_row(row)));
    }

    /// Deletes a row, if it is there.
    pub fn delete<T: Table>(&mut self, key: &T::Key) {
        self.writes.rows.insert((T::ID, key.to_key()), None);
    }

    /// Appends an entry to the journal, under the next number there is when the step is kept.
    pub fn append(&mut self, entry: &Entry) {
        self.writes.entries.push(to_row(entry));
    }

    /// Tells the store that the step will ask for [`Draft::next_entry`].
    pub fn foresee_next_entry(&self) {
        self.foresee::<Numbers>(&NEXT_ENTRY.to_owned());
    }

    /// The number that the journal's next entry gets, as far as this step can tell.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn next_entry(&self) -> Result<u64, Fault> {
        Ok(self.peek::<Numbers>(&NEXT_ENTRY.to_owned())?.unwrap_or_default())
    }

    /// All rows whose keys begin as `prefix` does, in order. The step is taken only if there are
    /// still these and no more.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn under<T: Table>(&self, prefix: &impl Ordered) -> Result<Rows<T>, Fault> {
        self.group::<T>(&prefix.to_key(), Reliance::Relied)
    }

    /// The pieces of one whole, in order. They only ever change together with the row that owns
    /// them, which is what the step relies on.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn pieces<T: Table>(&self, owner: &impl Ordered) -> Result<Rows<T>, Fault> {
        self.group::<T>(&owner.to_key(), Reliance::Glanced)
    }

    /// Every row of a small table. The step is taken only if there are still these and no more.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn all<T: Table>(&self) -> Result<Rows<T>, Fault> {
        self.group::<T>(&[], Reliance::Relied)
    }

    /// Every row of a small table, which the step does not rely on.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn glance_at_all<T: Table>(&self) -> Result<Rows<T>, Fault> {
        self.group::<T>(&[], Reliance::Glanced)
    }

    fn group<T: Table>(&self, prefix: &[u8], reliance: Reliance) -> Result<Rows<T>, Fault> {
        let to = after_prefix(prefix);
        let rows = self.view.group(T::ID, prefix, reliance)?;
        self.with_written::<T>(rows, Range::between(Bound::Included(prefix), below(to.as_ref())))
    }

    /// The first `limit` rows from `from` on, in order: a scan, which the step does not rely on.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn from<T: Table>(&self, from: Bound<&T::Key>, limit: usize) -> Result<Rows<T>, Fault> {
        let from = from.map(Ordered::to_key);
        let from = from.as_ref().map(Vec::as_slice);
        self.range::<T>(Range::between(from, Bound::Unbounded).limit(limit))
    }

    /// The first `limit` rows after `after` whose keys begin as `prefix` does, in order: a scan, too.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn from_under<T: Table>(
        &self,
        prefix: &impl Ordered,
        after: Option<&T::Key>,
        limit: usize,
    ) -> Result<Rows<T>, Fault> {
        let (prefix, after) = (prefix.to_key(), after.map(Ordered::to_key));
        let from = after.as_deref().map_or(Bound::Included(prefix.as_slice()), Bound::Excluded);
        let to = after_prefix(&prefix);
        self.range::<T>(Range::between(from, below(to.as_ref())).limit(limit))
    }

    /// Shows every row in order, and holds no more than a page of them at once.
    ///
    /// # Errors
    /// [`Fault`] where they cannot be read.
    pub fn each<T: Table>(&self, mut show: impl FnMut(T::Key, T::Row)) -> Result<(), Fault> {
        let mut after = Vec::new();
        loop {
            let rest = Range::between(Bound::Excluded(&after), Bound::Unbounded);
            let page = self.range::<T>(rest.limit(PAGE))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = last.to_key();
            for (key, row) in page {
                show(key, row);
            }
        }
    }

    fn range<T: Table>(&self, range: Range<'_>) -> Result<Rows<T>, Fault> {
        // A row that this step deleted must not eat up the limit.
        let wanted = range.limit.saturating_add(self.writes.rows.len());
        let rows = self.view.rows(T::ID, range.limit(wanted))?;
        self.with_written::<T>(rows, range)
    }

    /// Rows of the store, as this step has written over them.
    fn with_written<T: Table>(&self, rows: RawRows, range: Range<'_>) -> Result<Rows<T>, Fault> {
        let mut rows: BTreeMap<_, _> = rows.into_iter().collect();
        for ((_, key), row) in self.writes.rows.range(range.places(T::ID)) {
            match row {
                Some(row) => rows.insert(key.clone(), row.clone()),
                None => rows.remove(key),
            };
        }
        parsed::<T>(rows.into_iter().take(range.limit))
    }
}

fn parsed<T: Table>(rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Result<Rows<T>, Fault> {
    let parse =
        |(key, row): (Vec<u8>, Vec<u8>)| Ok((T::Key::parse(&mut key.as_slice())?, from_row(&row)?));
    rows.into_iter().map(parse).collect()
}

impl std::fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("writes", &self.writes.rows.len()).finish_non_exhaustive()
    }
}

/// Every row as text, in order.
pub(super) fn dump(draft: &Draft<'_>) -> Result<Vec<String>, Fault> {
    let mut lines = Vec::new();
    for table in TableId::ALL {
        let rows = draft.view.rows(*table, Range::ALL)?;
        let line = |(key, row): (Vec<u8>, Vec<u8>)| {
            format!("{} {} {}", table.name(), hex::encode(key), hex::encode(row))
        };
        lines.extend(rows.into_iter().map(line));
    }
    Ok(lines)
}
