//! The composition root: settings in, a running gateway out. It owns every listener and the order
//! in which things stop.

mod adopt;
mod cli;
pub mod commands;
pub mod demo;
mod doctor;
mod epoch;
mod failure;
mod files;
mod parts;
mod room_on_disk;
mod secret;
mod secrets;
mod shared;
mod signals;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::config::{Config, Server, StoreUrl, TlsFiles};
use crate::disk::{Disk, DiskError, OpenError};
use crate::domain::epoch::Epoch;
use crate::gateway::{Gateway, Refusal};
use crate::http::{self, Certificate, CertificateError, Limits};
use crate::ledger::LedgerError;
use crate::ledger::redis::Founding;
use crate::remote;
use crate::telemetry::metrics::Metrics;
use crate::vault::VaultError;
use crate::vendor::Unbuildable;
use failure::in_one_line;
use parts::Stores;
use signals::{Stop, told_to_stop};

/// The most connections of operators at once.
const OPERATORS_MAX: usize = 256;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store's file cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The books cannot be read.
    #[error("the books cannot be opened: {0}")]
    Ledger(#[from] LedgerError),
    /// The vault cannot be read.
    #[error("the vault cannot be opened: {0}")]
    Vault(#[from] VaultError),
    /// A certificate cannot be used.
    #[error("{setting}: {source}")]
    Certificate {
        /// The setting that names it.
        setting: &'static str,
        /// Why not.
        source: Box<CertificateError>,
    },
    /// The work that the store holds cannot be taken up.
    #[error("{0}")]
    TakeUp(#[from] Refusal),
    /// The vendor's address or key cannot be used.
    #[error(transparent)]
    Vendor(#[from] Unbuildable),
    /// The secret beside the data cannot be used.
    #[error(transparent)]
    Secret(#[from] secret::SecretError),
    /// What the store's address asks for cannot be had.
    #[error("store.url: {0}")]
    Remote(#[from] remote::Unusable),
    /// A store that replicas share needs a secret that they share.
    #[error("security.secret is missing: every replica of a shared store needs the same one")]
    NoSecret,
    /// The store is not set as the books need it.
    #[error("the store does not meet the requirements: {0}")]
    Store(String),
    /// The store holds other books than the settings name.
    #[error(
        "store.epoch is {pinned}, and the store has books of epoch {found}: name the right store, \
         or remove store.epoch to use these"
    )]
    OtherBooks {
        /// The epoch that the settings name.
        pinned: Epoch,
        /// That of the store.
        found: Epoch,
    },
    /// The store holds no books, and the settings name some.
    #[error(
        "store.epoch is {pinned}, and the store has no such books: adopt them with `tollgate \
         ledger adopt --from DIR`, or remove store.epoch to begin new ones"
    )]
    NoBooks {
        /// The epoch that the settings name.
        pinned: Epoch,
    },
    /// The store holds books that are not whole.
    #[error(
        "the adoption of the books of epoch {epoch} is not complete: run `tollgate ledger adopt` \
         again"
    )]
    HalfAdopted {
        /// Their epoch.
        epoch: Epoch,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {setting} = {address}: {source}")]
    Listen {
        /// The setting that names it.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// A running gateway.
pub struct App {
    /// Where callers are served.
    pub callers: SocketAddr,
    /// Where operators are.
    pub operators: SocketAddr,
    /// The gateway itself.
    pub gateway: Gateway,
    listeners: TaskTracker,
    stopping: CancellationToken,
    grace: Duration,
    delay: Duration,
    disk: Option<Disk>,
    /// Whoever watches over the store, and closes it.
    watching: TaskTracker,
    leaving: CancellationToken,
}

/// Starts a gateway: store, work left in it, then the doors.
///
/// # Errors
/// [`StartError`] says what, where and what to do.
pub async fn start(config: &Config, clock: Arc<dyn Clock>) -> Result<App, StartError> {
    start_with(config, clock, None).await
}

/// Starts a gateway whose embedded store is on this disk; beside its secret, nothing is kept in the
/// folder that the settings name.
///
/// # Errors
/// As [`start`].
pub async fn start_on(
    config: &Config,
    clock: Arc<dyn Clock>,
    disk: Disk,
) -> Result<App, StartError> {
    start_with(config, clock, Some(disk)).await
}

async fn start_with(
    config: &Config,
    clock: Arc<dyn Clock>,
    disk: Option<Disk>,
) -> Result<App, StartError> {
    let callers = listen("server.listen", config.server.listen)?;
    let operators = listen("server.admin_listen", config.server.admin_listen)?;
    let callers_tls = certificate("server.tls_cert", config.server.tls.as_ref())?;
    let operators_tls = certificate("server.admin_tls_cert", config.server.admin_tls.as_ref())?;
    let metrics = Arc::new(Metrics::new());
    let founding = Founding::Anew(epoch::fresh());
    let mut stores = Stores::open(config, &clock, &metrics, founding, disk).await?;
    // A store that may be away finds its books, or begins them, as soon as it is there.
    if stores.keeper.is_none() {
        epoch::begin(&stores.ledger, config.store.epoch).await?;
    }
    let (disk, keeper) = (stores.disk.clone(), stores.keeper.take());
    let headroom = stores.headroom.clone();
    if let StoreUrl::Embedded(dir) = &config.store.url {
        room_on_disk::look(dir, &headroom);
    }
    let gateway = Gateway::start(parts::gateway(config, stores, &metrics)?).await?;
    let app = App {
        callers: address(&callers, config.server.listen),
        operators: address(&operators, config.server.admin_listen),
        gateway: gateway.clone(),
        listeners: TaskTracker::new(),
        stopping: CancellationToken::new(),
        grace: config.server.shutdown_grace,
        delay: config.server.shutdown_delay,
        disk,
        watching: TaskTracker::new(),
        leaving: CancellationToken::new(),
    };
    if let Some(keeper) = keeper {
        app.watching.spawn(keeper.run(app.leaving.clone()));
    }
    if let StoreUrl::Embedded(dir) = &config.store.url {
        app.watching.spawn(room_on_disk::watch(dir.clone(), headroom, app.leaving.clone()));
    }
    let Server { connections_max, unread_wait, idle_timeout, .. } = config.server;
    let grace = app.grace.saturating_sub(app.delay);
    let limits = Limits::usual(connections_max, unread_wait, idle_timeout, grace);
    let public = http::public_router(gateway.clone(), Arc::clone(&metrics), &config.server);
    let most = files::callers_max(&config.server);
    app.open(callers, public, callers_tls, Limits { connections_max: most, ..limits });
    let operating = http::operator_router(gateway, metrics, &config.admin, &config.server);
    let limits = Limits { connections_max: connections_max.min(OPERATORS_MAX), ..limits };
    app.open(operators, operating, operators_tls, limits);
    info!(callers = %app.callers, operators = %app.operators, "serving callers on {}", app.callers);
    Ok(app)
}

fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    http::listen(address).map_err(|source| StartError::Listen { setting, address, source })
}

fn certificate(
    setting: &'static str,
    files: Option<&TlsFiles>,
) -> Result<Option<Certificate>, StartError> {
    let read = |files: &TlsFiles| Certificate::read(&files.cert, &files.key);
    let refused = |why| StartError::Certificate { setting, source: Box::new(why) };
    files.map(read).transpose().map_err(refused)
}

/// Where a listener really is, since port 0 means any.
fn address(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    listener.local_addr().unwrap_or(asked)
}

impl App {
    fn open(
        &self,
        listener: TcpListener,
        router: axum::Router,
        certificate: Option<Certificate>,
        limits: Limits,
    ) {
        let stopping = self.stopping.clone();
        self.listeners.spawn(http::serve(listener, router, certificate, limits, stopping));
    }

    /// Closes the doors, lets what was begun come to its end for as long as the grace lasts, and
    /// closes the store. What is still under way with the vendor then is on the books, and is taken
    /// up at the next start.
    pub async fn stop(self) {
        self.stop_after(Duration::ZERO).await;
    }

    /// As [`App::stop`], but first goes on serving for this long, which is part of the grace, so that
    /// balancers see that it is not ready before it takes no more connections.
    async fn stop_after(self, delay: Duration) {
        let until = Instant::now() + self.grace;
        self.gateway.leave();
        sleep(delay).await;
        self.gateway.rest();
        self.stopping.cancel();
        self.listeners.close();
        self.listeners.wait().await;
        if timeout_at(until, self.gateway.stop()).await.is_err() {
            warn!("the grace period is over: unfinished work continues at the next start");
        }
        self.leaving.cancel();
        self.watching.close();
        self.watching.wait().await;
        if let Some(disk) = &self.disk {
            disk.close().await;
        }
    }

    /// Serves until the process is told to stop; told twice, it stops at once.
    ///
    /// # Errors
    /// [`StoreLost`] where it stops since the store's file is lost.
    pub(crate) async fn run(
        self,
        first_signal: impl Future<Output = Stop>,
    ) -> Result<(), StoreLost> {
        let (lost, delay) = tokio::select! {
            stop = first_signal => (None, self.delay_after(stop)),
            lost = self.lost() => (Some(lost), Duration::ZERO),
        };
        info!("stopping: no new requests after {delay:?}, open requests are completed");
        tokio::select! {
            () = self.stop_after(delay) => info!("stopped"),
            _ = told_to_stop() => warn!("second signal: stopping at once"),
        }
        lost.map_or(Ok(()), Err)
    }

    /// How long the listeners stay open after a signal to stop. Ctrl-C skips the wait.
    fn delay_after(&self, stop: Stop) -> Duration {
        match stop {
            Stop::Terminated => self.delay,
            Stop::Interrupted | Stop::HungUp => Duration::ZERO,
        }
    }

    /// Waits until the store's file is lost.
    async fn lost(&self) -> StoreLost {
        match &self.disk {
            Some(disk) => StoreLost::by(&disk.lost().await),
            None => std::future::pending().await,
        }
    }
}

/// The store's file is lost to this process: only a start, which verifies what is there, may take
/// it up again.
#[derive(Debug, thiserror::Error)]
#[error(
    "the store's file cannot be used any more ({0}): check the disk and the folder that store.url \
     names, then start the gateway again"
)]
pub struct StoreLost(String);

impl StoreLost {
    fn by(error: &DiskError) -> Self {
        Self(in_one_line(error))
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("callers", &self.callers).finish_non_exhaustive()
    }
}
