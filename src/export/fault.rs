//! Faults of an exported folder, each with its place and remedy.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::epoch::Epoch;

/// Why the ledger cannot be exported to a folder or read from it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The folder or a file in it cannot be read or written.
    #[error(
        "{}: {source}; give this process access to it, and make sure that the disk has space",
        path.display()
    )]
    OutOfReach {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A line was changed after it was written.
    #[error("{}:{line}: {wrong}; {remedy}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        wrong: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A later version of this program wrote it.
    #[error(
        "{} has version {version}: use the version of tollgate that wrote it, or a later one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// It has checks without a key.
    #[error(
        "{} was written by an earlier version, whose checks have no key: if no one else had access \
         to the folder, adopt it with --unverified",
        path.display()
    )]
    Unkeyed {
        /// The file.
        path: PathBuf,
    },
    /// Its checks have another key.
    #[error(
        "{} was written under another security.secret (key {key}): set the secret that it was \
         written under, or, if no one else had access to the folder, adopt it with --unverified",
        path.display()
    )]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The key's identifier.
        key: String,
    },
    /// It does not follow the previous file.
    #[error(
        "{} does not follow {}: one of them was replaced, or a file between them is missing; \
         restore the files from a copy",
        path.display(),
        before.display()
    )]
    Unchained {
        /// The file.
        path: PathBuf,
        /// The previous file.
        before: PathBuf,
    },
    /// The newest checkpoint is missing.
    #[error(
        "the checkpoint as of entry {number} or a later one is missing from {}: restore it from a \
         copy; an earlier one may not show that keys were revoked since",
        dir.display()
    )]
    NoNewestCheckpoint {
        /// The folder.
        dir: PathBuf,
        /// The number in its name.
        number: u64,
    },
    /// It holds another ledger.
    #[error(
        "{} holds books of epoch {found}, not of {epoch}: set another folder, or adopt them into \
         an empty store",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The epoch of its ledger.
        found: Epoch,
        /// The expected epoch.
        epoch: Epoch,
    },
    /// There is no checkpoint.
    #[error("{} holds no checkpoint: use the folder of ledger.export_dir", dir.display())]
    NoCheckpoint {
        /// The folder.
        dir: PathBuf,
    },
    /// Entries are missing between two files.
    #[error(
        "entries {from} to {to} are missing before {}: restore the file that has them",
        path.display()
    )]
    Gap {
        /// The file that should follow them.
        path: PathBuf,
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// Entries are duplicated.
    #[error(
        "{} begins with entry {first}, which an earlier file has, too: keep the files of one \
         folder only",
        path.display()
    )]
    Twice {
        /// The file.
        path: PathBuf,
        /// Its first entry.
        first: u64,
    },
    /// The store has trimmed entries that were not exported.
    #[error(
        "the store has trimmed entries {from} to {to}, which {} lacks: set another folder, and \
         keep this one",
        dir.display()
    )]
    Trimmed {
        /// The folder.
        dir: PathBuf,
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// The store differs from the exported entries.
    #[error(
        "the store's books differ from those in {} at entry {number}: the store went back in time, \
         or the folder belongs to another store; keep the folder",
        dir.display()
    )]
    Differs {
        /// The folder.
        dir: PathBuf,
        /// The entry.
        number: u64,
    },
}

impl Fault {
    /// Whether the store contradicts the exported entries, so that it is not the store it was.
    #[must_use]
    pub const fn is_contradiction(&self) -> bool {
        matches!(self, Self::Foreign { .. } | Self::Differs { .. })
    }

    /// Converts a system error about this file.
    pub(super) fn out_of_reach(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::OutOfReach { path, source }
    }
}
