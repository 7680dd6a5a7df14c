//! One file with one writer, on which the embedded ledger and vault store their data.
//!
//! Every write is a *step*, passed to one thread. The writer runs all waiting steps in order in one
//! transaction and commits them together. Three rules hold:
//!
//! 1. **In order.** Steps run one after another in the order of their submission; each sees all
//!    earlier ones.
//! 2. **All or nothing.** A group of steps is completely on the disk and synced before any of them
//!    is answered.
//! 3. **No write after a gap.** A storage error or a panic closes the file, and steps are refused
//!    until it is open again. Uncommitted steps with a waiting caller are answered with the fault;
//!    uncommitted staged steps are written first after the file was reopened.
//!
//! A full disk is temporary: the writer reopens the file, with growing pauses, until there is
//! space. Any other storage failure stops the writer permanently, since the system's cache may then
//! differ from the disk; [`Disk::lost`] reports it, and the process must end.
//!
//! This module knows nothing of the steps' meaning, and only the table with the schema version.

mod error;
mod file;
mod writer;

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Database, ReadTransaction, ReadableDatabase, StorageBackend, WriteTransaction};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::spawn_blocking;

pub use error::{DiskError, Fault, OpenError};
use file::{Opening, Reopen};
use writer::{Asked, Awaited, Held, State, Writer};

/// How many steps may wait for the writer; callers of further steps wait.
pub const QUEUE_STEPS_MAX: usize = 256;

/// How many steps share one commit.
pub const GROUP_STEPS_MAX: usize = 64;

/// How many reads run at once.
const READS_MAX: usize = 32;

/// The name of a store that is not a file.
const BACKEND: &str = "the given backend";

/// The open file. Clones share it, and it is closed when the last one is dropped.
///
/// Dropping does not wait: the writer finishes the queued steps and then closes the file.
/// [`Disk::close`] waits.
#[derive(Clone)]
pub struct Disk {
    queue: mpsc::Sender<Asked>,
    state: watch::Receiver<State>,
    /// The writer opens and closes the file; a read keeps it open until the read ends.
    held: Arc<Held>,
    reads: Arc<Semaphore>,
}

impl Disk {
    /// Opens the store in this folder, and creates both if they do not exist, accessible only to
    /// their owner.
    ///
    /// Blocks for a while if the file was not closed cleanly, because every page is then verified.
    ///
    /// # Errors
    /// If another process has it open, or it has a later version, is damaged, or not accessible.
    /// Each error has the place and the remedy.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let (database, reopen) = file::open(dir)?;
        Self::start(database, Some(reopen))
    }

    /// Opens the store in this folder, and creates nothing.
    ///
    /// # Errors
    /// As [`Disk::open`], and if there is no store.
    pub fn open_existing(dir: &Path) -> Result<Self, OpenError> {
        let (database, reopen) = file::open_existing(dir)?;
        Self::start(database, Some(reopen))
    }

    /// Opens the store of this backend, or creates one if it is empty. Unlike a file, it must not
    /// lose power while it is created, and it is not reopened after a fault.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn open_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        Self::start(file::open_backend(backend, BACKEND, Opening::First)?, None)
    }

    /// Opens the store of these backends, each of which opens the same storage again.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn open_backends<B: StorageBackend>(
        mut next: impl FnMut() -> B + Send + 'static,
    ) -> Result<Self, OpenError> {
        let database = file::open_backend(next(), BACKEND, Opening::First)?;
        let reopen = move || file::open_backend(next(), BACKEND, Opening::Again);
        Self::start(database, Some(Box::new(reopen)))
    }

    fn start(database: Database, reopen: Option<Reopen>) -> Result<Self, OpenError> {
        let held = Arc::new(RwLock::new(Ok(database)));
        let (queue, asked) = mpsc::channel(QUEUE_STEPS_MAX);
        let (says, state) = watch::channel(State::Open);
        let writer = Writer::new(asked, Arc::clone(&held), reopen, says);
        std::thread::Builder::new()
            .name("disk-writer".into())
            .spawn(|| writer.run())
            .map_err(OpenError::NoThread)?;
        let reads = Arc::new(Semaphore::new(READS_MAX));
        Ok(Self { queue, state, held, reads })
    }

    /// Runs the step in order, and returns its outcome after it was committed.
    ///
    /// A step may refuse. Its outcome says so, and it **must not have written anything**, because
    /// the other steps of its group are committed. A step therefore reads and decides first, and
    /// then writes. An error from a step is a storage fault and stops the writer.
    ///
    /// A queued step runs even if its caller no longer waits. A step must not wait for another
    /// step.
    ///
    /// # Errors
    /// If nothing was written, or it is not known: see [`DiskError`].
    pub async fn write<T, F>(&self, step: F) -> Result<T, DiskError>
    where
        T: Send + 'static,
        F: FnOnce(&WriteTransaction) -> Result<T, redb::Error> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let pending = Pending { step: Some(step), outcome: None, caller };
        self.enqueue(Asked::Write(Box::new(pending))).await?;
        match answer.await {
            Ok(answer) => answer,
            Err(_dropped) => Err(self.why_not()),
        }
    }

    /// Queues the step without waiting for the disk. It is durable no later than any
    /// [`Disk::write`] that is requested after this returns. Steps keep their order. After a fault
    /// the step may run again, so it must write the same each time.
    ///
    /// # Errors
    /// If the file is not open.
    pub async fn stage<F>(&self, step: F) -> Result<(), DiskError>
    where
        F: Fn(&WriteTransaction) -> Result<(), redb::Error> + Send + 'static,
    {
        self.enqueue(Asked::Stage(Box::new(step))).await
    }

    /// Reads a snapshot of the disk, with at least every write that was answered before.
    ///
    /// # Errors
    /// If it cannot be read, or the writer has stopped.
    pub async fn read<T, F>(&self, look: F) -> Result<T, DiskError>
    where
        T: Send + 'static,
        F: FnOnce(&ReadTransaction) -> Result<T, redb::Error> + Send + 'static,
    {
        let turn = Arc::clone(&self.reads).acquire_owned().await.map_err(|_| DiskError::Closed)?;
        let held = Arc::clone(&self.held);
        let look = move || {
            // In this order, so that the permit is released after the file.
            let (_turn, held) = (turn, held);
            let held = held.read().unwrap_or_else(PoisonError::into_inner);
            let database = held.as_ref().map_err(Clone::clone)?;
            let seen = database.begin_read().map_err(redb::Error::from);
            seen.and_then(|seen| look(&seen)).map_err(|error| DiskError::Unread(Arc::new(error)))
        };
        match spawn_blocking(look).await {
            Ok(found) => found,
            Err(failed) if failed.is_panic() => resume_unwind(failed.into_panic()),
            Err(_runtime_is_gone) => Err(DiskError::Closed),
        }
    }

    /// Writes the queued steps, waits for running reads, and closes the file. Later requests get
    /// [`DiskError::Closed`].
    pub async fn close(&self) {
        // An error here and below means that the writer has ended, which is the goal.
        let _ = self.queue.send(Asked::Close).await;
        let mut state = self.state.clone();
        while state.changed().await.is_ok() {}
    }

    /// Waits until the file is lost: it can no longer be read or written, and this process will not
    /// reopen it. Returns the cause. Never returns if the disk is closed normally.
    pub async fn lost(&self) -> DiskError {
        let mut state = self.state.clone();
        let is_lost = |state: &State| matches!(state, State::Stopped(DiskError::NotApplied(_)));
        match state.wait_for(is_lost).await.as_deref().map(State::why) {
            Ok(Some(why)) => why.clone(),
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    async fn enqueue(&self, asked: Asked) -> Result<(), DiskError> {
        if let Some(why) = self.state.borrow().why() {
            return Err(why.clone());
        }
        self.queue.send(asked).await.map_err(|_nobody_listens| self.why_not())
    }

    /// Why the writer no longer accepts steps.
    fn why_not(&self) -> DiskError {
        self.state.borrow().why().cloned().unwrap_or(DiskError::Closed)
    }
}

/// A step, then its outcome, and its waiting caller.
struct Pending<F, T> {
    step: Option<F>,
    outcome: Option<T>,
    caller: oneshot::Sender<Result<T, DiskError>>,
}

impl<T, F> Awaited for Pending<F, T>
where
    T: Send,
    F: FnOnce(&WriteTransaction) -> Result<T, redb::Error> + Send,
{
    fn run(&mut self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        if let Some(step) = self.step.take() {
            self.outcome = Some(step(transaction)?);
        }
        Ok(())
    }

    fn answer(self: Box<Self>, fate: Result<(), DiskError>) {
        let Self { outcome, caller, .. } = *self;
        // The caller may have disconnected; the step stays done.
        let _ = caller.send(fate.and_then(|()| outcome.ok_or(DiskError::Closed)));
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
