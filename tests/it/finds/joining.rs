//! Several who ask for one person at once: the vendor is asked once.

use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{ADA, batch_of_ada, find};
use crate::support::client::{Answer, Client};
use crate::support::gateway::TestGateway;
use crate::support::metrics::Scrape;
use crate::support::vendor::held;
use crate::support::wait::eventually;

/// Looks Ada up while a batch is under way that asks for her, and then has the vendor answer that.
async fn find_joining(gateway: &TestGateway, team: &Client) -> Answer {
    let team = team.clone();
    let looking_up = TaskTracker::new().spawn(async move { find(&team, ADA).await });
    eventually("it has joined the batch", async || {
        let scrape = Scrape::of(&gateway.operator()).await;
        scrape.sum("tollgate_leads_total{disposition=\"joined\"") == 1.0
    })
    .await;
    gateway.vendor.set_faults(Faults::default());
    looking_up.await.unwrap()
}

#[tokio::test]
async fn thirty_look_ups_at_once_ask_the_vendor_once() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let slow = Rule::always(Operation::Find, FaultKind::LatencyMs(300));
    gateway.vendor.set_faults(Faults::of([slow]));
    let mut asking = JoinSet::new();
    for number in 0..30 {
        let team = if number % 2 == 0 { sales.clone() } else { growth.clone() };
        asking.spawn(async move { find(&team, &format!("{ADA}&reveal_email=true")).await });
    }
    for answer in asking.join_all().await {
        assert_eq!((answer.status, &answer.body["object"]), (200, &json!("person")), "{answer:?}");
        assert!(answer.body["email"].is_string());
    }
    assert_eq!(gateway.vendor.look_ups_received(), 1);
    assert_eq!(gateway.sums().await.email.spent, 1.5, "one of them paid");
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_joins_a_look_up_that_is_under_way() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 0).await);
    gateway.vendor.set_faults(held(Operation::Find));
    let looking_up = TaskTracker::new()
        .spawn(async move { find(&sales, &format!("{ADA}&reveal_email=1")).await });
    eventually("it was sent", async || gateway.vendor.look_ups_received() == 1).await;
    let batch = growth.start(&batch_of_ada(true)).await;
    assert_eq!(
        batch.header("tollgate-leads"),
        Some("submitted=1, repeated=0, cached=0, joined=1, fresh=0")
    );
    gateway.vendor.set_faults(Faults::default());
    let ended = growth.ended(batch.id()).await;
    assert_eq!(ended.body["results"][0]["result"], looking_up.await.unwrap().body);
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_look_up_joins_a_batch_that_is_under_way() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 0).await);
    gateway.vendor.set_faults(held(Operation::Submit));
    let batch = sales.start(&batch_of_ada(true)).await;
    let found = find_joining(&gateway, &growth).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(
        found.header("tollgate-leads"),
        Some("submitted=1, repeated=0, cached=0, joined=1, fresh=0")
    );
    assert!(found.body["email"].is_null(), "it did not ask for it");
    assert_eq!(sales.ended(batch.id()).await.body["status"], "completed");
    assert_eq!(gateway.vendor.look_ups_received(), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_look_up_whose_batch_was_refused_goes_its_own_way() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let late_refusal = [
        Rule::always(Operation::Submit, FaultKind::Held),
        Rule::always(Operation::Submit, FaultKind::status(422)),
    ];
    gateway.vendor.set_faults(Faults::of(late_refusal));
    let batch = sales.start(&batch_of_ada(false)).await;
    let found = find_joining(&gateway, &growth).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(sales.ended(batch.id()).await.body["status"], "error");
    assert_eq!((gateway.vendor.look_ups_received(), gateway.sums().await.email.spent), (1, 0.5));
    gateway.finish().await;
}
