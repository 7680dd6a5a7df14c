//! A store that replicas share: opened, and watched for as long as the gateway runs. It may be away
//! at the start and at any time after; how it is set, and whose books are in it, is looked at again
//! and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::StartError;
use super::secrets::Secrets;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Durability};
use crate::gateway::{Concern, Concerns, Headroom};
use crate::ledger::redis::{Founding, RedisLedger, Terms};
use crate::ledger::{LedgerError, Watch};
use crate::remote::{self, Address, Confirm, Patience, Remote, RemoteError, judge};
use crate::vault::derive::{Purpose, derive};
use crate::vault::redis::RedisVault;

/// How often it is asked how much memory is left.
const LOOK_AT_MEMORY_EVERY: Duration = Duration::from_secs(1);

/// How often the store is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

pub(super) const OTHER_SECRET: &str = "the books were written under another security.secret: with this one no \
                            person would be recognised and every person would be paid for again; \
                            set the secret they were written under";

const BOOKS_LOST: &str = "the books that were in use are not in this store: nothing is spent; \
                          restore the store, or run `tollgate ledger adopt --from DIR` with the \
                          exported entries";

/// A Redis with books and sealed items in it.
pub(super) struct Shared {
    pub(super) ledger: RedisLedger,
    pub(super) vault: RedisVault,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keeper: Keeper,
}

/// Watches over the store.
pub(super) struct Keeper {
    remote: Remote,
    ledger: RedisLedger,
    durability: remote::Durability,
    confirm: Confirm,
    /// Whether the gateway's user was seen to have every permission.
    is_permitted: AtomicBool,
    concerns: Concerns,
    headroom: Headroom,
}

/// What a look at the store has shown.
struct Look {
    concerns: Vec<Concern>,
    /// Whether something is amiss that passes only where an operator sets it right.
    is_unfit: bool,
}

/// Opens the store at this address, for books of this epoch if one is named.
///
/// # Errors
/// [`StartError`] where the address cannot be used, or the store answers and is not set as the books
/// need it.
pub(super) async fn open(
    store: &config::Store,
    address: &Address,
    founding: Founding,
    secrets: &Secrets,
    watch: Arc<dyn Watch>,
    concerns: Concerns,
    headroom: Headroom,
) -> Result<Shared, StartError> {
    let remote = Remote::new(address, Patience::default())?;
    let (durability, confirm) = durability_of(store);
    let namespace = address.namespace().to_owned();
    let fingerprint = hex::encode(derive(secrets.root(), Purpose::SealingKeyId));
    let terms = Terms { namespace, epoch: store.epoch, fingerprint, founding, confirm };
    let ledger = RedisLedger::new(remote.clone(), &terms, watch);
    let clock = ledger.clock();
    let vault = RedisVault::new(remote.clone(), Arc::clone(&clock), secrets.sealer(), confirm);
    let is_permitted = AtomicBool::new(false);
    let keeper = Keeper {
        remote,
        ledger: ledger.clone(),
        durability,
        confirm,
        is_permitted,
        concerns,
        headroom,
    };
    keeper.first_look().await?;
    Ok(Shared { ledger, vault, clock, keeper })
}

/// The durability of the server, and the confirmation that a step waits for.
pub(super) fn durability_of(store: &config::Store) -> (remote::Durability, Confirm) {
    match store.durability {
        Durability::Strict => (remote::Durability::Strict, Confirm::Replicas),
        Durability::Single => (remote::Durability::Single, Confirm::Nothing),
        Durability::Relaxed => (remote::Durability::Relaxed, Confirm::Nothing),
    }
}

impl Keeper {
    /// Whoever starts a gateway on a store that is set wrongly is told at once. What may pass by
    /// itself is waited for, and lost books an operator may bring back while the gateway runs.
    async fn first_look(&self) -> Result<(), StartError> {
        let Look { concerns, is_unfit } = self.look().await;
        if is_unfit {
            let fatal = concerns.iter().filter(|concern| concern.is_fatal);
            let told: Vec<_> = fatal.map(|concern| concern.what.as_str()).collect();
            return Err(StartError::Store(told.join("; ")));
        }
        self.tell(concerns);
        Ok(())
    }

    /// Watches until the gateway stops.
    pub(super) async fn run(self, stopping: CancellationToken) {
        let interval = |every| {
            let mut interval = tokio::time::interval(every);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        let (mut look, mut look_at_memory) = (interval(LOOK_EVERY), interval(LOOK_AT_MEMORY_EVERY));
        loop {
            tokio::select! {
                _ = look.tick() => {}
                _ = look_at_memory.tick() => {
                    self.look_at_memory().await;
                    continue;
                }
                () = stopping.cancelled() => break,
            }
            self.tell(self.look().await.concerns);
            if let Err(error) = self.ledger.tidy().await {
                tracing::debug!(%error, "interrupted steps are cleaned up later");
            }
        }
        self.remote.close().await;
    }

    /// A server that cannot be asked is reported by the other looks.
    async fn look_at_memory(&self) {
        self.headroom.show(self.remote.memory_left().await.ok().flatten());
    }

    /// What speaks against the store now.
    async fn look(&self) -> Look {
        let fatal = |what: String| Concern { what, is_fatal: true };
        let facts = match self.remote.facts().await {
            Ok(facts) => facts,
            Err(error) => {
                return Look { concerns: vec![fatal(error.to_string())], is_unfit: false };
            }
        };
        let now = SystemClock::default().now().as_millis();
        let objections = judge(&facts, self.durability, now);
        let mut is_unfit = objections.iter().any(|objection| !objection.may_pass);
        let mut concerns: Vec<_> = objections
            .into_iter()
            .map(|objection| Concern {
                what: format!("{}; {}", objection.what, objection.remedy),
                is_fatal: objection.is_fatal,
            })
            .collect();
        if let Err(error) = self.try_out().await {
            is_unfit |= !may_pass(&error);
            concerns.push(fatal(format!("commands do not run as required: {error}")));
        }
        // Books are not begun where they cannot be entrusted.
        if is_unfit && !self.ledger.has_books() {
            return Look { concerns, is_unfit };
        }
        match self.ledger.is_under_our_secret().await {
            Ok(true) => {}
            Ok(false) => {
                is_unfit = true;
                concerns.push(fatal(OTHER_SECRET.to_owned()));
            }
            Err(LedgerError::WrongEpoch) => {
                let reason = self.ledger.halt().reason();
                let what = reason.map_or_else(|| BOOKS_LOST.to_owned(), |why| why.to_string());
                concerns.push(fatal(what));
            }
            Err(error) => concerns.push(fatal(error.to_string())),
        }
        Look { concerns, is_unfit }
    }

    /// Runs every command that the gateway ever runs, until all are seen to be permitted, and a script.
    async fn try_out(&self) -> Result<(), RemoteError> {
        if !self.is_permitted.load(Ordering::Relaxed) {
            self.remote.check_permissions(self.confirm).await?;
            self.is_permitted.store(true, Ordering::Relaxed);
        }
        self.remote.probe().await
    }

    fn tell(&self, concerns: Vec<Concern>) {
        let had_any = self.concerns.is_any_fatal();
        for concern in self.concerns.replace(concerns) {
            if concern.is_fatal {
                error!(store = %self.remote.address(), "the store: {}", concern.what);
            } else {
                warn!(store = %self.remote.address(), "the store: {}", concern.what);
            }
        }
        if had_any && !self.concerns.is_any_fatal() {
            info!(store = %self.remote.address(), "the store meets the requirements again");
        }
    }
}

/// Whether a server that is full or busy answers so, rather than one that will never do it.
fn may_pass(error: &RemoteError) -> bool {
    match error {
        RemoteError::NotApplied(why) => !why.starts_with("NOPERM"),
        RemoteError::Unknown(_) | RemoteError::NotDurable => true,
        RemoteError::Said { .. } => false,
    }
}
