//! The bounds of the journal: the number of the oldest entry that is still there, and of the next.

use super::draft::{Draft, Fault, NEXT_ENTRY};
use super::table::Numbers;

/// The row of the number of the oldest entry that is still there.
const FIRST_ENTRY: &str = "first_entry";

impl Draft<'_> {
    /// Tells the store that the step will ask for both bounds.
    pub(super) fn foresee_bounds(&self) {
        self.foresee::<Numbers>(&FIRST_ENTRY.to_owned());
        self.foresee_next_entry();
    }

    /// The number of the oldest entry that was not trimmed.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn first_entry(&self) -> Result<u64, Fault> {
        Ok(self.peek::<Numbers>(&FIRST_ENTRY.to_owned())?.unwrap_or_default())
    }

    /// As [`Draft::first_entry`]. The step is taken only if nothing was trimmed meanwhile.
    pub(super) fn first_entry_relied(&self) -> Result<u64, Fault> {
        Ok(self.find::<Numbers>(&FIRST_ENTRY.to_owned())?.unwrap_or_default())
    }

    /// As [`Draft::next_entry`]. The step is taken only if nothing was appended meanwhile.
    pub(super) fn next_entry_relied(&self) -> Result<u64, Fault> {
        Ok(self.find::<Numbers>(&NEXT_ENTRY.to_owned())?.unwrap_or_default())
    }

    /// The entries below this number were trimmed.
    pub(super) fn put_first_entry(&mut self, number: u64) {
        self.put::<Numbers>(&FIRST_ENTRY.to_owned(), &number);
    }

    /// A journal that is empty goes on at this number.
    pub(super) fn put_next_entry(&mut self, number: u64) {
        self.put::<Numbers>(&NEXT_ENTRY.to_owned(), &number);
    }
}
