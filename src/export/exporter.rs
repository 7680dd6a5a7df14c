//! Exporting: appends entries to the folder. A call returns after they are synced to disk.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tracing::warn;

use super::check::{Chain, CheckKeys, Scheme, Trust};
use super::checkpoint::{self, Kept};
use super::fault::Fault;
use super::folder::{self, Lines, Named};
use super::forms::{EntryForm, JournalHead, Kind};
use super::line;
use crate::domain::epoch::Epoch;
use crate::domain::time::Timestamp;
use crate::ledger::record::entry::Entry;
use crate::ledger::transition::checkpoint::{Checkpoint, Roster};
use crate::ledger::transition::epoch::Holdings;

/// The lock file of the exporting process.
const LOCK: &str = "lock";

/// The exclusive exporter of a folder.
#[derive(Debug)]
pub struct Exporter {
    dir: PathBuf,
    epoch: Epoch,
    keys: CheckKeys,
    /// The open journal file.
    open: Option<Open>,
    /// The last check of the newest journal file.
    last_check: Option<String>,
    /// The last exported entry.
    last: Option<(u64, Entry)>,
    /// The newest checkpoint.
    checkpoint: Option<Kept>,
    _lock: File,
}

/// A journal file that is open for appending.
#[derive(Debug)]
struct Open {
    file: File,
    named: Named,
    chain: Chain,
}

impl Exporter {
    /// Opens a folder for the ledger of this epoch, and creates it if it does not exist. `None` if
    /// another process exports to it.
    ///
    /// An incomplete last line of an earlier process is removed; the store still has its entry.
    ///
    /// # Errors
    /// [`Fault`] if the folder is not accessible, or holds another ledger.
    pub fn open(dir: &Path, epoch: Epoch, keys: &CheckKeys) -> Result<Option<Self>, Fault> {
        folder::make(dir)?;
        let path = dir.join(LOCK);
        let lock = folder::writable(&path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(Fault::OutOfReach { path, source }),
        }
        let mut exporter = Self {
            dir: dir.to_owned(),
            epoch,
            keys: keys.clone(),
            open: None,
            last_check: None,
            last: None,
            checkpoint: None,
            _lock: lock,
        };
        exporter.find_end()?;
        exporter.find_checkpoint()?;
        Ok(Some(exporter))
    }

    /// The number of the first entry that is not exported yet.
    #[must_use]
    pub fn next_entry(&self) -> u64 {
        self.last.as_ref().map_or(0, |(number, _)| number.saturating_add(1))
    }

    /// The number from which entries must be passed to `append`. The first one is already exported,
    /// to detect a store that differs.
    #[must_use]
    pub fn wants_from(&self) -> u64 {
        self.last.as_ref().map_or(0, |(number, _)| *number)
    }

    /// Appends entries and syncs them to disk. Returns how many were new.
    ///
    /// # Errors
    /// [`Fault`] if they do not follow the exported entries, or cannot be written. The exporter
    /// must then be reopened.
    pub fn append(&mut self, entries: &[(u64, Entry)], store: &Holdings) -> Result<usize, Fault> {
        let new = self.new_among(entries, store)?;
        let mut rest = new;
        while let Some((number, entry)) = rest.first() {
            let day = folder::day(entry.at);
            let until = rest.iter().position(|(_, entry)| folder::day(entry.at) != day);
            let (of_day, later) = rest.split_at(until.unwrap_or(rest.len()));
            self.append_day(*number, entry.at, of_day)?;
            rest = later;
        }
        if let Some((number, entry)) = new.last() {
            self.last = Some((*number, entry.clone()));
        }
        Ok(new.len())
    }

    /// Whether a checkpoint is due: once a day, and after changes of teams or keys.
    #[must_use]
    pub fn wants_checkpoint(&self, roster: &Roster, now: Timestamp) -> bool {
        let is_current = |Kept { named, checkpoint, chain, .. }: &Kept| {
            named.day == folder::day(now)
                && checkpoint.roster == *roster
                && chain.is_under(self.keys.active())
        };
        !self.checkpoint.as_ref().is_some_and(is_current)
    }

    /// Writes a checkpoint. All entries before it must have been appended.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be written.
    pub fn put_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), Fault> {
        let is_last = self.next_entry() == checkpoint.next_entry;
        let journal = self.last_check.clone().filter(|_| is_last);
        let (before, key) = (self.checkpoint.as_ref(), self.keys.active());
        let kept = checkpoint::write(&self.dir, checkpoint, self.epoch, key, before, journal)?;
        self.checkpoint = Some(kept);
        Ok(())
    }

    /// The entries that are not exported yet.
    fn new_among<'e>(
        &self,
        entries: &'e [(u64, Entry)],
        store: &Holdings,
    ) -> Result<&'e [(u64, Entry)], Fault> {
        let next = self.next_entry();
        let dir = || self.dir.clone();
        let has_trimmed =
            |first| Fault::Trimmed { dir: dir(), from: next, to: u64::saturating_sub(first, 1) };
        match (&self.last, entries) {
            (Some(last), [first, new @ ..]) if last.0 == first.0 => {
                let is_same = last.1 == first.1;
                is_same.then_some(new).ok_or_else(|| Fault::Differs { dir: dir(), number: last.0 })
            }
            (Some(_), [(first, _), ..]) if *first > next => Err(has_trimmed(*first)),
            (Some(last), []) if store.next_entry < next => {
                Err(Fault::Differs { dir: dir(), number: last.0 })
            }
            (Some(_), []) if store.first_entry > next => Err(has_trimmed(store.first_entry)),
            _ => Ok(entries),
        }
    }

    /// Appends entries of one day.
    fn append_day(
        &mut self,
        first: u64,
        at: Timestamp,
        entries: &[(u64, Entry)],
    ) -> Result<(), Fault> {
        let mut text = String::new();
        let is_of_day = |open: &Open| open.named.day == folder::day(at);
        let is_new = !self.open.as_ref().is_some_and(is_of_day);
        if is_new {
            let named = Named::new(&self.dir, Kind::Journal, first, at);
            let mut head = JournalHead::new(self.epoch, first, self.keys.active());
            head.after.clone_from(&self.last_check);
            head.checkpoint = self.checkpoint.as_ref().map(|kept| kept.named.number);
            let mut chain = Chain::new(Scheme::Keyed(self.keys.active().clone()));
            text.push_str(&line::sealed(&head, &mut chain));
            self.open = Some(Open { file: folder::writable(&named.path)?, named, chain });
        }
        let open = self.open.as_mut().expect("a file of the day is open by now");
        let Open { file, named, chain } = open;
        for (number, entry) in entries {
            text.push_str(&line::sealed(&EntryForm::of(*number, entry), chain));
        }
        self.last_check = Some(chain.last().to_owned());
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(Fault::out_of_reach(&named.path))?;
        if is_new { folder::sync(&self.dir) } else { Ok(()) }
    }

    /// Finds the last entry, and removes an incomplete line after it.
    fn find_end(&mut self) -> Result<(), Fault> {
        let mut files = folder::files(&self.dir, Kind::Journal)?;
        while let Some(named) = files.pop() {
            let Whole { end, last, chain } = whole_part(&named, self.epoch, &self.keys)?;
            let Some(last) = last else {
                // The file was created but has no complete line.
                fs::remove_file(&named.path).map_err(Fault::out_of_reach(&named.path))?;
                folder::sync(&self.dir)?;
                continue;
            };
            let mut file = folder::writable(&named.path)?;
            let length = file.seek(SeekFrom::End(0)).map_err(Fault::out_of_reach(&named.path))?;
            if length > end {
                let (cut, path) = (length - end, named.path.display());
                warn!(bytes = cut, "removed {cut} incompletely written bytes from {path}");
            }
            let cut = file.set_len(end).and_then(|()| file.seek(SeekFrom::End(0)));
            cut.and_then(|_| file.sync_all()).map_err(Fault::out_of_reach(&named.path))?;
            self.last_check = Some(chain.last().to_owned());
            // A file with another key is not continued; the next entry begins a new file.
            let is_current = chain.is_under(self.keys.active());
            self.open = is_current.then_some(Open { file, named, chain });
            self.last = Some(last);
            return Ok(());
        }
        Ok(())
    }

    /// Finds the newest checkpoint. An invalid one is ignored, and a new one is written.
    fn find_checkpoint(&mut self) -> Result<(), Fault> {
        let Some(named) = folder::files(&self.dir, Kind::Checkpoint)?.pop() else { return Ok(()) };
        match checkpoint::read(&named, &self.keys, Trust::KeyedOrOlder) {
            Ok(Kept { epoch: found, .. }) if found != self.epoch => {
                return Err(Fault::Foreign { path: named.path, found, epoch: self.epoch });
            }
            Ok(kept) => self.checkpoint = Some(kept),
            Err(fault @ Fault::Damaged { .. }) => {
                warn!(%fault, "the newest checkpoint cannot be read; a new one is written");
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}

/// The last entry in a folder that was exported for the ledger of this epoch, if there is one. Only
/// reads; another process may export to the folder meanwhile.
///
/// # Errors
/// [`Fault`] if the folder is not accessible, or holds another ledger.
pub fn last_entry(
    dir: &Path,
    epoch: Epoch,
    keys: &CheckKeys,
) -> Result<Option<(u64, Entry)>, Fault> {
    if !dir.try_exists().map_err(Fault::out_of_reach(dir))? {
        return Ok(None);
    }
    for named in folder::files(dir, Kind::Journal)?.iter().rev() {
        if let Some(last) = whole_part(named, epoch, keys)?.last {
            return Ok(Some(last));
        }
    }
    Ok(None)
}

/// The completely written part of a journal file.
struct Whole {
    /// Where it ends.
    end: u64,
    /// The last entry in it.
    last: Option<(u64, Entry)>,
    /// Its checks.
    chain: Chain,
}

/// The completely written part of a journal file. Files of an earlier version are accepted.
fn whole_part(named: &Named, epoch: Epoch, keys: &CheckKeys) -> Result<Whole, Fault> {
    let mut lines = Lines::open(&named.path)?;
    let head: JournalHead = match lines.head(Kind::Journal, keys, Trust::KeyedOrOlder) {
        Ok(head) => head,
        Err(Fault::Damaged { .. }) if !lines.have_entry()? => {
            return Ok(Whole { end: 0, last: None, chain: lines.chain().clone() });
        }
        Err(fault) => return Err(fault),
    };
    if head.epoch() != epoch {
        return Err(Fault::Foreign { path: named.path.clone(), found: head.epoch(), epoch });
    }
    let mut whole = Whole { end: lines.end(), last: None, chain: lines.chain().clone() };
    while let Some(line) = lines.next()?.filter(|line| line.ends_with(b"\n")) {
        let Ok(form) = lines.opened::<EntryForm>(&line) else { break };
        let number = form.number;
        let Some(entry) = form.into_entry() else { break };
        let chain = lines.chain().clone();
        whole = Whole { end: lines.end(), last: Some((number, entry)), chain };
    }
    Ok(whole)
}
