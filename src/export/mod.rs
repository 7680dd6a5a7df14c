//! The export: the journal as it leaves the store, so that a store can be lost and the books not.
//!
//! A folder holds lines of JSON: files of entries, one for each day, named by the number of their first
//! entry, and checkpoints, which tell every tally, team and key as of one entry. Every line ends
//! with a check of itself and of the lines before it, under a key. [`Exporter`] appends, one process to a folder; [`Exported`] reads a folder back. Nothing
//! here decides what is exported when, and nothing personal is ever in these files: leads and
//! persons have no part in the journal, and of keys only the digests leave the store.

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

/// The version of the forms in these files.
const VERSION: u32 = 2;

/// The last version whose checks had no key.
const PLAIN_VERSION: u32 = 1;
