//! What can go wrong, by what there is to do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder or file could not be made or reached.
    #[error(
        "cannot open {}: give this user read and write access, or set another folder",
        path.display()
    )]
    OutOfReach {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error("{place} is in use by another process: stop that process, or set another folder")]
    InUse {
        /// The file.
        place: String,
    },
    /// Another file lies at the place of the one that was open.
    #[error("{place} was replaced while it was in use")]
    Replaced {
        /// The file.
        place: String,
    },
    /// Another version of this program has written it.
    #[error(
        "{place} has schema {found}, and this program supports only {known}: run the version that \
         wrote it"
    )]
    OtherSchema {
        /// The file.
        place: String,
        /// The schema it has.
        found: u64,
        /// The one that this program knows.
        known: u64,
    },
    /// It is not a store, or no longer a sound one.
    #[error("{place} is not a valid store: move it away and restore the last backup")]
    Damaged {
        /// The file.
        place: String,
        /// What was found in it.
        #[source]
        source: Box<redb::Error>,
    },
    /// The system gave no thread for the writer.
    #[error("cannot start the thread that writes to the disk")]
    NoThread(#[source] io::Error),
}

impl OpenError {
    /// Whether trying again may help although nothing else is done about it: the disk is full, or
    /// the system is short of something for a while.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::OutOfReach { source, .. } => is_full(source) || is_shortage(source),
            Self::NoThread(_) => true,
            Self::InUse { .. }
            | Self::Replaced { .. }
            | Self::OtherSchema { .. }
            | Self::Damaged { .. } => false,
        }
    }
}

/// Why a step or a read has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DiskError {
    /// Nothing of the step was written, nor will be: the file was closed at this fault, in this
    /// step's group or before it, and is not open again yet.
    #[error("nothing was written: {0}")]
    NotApplied(#[source] Arc<Fault>),
    /// The commit itself failed, so the step is wholly on the disk or not at all, and only opening
    /// the file again tells which.
    #[error("the write may or may not have happened: {0}")]
    Unknown(#[source] Arc<Fault>),
    /// The disk was closed before the step or read came to its turn.
    #[error("nothing was written or read: the store is closed")]
    Closed,
    /// What was asked for could not be read.
    #[error("the disk could not be read: {0}")]
    Unread(#[source] Arc<redb::Error>),
}

/// What closed the file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is no room left on the disk.
    #[error(
        "the disk is full; free some space, and the store is opened again without a restart: {0}"
    )]
    Full(#[source] redb::Error),
    /// The storage failed, or holds what makes no sense.
    #[error("the storage failed: {0}")]
    Storage(#[source] redb::Error),
    /// A step or a commit panicked: a broken invariant.
    #[error("the writer panicked")]
    Panicked,
    /// The file could not be opened again.
    #[error(transparent)]
    Lost(#[from] OpenError),
}

impl Fault {
    pub(super) fn of(error: redb::Error) -> Self {
        match &error {
            redb::Error::Io(source) if is_full(source) => Self::Full(error),
            _ => Self::Storage(error),
        }
    }

    /// Whether the file can be trusted to be whole once it was opened again, in this process. After
    /// any other failure of the storage the system's cache may differ from what is on the disk.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Panicked)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Too many files are open, in this process or on the machine, or its memory is used up.
fn is_shortage(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
        || matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::Interrupted)
}
