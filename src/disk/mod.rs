//! One file, one writer: where the ledger and the vault write when they keep their own house.
//!
//! Every write is a *step*, handed to one thread. The writer runs all that wait, in the order they
//! were asked for, in one transaction, and commits them together. What is written here rests on
//! three rules:
//!
//! 1. **In order.** Steps run one after another, as they were asked for; each sees all before it.
//! 2. **All or nothing.** A group of steps is on the disk whole, synced, before any is answered.
//! 3. **The first fault is the last.** A storage error or a panic stops the writer for good: what
//!    was not committed is dropped, and whatever is asked later is answered with that fault until
//!    the file is opened again. So nothing is ever written after a gap.
//!
//! What a step means is not known here, and no table but the one row of the schema is.

mod error;
mod file;
mod writer;

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, Weak};

use redb::{Database, ReadTransaction, ReadableDatabase, StorageBackend, WriteTransaction};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::spawn_blocking;

pub use error::{DiskError, Fault, OpenError};
use writer::{Answer, Asked, Step, Stopped, Writer};

/// How many steps may wait for the writer; who asks for one more waits for room.
pub const QUEUE_STEPS_MAX: usize = 256;

/// How many steps share one commit.
pub const GROUP_STEPS_MAX: usize = 64;

/// How many reads run at once.
const READS_MAX: u32 = 32;

/// The open file. Clones share it, and it is closed once the last of them is gone.
///
/// Letting go does not wait: the writer finishes what is queued and then closes the file.
/// [`Disk::close`] does wait.
#[derive(Clone)]
pub struct Disk {
    queue: mpsc::Sender<Asked>,
    stopped: watch::Receiver<Stopped>,
    /// The writer owns the file; a read borrows it for as long as it takes.
    database: Weak<Database>,
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
        Self::start(file::open(dir)?)
    }

    /// Opens the store in this folder, and makes nothing.
    ///
    /// # Errors
    /// As [`Disk::open`], and where there is no store.
    pub fn open_existing(dir: &Path) -> Result<Self, OpenError> {
        Self::start(file::open_existing(dir)?)
    }

    /// Opens the store that this backend holds, or a new one where it is empty. Unlike a file, that
    /// new one must not lose power while it is made.
    ///
    /// # Errors
    /// As [`Disk::open`].
    pub fn open_backend(backend: impl StorageBackend) -> Result<Self, OpenError> {
        Self::start(file::open_backend(backend, "the given backend")?)
    }

    fn start(database: Database) -> Result<Self, OpenError> {
        let database = Arc::new(database);
        let shared = Arc::downgrade(&database);
        let (queue, asked) = mpsc::channel(QUEUE_STEPS_MAX);
        let (tell, stopped) = watch::channel(None);
        let writer = Writer::new(asked, database, tell);
        std::thread::Builder::new()
            .name("disk-writer".into())
            .spawn(|| writer.run())
            .map_err(OpenError::NoThread)?;
        let reads = Arc::new(Semaphore::new(READS_MAX.try_into().expect("a small number")));
        Ok(Self { queue, stopped, database: shared, reads })
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
        let step: Step = Box::new(move |transaction| {
            let outcome = step(transaction)?;
            Ok(Box::new(move |fate: Result<(), DiskError>| {
                // A caller who hung up is no reason to undo what was done.
                let _ = caller.send(fate.map(|()| outcome));
            }))
        });
        self.enqueue(step).await?;
        match answer.await {
            Ok(answer) => answer,
            Err(_dropped) => Err(self.why_stopped().await),
        }
    }

    /// Queues the step and does not wait for the disk: it is durable no later than any
    /// [`Disk::write`] asked for after this has returned. Steps keep their order, and a writer that
    /// stops before this step answers none behind it.
    ///
    /// # Errors
    /// Where the writer has stopped.
    pub async fn stage<F>(&self, step: F) -> Result<(), DiskError>
    where
        F: FnOnce(&WriteTransaction) -> Result<(), redb::Error> + Send + 'static,
    {
        self.enqueue(Box::new(move |transaction| {
            step(transaction)?;
            Ok(Box::new(|_fate| ()) as Answer)
        }))
        .await
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
        if let Some(why) = self.stopped.borrow().clone() {
            return Err(why);
        }
        let Some(database) = self.database.upgrade() else { return Err(self.why_stopped().await) };
        let look = move || {
            // In this order, so that the turn ends when the file has been given back.
            let (_turn, database) = (turn, database);
            look(&database.begin_read()?)
        };
        match spawn_blocking(look).await {
            Ok(found) => found.map_err(|error| DiskError::Unread(Arc::new(error))),
            Err(failed) if failed.is_panic() => resume_unwind(failed.into_panic()),
            Err(_runtime_is_gone) => Err(DiskError::Closed),
        }
    }

    /// Writes what is queued, waits for the reads under way, and closes the file. Whatever is asked
    /// for after that is answered with [`DiskError::Closed`].
    pub async fn close(&self) {
        // An error here and below means that the writer is gone, which is what is waited for.
        let _ = self.queue.send(Asked::Close).await;
        let mut stopped = self.stopped.clone();
        while stopped.changed().await.is_ok() {}
        let _ = self.reads.acquire_many(READS_MAX).await;
        self.reads.close();
    }

    async fn enqueue(&self, step: Step) -> Result<(), DiskError> {
        match self.queue.send(Asked::Step(step)).await {
            Ok(()) => Ok(()),
            Err(_nobody_listens) => Err(self.why_stopped().await),
        }
    }

    /// Why the writer takes nothing more. Waits for the word of one that is about to stop.
    async fn why_stopped(&self) -> DiskError {
        let mut stopped = self.stopped.clone();
        match stopped.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(why)) => why.clone(),
            Ok(None) | Err(_) => DiskError::NotApplied(Arc::new(Fault::Panicked)),
        }
    }
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
