//! Reading an exported folder: the newest checkpoint and every entry, each line verified against
//! its check.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use super::check::{Chain, CheckKeys, Trust};
use super::checkpoint::{self, Kept};
use super::fault::Fault;
use super::folder::{self, Lines, Named};
use super::forms::{EntryForm, JournalHead, Kind};
use crate::domain::epoch::Epoch;
use crate::domain::time::Timestamp;
use crate::ledger::record::entry::Entry;
use crate::ledger::transition::adopt::{Inheritance, Legacy};
use crate::ledger::transition::checkpoint::Checkpoint;
use crate::ledger::transition::lost::OpenParts;
use crate::ledger::transition::trim::fold;

/// A folder with an exported ledger.
#[derive(Debug)]
pub struct Exported {
    /// The epoch of the ledger.
    pub epoch: Epoch,
    /// The newest checkpoint.
    pub checkpoint: Checkpoint,
    /// The previous checkpoint, if it can be read.
    pub before: Option<Checkpoint>,
    newest: Named,
    /// The check of the last entry that the newest checkpoint includes.
    last_check: Option<String>,
    is_unverified: bool,
    journal: Vec<Named>,
    keys: CheckKeys,
    trust: Trust,
}

/// The exported ledger, ready to be adopted.
#[derive(Debug)]
pub struct Books {
    /// The state before the first entry that the store is to keep.
    pub legacy: Legacy,
    /// Teams and keys, and open reservations.
    pub inheritance: Inheritance,
    /// The number of entries read.
    pub entries: u64,
    /// The file whose last line is incomplete.
    pub torn: Option<PathBuf>,
    /// The files that could not be verified.
    pub unverified: Vec<PathBuf>,
}

impl Exported {
    /// Opens a folder and reads its newest checkpoint.
    ///
    /// # Errors
    /// [`Fault`] if there is none, or it fails verification.
    pub fn open(dir: &Path, keys: &CheckKeys, trust: Trust) -> Result<Self, Fault> {
        let mut checkpoints = folder::files(dir, Kind::Checkpoint)?;
        let newest = checkpoints.pop();
        let newest = newest.ok_or_else(|| Fault::NoCheckpoint { dir: dir.to_owned() })?;
        let Kept { epoch, checkpoint, journal: last_check, after, chain, .. } =
            checkpoint::read(&newest, keys, trust)?;
        let before = checkpoints.pop().map(|named| checkpoint::read(&named, keys, trust));
        let before = before.and_then(Result::ok);
        if let (Some(before), Some(after)) = (&before, after)
            && before.chain.last() != after
        {
            let before = before.named.path.clone();
            return Err(Fault::Unchained { path: newest.path, before });
        }
        Ok(Self {
            epoch,
            checkpoint,
            before: before.map(|before| before.checkpoint),
            newest,
            last_check,
            is_unverified: chain.is_unverified(),
            journal: folder::files(dir, Kind::Journal)?,
            keys: keys.clone(),
            trust,
        })
    }

    /// Reads everything and builds the ledger. The store will keep the entries written at `since`
    /// or later.
    ///
    /// # Errors
    /// [`Fault`] if anything is damaged or missing.
    pub fn books(&self, since: Timestamp) -> Result<Books, Fault> {
        let as_of = self.checkpoint.next_entry;
        let (mut first, mut next, mut from) = (None, None, as_of);
        let (mut moved, mut open) = (BTreeMap::new(), OpenParts::default());
        let mut next_batch = 1;
        let mut entries = self.entries();
        while let Some(read) = entries.next() {
            let (number, entry) = read?;
            first = first.or(Some(number));
            next = Some(number.saturating_add(1));
            if next == Some(as_of) {
                self.follows(&entries)?;
            }
            open.note(&entry);
            next_batch = after(next_batch, &entry);
            // All entries after the first kept one are kept, even if they are dated earlier: two
            // steps are not always written in the order of their times.
            if number < as_of && (number > from || entry.at >= since) {
                from = from.min(number);
                fold(&entry, &mut moved);
            }
        }
        let (first, next) = (first.unwrap_or(as_of), next.unwrap_or(as_of));
        if first > as_of || next < as_of {
            let path = self.newest.path.clone();
            let (from, to) = if first > as_of { (as_of, first) } else { (next, as_of) };
            return Err(Fault::Gap { path, from, to: to.saturating_sub(1) });
        }
        if let Some(number) = entries.checkpoint.filter(|number| *number > as_of)
            && self.trust != Trust::Unverified
        {
            let dir = self.newest.path.parent().unwrap_or(Path::new("")).to_owned();
            return Err(Fault::NoNewestCheckpoint { dir, number });
        }
        let newest = self.is_unverified.then(|| self.newest.path.clone());
        let tallies = self.checkpoint.tallies_before(&moved);
        let epoch = self.epoch;
        let roster = self.checkpoint.roster.clone();
        Ok(Books {
            legacy: Legacy { epoch, next_entry: from, tallies },
            inheritance: Inheritance { epoch, roster, open: open.into_jobs(), next_batch },
            entries: next.saturating_sub(first),
            torn: entries.torn,
            unverified: newest.into_iter().chain(entries.unverified).collect(),
        })
    }

    /// Whether the newest checkpoint belongs to the journal that was read up to its last entry.
    fn follows(&self, entries: &Entries) -> Result<(), Fault> {
        let found = entries.open.as_ref().map(|(lines, path)| (lines.chain().last(), path));
        match (&self.last_check, found) {
            (Some(due), Some((check, path))) if due != check => {
                let (path, before) = (self.newest.path.clone(), path.clone());
                Err(Fault::Unchained { path, before })
            }
            _ => Ok(()),
        }
    }

    /// All entries, in order.
    #[must_use]
    pub fn entries(&self) -> Entries {
        Entries {
            epoch: self.epoch,
            files: self.journal.clone().into(),
            keys: self.keys.clone(),
            trust: self.trust,
            open: None,
            before: None,
            next: None,
            checkpoint: None,
            torn: None,
            unverified: Vec::new(),
        }
    }
}

/// A number above that of the entry's batch.
fn after(next_batch: u64, entry: &Entry) -> u64 {
    let named = entry.batch.map_or(0, |batch| batch.get().saturating_add(1));
    next_batch.max(named)
}

/// The entries of a folder, in order. The iteration ends after a fault.
pub struct Entries {
    epoch: Epoch,
    files: VecDeque<Named>,
    keys: CheckKeys,
    trust: Trust,
    open: Option<(Lines, PathBuf)>,
    /// The previous file and its checks.
    before: Option<(Chain, PathBuf)>,
    /// The number of the next entry, after the first one was read.
    next: Option<u64>,
    /// The newest checkpoint that a file names.
    checkpoint: Option<u64>,
    /// The file whose last line is incomplete, after it was reached.
    torn: Option<PathBuf>,
    /// The files that could not be verified.
    unverified: Vec<PathBuf>,
}

impl Entries {
    fn read(&mut self) -> Result<Option<(u64, Entry)>, Fault> {
        loop {
            let Some((lines, path)) = &mut self.open else {
                let Some(named) = self.files.pop_front() else { return Ok(None) };
                self.open_file(named)?;
                continue;
            };
            let Some(line) = lines.next()? else {
                self.before = self.open.take().map(|(lines, path)| (lines.chain().clone(), path));
                continue;
            };
            let form = match lines.opened::<EntryForm>(&line) {
                Ok(form) => form,
                Err(wrong) => {
                    let fault = lines.damaged(wrong);
                    if !self.files.is_empty() || lines.have_entry()? {
                        return Err(fault);
                    }
                    self.torn = Some(path.clone());
                    return Ok(None);
                }
            };
            let (number, expected) = (form.number, self.next.unwrap_or_default());
            if number != expected {
                let wrong = format!("has entry {number} instead of entry {expected}");
                return Err(lines.damaged(wrong));
            }
            self.next = Some(number.saturating_add(1));
            let entry = form
                .into_entry()
                .ok_or_else(|| lines.damaged("does not name a batch and a job"))?;
            return Ok(Some((number, entry)));
        }
    }

    fn open_file(&mut self, named: Named) -> Result<(), Fault> {
        let mut lines = Lines::open(&named.path)?;
        let head: JournalHead = match lines.head(Kind::Journal, &self.keys, self.trust) {
            Ok(head) => head,
            Err(Fault::Damaged { .. }) if self.files.is_empty() && !lines.have_entry()? => {
                self.torn = Some(named.path);
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        let (path, first, found) = (named.path, head.first, head.epoch());
        if found != self.epoch {
            return Err(Fault::Foreign { path, found, epoch: self.epoch });
        }
        match self.next {
            Some(next) if first < next => return Err(Fault::Twice { path, first }),
            Some(from) if first > from => {
                return Err(Fault::Gap { path, from, to: first.saturating_sub(1) });
            }
            _ => self.next = Some(first),
        }
        if let (Some((chain, before)), Some(after)) = (&self.before, &head.after)
            && chain.last() != after
        {
            return Err(Fault::Unchained { path, before: before.clone() });
        }
        if lines.chain().is_unverified() {
            self.unverified.push(path.clone());
        }
        self.checkpoint = self.checkpoint.max(head.checkpoint);
        self.open = Some((lines, path));
        Ok(())
    }
}

impl Iterator for Entries {
    type Item = Result<(u64, Entry), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.read().transpose();
        if matches!(entry, Some(Err(_))) {
            (self.open, self.files) = (None, VecDeque::new());
        }
        entry
    }
}

impl std::fmt::Debug for Entries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entries").field("next", &self.next).finish_non_exhaustive()
    }
}
