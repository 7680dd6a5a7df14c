//! The one thread that writes: takes what waits, commits it as one, answers each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::{CommitError, Database, Durability, WriteTransaction};
use tokio::sync::{mpsc, watch};
use tracing::error;

use super::GROUP_STEPS_MAX;
use super::error::{DiskError, Fault};

/// What to do inside the group's transaction. Once done, it leaves behind how to answer whoever
/// asked for it; dropped undone, whoever asked sees that the writer has stopped.
pub(super) type Step =
    Box<dyn FnOnce(&WriteTransaction) -> Result<Answer, redb::Error> + Send + 'static>;

/// Tells whoever asked for a step what became of its group.
pub(super) type Answer = Box<dyn FnOnce(Result<(), DiskError>) + Send + 'static>;

/// What is asked of the writer.
pub(super) enum Asked {
    /// Write this.
    Step(Step),
    /// Take nothing more, finish what is queued, and close the file.
    Close,
}

/// What whoever asks now is told: nothing while the writer takes steps, then why it does not.
pub(super) type Stopped = Option<DiskError>;

/// The owner of the open file. The order of the fields is the order in which they go: `stopped`
/// goes last, so that who waits for its end finds the file closed.
pub(super) struct Writer {
    queue: mpsc::Receiver<Asked>,
    database: Arc<Database>,
    stopped: watch::Sender<Stopped>,
}

impl Writer {
    pub(super) fn new(
        queue: mpsc::Receiver<Asked>,
        database: Arc<Database>,
        stopped: watch::Sender<Stopped>,
    ) -> Self {
        Self { queue, database, stopped }
    }

    /// Writes group after group until there is nobody left to ask, or something fails. What is
    /// queued then is dropped, for it must not follow on a gap.
    pub(super) fn run(mut self) {
        while let Some(asked) = self.queue.blocking_recv() {
            let Some(first) = self.step(asked) else { continue };
            let mut answers = Vec::with_capacity(GROUP_STEPS_MAX);
            let fate = self.write_group(first, &mut answers);
            if let Err(error) = &fate {
                self.fail(error);
            }
            for answer in answers {
                answer(fate.clone());
            }
            if fate.is_err() {
                return;
            }
        }
    }

    /// Runs the step and those that wait behind it, and commits them as one.
    fn write_group(&mut self, first: Step, answers: &mut Vec<Answer>) -> Result<(), DiskError> {
        let database = Arc::clone(&self.database);
        let transaction = begin(&database).map_err(|error| not_applied(Fault::Storage(error)))?;
        let mut next = Some(first);
        while let Some(step) = next {
            answers.push(run(step, &transaction).map_err(not_applied)?);
            next = if answers.len() < GROUP_STEPS_MAX { self.waiting() } else { None };
        }
        commit(transaction)
    }

    /// The next step that is already queued.
    fn waiting(&mut self) -> Option<Step> {
        while let Ok(asked) = self.queue.try_recv() {
            if let Some(step) = self.step(asked) {
                return Some(step);
            }
        }
        None
    }

    fn step(&mut self, asked: Asked) -> Option<Step> {
        match asked {
            Asked::Step(step) => Some(step),
            Asked::Close => {
                self.stop(DiskError::Closed);
                None
            }
        }
    }

    /// Says so before anybody is answered: who has been told of a fault finds the writer stopped.
    fn fail(&mut self, error: &DiskError) {
        error!(error = ?error, "the disk takes nothing more: {error}");
        self.stop(match error {
            DiskError::Unknown(fault) => DiskError::NotApplied(Arc::clone(fault)),
            certain => certain.clone(),
        });
    }

    /// Takes nothing more, and says why.
    fn stop(&mut self, why: DiskError) {
        self.stopped.send_replace(Some(why));
        self.queue.close();
    }
}

/// A transaction that is on the disk, synced, once it is committed. Two phases, so that no torn
/// commit can pass for a whole one.
pub(super) fn begin(database: &Database) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate).map_err(redb::Error::from)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn run(step: Step, transaction: &WriteTransaction) -> Result<Answer, Fault> {
    // The transaction that a panic leaves half-written is never committed.
    match catch_unwind(AssertUnwindSafe(|| step(transaction))) {
        Ok(done) => done.map_err(Fault::Storage),
        Err(_told_by_the_panic_hook) => Err(Fault::Panicked),
    }
}

fn commit(transaction: WriteTransaction) -> Result<(), DiskError> {
    match catch_unwind(AssertUnwindSafe(|| transaction.commit())) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(rolled_back @ CommitError::TransactionPoisoned)) => {
            Err(not_applied(Fault::Storage(rolled_back.into())))
        }
        Ok(Err(error)) => Err(DiskError::Unknown(Arc::new(Fault::Storage(error.into())))),
        Err(_told_by_the_panic_hook) => Err(DiskError::Unknown(Arc::new(Fault::Panicked))),
    }
}

fn not_applied(fault: Fault) -> DiskError {
    DiskError::NotApplied(Arc::new(fault))
}
