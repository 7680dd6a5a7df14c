//! The charge window, on both sides of its end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate::clock::ManualClock;
use tollgate::sandbox;

use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway, credits};
use crate::support::process::Process;
use crate::support::vendor;
use crate::support::wait::eventually;

fn ada() -> Value {
    json!({"leads": [{"linkedin_url": "linkedin.com/in/ada-reachable"}]})
}

/// A gateway that knows answers for a short time only, so that the vendor is asked again.
async fn with_clock() -> (TestGateway, Arc<ManualClock>) {
    let (setup, clock) = Setup::with_clock();
    let settings = vec!["cache.person_ttl=1h".to_owned()];
    (TestGateway::with(Setup { settings, ..setup }).await, clock)
}

/// Has somebody enriched while the clock goes on.
async fn enrich(team: &Client, gateway: &TestGateway, clock: &ManualClock) {
    let accepted = team.start(&ada()).await;
    eventually("the batch ends", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        team.read(accepted.id()).await.body["status"] == "completed"
    })
    .await;
}

#[tokio::test]
async fn a_person_asked_for_again_is_charged_after_the_window_and_not_before() {
    let (gateway, clock) = with_clock().await;
    let team = gateway.team("sales", 100).await;
    enrich(&team, &gateway, &clock).await;
    assert_eq!(gateway.sums().await.email.spent, 0.5);

    clock.advance(Duration::from_hours(23) + Duration::from_mins(45));
    enrich(&team, &gateway, &clock).await;
    assert_eq!(gateway.vendor.posts_received(), 2, "the vendor was asked again");
    assert_eq!(gateway.sums().await.email.spent, 0.5, "inside the window, free");

    clock.advance(Duration::from_hours(2));
    enrich(&team, &gateway, &clock).await;
    assert_eq!(gateway.sums().await.email.spent, 1.0, "after it, charged");
    gateway.finish().await;
}

#[tokio::test]
async fn reading_does_not_extend_the_window_nor_what_is_known() {
    let (gateway, clock) = with_clock().await;
    let team = gateway.team("sales", 100).await;
    enrich(&team, &gateway, &clock).await;
    for _ in 0..27 {
        clock.advance(Duration::from_mins(59));
        enrich(&team, &gateway, &clock).await;
    }
    let sums = gateway.sums().await;
    assert_eq!(sums.email.spent, 1.0, "charged again as soon as a day was over");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_release_binary_honours_a_short_window() {
    let (judge, address) = vendor::start(sandbox::Options {
        window: Duration::from_secs(30),
        ..vendor::taking(Duration::from_millis(10))
    })
    .await;
    let data = tempfile::tempdir().unwrap();
    let settings = [
        "prices.person_window=30s",
        "prices.window_margin=500ms",
        "cache.person_ttl=100ms",
        "vendor.job_deadline=25s",
    ];
    let gateway = Process::start(address, data.path(), &settings).await;
    let team = gateway.team("sales").await;
    let mut asked = 0;
    let mut spent_after = Vec::new();
    eventually("the window has ended", async || {
        team.enrich(&ada()).await;
        asked += 1;
        let usage = gateway.operator().get("/admin/v1/teams/sales/usage").await;
        spent_after.push(usage.body["totals"]["email"]["spent"].as_f64().unwrap());
        spent_after.last() == Some(&1.0)
    })
    .await;
    assert_eq!(spent_after[0], 0.5);
    assert_eq!(spent_after[1], 0.5, "asked again inside the window, free: {spent_after:?}");
    assert!(judge.posts_received() > 2, "the vendor was asked again inside the window");
    let charged_by_the_vendor = credits(judge.bill().email);
    let late = spent_after.last().copied().unwrap() - charged_by_the_vendor;
    assert!(late == 0.0 || late == 0.5, "ours may be higher by a find inside the margin: {late}");
}
