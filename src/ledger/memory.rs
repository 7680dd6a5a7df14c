//! The books in memory: the steps over plain maps. It is the model that other stores are held
//! against, and good for tests; it forgets everything when the process ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::Outcome;
use super::draft::{Draft, Fault, Range, RawRows, Reliance, View};
use super::halt::Halt;
use super::shelf::Shelf;
use super::table::TableId;
use super::watch::{StepOutcome, Watch};
use super::writes::RowWrites;
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// The books in memory.
pub struct MemoryLedger {
    rows: Mutex<Rows>,
    clock: Arc<dyn Clock>,
    watch: Arc<dyn Watch>,
    halt: Halt,
}

#[derive(Default)]
struct Rows(BTreeMap<(TableId, Vec<u8>), Vec<u8>>);

impl MemoryLedger {
    /// Empty books.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, watch: Arc<dyn Watch>) -> Self {
        Self { rows: Mutex::default(), clock, watch, halt: Halt::default() }
    }

    /// Whether steps are taken, and why not.
    #[must_use]
    pub fn halt(&self) -> &Halt {
        &self.halt
    }

    fn look<T>(
        &self,
        name: &'static str,
        look: impl FnOnce(&mut Draft<'_>) -> Result<T, Fault>,
    ) -> Outcome<T> {
        let began = Instant::now();
        // A step that panicked wrote nothing, so the rows are whole.
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let view = Shown { rows: &rows, now: self.clock.now() };
        let mut draft = Draft::new(&view);
        let kept = look(&mut draft).and_then(|outcome| Ok((outcome, draft.into_rows()?)));
        let outcome = kept.map(|(outcome, writes)| {
            rows.apply(writes);
            outcome
        });
        drop(rows);
        self.watch.step(name, began.elapsed(), StepOutcome::Kept);
        Ok(outcome?)
    }
}

impl Rows {
    fn apply(&mut self, writes: RowWrites) {
        for (place, row) in writes {
            match row {
                Some(row) => self.0.insert(place, row),
                None => self.0.remove(&place),
            };
        }
    }
}

/// The rows at the moment of a step.
struct Shown<'a> {
    rows: &'a Rows,
    now: Timestamp,
}

impl View for Shown<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn row(&self, table: TableId, key: &[u8], _: Reliance) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.rows.0.get(&(table, key.to_vec())).cloned())
    }

    fn rows(&self, table: TableId, range: Range<'_>) -> Result<RawRows, Fault> {
        let rows = self.rows.0.range(range.places(table));
        Ok(range.take(rows.map(|((_, key), row)| (key.clone(), row.clone()))))
    }
}

impl Shelf for MemoryLedger {
    async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        step: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.look(name, step)
    }

    async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        look: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.look(name, |draft| look(draft))
    }
}

impl std::fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryLedger").finish_non_exhaustive()
    }
}
