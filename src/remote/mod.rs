//! A client for one Redis deployment: a server, a cluster, or the primary that sentinels name.
//!
//! A request is sent at most once, within a deadline. Its error says what the caller can do
//! ([`RemoteError`]); the caller decides about repetitions, never this module. A lost server is
//! found again automatically, and connections are opened on demand.
//!
//! The module does not know the meaning of the keys.

mod address;
mod command;
mod confirm;
mod error;
mod exchange;
mod facts;
#[cfg(fuzzing)]
pub mod fuzz;
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
pub use self::judgement::{Durability, Objection, Topic, judge};
pub use self::tls::{Unusable, check_certificates};
pub use self::value::Value;

use self::error::values;
use self::exchange::Share;
use self::line::Dial;
use self::route::Route;

/// The maximum number of concurrent calls. Further ones wait, within their deadline.
const CALLS_MAX: usize = 512;

/// Timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Of connecting to one server, including TLS and login.
    pub connect: Duration,
    /// Of a whole call, until its answer.
    pub answer: Duration,
}

impl Default for Patience {
    /// Short enough that a caller is refused within two seconds.
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), answer: Duration::from_millis(1_800) }
    }
}

/// Why a server cannot be reached: nothing was sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreached(String);

/// One Redis deployment.
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
    /// The Redis at this address. Opens no connection yet.
    ///
    /// # Errors
    /// If the address names unusable certificates.
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

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// The common prefix of the ledger's keys, a hash tag that keeps them in one slot:
    /// `{tollgate:NAME}`.
    #[must_use]
    pub fn tag(&self) -> String {
        format!("{{tollgate:{}}}", self.0.address.namespace())
    }

    /// Sends the commands to the servers of their keys, in order per server, and returns the
    /// answers in the order of the commands.
    ///
    /// # Errors
    /// If a server cannot be reached, or any command fails. The error is "not applied" only if none
    /// of them was applied.
    pub async fn ask(&self, commands: Vec<Command>) -> Result<Vec<Value>, RemoteError> {
        self.ask_confirmed(commands, Confirm::Nothing).await
    }

    /// The same, and then waits until the writes can no longer be lost.
    ///
    /// # Errors
    /// As for [`Remote::ask`], and if it is done but not confirmed in time.
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
    /// If the server cannot be reached, or the script fails.
    pub async fn run(&self, call: &Call<'_>) -> Result<Value, RemoteError> {
        self.run_confirmed(call, Confirm::Nothing).await
    }

    /// The same, and then waits until the writes of this run or an earlier one can no longer be
    /// lost.
    ///
    /// # Errors
    /// As for [`Remote::run`], and if it is done but not confirmed in time.
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

    /// Closes every connection. Later requests are refused.
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
