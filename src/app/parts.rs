//! The parts of a gateway, made from settings.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::StartError;
use super::secret::{self, Data};
use crate::clock::Clock;
use crate::config::{Config, OnNoAnswer, StoreUrl};
use crate::disk::Disk;
use crate::domain::estimate::HitRates;
use crate::domain::identity::keys::Keyer;
use crate::gateway::{self, Parts, Settings, StoreWatch};
use crate::ledger::Ledger;
use crate::ledger::any::AnyLedger;
use crate::ledger::embedded::EmbeddedLedger;
use crate::ledger::memory::MemoryLedger;
use crate::telemetry::metrics::Metrics;
use crate::vault::any::AnyVault;
use crate::vault::derive::{Purpose, derive};
use crate::vault::embedded::EmbeddedVault;
use crate::vault::memory::MemoryVault;
use crate::vault::sealing::{KeyRing, Sealer};
use crate::vendor::{HttpVendor, VendorSettings};

/// Results on one page of the vendor's.
const VENDOR_PAGE: NonZeroU16 = NonZeroU16::new(100).expect("a hundred is not zero");

/// How many jobs are worked on at once.
const TURNS_MAX: usize = 32;

/// Ledger and vault in the store that the settings name, and what their keys are derived from.
pub(super) struct Stores {
    pub(super) ledger: AnyLedger,
    pub(super) vault: AnyVault,
    pub(super) disk: Option<Disk>,
    secret: Vec<u8>,
}

impl Stores {
    pub(super) async fn open(
        config: &Config,
        clock: &Arc<dyn Clock>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, StartError> {
        let given = config.security.secret.as_ref().map(ExposeSecret::expose_secret);
        let watch = Arc::new(StoreWatch(Arc::clone(metrics)));
        metrics.show_store_up();
        match &config.store.url {
            StoreUrl::Memory => Ok(Self {
                ledger: AnyLedger::Memory(MemoryLedger::new(Arc::clone(clock), watch)),
                vault: AnyVault::Memory(MemoryVault::new(Arc::clone(clock))),
                disk: None,
                secret: given.map_or_else(secret::random, <[u8]>::to_vec),
            }),
            StoreUrl::Redis(_) => Err(StartError::NoRedis),
            StoreUrl::Embedded(dir) => {
                let path = dir.clone();
                let open = tokio::task::spawn_blocking(move || Disk::open(&path));
                let disk = open.await.unwrap_or_else(|died| {
                    std::panic::resume_unwind(died.into_panic());
                })?;
                let ledger = EmbeddedLedger::open(disk.clone(), Arc::clone(clock), watch).await?;
                let is_new = ledger.holdings().await?.next_entry == 0;
                let data = if is_new { Data::New } else { Data::Old };
                // Only whoever has the file open may look at what lies beside it.
                let secret = secret::beside(dir, given, data)?;
                let sealer = Sealer::new(KeyRing::new(&secret, &[]));
                let vault = EmbeddedVault::open(disk.clone(), Arc::clone(clock), sealer).await?;
                Ok(Self {
                    ledger: AnyLedger::Embedded(ledger),
                    vault: AnyVault::Embedded(vault),
                    disk: Some(disk),
                    secret,
                })
            }
        }
    }
}

/// All that a gateway is made of.
pub(super) fn gateway(
    config: &Config,
    stores: Stores,
    clock: Arc<dyn Clock>,
    metrics: &Arc<Metrics>,
) -> Result<Parts, StartError> {
    let vendor = HttpVendor::new(VendorSettings {
        base_url: config.vendor.base_url.clone(),
        api_key: config.vendor.api_key.clone(),
        timeout: config.vendor.timeout,
        connect_timeout: config.vendor.connect_timeout,
        page_size: VENDOR_PAGE,
    })?;
    Ok(Parts {
        keyer: Keyer::new(derive(&stores.secret, Purpose::LeadKeys)),
        ledger: stores.ledger,
        vault: stores.vault,
        vendor,
        settings: settings(config),
        export_dir: config.ledger.export_dir.clone(),
        metrics: Arc::clone(metrics),
        clock,
    })
}

fn settings(config: &Config) -> Settings {
    let vendor = &config.vendor;
    Settings {
        prices: config.prices,
        person_ttl: config.cache.person_ttl,
        not_found_ttl: config.cache.not_found_ttl,
        batch_ttl: config.cache.batch_ttl,
        keep: config.ledger.keep,
        job_leads_max: u32::try_from(vendor.batch_leads_max).unwrap_or(u32::MAX),
        poll_interval_min: vendor.poll_interval_min,
        poll_interval_max: vendor.poll_interval_max,
        on_no_answer: match vendor.on_no_answer {
            OnNoAnswer::Retry => gateway::OnNoAnswer::Retry,
            OnNoAnswer::Hold => gateway::OnNoAnswer::Hold,
        },
        quiet_period: vendor.quiet_period,
        attempts_max: vendor.attempts_max,
        job_deadline: vendor.job_deadline,
        vendor_patience: vendor
            .timeout
            .saturating_add(vendor.connect_timeout)
            .max(Duration::from_secs(1)),
        turns_max: TURNS_MAX,
        rates: HitRates::PRIOR,
    }
}
