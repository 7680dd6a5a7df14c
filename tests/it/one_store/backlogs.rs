//! One team's backlog, through several replicas at 500 requests a minute: another team's lead is sent
//! and answered next, and so is a person in the backlog whom the other team looks up.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{OneStore, post};
use crate::support::metrics::Scrape;
use crate::support::vendor::taking;

/// How many batches of one lead wait.
const BACKLOG: usize = 1_500;

/// What the vendor is asked at most before the next of another team: a burst, and what goes out while
/// one lead is taken up, worked on for half a second, and polled.
const BEFORE_IT: u64 = 120;

fn one(n: usize) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/reachable-{n}")}]})
}

/// Requests that the vendor has answered, by all replicas.
async fn requests(store: &OneStore) -> u64 {
    let mut all = 0.0;
    for replica in &store.gateways.replicas {
        let series = "tollgate_vendor_request_duration_seconds_count";
        all += Scrape::of(&replica.operator()).await.sum(series);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let all = all as u64;
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_another_teams_backlog_a_lead_and_a_look_up_are_answered_next() {
    let settings = [
        "vendor.requests_per_minute=500",
        "vendor.find_requests_per_minute=350",
        "vendor.poll_interval_min=1s",
        "vendor.poll_interval_max=30s",
        "server.find_wait=4m",
    ];
    let store = OneStore::with(3, taking(Duration::from_millis(500)), &settings).await;
    let (sales, growth) = (store.team("sales").await, store.team("growth").await);
    let mut admitting = JoinSet::new();
    for worker in 0..30 {
        let client = sales[worker % sales.len()].clone();
        admitting.spawn(async move {
            let mut ids = Vec::new();
            for n in (worker..BACKLOG).step_by(30) {
                ids.push(post(&client, &one(n)).await.id());
            }
            ids
        });
    }
    let ids: Vec<_> = admitting.join_all().await.into_iter().flatten().collect();
    assert_eq!(ids.len(), BACKLOG);

    let before = requests(&store).await;
    let batch = growth[1].start(&one(BACKLOG)).await.id();
    let ended = growth[2].ended(batch).await;
    assert_eq!(ended.body["status"], "completed");
    let meanwhile = requests(&store).await - before;
    assert!(meanwhile <= BEFORE_IT, "{meanwhile} requests before it was answered");

    // Among the last to be sent.
    let before = requests(&store).await;
    let waiting = store.vendor.leads_received();
    let person = (0..BACKLOG).rev().map(|n| format!("reachable-{n}"));
    let person = person.into_iter().find(|name| waiting.iter().all(|lead| !lead.ends_with(name)));
    let person = person.expect("not all of the backlog was sent");
    let found = growth[0].get(&format!("/people/find?linkedin_url=linkedin.com/in/{person}")).await;
    assert_eq!((found.status, &found.body["object"]), (200, &json!("person")), "{found:?}");
    assert_eq!(
        found.header("tollgate-leads"),
        Some("submitted=1, repeated=0, cached=0, joined=1, fresh=0")
    );
    let meanwhile = requests(&store).await - before;
    assert!(meanwhile <= BEFORE_IT, "{meanwhile} requests before the person was found");
    assert!(store.vendor.posts_received() < 1_000, "most of the backlog waits");

    let mut canceling = JoinSet::new();
    for (n, some) in ids.chunks(50).enumerate() {
        let (client, some) = (sales[n % sales.len()].clone(), some.to_vec());
        canceling.spawn(async move {
            for id in some {
                let canceled = client.cancel(id).await;
                assert!([200, 409].contains(&canceled.status), "{canceled:?}");
            }
        });
    }
    canceling.join_all().await;
    store.balance().await;
}
