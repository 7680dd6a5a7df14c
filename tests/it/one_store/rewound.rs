//! A store that came back with an old copy of its books: nothing is spent on it until an operator
//! says which books count.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate::sandbox::Sandbox;

use super::{OneStore, people, post, refused, why_not_ready};
use crate::support::client::Client;
use crate::support::exported::holds_all;
use crate::support::gateway::{Sums, credits};
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// The team's quota, of which the copy knows 3 credits to be spent and the vendor 9.
const LIMIT: f64 = 10.0;

fn quota() -> Value {
    json!([{"unit": "email", "period": "total", "limit": LIMIT}])
}

/// Two replicas whose Redis was put back to an old copy, and both copies of it.
struct Rewound {
    store: OneStore,
    callers: Vec<Client>,
    old: TempDir,
    right: TempDir,
}

impl Rewound {
    async fn start(further: &[&str]) -> Self {
        let mut store = OneStore::with(2, taking(Duration::from_millis(30)), further).await;
        let team = store.one().team_with("sales", quota()).await;
        let callers = store.gateways.callers(&team.key);
        callers[0].enrich(&people(0, 2)).await;
        let old = store.server.copy();
        callers[1].enrich(&people(2, 4)).await;
        store.balance().await;
        caught_up(&store, further).await;
        store.server.kill_hard();
        let right = store.server.copy();
        store.server.put_back(&old);
        store.server.start_again().await;
        Self { store, callers, old, right }
    }

    /// Nothing is admitted, sent or settled, and operators are told why.
    async fn is_refused(&self) {
        let spent = self.store.vendor.bill().email;
        for (gateway, caller) in self.store.gateways.replicas.iter().zip(&self.callers) {
            for first in [0, 6] {
                refused(caller, &people(first, 4)).await;
            }
            eventually("operators are told", async || {
                let why = why_not_ready(gateway).await;
                why.is_some_and(|why| why.contains("the store went back in time"))
            })
            .await;
            let up = Scrape::of(&gateway.operator()).await.value("tollgate_store_up");
            assert_eq!(up, Some(0.0));
        }
        assert_eq!(self.store.vendor.bill().email, spent);
        assert!(credits(spent) <= LIMIT);
    }

    async fn restart_all(&mut self) {
        for replica in &mut self.store.gateways.replicas {
            replica.kill();
        }
        self.store.gateways.heal().await;
    }
}

/// Waits until all is exported, where anything is.
async fn caught_up(store: &OneStore, settings: &[&str]) {
    if let Some(dir) = settings.iter().find_map(|set| set.strip_prefix("ledger.export_dir=")) {
        holds_all(Path::new(dir), &store.one().operator()).await;
    }
}

/// What the books say was spent, and the vendor.
async fn spent(gateway: &Process, vendor: &Sandbox) -> (f64, f64) {
    (Sums::at_rest(&gateway.operator()).await.email.spent, credits(vendor.bill().email))
}

#[tokio::test(flavor = "multi_thread")]
async fn on_an_old_copy_nothing_is_spent_until_the_right_one_is_restored() {
    let mut it = Rewound::start(&[]).await;
    it.is_refused().await;

    it.store.server.kill_hard();
    it.store.server.put_back(&it.right);
    it.store.server.start_again().await;
    it.is_refused().await;
    it.restart_all().await;
    let more = post(&it.callers[0], &people(6, 1)).await;
    assert_eq!(more.status, 402, "{more:?}");
    it.store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_is_accepted_by_whoever_restarts_the_replicas() {
    let mut it = Rewound::start(&[]).await;
    it.is_refused().await;
    it.restart_all().await;
    assert_eq!(spent(it.store.one(), &it.store.vendor).await, (3.0, 9.0));
    it.callers[0].enrich(&people(6, 1)).await;
    assert_eq!(spent(it.store.one(), &it.store.vendor).await, (4.5, 10.5));
    drop(it.old);
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_export_is_adopted_replicas_that_met_an_old_copy_go_on() {
    let export = tempfile::tempdir().unwrap();
    let setting = format!("ledger.export_dir={}", export.path().display());
    let it = Rewound::start(&[&setting]).await;
    it.is_refused().await;

    it.store.server.empty().await;
    let adopted = it.store.one().run(&format!("ledger adopt --from {}", export.path().display()));
    assert!(adopted.status.success(), "{adopted:?}");
    for gateway in &it.store.gateways.replicas {
        eventually("it goes on", async || why_not_ready(gateway).await.is_none()).await;
    }
    let more = post(&it.callers[0], &people(6, 1)).await;
    assert_eq!(more.status, 402, "{more:?}");
    it.store.balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_on_an_old_copy_know_it_by_the_exported_entries() {
    let export = tempfile::tempdir().unwrap();
    let setting = format!("ledger.export_dir={}", export.path().display());
    let mut it = Rewound::start(&[&setting]).await;
    for replica in &mut it.store.gateways.replicas {
        replica.kill();
        replica.launch();
    }
    let [one, other] = &it.store.gateways.replicas[..] else { panic!("two replicas") };
    // Also the one that only stands by.
    for gateway in [one, other] {
        it_is_told_that_the_export_differs(gateway).await;
    }
    for caller in &it.callers {
        refused(caller, &people(6, 1)).await;
    }
    assert_eq!(credits(it.store.vendor.bill().email), 9.0);

    // Whoever moves the folder away accepts the copy.
    let aside = tempfile::tempdir().unwrap();
    fs::rename(export.path(), aside.path().join("export")).unwrap();
    it.restart_all().await;
    assert_eq!(spent(it.store.one(), &it.store.vendor).await, (3.0, 9.0));
}

async fn it_is_told_that_the_export_differs(gateway: &Process) {
    eventually("operators are told", async || {
        let told = gateway.operator().request(reqwest::Method::GET, "/readyz");
        let told = gateway.operator().try_send(told).await;
        told.is_some_and(|told| told.status == 503 && told.text.contains("differ from those in"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_of_files_is_known_by_the_exported_entries() {
    let (vendor, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let (data, export) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let setting = format!("ledger.export_dir={}", export.path().display());
    let mut gateway = Process::start(address, data.path(), &[&setting]).await;
    let team = gateway.team_with("sales", quota()).await;
    team.enrich(&people(0, 2)).await;
    assert!(gateway.terminate().await.success());
    let (file, old) = (data.path().join("tollgate.redb"), data.path().join("old"));
    fs::copy(&file, &old).unwrap();
    gateway.start_again().await;
    team.enrich(&people(2, 4)).await;
    assert!(gateway.terminate().await.success());
    fs::rename(&file, data.path().join("right")).unwrap();
    fs::rename(&old, &file).unwrap();

    gateway.launch();
    it_is_told_that_the_export_differs(&gateway).await;
    refused(&team, &people(6, 4)).await;
    assert_eq!(Scrape::of(&gateway.operator()).await.value("tollgate_store_up"), Some(0.0));
    assert_eq!(credits(vendor.bill().email), 9.0);
    assert!(gateway.terminate().await.success());

    fs::rename(data.path().join("right"), &file).unwrap();
    gateway.start_again().await;
    assert_eq!(post(&team, &people(6, 1)).await.status, 402);
    gateway.balance(&vendor).await;
}
