//! A server and its connections: one shared connection, and a few exclusive ones for commands that
//! block.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Unreached;
use super::address::Endpoint;
use super::line::{Dial, Line};
use super::role::Role;
use super::sought::Sought;

/// The maximum number of exclusive connections.
const LENT_MAX: usize = 16;

/// One server that accepts writes.
pub(super) struct Server {
    endpoint: Endpoint,
    dial: Arc<Dial>,
    shared: Sought<Arc<Line>>,
    lending: Arc<Semaphore>,
    idle: Mutex<Vec<Line>>,
    /// The most replicas that were seen connected.
    replicas: AtomicUsize,
    /// Whether it may support `WAITAOF`.
    has_waitaof: AtomicBool,
}

/// An exclusive connection. It is returned if its user says so, and closed otherwise.
pub(super) struct Lent {
    line: Line,
    _permit: OwnedSemaphorePermit,
}

impl Server {
    pub(super) fn new(endpoint: Endpoint, dial: Arc<Dial>) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            dial,
            shared: Sought::new(),
            lending: Arc::new(Semaphore::new(LENT_MAX)),
            idle: Mutex::default(),
            replicas: AtomicUsize::new(0),
            has_waitaof: AtomicBool::new(true),
        })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The shared connection.
    pub(super) async fn line(&self) -> Result<Arc<Line>, Unreached> {
        let open = async { self.open().await.map(Arc::new) };
        self.shared.or_seek(|line| line.is_good(), open).await
    }

    /// An exclusive connection. While the server cannot be reached, waiting for one takes no longer
    /// than for the shared one.
    pub(super) async fn lend(&self) -> Result<Lent, Unreached> {
        let closed = "the semaphore is never closed";
        let permit = Arc::clone(&self.lending).acquire_owned().await.expect(closed);
        if let Some(line) = self.good_idle() {
            return Ok(Lent { line, _permit: permit });
        }
        self.line().await?;
        Ok(Lent { line: self.open().await?, _permit: permit })
    }

    /// Takes a connection back that has no pending answers.
    pub(super) fn take_back(&self, lent: Lent) {
        if lent.is_good() {
            self.idle().push(lent.line);
        }
    }

    /// Closes the idle connections after a failure.
    pub(super) fn close_idle(&self) {
        self.idle().clear();
    }

    /// The most replicas that were seen connected.
    pub(super) fn replicas(&self) -> usize {
        self.replicas.load(Ordering::Relaxed)
    }

    /// At least this many replicas exist.
    pub(super) fn has_replicas(&self, count: usize) {
        self.replicas.fetch_max(count, Ordering::Relaxed);
    }

    /// Whether it may support `WAITAOF`.
    pub(super) fn has_waitaof(&self) -> bool {
        self.has_waitaof.load(Ordering::Relaxed)
    }

    /// It reported that it does not.
    pub(super) fn lacks_waitaof(&self) {
        self.has_waitaof.store(false, Ordering::Relaxed);
    }

    async fn open(&self) -> Result<Line, Unreached> {
        let line = self.dial.open(&self.endpoint).await?;
        match line.role() {
            // A missing replica may be the one that is being promoted.
            Some(Role::Primary { replicas }) => self.has_replicas(*replicas),
            // A role that may not be queried is accepted: a replica refuses writes itself.
            None => {}
            Some(Role::Replica) => {
                return Err(self.is_no_primary("a replica", "use its primary in store.url"));
            }
            Some(Role::Sentinel) => {
                let remedy = "write redis-sentinel://HOST/SERVICE in store.url";
                return Err(self.is_no_primary("a sentinel", remedy));
            }
        }
        Ok(line)
    }

    fn is_no_primary(&self, what: &str, remedy: &str) -> Unreached {
        Unreached(format!("{} is {what} and accepts no writes; {remedy}", self.endpoint))
    }

    fn good_idle(&self) -> Option<Line> {
        let mut idle = self.idle();
        idle.retain(Line::is_good);
        idle.pop()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Line>> {
        self.idle.lock().expect("no code panics while it holds the idle connections")
    }
}

impl Deref for Lent {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}
