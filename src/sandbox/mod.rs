//! The simulated vendor: speaks the vendor's API, invents the people it finds, and keeps its own
//! bill by the vendor's published rules.
//!
//! It is the judge of the gateway's books, so it names nothing else of the crate: who is one
//! person and what that costs is decided here a second time, from the vendor's documents alone.
//!
//! # Whom a lead finds
//!
//! A *handle*, lower-case words joined by `-`, names a person. `ada-lovelace` is found under the
//! LinkedIn slug `ada-lovelace`, under `ada.lovelace@` any domain, and under the name `Ada
//! Lovelace` with any company; the opaque LinkedIn id `ACoAA-ada-lovelace` finds her too, any
//! other opaque id somebody of its own. The strongest readable field of a lead decides: LinkedIn,
//! then email, then name. A person is the same at every start, whatever the lead said.
//!
//! That is the rule unless [`Options::read_by`] says otherwise: the real vendor's is not published, and
//! a gateway must not rest on one.
//!
//! Words inside a handle choose what is found:
//!
//! | word | what is found |
//! |---|---|
//! | `nobody` | nobody: `not_found` |
//! | `removed` | somebody who asked to be forgotten: `gdpr_removed` |
//! | `mailless` | no email |
//! | `phoneless` | no phone number |
//! | `crmphone` | only a number of source `crm`, which costs nothing |
//! | `manyphones` | three numbers of source `amplemarket` |
//! | `reachable` | an email, and one number of source `amplemarket` |
//!
//! Where no word says otherwise a hash of the handle decides: about one in eight has no email,
//! one in four no number, and some numbers come from `crm` or `user_uploaded` or name no source.
//!
//! # When it charges
//!
//! A batch's leads finish one after the other, the last at the end of the processing time. Each
//! is charged at the moment it finishes, whenever somebody next looks; what was still unfinished
//! when a batch was cancelled is not charged. A look-up finishes, and is charged, the moment it is
//! taken. See [`Bill`] for the prices.

mod answer;
mod batch;
mod bill;
mod company;
mod cut;
mod desk;
mod elsewhere;
mod fault;
mod handle;
mod lead;
mod linkedin;
mod look_up;
mod pace;
mod page;
mod person;
mod routes;
mod submission;
mod tally;
#[cfg(test)]
mod tests;
mod validation;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

pub use bill::{Bill, Credits, Entry, EntryKind, Totals, Unit};
pub use fault::{
    Chance, ErrorEnding, Failure, FaultKind, Faults, Miss, Naming, NextLink, Operation, Rule,
};
pub use lead::ReadBy;

use desk::Desk;

/// How a sandbox behaves until [`Faults`] say otherwise.
#[derive(Clone)]
pub struct Options {
    /// The time, in milliseconds since the Unix epoch; it must not run backwards.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// How long a person who was charged for being found is not charged for it again.
    pub window: Duration,
    /// Results on one page, by default and at most.
    pub page_size: usize,
    /// Leads in one batch at most; more are refused.
    pub leads_max: usize,
    /// From a batch's arrival to the finish of its last lead.
    pub processing: Duration,
    /// The one key accepted; without one, any is.
    pub api_key: Option<String>,
    /// By which fields it decides whom a lead names.
    pub read_by: ReadBy,
    /// All that may ever be charged; a batch whose worst case does not fit is refused with 402.
    pub credits: Option<Totals>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            now: Arc::new(machine_now),
            window: Duration::from_hours(24),
            page_size: 100,
            leads_max: 10_000,
            processing: Duration::from_secs(2),
            api_key: None,
            read_by: ReadBy::default(),
            credits: None,
        }
    }
}

fn machine_now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the vendor's time is not the store's")]
    let now = jiff::Timestamp::now();
    now.as_millisecond()
}

/// The simulated vendor; every clone is the same one.
#[derive(Clone)]
pub struct Sandbox {
    options: Arc<Options>,
    desk: Arc<Mutex<Desk>>,
    /// Changes when the faults are replaced.
    replaced: watch::Sender<()>,
}

impl Sandbox {
    /// A vendor that nobody has asked yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let options = Arc::new(options);
        let desk = Desk::new(Arc::clone(&options));
        Self { options, desk: Arc::new(Mutex::new(desk)), replaced: watch::Sender::new(()) }
    }

    /// The vendor's endpoints, and the sandbox's own under `/sandbox`.
    pub fn router(&self) -> axum::Router {
        routes::router(self.clone())
    }

    /// What has been charged up to now.
    #[must_use]
    pub fn bill(&self) -> Bill {
        self.at_desk(|desk, _| desk.bill())
    }

    /// Every lead of every batch taken, in order, then of every look-up: its strongest field as it was submitted.
    #[must_use]
    pub fn leads_received(&self) -> Vec<String> {
        self.at_desk(|desk, _| desk.leads_received())
    }

    /// Every address of every email validation taken, in order, as it was submitted.
    #[must_use]
    pub fn addresses_received(&self) -> Vec<String> {
        self.at_desk(|desk, _| desk.addresses_received())
    }

    /// Batches that were submitted with a key that is accepted, whatever became of them.
    #[must_use]
    pub fn posts_received(&self) -> u64 {
        self.at_desk(|desk, _| desk.posts_received())
    }

    /// Look-ups that arrived with a key that is accepted, whatever became of them.
    #[must_use]
    pub fn look_ups_received(&self) -> u64 {
        self.at_desk(|desk, _| desk.look_ups_received())
    }

    /// Requests that were refused because too many came in a minute.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.at_desk(|desk, _| desk.turned_away())
    }

    /// The faults as they stand: used-up rules are gone, `times` counted down.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.at_desk(|desk, _| desk.faults.clone())
    }

    /// Replaces the faults, and has every answer sent that they held.
    pub fn set_faults(&self, faults: Faults) {
        self.at_desk(|desk, _| {
            desk.faults = faults;
            self.replaced.send_replace(());
        });
    }

    /// Everything that looks at the desk looks at one brought up to the present first.
    fn at_desk<T>(&self, look: impl FnOnce(&mut Desk, i64) -> T) -> T {
        let mut desk = self.desk.lock().expect("no code panics while it holds the lock");
        let now = (self.options.now)();
        desk.catch_up(now);
        look(&mut desk, now)
    }
}

/// Serves until `shutdown` is ready and the requests under way are answered.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    listener: TcpListener,
    sandbox: Sandbox,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, sandbox.router()).with_graceful_shutdown(shutdown).await
}
