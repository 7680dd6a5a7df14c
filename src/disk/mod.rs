//! One file, one writer: where the ledger and the vault write when they keep their own house.
//!
//! Every write is a *step*, handed to one thread. The writer runs all that wait, in the order they
//! were asked for, in one transaction, and commits them together. What is written here rests on
//! three rules:
//!
//! 1. **In order.** Steps run one after another, as they were asked for; each sees all before it.
//! 2. **All or nothing.** A group of steps is on the disk whole, synced, before any is answered.
//! 3. **Nothing is written after a gap.** A storage error or a panic closes the file, and steps are
//!    refused until it is open again. Of what was not committed, steps that someone waits for are
//!    answered with the fault, and staged ones are written first once the file is open.
//!
//! A full disk passes: the writer opens the file again, with growing pauses, until there is room.
//! Any other failure of the storage stops the writer for good, since the system's cache may then
//! differ from what is on the disk; [`Disk::lost`] reports it, and the process has to end.
//!
//! What a step means is not known here, and no table but the one row of the schema is.

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

/// How many steps may wait for the writer; who asks for one more waits for room.
pub const QUEUE_STEPS_MAX: usize = 256;

/// How many steps share one commit.
pub const GROUP_STEPS_MAX: usize = 64;

/// How many reads run at once.
const READS_MAX: usize = 32;

/// The place of a store that is no file.
const BACKEND: &str = "the given backend";

/// The open file. Clones share it, and it is closed once the last of them is gone.
///
/// Letting go does not wait: the writer finishes what is queued and then closes the file.
/// [`Disk::close`] does wait.
#[derive(Clone)]
pub struct Disk {
    queue: mpsc::Sender<Asked>,
    state: watch::Receiver<State>,
    /// The writer opens and closes the file; a read keeps it open for as long as it takes.
    held: Arc<Held>,
    reads: Arc<Semaphore>,
}

impl Disk {
    /// Opens the store in this folder, and creates both where they are not there: the folder for
    /// its owner's eyes only, the file likewise.
    ///
    /// Takes its time where the file was not closed in order: every page is then verified. Call it
    /// where blocking is fine.
    ///
    /// # Errors
    /// Where another process has it open, or it is newer than this program, damaged, or out of
    /// reach. Each says where, and what to do.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let (database, reopen) = file::open(dir)?;
        Self::start(database, Some(reopen))
    }

    /// Opens the store in this folder, and makes nothing.
    ///
    /// # Errors
    /// As [`Disk::open`], and where there is no store.
    pub fn open_existing(dir: &Path) -> Result<Self, OpenError> {
        let (database, reopen) = file::open_existing(dir)?;
        Self::start(database, Some(reopen))
    }

    /// Opens the store that this backend holds, or a new one where it is empty. Unlike a file, that
    /// new one must not lose power while it is made; and it is not opened again after a fault.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn open_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        Self::start(file::open_backend(backend, BACKEND, Opening::First)?, None)
    }

    /// Opens the store that these backends hold, each of which is the same storage opened again.
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

    /// Runs the step in its turn, and answers with its outcome once that is on the disk.
    ///
    /// A step may refuse: its outcome says so, and then **it must have written nothing**, for the
    /// steps around it are committed all the same. So a step reads and judges first, and only then
    /// writes. An error from a step is a fault of the storage, and stops the writer.
    ///
    /// Once queued the step runs, even if nobody waits for the answer any more. A step must not
    /// wait for another.
    ///
    /// # Errors
    /// Where nothing of it was written, or nobody can tell: see [`DiskError`].
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

    /// Queues the step and does not wait for the disk: it is durable no later than any
    /// [`Disk::write`] asked for after this has returned. Steps keep their order. After a fault the
    /// step may run again, so it has to write the same each time.
    ///
    /// # Errors
    /// Where the file is not open.
    pub async fn stage<F>(&self, step: F) -> Result<(), DiskError>
    where
        F: Fn(&WriteTransaction) -> Result<(), redb::Error> + Send + 'static,
    {
        self.enqueue(Asked::Stage(Box::new(step))).await
    }

    /// Looks at what is on the disk: at least every write that was answered before, and all of it
    /// as of one moment.
    ///
    /// # Errors
    /// Where it cannot be read, or the writer has stopped.
    pub async fn read<T, F>(&self, look: F) -> Result<T, DiskError>
    where
        T: Send + 'static,
        F: FnOnce(&ReadTransaction) -> Result<T, redb::Error> + Send + 'static,
    {
        let turn = Arc::clone(&self.reads).acquire_owned().await.map_err(|_| DiskError::Closed)?;
        let held = Arc::clone(&self.held);
        let look = move || {
            // In this order, so that the turn ends when the file has been given back.
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

    /// Writes what is queued, waits for the reads under way, and closes the file. Whatever is asked
    /// for after that is answered with [`DiskError::Closed`].
    pub async fn close(&self) {
        // An error here and below means that the writer is gone, which is what is waited for.
        let _ = self.queue.send(Asked::Close).await;
        let mut state = self.state.clone();
        while state.changed().await.is_ok() {}
    }

    /// Waits until the file was lost: it cannot be read or written any more, and this process will
    /// not open it again. Answers why. Ends never where the disk is closed in order.
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

    /// Why the writer took a step no more.
    fn why_not(&self) -> DiskError {
        self.state.borrow().why().cloned().unwrap_or(DiskError::Closed)
    }
}

/// A step, then its outcome, and who waits for it.
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
        // A caller who hung up is no reason to undo what was done.
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
