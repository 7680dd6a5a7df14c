//! Validations read and cancelled.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use tollgate::sandbox::{Faults, Operation};

use super::{VALIDATIONS, ended, path, validate, verdicts};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::vendor::held;
use crate::support::wait::eventually;

/// Far longer than anything takes that asks nobody.
const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_validation_is_its_own_teams_and_no_batch_of_people() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    let accepted = validate(&sales, &["ada@x.example"]).await;
    assert_eq!(growth.get(&path(&accepted)).await.status, 404);
    let canceled = growth.patch(&path(&accepted), &json!({"status": "canceled"})).await;
    assert_eq!(canceled.status, 404);
    for id in ["7", "me", "00000000-0000-8000-8000-000000000000"] {
        assert_eq!(sales.get(&format!("{VALIDATIONS}/{id}")).await.status, 404, "{id}");
    }
    ended(&sales, &accepted).await;
    gateway.finish().await;
}

#[tokio::test]
async fn pages_of_a_validation_follow_the_links() {
    let gateway = TestGateway::start().await;
    gateway
        .vendor
        .set_faults(Faults { page_size: Some(3.try_into().unwrap()), ..Faults::default() });
    let team = gateway.team("sales", 1000).await;
    let emails: Vec<_> = (0..7).map(|n| format!("person-{n}@x.example")).collect();
    let emails: Vec<_> = emails.iter().map(String::as_str).collect();
    let accepted = validate(&team, &emails).await;
    ended(&team, &accepted).await;
    let mut next = format!("{}?page[size]=2", path(&accepted));
    let mut seen = Vec::new();
    loop {
        let page = team.get(&next).await;
        seen.extend(verdicts(&page).into_iter().map(|(email, _)| email.to_owned()));
        let Some(href) = page.body["_links"]["next"]["href"].as_str() else { break };
        next = href.to_owned();
    }
    assert_eq!(seen, emails);
    gateway.finish().await;
}

#[tokio::test]
async fn a_cancelled_validation_is_cancelled_at_the_vendor_and_stays_paid() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    gateway.vendor.set_faults(Faults { processing_ms: Some(60_000), ..Faults::default() });
    let accepted = validate(&team, &["ada@x.example"]).await;
    let canceled = team.patch(&path(&accepted), &json!({"status": "canceled"})).await;
    assert_eq!(canceled.status, 200, "{canceled:?}");
    assert_eq!(canceled.body["status"], "canceled");
    let told = canceled.errors();
    assert!(!told.is_empty() && told.iter().all(|(code, _)| *code == "canceled"), "{canceled:?}");
    // Nothing came of it, so whoever asks again is answered anew, and pays anew.
    gateway.vendor.set_faults(Faults::default());
    let again = validate(&team, &["ada@x.example"]).await;
    assert_ne!(again.body["id"], accepted.body["id"]);
    assert_eq!(verdicts(&ended(&team, &again).await), [("ada@x.example", "deliverable")]);
    assert_eq!(gateway.vendor.bill().email.halves(), 4);
    gateway.finish().await;
}

#[tokio::test]
async fn a_validation_survives_a_restart_and_its_addresses_are_in_no_file_in_clear() {
    let gateway = TestGateway::with(Setup { store: Store::Embedded, ..Setup::default() }).await;
    let team = gateway.team("sales", 9).await;
    let accepted = validate(&team, &["seldom.seen@x.example"]).await;
    ended(&team, &accepted).await;
    gateway.finish().await;
}

#[tokio::test]
async fn verdicts_are_brought_home_though_nobody_reads_them() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 0).await);
    assert_eq!(validate(&sales, &["ada@x.example"]).await.status, 202);
    let ended =
        "tollgate_vendor_request_duration_seconds_count{operation=\"read\",outcome=\"ended\"}";
    eventually("the verdicts are read", async || {
        Scrape::of(&gateway.operator()).await.value(ended) == Some(1.0)
    })
    .await;
    eventually("and known", async || {
        let known = validate(&growth, &["ada@x.example"]).await;
        assert_eq!(known.status, 202, "{known:?}");
        known.body["status"] == "completed"
    })
    .await;
    // Whoever has ended is looked at no more.
    assert_eq!(Scrape::of(&gateway.operator()).await.value(ended), Some(1.0));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_or_cancels_waits_for_no_vendor() {
    let settings = ["vendor.timeout=10m", "server.shutdown_grace=1s"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let team = gateway.team("sales", 9).await;
    gateway.vendor.set_faults(Faults { processing_ms: Some(600_000), ..Faults::default() });
    let accepted = validate(&team, &["ada@x.example"]).await;
    gateway.vendor.set_faults(held(Operation::Any));
    for _ in 0..3 {
        let read = timeout(SOON, team.get(&path(&accepted))).await.expect("it is read at once");
        assert_eq!((read.status, read.has_ended()), (200, false), "{read:?}");
        assert!(read.header("retry-after").is_some());
    }
    let cancel = json!({"status": "canceled"});
    let canceled = timeout(SOON, team.patch(&path(&accepted), &cancel)).await;
    assert_eq!(canceled.expect("it is cancelled at once").body["status"], "canceled");
    gateway.balance().await;
    gateway.stop().await;
}
