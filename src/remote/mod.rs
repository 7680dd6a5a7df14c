//! One Redis, however it is reached: a server, a cluster, or the primary that sentinels watch.
//!
//! What is asked is sent at most once, within a time that is set, and what becomes of it is told
//! by what may be done about it ([`RemoteError`]): where to repeat is decided by who asks, never
//! here. A server that was lost is found again without being told to, and connections are made
//! when they are needed.
//!
//! Knows nothing of what the keys hold.

mod address;
mod command;
mod confirm;
mod error;
mod exchange;
mod facts;
mod greeting;
mod judgement;
mod line;
mod probe;
mod remedy;
mod role;
mod route;
mod server;
mod slot;
mod sought;
mod tls;
mod value;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::address::{Address, Unfit};
pub use self::command::{Call, Command, Script};
pub use self::confirm::Confirm;
pub use self::error::RemoteError;
pub use self::facts::{Facts, Version};
pub use self::judgement::{Durability, Objection, judge};
pub use self::tls::{Unusable, check_certificates};
pub use self::value::Value;

use self::error::values;
use self::exchange::Share;
use self::line::Dial;
use self::route::Route;

/// How many calls are under way at once. Further ones wait their turn, within their time.
const CALLS_MAX: usize = 512;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Connecting to one server: encryption and login included.
    pub connect: Duration,
    /// A whole call, from when it is asked until its answer is there.
    pub answer: Duration,
}

impl Default for Patience {
    /// So short that a caller is refused within two seconds.
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), answer: Duration::from_millis(1_800) }
    }
}

/// Why a server cannot be spoken to: nothing was sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreached(String);

/// One Redis.
#[derive(Clone)]
pub struct Remote(Arc<Shared>);

struct Shared {
    route: Route,
    address: Address,
    patience: Patience,
    calls: Semaphore,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Remote {
    /// The Redis at this address. Connects to nothing yet.
    ///
    /// # Errors
    /// Where the address names certificates that cannot be used.
    pub fn new(address: &Address, patience: Patience) -> Result<Self, Unusable> {
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        let dial = Arc::new(Dial {
            tls: tls::connector(&address.trust)?,
            login: address.login.clone(),
            database: address.database,
            connect: patience.connect,
            tasks: tasks.clone(),
            closing: closing.clone(),
        });
        Ok(Self(Arc::new(Shared {
            route: Route::new(&address.place, &dial),
            address: address.clone(),
            patience,
            calls: Semaphore::new(CALLS_MAX),
            tasks,
            closing,
        })))
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// What the keys of the books have in common, so that all are in one slot: `{tollgate:NAME}`.
    #[must_use]
    pub fn tag(&self) -> String {
        format!("{{tollgate:{}}}", self.0.address.namespace())
    }

    /// Sends the commands to the servers that have their keys, in order to each, and answers what
    /// they do, in the order of the commands.
    ///
    /// # Errors
    /// Where a server cannot be asked or any of the commands is answered with an error. They are
    /// not applied only where none of them was.
    pub async fn ask(&self, commands: Vec<Command>) -> Result<Vec<Value>, RemoteError> {
        self.ask_confirmed(commands, Confirm::Nothing).await
    }

    /// The same, and then waits until what was written cannot be lost any more.
    ///
    /// # Errors
    /// As for [`Remote::ask`], and where it is done but not confirmed in time.
    pub async fn ask_confirmed(
        &self,
        commands: Vec<Command>,
        confirm: Confirm,
    ) -> Result<Vec<Value>, RemoteError> {
        let until = self.until();
        let mut shares = self.shares(commands, until).await?;
        match shares.pop() {
            None => Ok(Vec::new()),
            Some(Share { commands, .. }) if shares.is_empty() => {
                values(self.replies(commands, confirm, until).await?)
            }
            Some(last) => {
                shares.push(last);
                self.ask_shares(shares, confirm, until).await
            }
        }
    }

    /// Runs a script.
    ///
    /// # Errors
    /// Where the server cannot be asked, or the script says so.
    pub async fn run(&self, call: &Call<'_>) -> Result<Value, RemoteError> {
        self.run_confirmed(call, Confirm::Nothing).await
    }

    /// The same, and then waits until what was written, by this run or an earlier one, cannot be
    /// lost any more.
    ///
    /// # Errors
    /// As for [`Remote::run`], and where it is done but not confirmed in time.
    pub async fn run_confirmed(
        &self,
        call: &Call<'_>,
        confirm: Confirm,
    ) -> Result<Value, RemoteError> {
        let until = self.until();
        let mut replies = self.replies(vec![call.by_hash()], confirm, until).await?;
        if matches!(replies.as_slice(), [Err(refusal)] if refusal.is("NOSCRIPT")) {
            replies = self.replies(vec![call.in_full()], confirm, until).await?;
        }
        Ok(values(replies)?.pop().unwrap_or(Value::Nil))
    }

    /// Closes every connection. Whatever is asked from now on is not done.
    pub async fn close(&self) {
        self.0.closing.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote({})", self.0.address)
    }
}
