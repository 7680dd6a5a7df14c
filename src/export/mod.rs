//! The export: a copy of the journal outside the store, from which the ledger can be restored if
//! the store is lost.
//!
//! A folder has journal files of JSON lines, one for each day, named after the number of their
//! first entry, and checkpoints, which have every counter, team and key as of one entry. Every line
//! ends with a keyed check of itself and of the lines before it. [`Exporter`] appends, one process
//! per folder; [`Exported`] reads a folder. Nothing here decides what is exported when. The files
//! never contain personal data: the journal has no leads or persons, and of API keys only the
//! digests are exported.

mod check;
mod checkpoint;
mod exported;
mod exporter;
mod fault;
mod folder;
mod forms;
mod line;

#[cfg(test)]
mod tests;

pub use check::{CheckKey, CheckKeys, Trust};
pub use exported::{Books, Entries, Exported};
pub use exporter::{Exporter, last_entry};
pub use fault::Fault;

/// The version of the forms.
const VERSION: u32 = 2;

/// The last version whose checks had no key.
const PLAIN_VERSION: u32 = 1;
