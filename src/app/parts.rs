//! The parts of a gateway, made from settings.

use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::StartError;
use super::secret::{self, Data};
use super::secrets::Secrets;
use super::shared::{self, Keeper, Shared};
use crate::clock::Clock;
use crate::config::{Config, OnNoAnswer, StoreUrl};
use crate::disk::{Disk, OpenError};
use crate::domain::budget::{Rate, Rates};
use crate::domain::estimate::HitRates;
use crate::domain::identity::keys::Keyer;
use crate::domain::team_limits::TeamLimits;
use crate::gateway::{
    self, AlarmThresholds, Concerns, Headroom, Parts, Replicas, RequestLimits, Settings, StoreWatch,
};
use crate::ledger::Ledger;
use crate::ledger::any::AnyLedger;
use crate::ledger::embedded::EmbeddedLedger;
use crate::ledger::memory::MemoryLedger;
use crate::ledger::redis::Founding;
use crate::telemetry::metrics::Metrics;
use crate::vault::any::AnyVault;
use crate::vault::derive::{Purpose, derive};
use crate::vault::embedded::EmbeddedVault;
use crate::vault::memory::MemoryVault;
use crate::vendor::{HttpVendor, Unbuildable, VendorSettings};

/// Results on one page of the vendor's.
const VENDOR_PAGE: NonZeroU16 = NonZeroU16::new(100).expect("a hundred is not zero");

/// How long a turn with a job lasts, unless it is renewed. Longer than the steps between two renewals
/// take, and short enough that nobody misses a replica that died.
const TURN_FOR: Duration = Duration::from_secs(30);

/// How many jobs of each lane are worked on at once.
const TURNS_MAX: usize = 32;

/// Ledger and vault in the store that the settings name, and what their keys are derived from.
pub(super) struct Stores {
    pub(super) ledger: AnyLedger,
    pub(super) vault: AnyVault,
    pub(super) disk: Option<Disk>,
    /// The store's clock.
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keeper: Option<Keeper>,
    concerns: Concerns,
    pub(super) headroom: Headroom,
    replicas: Replicas,
    secrets: Secrets,
}

impl Stores {
    pub(super) async fn open(
        config: &Config,
        clock: &Arc<dyn Clock>,
        metrics: &Arc<Metrics>,
        founding: Founding,
        given_disk: Option<Disk>,
    ) -> Result<Self, StartError> {
        let given = Secrets::of(&config.security);
        let concerns = Concerns::default();
        let headroom = Headroom::new(u64::try_from(config.store.reserve).unwrap_or(u64::MAX));
        let watch =
            Arc::new(StoreWatch { metrics: Arc::clone(metrics), concerns: concerns.clone() });
        metrics.show_store_up();
        match &config.store.url {
            StoreUrl::Memory => Ok(Self {
                ledger: AnyLedger::Memory(MemoryLedger::new(Arc::clone(clock), watch)),
                vault: AnyVault::Memory(MemoryVault::new(Arc::clone(clock))),
                disk: None,
                clock: Arc::clone(clock),
                keeper: None,
                concerns,
                headroom,
                replicas: Replicas::One,
                secrets: given.unwrap_or_else(|| Secrets::alone(secret::random())),
            }),
            StoreUrl::Redis(address) => {
                let secrets = given.ok_or(StartError::NoSecret)?;
                let opened = shared::open(
                    &config.store,
                    address,
                    founding,
                    &secrets,
                    watch,
                    concerns.clone(),
                    headroom.clone(),
                );
                let Shared { ledger, vault, clock, keeper } = opened.await?;
                Ok(Self {
                    ledger: AnyLedger::Redis(ledger),
                    vault: AnyVault::Redis(vault),
                    disk: None,
                    clock,
                    keeper: Some(keeper),
                    concerns,
                    headroom,
                    replicas: Replicas::Many,
                    secrets,
                })
            }
            StoreUrl::Embedded(dir) => {
                let disk = match given_disk {
                    Some(disk) => disk,
                    None => open_disk(dir.clone(), founding).await?,
                };
                let ledger = EmbeddedLedger::open(disk.clone(), Arc::clone(clock), watch).await?;
                let is_new = ledger.holdings().await?.next_entry == 0;
                let data = if is_new { Data::New } else { Data::Old };
                // Only whoever has the file open may look at what lies beside it.
                let root = secret::beside(dir, given.as_ref().map(Secrets::root), data)?;
                let secrets = given.unwrap_or_else(|| Secrets::alone(root));
                let sealer = secrets.sealer();
                let vault = EmbeddedVault::open(disk.clone(), Arc::clone(clock), sealer).await?;
                Ok(Self {
                    ledger: AnyLedger::Embedded(ledger),
                    vault: AnyVault::Embedded(vault),
                    disk: Some(disk),
                    clock: Arc::clone(clock),
                    keeper: None,
                    concerns,
                    headroom,
                    replicas: Replicas::One,
                    secrets,
                })
            }
        }
    }
}

async fn open_disk(dir: PathBuf, founding: Founding) -> Result<Disk, OpenError> {
    let open = tokio::task::spawn_blocking(move || match founding {
        Founding::Refused => Disk::open_existing(&dir),
        Founding::Anew(_) | Founding::Adopting => Disk::open(&dir),
    });
    open.await.unwrap_or_else(|died| std::panic::resume_unwind(died.into_panic()))
}

/// A client of the vendor.
pub(super) fn vendor(config: &Config) -> Result<HttpVendor, Unbuildable> {
    HttpVendor::new(VendorSettings {
        base_url: config.vendor.base_url.clone(),
        api_key: config.vendor.api_key.clone(),
        timeout: config.vendor.timeout,
        connect_timeout: config.vendor.connect_timeout,
        page_size: VENDOR_PAGE,
        retry_after_max: config.vendor.retry_after_max,
    })
}

/// All that a gateway is made of.
pub(super) fn gateway(
    config: &Config,
    stores: Stores,
    metrics: &Arc<Metrics>,
) -> Result<Parts, StartError> {
    let vendor = vendor(config)?;
    let export_dir = config.ledger.export_dir.clone();
    let export = export_dir.map(|dir| (dir, stores.secrets.check_keys()));
    Ok(Parts {
        keyer: Keyer::new(derive(stores.secrets.root(), Purpose::LeadKeys)),
        ledger: Arc::new(stores.ledger),
        vault: Arc::new(stores.vault),
        replicas: stores.replicas,
        vendor,
        settings: settings(config),
        routes: config.routes.clone(),
        export,
        metrics: Arc::clone(metrics),
        clock: stores.clock,
        concerns: stores.concerns,
        headroom: stores.headroom,
    })
}

fn settings(config: &Config) -> Settings {
    let vendor = &config.vendor;
    Settings {
        prices: config.prices,
        person_ttl: config.cache.person_ttl,
        not_found_ttl: config.cache.not_found_ttl,
        validation_ttl: config.cache.validation_ttl,
        batch_ttl: config.cache.batch_ttl,
        replay_window: config.server.replay_window,
        keep: config.ledger.keep,
        job_leads_max: u32::try_from(vendor.batch_leads_max).unwrap_or(u32::MAX),
        gather_window: vendor.gather_window,
        request_rates: Rates {
            requests: rate(vendor.requests_per_minute),
            look_ups: rate(vendor.find_requests_per_minute),
        },
        validations_per_hour: NonZeroU32::new(vendor.validations_per_hour)
            .unwrap_or(NonZeroU32::MIN),
        poll_interval_min: vendor.poll_interval_min,
        poll_interval_max: vendor.poll_interval_max,
        on_no_answer: match vendor.on_no_answer {
            OnNoAnswer::Retry => gateway::OnNoAnswer::Retry,
            OnNoAnswer::Hold => gateway::OnNoAnswer::Hold,
        },
        quiet_period: vendor.quiet_period,
        attempts_max: vendor.attempts_max,
        refusals_max: vendor.refusals_max,
        retry_after_max: vendor.retry_after_max,
        job_deadline: vendor.job_deadline,
        answer_bytes_max: vendor.answer_bytes_max,
        find_wait: config.server.find_wait,
        team_limits: RequestLimits {
            per_minute: config.limits.requests_per_minute,
            at_once: config.limits.requests_at_once,
        },
        store_limits: TeamLimits {
            open_batches: config.limits.open_batches,
            kept_bytes: config.limits.kept_bytes,
            leads_per_day: config.limits.leads_per_day,
            idempotency_keys: config.limits.idempotency_keys,
        },
        alarms: AlarmThresholds {
            not_found: config.alarms.not_found_per_hour,
            removed: config.alarms.removed_per_hour,
            contradicted: config.alarms.contradicted_per_hour,
        },
        team_share: config.server.team_share_percent,
        steps_max: config.store.steps_max,
        look_ups_max: config.server.look_ups_max,
        passages_max: config.server.passages_max,
        calls_max: config.server.calls_max,
        turn_for: TURN_FOR,
        turns_max: TURNS_MAX,
        rates: HitRates::PRIOR,
    }
}

fn rate(per_minute: u32) -> Rate {
    Rate(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN))
}
