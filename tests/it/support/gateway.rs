//! A gateway in this process, with a sandbox vendor as its judge and clients of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tollgate::app::{self, App};
use tollgate::clock::{Clock, ManualClock, SystemClock};
use tollgate::config::{self, Config, Sources};
use tollgate::disk::Disk;
use tollgate::domain::time::Timestamp;
use tollgate::sandbox::{self, Sandbox};

use super::books::Books;
pub(crate) use super::books::{Sums, credits};
use super::client::{Client, connections};
use super::gateways::SECRET;
use super::redis::Server;
use super::wait::eventually;

/// The admin token of every test gateway.
pub(crate) const ADMIN_TOKEN: &str = "the-token-of-the-tests-operator";

/// How a test gateway is set up.
pub(crate) struct Setup {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sandbox: sandbox::Options,
    /// Further settings, `section.key=value`.
    pub(crate) settings: Vec<String>,
    pub(crate) store: Store,
    /// What an embedded store is on, where that is no file.
    pub(crate) disk: Option<Disk>,
}

/// Where a test gateway keeps its books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Memory,
    Embedded,
    /// A Redis of its own, whose clock is the machine's.
    Redis,
}

impl Store {
    /// Every kind of store.
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Embedded, Self::Redis];
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            sandbox: sandbox::Options {
                processing: Duration::from_millis(30),
                ..sandbox::Options::default()
            },
            settings: Vec::new(),
            store: Store::Memory,
            disk: None,
        }
    }
}

/// A gateway, its vendor, and whoever asks them.
pub(crate) struct TestGateway {
    pub(crate) vendor: Sandbox,
    pub(crate) app: App,
    http: reqwest::Client,
    vendor_stops: CancellationToken,
    clock: Arc<dyn Clock>,
    flags: Vec<String>,
    data: TempDir,
    redis: Option<Server>,
}

impl Setup {
    /// Everything as usual but these settings.
    pub(crate) fn with_settings(settings: &[&str]) -> Self {
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        Self { settings, ..Self::default() }
    }

    /// The same, on this store.
    pub(crate) fn on(self, store: Store) -> Self {
        Self { store, ..self }
    }

    /// Everything as usual, and gateway and vendor by one clock that stands still until it is moved.
    pub(crate) fn with_clock() -> (Self, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_764_000_000_000)));
        let vendors = Arc::clone(&clock);
        let now = Arc::new(move || vendors.now().as_millis());
        let sandbox = sandbox::Options { now, ..sandbox::Options::default() };
        (Self { clock: clock.clone(), sandbox, ..Self::default() }, clock)
    }
}

impl TestGateway {
    /// A gateway with everything as usual.
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let data = tempfile::tempdir().unwrap();
        let vendor = Sandbox::new(setup.sandbox);
        let vendor_stops = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vendor_address = listener.local_addr().unwrap();
        let serving =
            sandbox::serve(listener, vendor.clone(), vendor_stops.clone().cancelled_owned());
        tokio_util::task::TaskTracker::new().spawn(serving);
        let redis = match setup.store {
            Store::Redis => Some(Server::start().await),
            Store::Memory | Store::Embedded => None,
        };
        let store = match setup.store {
            Store::Memory => "memory:".to_owned(),
            Store::Embedded => format!("embedded:{}", books_in(&data).display()),
            Store::Redis => redis.as_ref().map(Server::url_as_documented).unwrap_or_default(),
        };
        let mut flags = settings(vendor_address, &store);
        if redis.is_some() {
            flags.extend([SECRET.to_owned(), "store.durability=single".to_owned()]);
        }
        flags.extend(setup.settings);
        let (config, clock) = (config_of(&flags), setup.clock);
        let app = match setup.disk {
            None => app::start(&config, Arc::clone(&clock)).await,
            Some(disk) => {
                std::fs::create_dir(books_in(&data)).unwrap();
                app::start_on(&config, Arc::clone(&clock), disk).await
            }
        };
        let app = app.unwrap();
        let http = connections();
        Self { vendor, app, http, vendor_stops, clock, flags, data, redis }
    }

    /// The Redis that holds the books, if one does.
    pub(crate) fn redis(&self) -> Option<&Server> {
        self.redis.as_ref()
    }

    /// Stops the gateway and starts it again on its store, with these settings changed, once the
    /// files of an embedded store have been changed by `meanwhile`.
    pub(crate) async fn restarted(
        mut self,
        settings: &[&str],
        meanwhile: impl FnOnce(&Path),
    ) -> Self {
        self.app.stop().await;
        meanwhile(&books_in(&self.data));
        self.flags.extend(settings.iter().map(|&setting| setting.to_owned()));
        let config = config_of(&self.flags);
        self.app = app::start(&config, Arc::clone(&self.clock)).await.unwrap();
        self
    }

    /// A client on the callers' side with this key.
    pub(crate) fn caller(&self, key: &str) -> Client {
        Client::new(self.http.clone(), self.app.callers, key)
    }

    /// The operator's client.
    pub(crate) fn operator(&self) -> Client {
        Client::new(self.http.clone(), self.app.operators, ADMIN_TOKEN)
    }

    /// A team that may spend so much of each unit, in all, and a client with a key of it.
    pub(crate) async fn team(&self, name: &str, credits: u32) -> Client {
        self.team_with(
            name,
            json!([
                {"unit": "email", "period": "total", "limit": credits},
                {"unit": "phone", "period": "total", "limit": credits},
            ]),
        )
        .await
    }

    /// A team with these quotas, and a client with a key of it.
    pub(crate) async fn team_with(&self, name: &str, quotas: Value) -> Client {
        let operator = self.operator();
        let path = format!("/admin/v1/teams/{name}");
        let put = operator.put(&path, &json!({"name": name, "quotas": quotas})).await;
        assert!(put.status == 201 || put.status == 200, "{put:?}");
        let made = operator.post(&format!("{path}/keys"), &json!({"name": "tests"})).await;
        assert_eq!(made.status, 201, "{made:?}");
        self.caller(made.body["key"].as_str().unwrap())
    }

    /// What a team has used, as operators see it.
    pub(crate) async fn usage(&self, team: &str) -> Value {
        let usage = self.operator().get(&format!("/admin/v1/teams/{team}/usage")).await;
        assert_eq!(usage.status, 200, "{usage:?}");
        usage.body
    }

    /// The sums over all teams.
    pub(crate) async fn sums(&self) -> Sums {
        Sums::now(&self.operator()).await
    }

    /// Waits until no reservation is open, and checks that the books agree with themselves and,
    /// to the half-credit, with the vendor's bill; then stops the gateway.
    pub(crate) async fn finish(self) {
        let books = self.books().await;
        books.assert_resolved();
        books.assert_equal();
        self.stop().await;
    }

    /// As [`TestGateway::finish`], but for what nobody could learn the charge of.
    pub(crate) async fn finish_in_doubt(self) {
        self.balance().await;
        self.stop().await;
    }

    /// Checks the books as [`TestGateway::finish_in_doubt`] does, and goes on.
    pub(crate) async fn balance(&self) {
        self.books().await.assert_equal();
    }

    async fn books(&self) -> Books {
        Books::at_rest(&self.operator(), &self.vendor).await
    }

    /// Waits until no reservation is open, and checks that the books agree with themselves.
    pub(crate) async fn at_rest(&self) -> Sums {
        Sums::at_rest(&self.operator()).await
    }

    /// Waits until a condition holds, as time passes in these steps by the gateway's clock.
    pub(crate) async fn eventually_by(
        &self,
        clock: &ManualClock,
        step: Duration,
        what: &str,
        mut holds: impl AsyncFnMut() -> bool,
    ) {
        eventually(what, async || {
            clock.advance(step);
            self.app.gateway.look_now();
            holds().await
        })
        .await;
    }

    /// Stops the gateway, without a look at the books; answers where an embedded store left its file.
    pub(crate) async fn stop(self) -> TempDir {
        self.app.stop().await;
        self.vendor_stops.cancel();
        self.data
    }
}

fn config_of(flags: &[String]) -> Config {
    let sources = Sources::none().with_flags(flags.to_vec());
    config::load(&sources).map_err(|faults| faults.to_string()).unwrap().config
}

fn books_in(data: &TempDir) -> PathBuf {
    data.path().join("books")
}

/// The settings of a test gateway: everything soon, nothing outside this machine.
pub(crate) fn settings(vendor: SocketAddr, store: &str) -> Vec<String> {
    [
        "server.listen=127.0.0.1:0",
        "server.admin_listen=127.0.0.1:0",
        "server.shutdown_delay=0s",
        // Who asks twice in a test means it, where the test does not say otherwise.
        "server.replay_window=0s",
        &format!("vendor.base_url=http://{vendor}"),
        "vendor.api_key=sandbox",
        // A busy machine takes its time. Where an answer is to come too late, the test says so.
        "vendor.timeout=1m",
        "vendor.connect_timeout=1m",
        // Tests poll as fast as they can.
        "limits.requests_per_minute=0",
        "vendor.requests_per_minute=1000000",
        "vendor.find_requests_per_minute=1000000",
        "vendor.quiet_period=200ms",
        "vendor.poll_interval_min=10ms",
        "vendor.poll_interval_max=100ms",
        &format!("store.url={store}"),
        &format!("admin.token={ADMIN_TOKEN}"),
    ]
    .map(str::to_owned)
    .into()
}
