//! A server, and the lines to it: one that everybody shares, and a few that are lent to one at a
//! time, for what keeps a connection waiting.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Unreached;
use super::address::Endpoint;
use super::line::{Dial, Line};
use super::role::Role;
use super::sought::Sought;

/// How many lines are lent at once.
const LENT_MAX: usize = 16;

/// One server that takes writes.
pub(super) struct Server {
    endpoint: Endpoint,
    dial: Arc<Dial>,
    shared: Sought<Arc<Line>>,
    lending: Arc<Semaphore>,
    idle: Mutex<Vec<Line>>,
    /// The most replicas that it was seen to have.
    replicas: AtomicUsize,
    /// Whether it may know `WAITAOF`.
    has_waitaof: AtomicBool,
}

/// A line that is used by nobody else. Given back where its user says so; closed otherwise.
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

    /// The line that everybody shares.
    pub(super) async fn line(&self) -> Result<Arc<Line>, Unreached> {
        let open = async { self.open().await.map(Arc::new) };
        self.shared.or_seek(|line| line.is_good(), open).await
    }

    /// A line of one's own. Nobody waits for one longer than for the shared line, while the server
    /// cannot be reached.
    pub(super) async fn lend(&self) -> Result<Lent, Unreached> {
        let closed = "the semaphore is never closed";
        let permit = Arc::clone(&self.lending).acquire_owned().await.expect(closed);
        if let Some(line) = self.good_idle() {
            return Ok(Lent { line, _permit: permit });
        }
        self.line().await?;
        Ok(Lent { line: self.open().await?, _permit: permit })
    }

    /// Takes a line back that has nothing more to answer.
    pub(super) fn take_back(&self, lent: Lent) {
        if lent.is_good() {
            self.idle().push(lent.line);
        }
    }

    /// Closes the lines that nobody uses: something speaks against them.
    pub(super) fn close_idle(&self) {
        self.idle().clear();
    }

    /// The most replicas that it was seen to have.
    pub(super) fn replicas(&self) -> usize {
        self.replicas.load(Ordering::Relaxed)
    }

    /// There are at least so many.
    pub(super) fn has_replicas(&self, count: usize) {
        self.replicas.fetch_max(count, Ordering::Relaxed);
    }

    /// Whether it may know `WAITAOF`.
    pub(super) fn has_waitaof(&self) -> bool {
        self.has_waitaof.load(Ordering::Relaxed)
    }

    /// It has said that it does not.
    pub(super) fn lacks_waitaof(&self) {
        self.has_waitaof.store(false, Ordering::Relaxed);
    }

    async fn open(&self) -> Result<Line, Unreached> {
        let line = self.dial.open(&self.endpoint).await?;
        match line.role() {
            // One that is missing may be the one that is being made the primary.
            Some(Role::Primary { replicas }) => self.has_replicas(*replicas),
            // What may not be asked is not held against it: a replica refuses writes by itself.
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
        self.idle.lock().expect("nothing panics while it holds the idle lines")
    }
}

impl Deref for Lent {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}
