//! Quotas through the front door.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate::sandbox;

use crate::support::gateway::{Setup, Store, TestGateway};

/// Ten people of whom nobody else asks: 15 email credits at worst.
fn ten_people(batch: usize) -> Value {
    let lead = |n: usize| json!({"linkedin_url": format!("linkedin.com/in/reachable-{batch}-{n}")});
    json!({"reveal_email": true, "leads": (0..10).map(lead).collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_batches_at_once_exactly_as_many_are_admitted_as_the_quota_allows() {
    for store in [Store::Memory, Store::Embedded] {
        let slow = sandbox::Options { processing: Duration::from_secs(4), ..Default::default() };
        let setup = Setup { store, sandbox: slow, ..Setup::default() };
        let gateway = Arc::new(TestGateway::with(setup).await);
        let team = gateway.team("sales", 60).await;

        let done = Arc::new(AtomicBool::new(false));
        let watching = tokio_util::task::TaskTracker::new();
        let watch = watching.spawn({
            let (gateway, done) = (Arc::clone(&gateway), Arc::clone(&done));
            async move {
                let mut most: f64 = 0.0;
                while !done.load(Ordering::Relaxed) {
                    let email = gateway.sums().await.email;
                    most = most.max(email.spent + email.reserved + email.unresolved);
                }
                most
            }
        });
        let mut posts = JoinSet::new();
        for batch in 0..60 {
            let team = team.clone();
            posts.spawn(async move {
                team.post("/people/enrichment-requests", &ten_people(batch)).await
            });
        }
        let mut admitted = Vec::new();
        let mut refused = 0;
        while let Some(answer) = posts.join_next().await {
            let answer = answer.unwrap();
            match answer.status {
                202 => admitted.push(answer.id()),
                402 => refused += 1,
                _ => panic!("{answer:?}"),
            }
        }
        assert_eq!((admitted.len(), refused), (4, 56));
        for id in admitted {
            team.ended(id).await;
        }
        done.store(true, Ordering::Relaxed);
        assert!(watch.await.unwrap() <= 60.0);
        let gateway = Arc::into_inner(gateway).expect("the watcher has ended");
        assert_eq!(gateway.vendor.leads_received().len(), 40);
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_batch_that_does_not_fit_is_refused_whole_and_says_why() {
    let gateway = TestGateway::start().await;
    let team = gateway
        .team_with("sales", json!([{"unit": "email", "period": "day", "limit": 14.5}]))
        .await;
    let refused = team.post("/people/enrichment-requests", &ten_people(0)).await;
    assert_eq!(refused.status, 402, "{refused:?}");
    let error = &refused.body["_errors"][0];
    assert_eq!(error["code"], "insufficient_credits");
    let detail = error["detail"].as_str().unwrap();
    for part in ["sales", "email", "day", "14.5", "15"] {
        assert!(detail.contains(part), "{part} in {detail}");
    }
    assert_eq!(gateway.sums().await.email.reserved, 0.0);
    assert_eq!(gateway.vendor.posts_received(), 0);

    let smaller =
        json!({"reveal_email": true, "leads": ten_people(0)["leads"].as_array().unwrap()[..9]});
    let answer = team.enrich(&smaller).await;
    assert_eq!(answer.body["status"], "completed");
    gateway.finish().await;
}

#[tokio::test]
async fn a_new_limit_holds_from_the_next_request_and_keeps_what_was_spent() {
    let gateway = TestGateway::start().await;
    let quota = |limit: u32| json!([{"unit": "email", "period": "month", "limit": limit}]);
    let team = gateway.team_with("sales", quota(100)).await;
    team.enrich(&ten_people(0)).await;
    gateway.at_rest().await;
    let spent = gateway.usage("sales").await["quotas"][0]["spent"].clone();
    assert_eq!(spent, json!(15));

    let lowered = json!({"name": "Sales", "quotas": quota(20)});
    assert_eq!(gateway.operator().put("/admin/v1/teams/sales", &lowered).await.status, 200);
    let refused = team.post("/people/enrichment-requests", &ten_people(1)).await;
    assert_eq!(refused.status, 402, "{refused:?}");

    let by_day =
        json!({"name": "Sales", "quotas": [{"unit": "email", "period": "day", "limit": 20}]});
    gateway.operator().put("/admin/v1/teams/sales", &by_day).await;
    let usage = gateway.usage("sales").await;
    assert_eq!(usage["quotas"][0]["spent"], spent, "a new period begins with what was spent in it");
    gateway.finish().await;
}

#[tokio::test]
async fn an_estimate_is_what_would_be_reserved_and_reserves_nothing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let estimate = team.post("/gateway/v1/estimates", &ten_people(0)).await;
    assert_eq!(estimate.status, 200, "{estimate:?}");
    assert_eq!(estimate.body["credits"]["email"]["worst"], json!(15));
    assert_eq!(estimate.body["leads"]["fresh"], json!(10));
    assert_eq!(estimate.body["fits"], json!(true));
    assert_eq!(gateway.sums().await.email.reserved, 0.0);

    let accepted = team.post("/people/enrichment-requests", &ten_people(0)).await;
    assert_eq!(accepted.header("tollgate-credits-reserved"), Some("email=15, phone=0"));
    team.ended(accepted.id()).await;
    let known = team.post("/gateway/v1/estimates", &ten_people(0)).await;
    assert_eq!(known.body["credits"]["email"]["worst"], json!(0));
    assert_eq!(known.body["leads"]["cached"], json!(10));
    gateway.finish().await;
}
