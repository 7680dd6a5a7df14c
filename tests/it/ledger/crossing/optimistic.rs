//! Books in memory that show a step its rows one after the other, as a Redis does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tollgate::clock::{Clock, ManualClock};
use tollgate::domain::time::Timestamp;
use tollgate::ledger::record::tally::{Tally, TallyKey};
use tollgate::ledger::table::TableId;
use tollgate::ledger::{
    Draft, Fault, Order, Outcome, Range, RawRows, Reliance, RowWrites, Shelf, View,
};

use super::super::store::Store;

/// The table and the key of a row, or what keys begin with.
type Place = (TableId, Vec<u8>);

type Rows = BTreeMap<Place, Vec<u8>>;

/// The future of a step that is to be kept while another one reads.
pub(super) type Meanwhile = Box<dyn FnOnce() + Send>;

/// Books in memory whose steps read as those of a Redis do.
pub(super) struct Optimistic {
    rows: Mutex<Rows>,
    clock: Arc<ManualClock>,
    /// What is done just before which read.
    meanwhile: Mutex<Option<Meanwhile>>,
    reads_before: AtomicUsize,
}

/// What a step has read, and whether it relies on it.
#[derive(Default)]
struct Seen {
    rows: BTreeMap<Place, (Option<Vec<u8>>, Reliance)>,
    groups: BTreeMap<Place, (RawRows, Reliance)>,
}

struct Reading<'a> {
    books: &'a Optimistic,
    seen: RefCell<Seen>,
}

impl Optimistic {
    /// Does this just before the read that follows so many others.
    pub(super) fn meanwhile(&self, reads: usize, what: Meanwhile) {
        self.reads_before.store(reads, Ordering::SeqCst);
        *self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }

    /// Whether it has been done.
    pub(super) fn is_done(&self) -> bool {
        self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn before_a_read(&self) {
        let reads = self.reads_before.load(Ordering::SeqCst);
        if let Some(left) = reads.checked_sub(1) {
            self.reads_before.store(left, Ordering::SeqCst);
            return;
        }
        let what = self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(what) = what {
            what();
        }
    }

    fn stands(&self, table: TableId, key: &[u8]) -> Option<Vec<u8>> {
        self.rows().get(&(table, key.to_vec())).cloned()
    }

    fn range(&self, table: TableId, range: Range<'_>) -> RawRows {
        let is_within = |key: &[u8]| {
            let from = match range.from {
                Bound::Included(from) => from <= key,
                Bound::Excluded(from) => from < key,
                Bound::Unbounded => true,
            };
            let to = match range.to {
                Bound::Included(to) => key <= to,
                Bound::Excluded(to) => key < to,
                Bound::Unbounded => true,
            };
            from && to
        };
        let rows = self.rows();
        let rows = rows.iter().filter(|((of, key), _)| *of == table && is_within(key));
        let rows = rows.map(|((_, key), row)| (key.clone(), row.clone()));
        match range.order {
            Order::Ascending => rows.take(range.limit).collect(),
            Order::Descending => rows.rev().take(range.limit).collect(),
        }
    }

    fn group(&self, table: TableId, prefix: &[u8]) -> RawRows {
        let rows = self.rows();
        let rows = rows.iter().filter(|((of, key), _)| *of == table && key.starts_with(prefix));
        rows.map(|((_, key), row)| (key.clone(), row.clone())).collect()
    }

    /// Whether all that a step relies on still stands.
    fn holds(&self, seen: &Seen) -> bool {
        let is_relied = |reliance: Reliance| reliance == Reliance::Relied;
        let mut rows = seen.rows.iter().filter(|(_, (_, reliance))| is_relied(*reliance));
        let mut groups = seen.groups.iter().filter(|(_, (_, reliance))| is_relied(*reliance));
        rows.all(|((table, key), (row, _))| self.stands(*table, key) == *row)
            && groups.all(|((table, prefix), (rows, _))| self.group(*table, prefix) == *rows)
    }

    fn step<T>(&self, step: impl Fn(&mut Draft<'_>) -> Result<T, Fault>) -> Outcome<T> {
        loop {
            let view = Reading { books: self, seen: RefCell::default() };
            let mut draft = Draft::new(&view);
            let outcome = step(&mut draft);
            let writes = match outcome {
                Ok(_) => draft.into_rows()?,
                Err(_) => RowWrites::new(),
            };
            if self.holds(&view.seen.borrow()) {
                self.keep(writes);
                return Ok(outcome?);
            }
        }
    }

    fn keep(&self, writes: RowWrites) {
        let mut rows = self.rows();
        for (place, row) in writes {
            match row {
                Some(row) => rows.insert(place, row),
                None => rows.remove(&place),
            };
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View for Reading<'_> {
    fn now(&self) -> Timestamp {
        self.books.clock.now()
    }

    fn row(
        &self,
        table: TableId,
        key: &[u8],
        reliance: Reliance,
    ) -> Result<Option<Vec<u8>>, Fault> {
        // A Redis moves counters by what is added to them, and they are not read for that.
        if matches!(table, TableId::Numbers | TableId::Tallies | TableId::Observations) {
            return Ok(self.books.stands(table, key));
        }
        let place = (table, key.to_vec());
        if !self.seen.borrow().rows.contains_key(&place) {
            self.books.before_a_read();
            let row = self.books.stands(table, key);
            self.seen.borrow_mut().rows.insert(place.clone(), (row, Reliance::Glanced));
        }
        let mut seen = self.seen.borrow_mut();
        let Some((row, relied)) = seen.rows.get_mut(&place) else { return Ok(None) };
        *relied = reliance.max(*relied);
        Ok(row.clone())
    }

    fn group(&self, table: TableId, prefix: &[u8], reliance: Reliance) -> Result<RawRows, Fault> {
        let place = (table, prefix.to_vec());
        if !self.seen.borrow().groups.contains_key(&place) {
            self.books.before_a_read();
            let rows = self.books.group(table, prefix);
            self.seen.borrow_mut().groups.insert(place.clone(), (rows, Reliance::Glanced));
        }
        let mut seen = self.seen.borrow_mut();
        let Some((rows, relied)) = seen.groups.get_mut(&place) else { return Ok(Vec::new()) };
        *relied = reliance.max(*relied);
        Ok(rows.clone())
    }

    fn rows(&self, table: TableId, range: Range<'_>) -> Result<RawRows, Fault> {
        self.books.before_a_read();
        Ok(self.books.range(table, range))
    }
}

impl Shelf for Optimistic {
    async fn write<T: Send + 'static>(
        &self,
        _: &'static str,
        step: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.step(step)
    }

    async fn read<T: Send + 'static>(
        &self,
        _: &'static str,
        look: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.step(|draft| look(draft))
    }
}

/// Those books, as a store under test.
pub(super) struct Crossed(pub(super) Arc<Optimistic>);

impl Store for Crossed {
    type Ledger = Optimistic;

    async fn open(clock: Arc<ManualClock>) -> Self {
        Self(Arc::new(Optimistic {
            rows: Mutex::default(),
            clock,
            meanwhile: Mutex::default(),
            reads_before: AtomicUsize::new(0),
        }))
    }

    async fn beside(&self, clock: Arc<ManualClock>) -> Self {
        Self::open(clock).await
    }

    fn ledger(&self) -> &Arc<Optimistic> {
        &self.0
    }

    async fn plant(&self, _: TallyKey, _: Tally) {
        unreachable!("no case here plants anything")
    }
}

/// The result of steps in memory, which wait for nothing.
pub(super) fn at_once<T>(steps: impl Future<Output = T>) -> T {
    match pin!(steps).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a step in memory waits for nothing"),
    }
}
