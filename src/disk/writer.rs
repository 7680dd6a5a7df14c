//! The writer thread: takes the waiting steps, commits them together, and answers each. After a
//! temporary fault it closes and reopens the file.

use std::error::Error;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redb::{CommitError, Database, Durability, TableDefinition, WriteTransaction};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, watch};
use tracing::{debug, error, info};

use super::GROUP_STEPS_MAX;
use super::error::{DiskError, Fault};
use super::file::Reopen;

/// The pause before the file is reopened. It grows until a group was written.
const REOPEN_AFTER_MIN: Duration = Duration::from_millis(100);
const REOPEN_AFTER_MAX: Duration = Duration::from_secs(5);

/// The space that must be free before steps are accepted again: it is filled once, and freed.
const ROOM: TableDefinition<(), &[u8]> = TableDefinition::new("room");
const ROOM_BYTES: usize = 1 << 20;

/// How often queued steps are refused meanwhile.
const REFUSE_EVERY: Duration = Duration::from_millis(20);

/// A step with a waiting caller.
pub(super) trait Awaited: Send {
    /// Runs the step inside the group's transaction.
    fn run(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error>;
    /// Answers it with the outcome of its group.
    fn answer(self: Box<Self>, fate: Result<(), DiskError>);
}

/// A step without a waiting caller. It may run again after a fault, so it must write the same each
/// time.
pub(super) type Staged = Box<dyn Fn(&WriteTransaction) -> Result<(), redb::Error> + Send>;

/// A request to the writer.
pub(super) enum Asked {
    /// Run this step and answer it.
    Write(Box<dyn Awaited>),
    /// Write this before all later steps.
    Stage(Staged),
    /// Accept nothing more, finish the queue, and close the file.
    Close,
}

/// The file, or why it is not open. Reads share it; closing it waits for them.
pub(super) type Held = RwLock<Result<Database, DiskError>>;

/// Whether steps are accepted.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Accepted.
    Open,
    /// Refused until the file is open again.
    Reopening(DiskError),
    /// Refused permanently.
    Stopped(DiskError),
}

impl State {
    /// Why steps are refused.
    pub(super) fn why(&self) -> Option<&DiskError> {
        match self {
            Self::Open => None,
            Self::Reopening(why) | Self::Stopped(why) => Some(why),
        }
    }
}

/// The owner of the open file. `state` is dropped last: a waiter finds the file closed.
pub(super) struct Writer {
    pub(super) queue: mpsc::Receiver<Asked>,
    pub(super) held: Arc<Held>,
    /// `None` if the file cannot be reopened.
    pub(super) reopen: Option<Reopen>,
    /// Staged steps that were not committed before a fault. They are written first afterwards.
    pub(super) left: Vec<Staged>,
    pub(super) reopen_after: Duration,
    pub(super) state: watch::Sender<State>,
}

impl Writer {
    pub(super) fn new(
        queue: mpsc::Receiver<Asked>,
        held: Arc<Held>,
        reopen: Option<Reopen>,
        state: watch::Sender<State>,
    ) -> Self {
        Self { queue, held, reopen, left: Vec::new(), reopen_after: REOPEN_AFTER_MIN, state }
    }

    /// Writes groups until the queue is closed, or a permanent fault occurs.
    pub(super) fn run(mut self) {
        while let Some(asked) = self.queue.blocking_recv() {
            let mut group = Group::default();
            let fate = self.write_group(asked, &mut group);
            if let Err(error) = &fate {
                self.close_at(error);
            }
            for step in group.awaited {
                step.answer(fate.clone());
            }
            if fate.is_ok() {
                self.reopen_after = REOPEN_AFTER_MIN;
                continue;
            }
            self.left.append(&mut group.staged);
            if !self.open_again() {
                break;
            }
        }
        let why = self.state.borrow().why().cloned().unwrap_or(DiskError::Closed);
        self.replace(Err(why));
    }

    /// Runs the step and those waiting behind it, and commits them together.
    fn write_group(&mut self, first: Asked, group: &mut Group) -> Result<(), DiskError> {
        let held = Arc::clone(&self.held);
        let held = held.read().unwrap_or_else(PoisonError::into_inner);
        let database = held.as_ref().map_err(Clone::clone)?;
        let transaction = begin(database).map_err(|error| not_applied(Fault::of(error)))?;
        let mut next = Some(first);
        while let Some(asked) = next {
            match asked {
                Asked::Write(mut step) => {
                    let ran = run(|| step.run(&transaction));
                    group.awaited.push(step);
                    ran.map_err(not_applied)?;
                }
                Asked::Stage(step) => {
                    let ran = run(|| step(&transaction));
                    group.staged.push(step);
                    ran.map_err(not_applied)?;
                }
                Asked::Close => self.stop(DiskError::Closed),
            }
            let is_full = group.len() >= GROUP_STEPS_MAX;
            next = if is_full { None } else { self.queue.try_recv().ok() };
        }
        if group.len() == 0 {
            return Ok(());
        }
        commit(transaction)
    }

    /// Closes the file after a fault, before the group is answered: a caller that knows of the
    /// fault finds the writer stopped.
    fn close_at(&mut self, error: &DiskError) {
        let why = match error {
            DiskError::Unknown(fault) => DiskError::NotApplied(Arc::clone(fault)),
            certain => certain.clone(),
        };
        let may_pass = match error {
            DiskError::Unknown(fault) | DiskError::NotApplied(fault) => fault.may_pass(),
            DiskError::Closed | DiskError::Unread(_) => false,
        };
        error!(error = ?error, "the store's file is closed: {error}");
        if may_pass && self.reopen.is_some() && !self.is_stopped() {
            self.state.send_replace(State::Reopening(why.clone()));
        } else {
            self.stop(why.clone());
        }
        self.replace(Err(why));
    }

    /// Reopens the file as soon as possible. False if the writer stops.
    fn open_again(&mut self) -> bool {
        let mut tries = 0_u32;
        while !self.is_stopped() {
            self.refuse_for(self.reopen_after);
            let is_wanted = !self.queue.is_closed();
            let Some(reopen) = self.reopen.as_mut().filter(|_| is_wanted) else { break };
            tries = tries.saturating_add(1);
            let began = Instant::now();
            let left = &self.left;
            // redb may report corruption by a panic.
            let opened = catch_unwind(AssertUnwindSafe(|| {
                let database = reopen()?;
                write_left(&database, left).map(|()| database)
            }));
            // Opening may read the whole file, so it may take at most half of the time.
            let doubled = self.reopen_after.saturating_mul(2).min(REOPEN_AFTER_MAX);
            self.reopen_after = doubled.max(began.elapsed());
            let fault = match opened {
                Ok(Ok(database)) => {
                    self.left.clear();
                    self.replace(Ok(database));
                    self.state.send_replace(State::Open);
                    info!(tries, "the store's file is open again");
                    return true;
                }
                Ok(Err(fault)) => fault,
                Err(_reported_by_the_panic_hook) => Fault::Panicked,
            };
            let may_pass = match &fault {
                Fault::Lost(error) => error.may_pass(),
                Fault::Full(_) => true,
                Fault::Storage(_) | Fault::Panicked => false,
            };
            let cause = fault.source().map_or_else(String::new, |source| format!(": {source}"));
            if !may_pass {
                error!("the store's file cannot be opened again: {fault}{cause}");
                let why = not_applied(fault);
                self.stop(why.clone());
                self.replace(Err(why));
                return false;
            }
            debug!(tries, "the store's file is not open yet: {fault}{cause}");
        }
        self.refuse_queued();
        false
    }

    /// Waits, and refuses steps meanwhile.
    fn refuse_for(&mut self, time: Duration) {
        let began = Instant::now();
        loop {
            self.refuse_queued();
            let left = time.saturating_sub(began.elapsed());
            if left.is_zero() || self.is_stopped() {
                return;
            }
            sleep(left.min(REFUSE_EVERY));
        }
    }

    /// Refuses queued steps except staged ones: their callers rely on them being written before
    /// later steps.
    fn refuse_queued(&mut self) {
        loop {
            match self.queue.try_recv() {
                Ok(Asked::Write(step)) => {
                    let why = self.state.borrow().why().cloned().unwrap_or(DiskError::Closed);
                    step.answer(Err(why));
                }
                Ok(Asked::Stage(step)) => self.left.push(step),
                Ok(Asked::Close) => self.stop(DiskError::Closed),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => return self.stop(DiskError::Closed),
            }
        }
    }

    fn is_stopped(&self) -> bool {
        matches!(&*self.state.borrow(), State::Stopped(_))
    }

    /// Stops permanently, with this cause.
    fn stop(&mut self, why: DiskError) {
        if !self.is_stopped() {
            self.state.send_replace(State::Stopped(why));
        }
        self.queue.close();
    }

    /// Replaces the file, which is closed when no read uses it.
    fn replace(&self, by: Result<Database, DiskError>) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let before = mem::replace(&mut *held, by);
        // A file that redb found to be corrupt may fail to close.
        let _reported_by_the_panic_hook = catch_unwind(AssertUnwindSafe(|| drop(before)));
    }
}

/// The steps that share a transaction.
#[derive(Default)]
struct Group {
    awaited: Vec<Box<dyn Awaited>>,
    staged: Vec<Staged>,
}

impl Group {
    fn len(&self) -> usize {
        self.awaited.len().saturating_add(self.staged.len())
    }
}

/// Writes the staged steps that were left by a fault, and checks that there is space for more: a
/// disk with just enough for one small commit would be full again at the next.
fn write_left(database: &Database, left: &[Staged]) -> Result<(), Fault> {
    let write = |step: &dyn Fn(&WriteTransaction) -> Result<(), redb::Error>| {
        let transaction = begin(database).map_err(Fault::of)?;
        run(|| step(&transaction))?;
        match commit(transaction) {
            Ok(()) => Ok(()),
            Err(DiskError::NotApplied(fault) | DiskError::Unknown(fault)) => {
                Err(Arc::into_inner(fault).unwrap_or(Fault::Panicked))
            }
            Err(DiskError::Closed | DiskError::Unread(_)) => Err(Fault::Panicked),
        }
    };
    write(&|transaction| {
        transaction.open_table(ROOM)?.insert((), vec![0; ROOM_BYTES].as_slice())?;
        Ok(())
    })?;
    write(&|transaction| {
        transaction.delete_table(ROOM)?;
        left.iter().try_for_each(|step| step(transaction))
    })
}

/// A transaction that is synced when it is committed. In two phases, so that a torn commit is never
/// accepted.
pub(super) fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate).map_err(redb::Error::from)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn run(step: impl FnOnce() -> Result<(), redb::Error>) -> Result<(), Fault> {
    // A transaction interrupted by a panic is never committed.
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(done) => done.map_err(Fault::of),
        Err(_reported_by_the_panic_hook) => Err(Fault::Panicked),
    }
}

fn commit(transaction: WriteTransaction) -> Result<(), DiskError> {
    match catch_unwind(AssertUnwindSafe(|| transaction.commit())) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(rolled_back @ CommitError::TransactionPoisoned)) => {
            Err(not_applied(Fault::Storage(rolled_back.into())))
        }
        Ok(Err(error)) => Err(DiskError::Unknown(Arc::new(Fault::of(error.into())))),
        Err(_reported_by_the_panic_hook) => Err(DiskError::Unknown(Arc::new(Fault::Panicked))),
    }
}

fn not_applied(fault: Fault) -> DiskError {
    DiskError::NotApplied(Arc::new(fault))
}
