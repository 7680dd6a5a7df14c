//! POSTs that are sent again.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::balancer::{Balancer, Loss};
use super::scripts::Program;
use super::{RETRIES_ARE_TOLD, SOON, gateway, reachable};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::gateways::SECRET;
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// Has one enrichment asked for again and again, since its answers are lost one after the other.
async fn asked_again(program: Program, losses: &[Loss]) {
    let gateway = gateway().await;
    let team = gateway.team("sales", 100).await;
    let balancer = Balancer::losing(losses, &team).await;
    let leads = ["ada", "grace", "alan"].map(reachable);
    let printed = program.run("retry", &balancer.caller(&team), &[SOON], &leads).await;
    assert!(balancer.has_lost_all(), "{losses:?}");
    assert_eq!(printed[0]["status"], "completed", "{printed:?}");
    assert_eq!(gateway.vendor.leads_received().len(), leads.len(), "each is asked for once");
    assert_eq!(gateway.vendor.posts_received(), 1);
    let scrape = Scrape::of(&gateway.operator()).await;
    let admissions = |decision: &str| {
        let series = format!("tollgate_admissions_total{{decision=\"{decision}\"");
        scrape.sum(&series)
    };
    let again = u32::try_from(losses.len()).unwrap();
    assert_eq!((admissions("admitted"), admissions("replayed")), (1.0, f64::from(again)));
    gateway.finish().await;
}

#[tokio::test]
async fn a_post_sent_again_after_a_failing_status_buys_once() {
    let failing = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    for program in Program::ALL {
        asked_again(program, &failing.map(Loss::Status)).await;
    }
}

#[tokio::test]
async fn a_post_sent_again_after_a_broken_connection_buys_once() {
    for program in Program::ALL {
        asked_again(program, &[Loss::Cut, Loss::Cut]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_sent_again_while_the_store_is_away_is_taken_once_it_is_back() {
    for program in [Program::Curl, Program::Requests] {
        let mut redis = Server::start().await;
        let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
        let settings = [SECRET, RETRIES_ARE_TOLD, "store.durability=single"];
        let gateway = Process::on(address, &redis.url(), &settings).await;
        let team = gateway.team("sales").await;
        redis.kill_hard();
        let leads = [reachable("ada")];
        let asking = program.run("retry", &team, &[SOON], &leads);
        let (printed, ()) = tokio::join!(asking, async {
            let refusals = "tollgate_http_request_duration_seconds_count\
                            {method=\"POST\",route=\"/people/enrichment-requests\",status=\"503\"}";
            eventually("it was refused", async || {
                Scrape::of(&gateway.operator()).await.value(refusals).is_some()
            })
            .await;
            redis.start_again().await;
        });
        assert_eq!(printed[0]["status"], "completed", "{printed:?}");
        gateway.balance(&judge).await;
    }
}

#[tokio::test]
async fn a_post_sent_again_although_it_was_refused_changes_nothing() {
    for program in [Program::Curl, Program::Httpx] {
        let gateway = gateway().await;
        let team = gateway.team("sales", 1).await;
        let printed = program.run("retry", &team, &[SOON, "6"], &[reachable("ada")]).await;
        assert!(printed[0]["gave_up"].as_str().unwrap().contains("402"), "{printed:?}");
        let refused = "tollgate_http_request_duration_seconds_count\
                       {method=\"POST\",route=\"/people/enrichment-requests\",status=\"402\"}";
        assert_eq!(Scrape::of(&gateway.operator()).await.value(refused), Some(6.0));
        assert_eq!(gateway.vendor.posts_received(), 0);
        let usage = gateway.usage("sales").await;
        let nothing = json!({"spent": 0, "reserved": 0, "unresolved": 0, "avoided": 0});
        assert_eq!(usage["totals"], json!({"email": nothing, "phone": nothing}));
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_run_repeated_under_its_idempotency_keys_buys_once() {
    for program in Program::ALL {
        let (setup, clock) = Setup::with_clock();
        let gateway = TestGateway::with(setup).await;
        let team = gateway.team("sales", 100).await;
        let leads = ["ada", "grace", "alan"].map(reachable);
        let first = program.run("with_key", &team, &["monday"], &leads).await;
        assert!(first.iter().all(|told| told["status"] == 202 && told["id"].is_u64()), "{first:?}");
        eventually("the vendor has answered", async || {
            clock.advance(Duration::from_millis(100));
            gateway.app.gateway.look_now();
            gateway.sums().await.email.reserved == 0.0
        })
        .await;
        clock.advance(Duration::from_hours(23));
        assert_eq!(program.run("with_key", &team, &["monday"], &leads).await, first);

        let others = ["joan", "tony", "radia"].map(reachable);
        let refused = program.run("with_key", &team, &["monday"], &others).await;
        assert_eq!(refused, vec![json!({"status": 422, "id": null}); 3], "{program:?}");
        assert_eq!(gateway.vendor.leads_received().len(), 3);
        gateway.finish().await;
    }
}
