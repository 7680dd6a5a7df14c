//! The books on a disk of their own: the same steps over the tables of one file, in the one
//! writer's transactions, which the vault shares.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use redb::{ReadTransaction, ReadableTable, Table as OpenTable, TableDefinition, WriteTransaction};

use super::draft::{Draft, Fault, Range, RawRows, Reliance, View};
use super::halt::Halt;
use super::shelf::Shelf;
use super::table::TableId;
use super::watch::{StepOutcome, Watch};
use super::writes::RowWrites;
use super::{LedgerError, Outcome};
use crate::clock::Clock;
use crate::disk::{Disk, DiskError};
use crate::domain::time::Timestamp;

/// The books on a disk.
pub struct EmbeddedLedger {
    disk: Disk,
    clock: Arc<dyn Clock>,
    watch: Arc<dyn Watch>,
    halt: Halt,
}

impl EmbeddedLedger {
    /// The books on this disk.
    ///
    /// # Errors
    /// [`LedgerError`] where the disk has failed.
    pub async fn open(disk: Disk, clock: Arc<dyn Clock>, watch: Arc<dyn Watch>) -> Outcome<Self> {
        let open = |transaction: &WriteTransaction| {
            for table in TableId::ALL {
                transaction.open_table(definition(*table))?;
            }
            Ok(())
        };
        disk.write(open).await?;
        Ok(Self { disk, clock, watch, halt: Halt::default() })
    }

    /// Whether steps are taken, and why not.
    #[must_use]
    pub fn halt(&self) -> &Halt {
        &self.halt
    }

    fn tell(&self, name: &'static str, began: Instant, is_kept: bool) {
        let outcome = if is_kept { StepOutcome::Kept } else { StepOutcome::Failed };
        self.watch.step(name, began.elapsed(), outcome);
    }
}

fn definition(table: TableId) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

impl Shelf for EmbeddedLedger {
    async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        step: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        let began = Instant::now();
        let clock = Arc::clone(&self.clock);
        let run = move |transaction: &WriteTransaction| {
            let view = Written::new(transaction, clock.now());
            let mut draft = Draft::new(&view);
            let kept = step(&mut draft).and_then(|outcome| Ok((outcome, draft.into_rows()?)));
            // A store that failed under a step stops the writer; a step that only refused does not.
            if let Some(fault) = view.fault.take() {
                return Err(fault);
            }
            Ok(match kept {
                Ok((outcome, writes)) => {
                    view.apply(writes)?;
                    Ok(outcome)
                }
                Err(fault) => Err(fault),
            })
        };
        let outcome = self.disk.write(run).await;
        self.tell(name, began, outcome.is_ok());
        Ok(outcome??)
    }

    async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        look: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        let began = Instant::now();
        let clock = Arc::clone(&self.clock);
        let run = move |transaction: &ReadTransaction| {
            let view = Shown { transaction, now: clock.now() };
            Ok(look(&Draft::new(&view)))
        };
        let outcome = self.disk.read(run).await;
        self.tell(name, began, outcome.is_ok());
        Ok(outcome??)
    }
}

impl From<DiskError> for LedgerError {
    fn from(error: DiskError) -> Self {
        let why = error.to_string();
        match error {
            DiskError::Unknown(_) => Self::Unknown(why),
            DiskError::NotApplied(_) | DiskError::Closed | DiskError::Unread(_) => {
                Self::NotApplied(why)
            }
        }
    }
}

/// An open table of rows as bytes.
type OpenRows<'a> = OpenTable<'a, &'static [u8], &'static [u8]>;

/// The rows in a transaction that writes. A table is opened once a step, since opening is not free.
struct Written<'a> {
    transaction: &'a WriteTransaction,
    now: Timestamp,
    tables: RefCell<BTreeMap<TableId, OpenRows<'a>>>,
    fault: Cell<Option<redb::Error>>,
}

impl<'a> Written<'a> {
    fn new(transaction: &'a WriteTransaction, now: Timestamp) -> Self {
        Self { transaction, now, tables: RefCell::default(), fault: Cell::default() }
    }

    fn with<T>(
        &self,
        table: TableId,
        act: impl FnOnce(&mut OpenRows<'a>) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let mut tables = self.tables.borrow_mut();
        let open = match tables.entry(table) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(self.transaction.open_table(definition(table))?)
            }
        };
        act(open)
    }

    fn apply(&self, writes: RowWrites) -> Result<(), redb::Error> {
        for ((table, key), row) in writes {
            self.with(table, |open| {
                match row {
                    Some(row) => open.insert(key.as_slice(), row.as_slice())?,
                    None => open.remove(key.as_slice())?,
                };
                Ok(())
            })?;
        }
        Ok(())
    }

    fn read<T>(
        &self,
        table: TableId,
        look: impl FnOnce(&OpenRows<'a>) -> Result<T, redb::Error>,
    ) -> Result<T, Fault> {
        self.with(table, |open| look(open)).map_err(|error| {
            let why = error.to_string();
            self.fault.set(Some(error));
            Fault::Store(why)
        })
    }
}

impl View for Written<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn row(&self, table: TableId, key: &[u8], _: Reliance) -> Result<Option<Vec<u8>>, Fault> {
        self.read(table, |open| row(open, key))
    }

    fn rows(&self, table: TableId, range: Range<'_>) -> Result<RawRows, Fault> {
        self.read(table, |open| rows(open, range))
    }
}

/// The rows as they stood when a look at them began.
struct Shown<'a> {
    transaction: &'a ReadTransaction,
    now: Timestamp,
}

impl View for Shown<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn row(&self, table: TableId, key: &[u8], _: Reliance) -> Result<Option<Vec<u8>>, Fault> {
        let open = self.transaction.open_table(definition(table)).map_err(unread)?;
        row(&open, key).map_err(unread)
    }

    fn rows(&self, table: TableId, range: Range<'_>) -> Result<RawRows, Fault> {
        let open = self.transaction.open_table(definition(table)).map_err(unread)?;
        rows(&open, range).map_err(unread)
    }
}

fn unread(error: impl std::error::Error) -> Fault {
    Fault::Store(error.to_string())
}

fn row(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, redb::Error> {
    Ok(table.get(key)?.map(|row| row.value().to_vec()))
}

fn rows(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    range: Range<'_>,
) -> Result<RawRows, redb::Error> {
    let read = table.range::<&[u8]>((range.from, range.to))?.map(|row| {
        let (key, row) = row?;
        Ok((key.value().to_vec(), row.value().to_vec()))
    });
    range.take(read)
}

impl std::fmt::Debug for EmbeddedLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedLedger").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::ledger::Ledger;
    use crate::ledger::record::team::NewTeam;

    #[tokio::test]
    async fn what_was_answered_is_there_when_the_file_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1)));
        let sales = || "sales".parse().unwrap();
        {
            let disk = Disk::open(dir.path()).unwrap();
            let ledger =
                EmbeddedLedger::open(disk.clone(), clock.clone(), Arc::new(())).await.unwrap();
            ledger.put_team(sales(), NewTeam::open("Sales")).await.unwrap();
            drop(ledger);
            disk.close().await;
        }
        let disk = Disk::open(dir.path()).unwrap();
        let ledger = EmbeddedLedger::open(disk, clock, Arc::new(())).await.unwrap();
        assert_eq!(ledger.team(sales()).await.unwrap().unwrap().name, "Sales");
        assert_eq!(ledger.dump().await.unwrap().len(), 1);
    }
}
