//! The one thread that writes: takes what waits, commits it as one, answers each. At a fault that
//! may pass it closes the file and opens it again.

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

/// How long the writer waits before it opens the file again: longer each time, until a group was
/// written.
const REOPEN_AFTER_MIN: Duration = Duration::from_millis(100);
const REOPEN_AFTER_MAX: Duration = Duration::from_secs(5);

/// So much room there has to be before steps are taken again: it is filled once, and freed.
const ROOM: TableDefinition<(), &[u8]> = TableDefinition::new("room");
const ROOM_BYTES: usize = 1 << 20;

/// How often the queue is emptied meanwhile.
const REFUSE_EVERY: Duration = Duration::from_millis(20);

/// A step that someone waits for.
pub(super) trait Awaited: Send {
    /// Runs the step inside the group's transaction.
    fn run(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error>;
    /// Answers it by what became of its group.
    fn answer(self: Box<Self>, fate: Result<(), DiskError>);
}

/// A step without a waiting caller. It may run again after a fault, so it writes the same each time.
pub(super) type Staged = Box<dyn Fn(&WriteTransaction) -> Result<(), redb::Error> + Send>;

/// What is asked of the writer.
pub(super) enum Asked {
    /// Write this, and answer.
    Write(Box<dyn Awaited>),
    /// Write this before all that is asked for later.
    Stage(Staged),
    /// Take nothing more, finish what is queued, and close the file.
    Close,
}

/// The file, or why it is not open. Reads share it; closing it waits for them.
pub(super) type Held = RwLock<Result<Database, DiskError>>;

/// Whether steps are taken.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// They are.
    Open,
    /// They are not until the file is open again.
    Reopening(DiskError),
    /// They will not be.
    Stopped(DiskError),
}

impl State {
    /// Why no step is taken.
    pub(super) fn why(&self) -> Option<&DiskError> {
        match self {
            Self::Open => None,
            Self::Reopening(why) | Self::Stopped(why) => Some(why),
        }
    }
}

/// The owner of the open file. `state` is dropped last: who waits for that finds the file closed.
pub(super) struct Writer {
    pub(super) queue: mpsc::Receiver<Asked>,
    pub(super) held: Arc<Held>,
    /// None where the file cannot be opened twice.
    pub(super) reopen: Option<Reopen>,
    /// What was staged and not committed before a fault. It is written first after it.
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

    /// Writes group after group until the queue is closed, or a fault occurs that cannot pass.
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

    /// Runs the step and those that wait behind it, and commits them as one.
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

    /// Closes the file at a fault, before anybody is answered: who knows of the fault finds the
    /// writer stopped.
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

    /// Opens the file again, as soon as that can be done. False where the writer stops.
    fn open_again(&mut self) -> bool {
        let mut tries = 0_u32;
        while !self.is_stopped() {
            self.refuse_for(self.reopen_after);
            let is_wanted = !self.queue.is_closed();
            let Some(reopen) = self.reopen.as_mut().filter(|_| is_wanted) else { break };
            tries = tries.saturating_add(1);
            let began = Instant::now();
            let left = &self.left;
            // What redb finds wrong it may report by a panic.
            let opened = catch_unwind(AssertUnwindSafe(|| {
                let database = reopen()?;
                write_left(&database, left).map(|()| database)
            }));
            // Opening may read the whole file: no more than half of the time is spent on that.
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

    /// Waits, and refuses what is asked for meanwhile.
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

    /// Refuses what is queued, but for what is staged: its caller was promised that it is written
    /// before what is asked for later.
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

    /// Takes nothing more, and says why.
    fn stop(&mut self, why: DiskError) {
        if !self.is_stopped() {
            self.state.send_replace(State::Stopped(why));
        }
        self.queue.close();
    }

    /// Puts this in the place of the file, which is closed by that once no read uses it.
    fn replace(&self, by: Result<Database, DiskError>) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let before = mem::replace(&mut *held, by);
        // A file that redb has found broken may not close in order.
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

/// Writes what was staged before a fault, and makes sure that there is room for more: a disk with
/// just enough for one small commit would be full again at the next.
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

/// A transaction that is on the disk, synced, once it is committed. Two phases, so that no torn
/// commit can pass for a whole one.
pub(super) fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate).map_err(redb::Error::from)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn run(step: impl FnOnce() -> Result<(), redb::Error>) -> Result<(), Fault> {
    // The transaction that a panic leaves half-written is never committed.
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
