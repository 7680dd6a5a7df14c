//! POSTs that are sent again.

use axum::http::StatusCode;
use serde_json::json;

use super::balancer::{Balancer, Loss};
use super::scripts::Program;
use super::{SOON, reachable};
use crate::support::gateway::TestGateway;

/// Has one enrichment asked for again and again, since its answers are lost one after the other.
async fn asked_again(program: Program, losses: &[Loss]) {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let balancer = Balancer::losing(losses, &team).await;
    let leads = ["ada", "grace", "alan"].map(reachable);
    let printed = program.run("retry", &balancer.caller(&team), &[SOON], &leads).await;
    assert!(balancer.has_lost_all(), "{losses:?}");
    assert_eq!(printed[0]["status"], "completed", "{printed:?}");
    assert_eq!(gateway.vendor.leads_received().len(), leads.len(), "each is asked for once");
    assert_eq!(gateway.vendor.posts_received(), 1);
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

#[tokio::test]
async fn a_post_sent_again_although_it_was_refused_changes_nothing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1).await;
    let leads = [reachable("ada")];
    let printed = Program::Httpx.run("retry", &team, &[SOON], &leads).await;
    assert!(printed[0]["gave_up"].as_str().unwrap().contains("402"), "{printed:?}");
    assert_eq!(gateway.vendor.posts_received(), 0);
    let usage = gateway.usage("sales").await;
    let nothing = json!({"spent": 0, "reserved": 0, "unresolved": 0, "avoided": 0});
    assert_eq!(usage["totals"], json!({"email": nothing, "phone": nothing}));
    gateway.finish().await;
}
