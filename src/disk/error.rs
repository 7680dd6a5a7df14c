//! What can go wrong, by what there is to do about it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its folder or file could not be made or reached.
    #[error("cannot reach {}: let this user read and write it, or name another folder", path.display())]
    OutOfReach {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error("{place} is open in another process: stop that one, or give this one its own folder")]
    InUse {
        /// The file.
        place: String,
    },
    /// Another version of this program has written it.
    #[error(
        "{place} has schema {found}, and this program knows only {known}: run the version that \
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
    #[error("{place} cannot be read as a store: put it aside and restore the last backup")]
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

/// Why a step or a read has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DiskError {
    /// Nothing of the step was written, nor will be: the writer has stopped at this fault, in this
    /// step's group or before it.
    #[error("nothing was written: the disk has stopped and must be opened again")]
    NotApplied(#[source] Arc<Fault>),
    /// The commit itself failed, so the step is wholly on the disk or not at all, and only opening
    /// it again tells which. The writer has stopped.
    #[error("the write may or may not have happened: the disk must be opened again to tell")]
    Unknown(#[source] Arc<Fault>),
    /// The disk was closed before the step or read came to its turn.
    #[error("nothing was written or read: the disk is closed")]
    Closed,
    /// What was asked for could not be read.
    #[error("the disk could not be read")]
    Unread(#[source] Arc<redb::Error>),
}

/// What stopped the writer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The storage failed, or holds what makes no sense.
    #[error("the storage failed")]
    Storage(#[source] redb::Error),
    /// A step or a commit panicked: a broken invariant.
    #[error("the writer panicked")]
    Panicked,
}
