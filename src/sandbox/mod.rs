//! The simulated vendor: it implements the vendor's API, invents the people it finds, and keeps its
//! own bill by the vendor's published rules.
//!
//! Tests compare the gateway's ledger with this bill, so the sandbox uses no other module of the
//! crate: identity and prices are implemented a second time, from the vendor's documentation alone.
//!
//! # Identity of a lead
//!
//! A *handle*, lower-case words joined by `-`, identifies a person. `ada-lovelace` is found under
//! the LinkedIn slug `ada-lovelace`, under `ada.lovelace@` any domain, and under the name `Ada
//! Lovelace` with any company. The opaque LinkedIn id `ACoAA-ada-lovelace` finds her too; any other
//! opaque id has a person of its own. The strongest valid field of a lead identifies: LinkedIn,
//! then email, then name. A person is the same at every start, whatever the other fields say.
//!
//! This is the rule unless [`Options::read_by`] sets another one: the real vendor's rule is not
//! published, and a gateway must not depend on one.
//!
//! Words in a handle determine the result:
//!
//! | word | result |
//! |---|---|
//! | `nobody` | no person: `not_found` |
//! | `removed` | a person who requested erasure: `gdpr_removed` |
//! | `mailless` | no email |
//! | `phoneless` | no phone number |
//! | `crmphone` | only a number of source `crm`, which costs nothing |
//! | `manyphones` | three numbers of source `amplemarket` |
//! | `reachable` | an email, and one number of source `amplemarket` |
//!
//! Otherwise a hash of the handle decides: about one in eight has no email, one in four no number,
//! and some numbers have the source `crm` or `user_uploaded` or none.
//!
//! # Charges
//!
//! The leads of a batch finish one after the other, the last at the end of the processing time.
//! Each is charged as of the moment it finishes, regardless of when the state is next accessed;
//! leads that were unfinished when a batch was cancelled are not charged. A lookup finishes, and is
//! charged, immediately. See [`Bill`] for the prices.

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

/// The behaviour of a sandbox until [`Faults`] change it.
#[derive(Clone)]
pub struct Options {
    /// The time, in milliseconds since the Unix epoch; it must not go back.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// How long a person who was charged as found is not charged again.
    pub window: Duration,
    /// Results on one page, by default and at most.
    pub page_size: usize,
    /// The maximum number of leads in one batch; larger ones are refused.
    pub leads_max: usize,
    /// The time from a batch's submission to the finish of its last lead.
    pub processing: Duration,
    /// The only accepted key; if not set, every key is accepted.
    pub api_key: Option<String>,
    /// The rule by which a lead's person is identified.
    pub read_by: ReadBy,
    /// The account's credits; a batch whose maximum cost exceeds the rest is refused with 402.
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

/// The simulated vendor; all clones share one state.
#[derive(Clone)]
pub struct Sandbox {
    options: Arc<Options>,
    desk: Arc<Mutex<Desk>>,
    /// Changes when the faults are replaced.
    replaced: watch::Sender<()>,
}

impl Sandbox {
    /// A vendor without any requests.
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

    /// All charges up to now.
    #[must_use]
    pub fn bill(&self) -> Bill {
        self.at_desk(|desk, _| desk.bill())
    }

    /// Every lead of every accepted batch, in order, then of every lookup: its strongest field as
    /// submitted.
    #[must_use]
    pub fn leads_received(&self) -> Vec<String> {
        self.at_desk(|desk, _| desk.leads_received())
    }

    /// Every address of every accepted validation, in order, as submitted.
    #[must_use]
    pub fn addresses_received(&self) -> Vec<String> {
        self.at_desk(|desk, _| desk.addresses_received())
    }

    /// Submissions of batches with an accepted key, whatever their outcome.
    #[must_use]
    pub fn posts_received(&self) -> u64 {
        self.at_desk(|desk, _| desk.posts_received())
    }

    /// Lookups with an accepted key, whatever their outcome.
    #[must_use]
    pub fn look_ups_received(&self) -> u64 {
        self.at_desk(|desk, _| desk.look_ups_received())
    }

    /// Requests that were refused because of the limit per minute.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.at_desk(|desk, _| desk.turned_away())
    }

    /// The current faults: used-up rules are removed, and `times` is counted down.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.at_desk(|desk, _| desk.faults.clone())
    }

    /// Replaces the faults, and sends every answer that they held.
    pub fn set_faults(&self, faults: Faults) {
        self.at_desk(|desk, _| {
            desk.faults = faults;
            self.replaced.send_replace(());
        });
    }

    /// Brings the state up to the present before each access.
    fn at_desk<T>(&self, look: impl FnOnce(&mut Desk, i64) -> T) -> T {
        let mut desk = self.desk.lock().expect("no code panics while it holds the lock");
        let now = (self.options.now)();
        desk.catch_up(now);
        look(&mut desk, now)
    }
}

/// Serves until `shutdown` is ready and open requests are answered.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    sandbox: Sandbox,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, sandbox.router()).with_graceful_shutdown(shutdown).await
}
