//! What a step sees of the books: each row is fetched when it is asked for, together with all that
//! was foreseen until then, and remembered, for the commit to check what was relied on.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::books::{Books, Kept, KeptRows, Marks, Want};
use super::mark::{Mark, MarkState, Marked};
use super::{heads, scan};
use crate::domain::time::Timestamp;
use crate::ledger::LedgerError;
use crate::ledger::draft::{Fault, Heads, Range, RawRows, Reliance, View};
use crate::ledger::table::TableId;

/// How soon a row is looked at again that another step is writing.
const LOOK_AGAIN: Duration = Duration::from_millis(3);

/// How long a step waits for others that are writing what it wants, in all.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What a step is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be looked at: what is being staged does not count yet.
    Look,
    /// To be kept: what is being staged must be decided first.
    Keep,
}

/// The books as one run of a step sees them.
pub(super) struct BooksView<'a> {
    books: &'a Books,
    runtime: &'a Handle,
    purpose: Purpose,
    began: Instant,
    seen: RefCell<Seen>,
}

/// What a run of a step has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) rows: HashMap<(TableId, Vec<u8>), (Kept, Reliance)>,
    pub(super) groups: HashMap<(TableId, Vec<u8>), (KeptRows, Reliance)>,
    pub(super) now: Option<Timestamp>,
    /// The same by the server's own clock, believed or not.
    pub(super) at_server: Option<Timestamp>,
    /// Whether it was all there at one moment.
    pub(super) is_of_one_moment: bool,
    /// What the store answered where it failed.
    pub(super) failed: Option<LedgerError>,
    foreseen: Vec<Want>,
    looks: u32,
    marks: Marks,
}

impl<'a> BooksView<'a> {
    pub(super) fn new(books: &'a Books, runtime: &'a Handle, purpose: Purpose) -> Self {
        let began = Instant::now();
        Self { books, runtime, purpose, began, seen: RefCell::default() }
    }

    pub(super) fn into_seen(self) -> Seen {
        self.seen.into_inner()
    }

    /// Looks at what is wanted and at what was foreseen, all at once.
    fn look(&self, want: Option<Want>) -> Result<(), Fault> {
        let foreseen = std::mem::take(&mut self.seen.borrow_mut().foreseen);
        let mut once = HashSet::new();
        let mut wants: Vec<_> = foreseen.into_iter().chain(want).collect();
        wants.retain(|want| !self.has(want) && once.insert(want.clone()));
        let looked = self.fetch(&wants);
        looked.map_err(|error| self.fail(error))
    }

    fn fail(&self, error: LedgerError) -> Fault {
        let why = error.to_string();
        self.seen.borrow_mut().failed.get_or_insert(error);
        Fault::Store(why)
    }

    fn has(&self, want: &Want) -> bool {
        let seen = self.seen.borrow();
        match want {
            Want::Row(table, key) => seen.rows.contains_key(&(*table, key.clone())),
            Want::Group(table, prefix) => seen.groups.contains_key(&(*table, prefix.clone())),
        }
    }

    fn fetch(&self, wants: &[Want]) -> Result<(), LedgerError> {
        let mut wants = wants.to_vec();
        loop {
            let is_first = self.seen.borrow().now.is_none();
            let found = self.runtime.block_on(self.books.fetch(&wants, is_first))?;
            {
                let mut seen = self.seen.borrow_mut();
                seen.looks = seen.looks.saturating_add(1);
                seen.now = seen.now.or(found.now);
                seen.at_server = seen.at_server.or(found.at_server);
                seen.is_of_one_moment = seen.looks == 1 && found.is_of_one_moment;
            }
            let mut again = Vec::new();
            for (want, mut rows) in wants.into_iter().zip(found.of) {
                let table = match &want {
                    Want::Row(table, _) | Want::Group(table, _) => *table,
                };
                if self.understand(table, &mut rows)? {
                    self.remember(want, rows);
                } else {
                    again.push(want);
                }
            }
            if again.is_empty() {
                return Ok(());
            }
            if self.began.elapsed() > PATIENCE {
                return Err(LedgerError::NotApplied("others are writing the same rows".into()));
            }
            self.runtime.block_on(tokio::time::sleep(LOOK_AGAIN));
            wants = again;
        }
    }

    fn remember(&self, want: Want, mut rows: KeptRows) {
        let mut seen = self.seen.borrow_mut();
        match want {
            Want::Row(table, key) => {
                let kept = rows.pop().map(|(_, kept)| kept).unwrap_or_default();
                seen.rows.insert((table, key), (kept, Reliance::Glanced));
            }
            Want::Group(table, prefix) => {
                seen.groups.insert((table, prefix), (rows, Reliance::Glanced));
            }
        }
    }

    /// Takes the marks off what was fetched. False where it has to be fetched again, since a step
    /// that marked it was decided meanwhile or has yet to be.
    pub(super) fn understand(
        &self,
        table: TableId,
        rows: &mut KeptRows,
    ) -> Result<bool, LedgerError> {
        let mark_of = |kept: &Kept| Marked::read(&kept.raw).map(|marked| marked.by);
        let mut marks: Vec<_> = rows.iter().filter_map(|(_, kept)| mark_of(kept)).collect();
        if marks.is_empty() {
            return Ok(true);
        }
        marks.sort();
        marks.dedup();
        self.seen.borrow_mut().is_of_one_moment = false;
        let mut states = std::mem::take(&mut self.seen.borrow_mut().marks);
        marks.retain(|mark| self.purpose == Purpose::Keep || !states.contains_key(mark));
        let learned = self.runtime.block_on(self.books.learn_marks(&marks, &mut states));
        learned?;
        let is_decided = self.are_decided(&marks, &states)?;
        let understood = if is_decided { self.unmark(table, rows, &states)? } else { false };
        self.seen.borrow_mut().marks = states;
        Ok(understood)
    }

    fn are_decided(&self, marks: &[Mark], states: &Marks) -> Result<bool, LedgerError> {
        if self.purpose == Purpose::Look {
            return Ok(true);
        }
        for mark in marks {
            if states.get(mark) == Some(&MarkState::Staging) {
                self.runtime.block_on(self.books.give_up(mark, false))?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn unmark(
        &self,
        table: TableId,
        rows: &mut KeptRows,
        states: &Marks,
    ) -> Result<bool, LedgerError> {
        let mut kept_steps = Vec::new();
        for (key, kept) in rows.iter_mut() {
            let Some(marked) = Marked::read(&kept.raw) else { continue };
            match states.get(&marked.by) {
                None => return Ok(false),
                Some(MarkState::Kept) => kept_steps.push((marked.by, table, key.clone())),
                Some(MarkState::Staging | MarkState::GivenUp) => {
                    let before = marked.before.to_vec();
                    kept.row = (!before.is_empty()).then_some(before);
                }
            }
        }
        let new = self.runtime.block_on(self.books.staged_rows(&kept_steps))?;
        let mut new =
            kept_steps.into_iter().map(|(_, _, key)| key).zip(new).collect::<HashMap<_, _>>();
        for (key, kept) in rows.iter_mut() {
            if let Some(row) = new.remove(key) {
                kept.row = row;
            }
        }
        Ok(true)
    }

    /// What a scan shows is of no one moment with anything else.
    fn begin_scan(&self) -> Result<(), Fault> {
        if self.seen.borrow().now.is_none() {
            self.look(None)?;
        }
        self.seen.borrow_mut().is_of_one_moment = false;
        Ok(())
    }

    pub(super) fn books(&self) -> &Books {
        self.books
    }

    pub(super) fn wait<T>(&self, for_it: impl Future<Output = T>) -> T {
        self.runtime.block_on(for_it)
    }
}

impl View for BooksView<'_> {
    fn now(&self) -> Timestamp {
        if self.seen.borrow().now.is_none() {
            // A failure is remembered, and nothing of the step is kept.
            let _ = self.look(None);
        }
        self.seen.borrow().now.unwrap_or(Timestamp::EPOCH)
    }

    fn row(
        &self,
        table: TableId,
        key: &[u8],
        reliance: Reliance,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let place = (table, key.to_vec());
        if !self.seen.borrow().rows.contains_key(&place) {
            self.look(Some(Want::Row(table, key.to_vec())))?;
        }
        let mut seen = self.seen.borrow_mut();
        let Some((kept, relied)) = seen.rows.get_mut(&place) else { return Ok(None) };
        *relied = reliance.max(*relied);
        Ok(kept.row.clone())
    }

    fn group(&self, table: TableId, prefix: &[u8], reliance: Reliance) -> Result<RawRows, Fault> {
        let place = (table, prefix.to_vec());
        if !self.seen.borrow().groups.contains_key(&place) {
            self.look(Some(Want::Group(table, prefix.to_vec())))?;
        }
        let mut seen = self.seen.borrow_mut();
        let Some((rows, relied)) = seen.groups.get_mut(&place) else { return Ok(Vec::new()) };
        *relied = reliance.max(*relied);
        let rows = rows.iter().filter_map(|(key, kept)| Some((key.clone(), kept.row.clone()?)));
        Ok(rows.collect())
    }

    fn foresee(&self, table: TableId, key: &[u8]) {
        self.seen.borrow_mut().foreseen.push(Want::Row(table, key.to_vec()));
    }

    fn foresee_group(&self, table: TableId, prefix: &[u8]) {
        self.seen.borrow_mut().foreseen.push(Want::Group(table, prefix.to_vec()));
    }

    fn rows(&self, table: TableId, range: Range<'_>) -> Result<RawRows, Fault> {
        self.begin_scan()?;
        scan::rows(self, table, range).map_err(|error| self.fail(error))
    }

    fn count(&self, table: TableId, prefix: &[u8]) -> Result<usize, Fault> {
        self.begin_scan()?;
        scan::count(self, table, prefix).map_err(|error| self.fail(error))
    }

    fn heads(&self, table: TableId, tail: usize, of: &[Heads]) -> Result<Vec<RawRows>, Fault> {
        self.begin_scan()?;
        heads::heads(self, table, tail, of).map_err(|error| self.fail(error))
    }
}
