//! The books in Redis, for any number of replicas.
//!
//! The steps are the same pure functions as everywhere. Here a step is an optimistic transaction:
//! it runs over the rows that it asks for ([`view`](self)), and is kept by one script that first
//! checks that all it relied on still stands and only then writes. Where something moved meanwhile,
//! it runs again. What many steps move at once, the journal and the tallies, is told to the script
//! as how it moves, with the limits that quotas set, so steps of different people hardly ever meet.
//!
//! - **Answered or not, it is taken once**: each commit has a token, by which it is repeated.
//! - **No script is long**: a step of more than some 500 leads is staged in pieces, and one commit
//!   decides all of them.
//! - **The server's clock decides**: a step that was on its way for too long is run again.
//! - **The epoch names the books**: an emptied or foreign Redis is noticed in every step.
//! - **The journal never shrinks**: every step tells the server how many entries it has confirmed, and
//!   one that has fewer, since an old copy was restored, is treated as a foreign one.

mod books;
mod change;
mod clock;
mod commit;
mod counters;
mod error;
mod found;
#[cfg(fuzzing)]
pub(super) mod fuzz;
mod heads;
mod high_water;
mod keys;
mod mark;
mod scan;
mod scripts;
mod stage;
mod view;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

pub use clock::ServerClock;

use super::draft::{Draft, Fault};
use super::halt::Halt;
use super::shelf::Shelf;
use super::watch::{StepOutcome, Watch};
use super::writes::Writes;
use super::{LedgerError, Outcome};
use crate::clock::Clock;
use crate::domain::epoch::Epoch;
use crate::remote::{Command, Confirm, Remote};
use books::Books;
use change::Changes;
use commit::Fate;
use error::read_error;
use found::next_entry_of;
use high_water::HighWater;
use keys::Keys;
use view::{BooksView, Purpose, Seen};

/// How many steps run at once.
const STEPS: usize = 256;

/// How long a step waits for its turn.
const TURN: Duration = Duration::from_millis(300);

/// How long a step is run again where what it relies on keeps changing.
const PATIENCE: Duration = Duration::from_secs(2);

/// The books in Redis. Clones share what is known of them.
#[derive(Clone)]
pub struct RedisLedger(Arc<Inside>);

struct Inside {
    books: Books,
    turns: Semaphore,
    watch: Arc<dyn Watch>,
}

/// How the books in a Redis are kept.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The namespace: all keys are under `{tollgate:<namespace>}`.
    pub namespace: String,
    /// The epoch that the books must have; none for whichever they have.
    pub epoch: Option<Epoch>,
    /// The fingerprint of the secret under which they are kept: new books are from now on, and with
    /// others no step is taken.
    pub fingerprint: String,
    /// What is done where there are no books.
    pub founding: Founding,
    /// What a step that is acted on waits for before it is answered.
    pub confirm: Confirm,
}

/// What is done where there are no books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Founding {
    /// They begin, under this new epoch.
    Anew(Epoch),
    /// Nothing: an operator decides.
    Refused,
    /// Books that were lost are being adopted: steps are taken on whatever is there.
    Adopting,
}

impl RedisLedger {
    /// The books in this Redis. Looks at nothing yet: it may be away.
    #[must_use]
    pub fn new(remote: Remote, terms: &Terms, watch: Arc<dyn Watch>) -> Self {
        Self::with_clock(remote, terms, None, watch)
    }

    /// The books in this Redis, by a clock that a test moves.
    #[must_use]
    pub fn with_clock(
        remote: Remote,
        terms: &Terms,
        given_clock: Option<Arc<dyn Clock>>,
        watch: Arc<dyn Watch>,
    ) -> Self {
        let books = Books {
            remote,
            keys: Keys::new(&terms.namespace),
            clock: Arc::new(ServerClock::default()),
            given_clock,
            epoch: std::sync::Mutex::new(None),
            // Whoever adopts books brings the epoch that is meant.
            pinned: terms.epoch.filter(|_| terms.founding != Founding::Adopting),
            fingerprint: terms.fingerprint.clone(),
            founding: terms.founding,
            confirm: terms.confirm,
            high_water: HighWater::default(),
            halt: Halt::default(),
        };
        Self(Arc::new(Inside { books, turns: Semaphore::new(STEPS), watch }))
    }

    /// The server's clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        let server: Arc<dyn Clock> = self.0.books.clock.clone();
        self.0.books.given_clock.clone().unwrap_or(server)
    }

    /// Whether the books are kept under the secret of the terms. Finds them, or founds them where
    /// there are none and that is allowed.
    ///
    /// # Errors
    /// [`LedgerError`] where the store is away, or these are not the books that were in use.
    pub async fn is_under_our_secret(&self) -> Outcome<bool> {
        Ok(self.0.books.find().await?.is_some())
    }

    /// Whether it is known by now which books are in use.
    #[must_use]
    pub fn has_books(&self) -> bool {
        self.0.books.known_epoch().is_some()
    }

    /// Whether steps are taken, and why not.
    #[must_use]
    pub fn halt(&self) -> &Halt {
        &self.0.books.halt
    }

    /// Sees to large steps that a replica left behind when it died.
    ///
    /// # Errors
    /// [`LedgerError`] where the store is away.
    pub async fn tidy(&self) -> Outcome<()> {
        stage::tidy(&self.0.books).await
    }

    async fn step<T: Send + 'static>(
        &self,
        name: &'static str,
        purpose: Purpose,
        run: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        let began = Instant::now();
        let outcome = Box::pin(self.run_until_kept(name, purpose, Arc::new(run))).await;
        let is_kept = !matches!(
            outcome,
            Err(LedgerError::NotApplied(_) | LedgerError::Unknown(_) | LedgerError::WrongEpoch)
        );
        let kept = if is_kept { StepOutcome::Kept } else { StepOutcome::Failed };
        self.0.watch.step(name, began.elapsed(), kept);
        outcome
    }

    async fn run_until_kept<T, F>(
        &self,
        name: &'static str,
        purpose: Purpose,
        run: Arc<F>,
    ) -> Outcome<T>
    where
        T: Send + 'static,
        F: Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    {
        let began = Instant::now();
        let turn = tokio::time::timeout(TURN, self.0.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(LedgerError::NotApplied("too many steps wait for the store".into()));
        };
        for tries in 1_u32.. {
            let Ran { outcome, writes, seen } = self.run_once(purpose, Arc::clone(&run)).await;
            if let Some(failed) = seen.failed {
                return Err(failed);
            }
            if self.keep(name, &seen, writes).await? == Fate::Kept {
                return Ok(outcome?);
            }
            if began.elapsed() > PATIENCE {
                break;
            }
            tokio::time::sleep(pause(tries)).await;
        }
        Err(LedgerError::NotApplied("others kept changing the same rows".into()))
    }

    async fn run_once<T, F>(&self, purpose: Purpose, run: Arc<F>) -> Ran<T>
    where
        T: Send + 'static,
        F: Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    {
        let inside = Arc::clone(&self.0);
        let runtime = Handle::current();
        let ran = spawn_blocking(move || {
            let view = BooksView::new(&inside.books, &runtime, purpose);
            let mut draft = Draft::new(&view);
            let outcome = run(&mut draft);
            let writes = draft.into_writes();
            // A step that refuses has written nothing.
            let writes = if outcome.is_ok() { writes } else { Writes::default() };
            Ran { outcome, writes, seen: view.into_seen() }
        });
        ran.await.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))
    }

    async fn keep(&self, name: &'static str, seen: &Seen, writes: Writes) -> Outcome<Fate> {
        let changes = Changes::of(&self.0.books.keys, seen, writes)?;
        let needs_no_check = changes.writes_nothing() && seen.is_of_one_moment;
        if needs_no_check || changes.is_empty() {
            return Ok(Fate::Kept);
        }
        Box::pin(stage::keep(&self.0.books, name, changes, seen.at_server)).await
    }
}

/// What came of one run of a step.
struct Ran<T> {
    outcome: Result<T, Fault>,
    writes: Writes,
    seen: Seen,
}

/// How long to wait before a step is run again: at random, so that two do not meet again.
fn pause(tries: u32) -> Duration {
    let mut share = [0];
    getrandom::fill(&mut share).expect("the operating system provides random bytes");
    let [share] = share;
    let most = Duration::from_millis(1).saturating_mul(tries.min(20));
    most.saturating_mul(share.into()).checked_div(255).unwrap_or(most)
}

impl Shelf for RedisLedger {
    async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        step: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.step(name, Purpose::Keep, step).await
    }

    async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        look: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        self.step(name, Purpose::Look, move |draft| look(draft)).await
    }

    async fn confirm(&self) -> Outcome<()> {
        let Books { remote, keys, confirm, .. } = &self.0.books;
        if *confirm == Confirm::Nothing {
            return Ok(());
        }
        // What is confirmed is this and all that the server took before it.
        let question = vec![Command::new("GET", &keys.next_entry())];
        let answer = remote.ask_confirmed(question, *confirm).await.map_err(read_error)?;
        self.0.books.is_confirmed(answer.first().map_or(Ok(0), next_entry_of)?);
        Ok(())
    }
}

impl std::fmt::Debug for RedisLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisLedger").finish_non_exhaustive()
    }
}
