//! The forms of exported files, in the terms of the documentation. Credits are decimal numbers,
//! times are RFC 3339, and empty values are omitted.

mod entry;
mod plain;
mod standing;

pub(super) use entry::EntryForm;
use plain::{Decimal, Hex, Name, Text};
pub(super) use standing::CheckpointLine;

use serde::{Deserialize, Serialize};

use super::VERSION;
use super::check::CheckKey;
use crate::domain::epoch::Epoch;
use crate::domain::time::Timestamp;
use crate::ledger::transition::checkpoint::Checkpoint;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Entries.
    Journal,
    /// The state of the ledger as of one entry.
    Checkpoint,
}

/// The part of the first line that every version has. Nothing else is read before it is known.
#[derive(Deserialize)]
pub(super) struct AnyHead {
    pub(super) tollgate: Kind,
    pub(super) version: u32,
    /// The identifier of the key of the file's checks.
    pub(super) key: Option<String>,
}

/// The first line of a journal file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalHead {
    tollgate: Kind,
    version: u32,
    epoch: Text<Epoch>,
    /// The number of the first entry.
    pub(super) first: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The last check of the previous journal file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    /// The number in the name of the newest checkpoint when the file was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checkpoint: Option<u64>,
}

impl JournalHead {
    pub(super) fn new(epoch: Epoch, first: u64, key: &CheckKey) -> Self {
        Self {
            tollgate: Kind::Journal,
            version: VERSION,
            epoch: Text(epoch),
            first,
            key: Some(key.id().to_owned()),
            after: None,
            checkpoint: None,
        }
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch.0
    }
}

/// The first line of a checkpoint.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckpointHead {
    tollgate: Kind,
    version: u32,
    epoch: Text<Epoch>,
    at: Text<Timestamp>,
    /// The counters include all entries below this number.
    pub(super) next_entry: u64,
    /// The number of lines that follow.
    pub(super) lines: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The last check of the previous checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    /// The check of the entry before `next_entry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) journal: Option<String>,
}

impl CheckpointHead {
    pub(super) fn of(checkpoint: &Checkpoint, epoch: Epoch, key: &CheckKey) -> Self {
        let roster = &checkpoint.roster;
        Self {
            tollgate: Kind::Checkpoint,
            version: VERSION,
            epoch: Text(epoch),
            at: Text(checkpoint.at),
            next_entry: checkpoint.next_entry,
            lines: roster.teams.len() + roster.keys.len() + checkpoint.tallies.len(),
            key: Some(key.id().to_owned()),
            after: None,
            journal: None,
        }
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.epoch.0
    }

    pub(super) fn at(&self) -> Timestamp {
        self.at.0
    }
}
