//! Backlogs at 500 requests a minute: what one team has waiting delays no other team, at no stage.
//!
//! Time is the clock's, and what is counted are the vendor's requests: a busy machine changes neither.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use tollgate::clock::ManualClock;

use crate::support::client::Client;
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

const STEP: Duration = Duration::from_millis(100);

/// What the vendor is asked at once at most: a burst of 500 a minute.
const BURST: usize = 20;

fn people(name: &str, count: usize) -> Value {
    let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/reachable-{name}-{n}")});
    json!({"leads": (0..count).map(lead).collect::<Vec<_>>()})
}

fn nobody(name: &str, count: usize) -> Value {
    let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/nobody-{name}-of-many-{n}")});
    json!({"leads": (0..count).map(lead).collect::<Vec<_>>()})
}

/// A gateway that sends each lead as a job of its own, at 500 requests a minute.
async fn one_by_one(store: Store) -> (TestGateway, Arc<ManualClock>) {
    with(store, 1, 100).await
}

async fn with(
    store: Store,
    batch_leads_max: usize,
    page_size: usize,
) -> (TestGateway, Arc<ManualClock>) {
    let (mut setup, clock) = Setup::with_clock();
    setup.store = store;
    setup.sandbox.page_size = page_size;
    setup.sandbox.processing = Duration::from_millis(500);
    setup.settings = vec![
        "vendor.requests_per_minute=500".into(),
        "vendor.find_requests_per_minute=350".into(),
        "vendor.poll_interval_min=1s".into(),
        "vendor.poll_interval_max=30s".into(),
        format!("vendor.batch_leads_max={batch_leads_max}"),
    ];
    (TestGateway::with(setup).await, clock)
}

/// How many leads of a team the vendor has.
fn sent(gateway: &TestGateway, name: &str) -> usize {
    let leads = gateway.vendor.leads_received();
    leads.iter().filter(|lead| lead.contains(&format!("-{name}-"))).count()
}

/// How many answers, running or ended, the vendor gave to reads.
async fn reads(gateway: &TestGateway) -> usize {
    let series = "tollgate_vendor_request_duration_seconds_count{operation=\"read\"";
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let reads = Scrape::of(&gateway.operator()).await.sum(series) as usize;
    reads
}

/// Lets the time go by until a condition holds.
async fn passes(
    gateway: &TestGateway,
    clock: &ManualClock,
    what: &str,
    holds: impl AsyncFnMut() -> bool,
) {
    gateway.eventually_by(clock, STEP, what, holds).await;
}

/// Cancels what is left of a backlog, and has the rest end.
async fn ends(gateway: TestGateway, clock: &ManualClock, team: &Client, backlog: u64) {
    let canceled = team.cancel(backlog).await;
    assert_eq!(canceled.status, 200, "{canceled:?}");
    passes(&gateway, clock, "the backlog ends", async || {
        let usage = gateway.usage("sales").await;
        usage["totals"]["email"]["reserved"] == json!(0)
    })
    .await;
    gateway.finish().await;
}

async fn a_lead_behind_a_backlog(store: Store) {
    let (gateway, clock) = one_by_one(store).await;
    let (sales, growth) = (gateway.team("sales", 50_000).await, gateway.team("growth", 9).await);
    let backlog = sales.start(&people("sales", 10_000)).await.id();
    passes(&gateway, &clock, "many were sent", async || sent(&gateway, "sales") > 200).await;

    let (sent_before, reads_before) = (sent(&gateway, "sales"), reads(&gateway).await);
    let one = growth.start(&people("growth", 1)).await.id();
    passes(&gateway, &clock, "it is sent", async || sent(&gateway, "growth") == 1).await;
    let sent_meanwhile = sent(&gateway, "sales") - sent_before;
    assert!(sent_meanwhile <= BURST, "{sent_meanwhile} were sent before it");
    passes(&gateway, &clock, "it is answered", async || growth.read(one).await.has_ended()).await;
    let read_meanwhile = reads(&gateway).await - reads_before;
    assert!(read_meanwhile <= 3 * BURST, "{read_meanwhile} were read before it");

    // A person in the backlog is found as soon as a person that is not.
    let asked_at = sent(&gateway, "sales");
    let finding = TaskTracker::new().spawn({
        let growth = growth.clone();
        let person = "linkedin.com/in/reachable-sales-9000";
        async move { growth.get(&format!("/people/find?linkedin_url={person}")).await }
    });
    let nine_thousandth = || {
        let leads = gateway.vendor.leads_received();
        leads.iter().any(|lead| lead.ends_with("-sales-9000"))
    };
    passes(&gateway, &clock, "the person is sent", async || nine_thousandth()).await;
    let sent_meanwhile = sent(&gateway, "sales") - asked_at;
    assert!(sent_meanwhile <= 2 * BURST, "{sent_meanwhile} were sent before the person");
    passes(&gateway, &clock, "the person is found", async || finding.is_finished()).await;
    let found = finding.await.unwrap();
    assert_eq!((found.status, &found.body["object"]), (200, &json!("person")), "{found:?}");
    assert!(sent(&gateway, "sales") < 2_000, "most of the backlog waits");
    assert_eq!(gateway.sums().await.email.unresolved, 0.0);
    ends(gateway, &clock, &sales, backlog).await;
}

#[tokio::test]
async fn a_lead_behind_another_teams_ten_thousand_is_sent_and_answered_next() {
    a_lead_behind_a_backlog(Store::Memory).await;
}

#[tokio::test]
async fn a_lead_behind_another_teams_ten_thousand_is_sent_and_answered_next_on_disk() {
    a_lead_behind_a_backlog(Store::Embedded).await;
}

#[tokio::test]
async fn what_was_sent_is_polled_beside_what_waits_to_be_sent() {
    let (gateway, clock) = one_by_one(Store::Memory).await;
    let sales = gateway.team("sales", 50_000).await;
    let backlog = sales.start(&people("sales", 3_000)).await.id();
    passes(&gateway, &clock, "many were sent", async || sent(&gateway, "sales") > 600).await;
    let (sent, read) = (sent(&gateway, "sales"), reads(&gateway).await);
    assert!(read * 4 >= sent * 3, "{sent} were sent and {read} read");
    ends(gateway, &clock, &sales, backlog).await;
}

#[tokio::test]
async fn a_lead_is_answered_while_the_pages_of_another_teams_batch_are_read() {
    const PAGES: usize = 400;
    const PAGE: usize = 5;
    let (gateway, clock) = with(Store::Memory, 10_000, PAGE).await;
    let (sales, growth) = (gateway.team("sales", 50_000).await, gateway.team("growth", 9).await);
    let large = sales.start(&people("sales", PAGES * PAGE)).await.id();
    passes(&gateway, &clock, "pages are read", async || reads(&gateway).await > 40).await;

    let reads_before = reads(&gateway).await;
    let one = growth.start(&people("growth", 1)).await.id();
    passes(&gateway, &clock, "it is answered", async || growth.read(one).await.has_ended()).await;
    let read_meanwhile = reads(&gateway).await - reads_before;
    assert!(read_meanwhile <= PAGES / 2, "{read_meanwhile} pages were read before it");
    passes(&gateway, &clock, "all is read", async || sales.read(large).await.has_ended()).await;
    eventually("it is settled", async || {
        gateway.usage("sales").await["totals"]["email"]["reserved"] == json!(0)
    })
    .await;
    gateway.finish().await;
}

/// Asks for people of whom the vendor finds none, which costs nothing, one after the other.
async fn look_up_nobody(team: Client, first: usize, stride: usize) {
    for n in (first..).step_by(stride) {
        team.get(&format!("/people/find?linkedin_url=linkedin.com/in/nobody-sales-{n}")).await;
    }
}

#[tokio::test]
async fn look_ups_that_find_nobody_delay_no_look_up_or_batch_of_another_team() {
    const LOOPS: usize = 200;
    let (gateway, clock) = one_by_one(Store::Memory).await;
    let (sales, growth) = (gateway.team("sales", 50_000).await, gateway.team("growth", 9).await);
    let mut loops = JoinSet::new();
    for first in 0..LOOPS {
        loops.spawn(look_up_nobody(sales.clone(), first, LOOPS));
    }
    let free = sales.start(&nobody("sales", 2_000)).await.id();
    passes(&gateway, &clock, "many were sent", async || sent(&gateway, "sales") > 200).await;

    let sent_before = sent(&gateway, "sales");
    let finding =
        TaskTracker::new().spawn({
            let growth = growth.clone();
            async move {
                growth.get("/people/find?linkedin_url=linkedin.com/in/reachable-growth-9").await
            }
        });
    passes(&gateway, &clock, "the person is found", async || finding.is_finished()).await;
    let found = finding.await.unwrap();
    assert_eq!((found.status, &found.body["object"]), (200, &json!("person")), "{found:?}");
    let sent_meanwhile = sent(&gateway, "sales") - sent_before;
    assert!(sent_meanwhile <= 2 * BURST, "{sent_meanwhile} were sent before the person");

    let (sent_before, reads_before) = (sent(&gateway, "sales"), reads(&gateway).await);
    let one = growth.start(&people("growth", 1)).await.id();
    passes(&gateway, &clock, "it is answered", async || growth.read(one).await.has_ended()).await;
    let meanwhile = sent(&gateway, "sales") - sent_before + reads(&gateway).await - reads_before;
    assert!(meanwhile <= 6 * BURST, "{meanwhile} requests were made before it was answered");
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["spent"], json!(0), "all is free");
    loops.shutdown().await;
    ends(gateway, &clock, &sales, free).await;
}
