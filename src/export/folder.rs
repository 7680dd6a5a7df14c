//! The folder: the names of its files, and their durability.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::check::{Chain, CheckKeys, Scheme, Trust};
use super::fault::Fault;
use super::forms::{AnyHead, EntryForm, Kind};
use super::{PLAIN_VERSION, VERSION, line};
use crate::domain::time::Timestamp;

/// A file of the export.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// The number of its first entry; for a checkpoint, of the first entry after it.
    pub(super) number: u64,
    /// The UTC day of its creation.
    pub(super) day: String,
    /// Its path.
    pub(super) path: PathBuf,
}

impl Named {
    /// As in `journal-000000000120-2026-11-23.jsonl`.
    pub(super) fn new(dir: &Path, kind: Kind, number: u64, at: Timestamp) -> Self {
        let day = day(at);
        let path = dir.join(format!("{}-{number:012}-{day}.jsonl", prefix(kind)));
        Self { number, day, path }
    }

    fn of(kind: Kind, path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".jsonl")?;
        let (number, day) = name.strip_prefix(prefix(kind))?.strip_prefix('-')?.split_once('-')?;
        Some(Self { number: number.parse().ok()?, day: day.to_owned(), path })
    }
}

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Journal => "journal",
        Kind::Checkpoint => "checkpoint",
    }
}

/// The UTC day of a time.
pub(super) fn day(at: Timestamp) -> String {
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// The files of a kind, the earliest first. Other files are ignored.
pub(super) fn files(dir: &Path, kind: Kind) -> Result<Vec<Named>, Fault> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(Fault::out_of_reach(dir))? {
        files.extend(Named::of(kind, entry.map_err(Fault::out_of_reach(dir))?.path()));
    }
    files.sort();
    Ok(files)
}

/// Creates the folder if it does not exist.
pub(super) fn make(dir: &Path) -> Result<(), Fault> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Fault::out_of_reach(dir))
}

/// Opens or creates a file for writing, accessible only to its owner.
pub(super) fn writable(path: &Path) -> Result<File, Fault> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(Fault::out_of_reach(path))
}

/// Syncs the directory, so that new files are durable.
pub(super) fn sync(dir: &Path) -> Result<(), Fault> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Fault::out_of_reach(dir))
}

/// Reads a file line by line.
pub(super) struct Lines {
    path: PathBuf,
    /// Set after the head was read.
    chain: Chain,
    reader: BufReader<File>,
    /// The number of the last line read, from 1.
    number: u64,
    /// The end of that line, in bytes.
    end: u64,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path).map_err(Fault::out_of_reach(path))?;
        let (path, reader) = (path.to_owned(), BufReader::new(file));
        Ok(Self { path, chain: Chain::new(Scheme::Unknown), reader, number: 0, end: 0 })
    }

    /// The next line including its newline; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line);
        let bytes = read.map_err(Fault::out_of_reach(&self.path))?;
        self.number += 1;
        self.end += u64::try_from(bytes).unwrap_or(u64::MAX);
        Ok((bytes > 0).then_some(line))
    }

    /// Reads the head of the file, which has its kind and how its lines are checked.
    pub(super) fn head<T: DeserializeOwned>(
        &mut self,
        kind: Kind,
        keys: &CheckKeys,
        trust: Trust,
    ) -> Result<T, Fault> {
        let line = self.next()?.unwrap_or_default();
        let any: AnyHead = line::unchecked(&line).map_err(|why| self.damaged(why))?;
        if any.version > VERSION {
            return Err(Fault::Newer { path: self.path.clone(), version: any.version });
        }
        self.chain = Chain::new(self.scheme(&any, keys, trust)?);
        let head = self.opened(&line).map_err(|why| self.damaged(why))?;
        if any.tollgate != kind {
            return Err(self.damaged("says that the file has another type"));
        }
        Ok(head)
    }

    fn scheme(&self, head: &AnyHead, keys: &CheckKeys, trust: Trust) -> Result<Scheme, Fault> {
        if head.version == PLAIN_VERSION {
            let path = self.path.clone();
            let is_believed = trust != Trust::Keyed;
            return is_believed.then_some(Scheme::Plain).ok_or(Fault::Unkeyed { path });
        }
        let key = head.key.clone().unwrap_or_default();
        match keys.named(&key) {
            Some(known) => Ok(Scheme::Keyed(known.clone())),
            None if trust == Trust::Unverified => Ok(Scheme::Unknown),
            None => Err(Fault::OtherKey { path: self.path.clone(), key }),
        }
    }

    /// Parses the last line read, or says what is wrong with it.
    pub(super) fn opened<T: DeserializeOwned>(&mut self, line: &[u8]) -> Result<T, String> {
        line::opened(line, &mut self.chain)
    }

    /// The checks of the lines parsed so far.
    pub(super) fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Whether any remaining line is an entry.
    pub(super) fn have_entry(&mut self) -> Result<bool, Fault> {
        while let Some(line) = self.next()? {
            if line::unchecked::<EntryForm>(&line).is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The end of the last line read, in bytes.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// A fault of the last line read.
    pub(super) fn damaged(&self, wrong: impl Into<String>) -> Fault {
        let remedy = "restore the file from a copy; a checkpoint may also be moved away, and an \
                      earlier one is used";
        Fault::Damaged { path: self.path.clone(), line: self.number, wrong: wrong.into(), remedy }
    }
}
