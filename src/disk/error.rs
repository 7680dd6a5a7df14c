//! Errors of the disk, by what the caller can do about them.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder or file could not be created or opened.
    #[error(
        "cannot open {}: give this user read and write access, or set another folder",
        path.display()
    )]
    OutOfReach {
        /// The folder or file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error("{place} is in use by another process: stop that process, or set another folder")]
    InUse {
        /// The file.
        place: String,
    },
    /// Another file is at the path of the open one.
    #[error("{place} was replaced while it was in use")]
    Replaced {
        /// The file.
        place: String,
    },
    /// Another version of this program wrote it.
    #[error(
        "{place} has schema {found}, and this program supports only {known}: run the version that \
         wrote it"
    )]
    OtherSchema {
        /// The file.
        place: String,
        /// Its schema.
        found: u64,
        /// The schema that this program supports.
        known: u64,
    },
    /// It is not a store, or it is damaged.
    #[error("{place} is not a valid store: move it away and restore the last backup")]
    Damaged {
        /// The file.
        place: String,
        /// The cause.
        #[source]
        source: Box<redb::Error>,
    },
    /// The writer thread could not be started.
    #[error("cannot start the thread that writes to the disk")]
    NoThread(#[source] io::Error),
}

impl OpenError {
    /// Whether a retry may succeed without intervention: the disk is full, or the system is
    /// temporarily short of a resource.
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

/// Why a step or a read failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DiskError {
    /// The step was not and will not be written: the file was closed because of this fault, in this
    /// step's group or before it, and is not open again yet.
    #[error("nothing was written: {0}")]
    NotApplied(#[source] Arc<Fault>),
    /// The commit failed, so the step is either completely on the disk or not at all. Only
    /// reopening the file shows which.
    #[error("the write may or may not have happened: {0}")]
    Unknown(#[source] Arc<Fault>),
    /// The disk was closed before the step or read began.
    #[error("nothing was written or read: the store is closed")]
    Closed,
    /// The data could not be read.
    #[error("the disk could not be read: {0}")]
    Unread(#[source] Arc<redb::Error>),
}

/// The cause for closing the file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The disk is full.
    #[error(
        "the disk is full; free some space, and the store is opened again without a restart: {0}"
    )]
    Full(#[source] redb::Error),
    /// The storage failed, or holds invalid data.
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

    /// Whether the file can be trusted after it was reopened in this process. After any other
    /// storage failure the system's cache may differ from the disk.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Panicked)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The process or the machine has too many open files or too little memory.
fn is_shortage(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
        || matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::Interrupted)
}
