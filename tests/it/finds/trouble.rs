//! A vendor that is cut off, refuses, asks to wait or is out of credits, while a person is looked up.

use std::sync::Arc;
use std::time::Duration;

use tollgate::clock::ManualClock;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule};

use super::{ADA, find};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::wait::eventually;

const BOB: &str = "linkedin_url=linkedin.com/in/bob-reachable";

async fn with_clock(settings: &[&str]) -> (TestGateway, Arc<ManualClock>) {
    let (setup, clock) = Setup::with_clock();
    let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
    (TestGateway::with(Setup { settings, ..setup }).await, clock)
}

fn once(kind: FaultKind) -> Faults {
    Faults::of([Rule::always(Operation::Find, kind).times(1)])
}

fn always(kind: FaultKind) -> Faults {
    Faults::of([Rule::always(Operation::Find, kind)])
}

#[tokio::test]
async fn what_was_not_answered_is_asked_again_and_charged_once() {
    let taken_and_failed = Failure { taken: true, ..failure(500) };
    for (kind, taken) in [
        (FaultKind::CutBefore, 1),
        (FaultKind::CutAfter, 2),
        (FaultKind::Malformed, 2),
        (FaultKind::status(500), 1),
        (FaultKind::status(503), 1),
        (FaultKind::Status(taken_and_failed), 2),
    ] {
        let gateway = TestGateway::start().await;
        let team = gateway.team("sales", 100).await;
        gateway.vendor.set_faults(once(kind));
        let found = find(&team, &format!("{ADA}&reveal_email=true")).await;
        assert_eq!(found.status, 200, "{kind:?}: {found:?}");
        assert_eq!(gateway.vendor.look_ups_received(), 2, "{kind:?}");
        assert_eq!(gateway.vendor.leads_received().len(), taken, "{kind:?}");
        assert_eq!(gateway.sums().await.email.spent, 1.5, "{kind:?}");
        gateway.finish().await;
    }
}

fn failure(status: u16) -> Failure {
    let FaultKind::Status(failure) = FaultKind::status(status) else { panic!("no status") };
    failure
}

#[tokio::test]
async fn what_is_never_answered_is_unresolved() {
    let gateway = TestGateway::with(Setup::with_settings(&["vendor.attempts_max=2"])).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(always(FaultKind::CutBefore));
    // Its caller is told to come back where the last attempt opened the circuit.
    let failed = find(&team, ADA).await;
    assert!([503, 504].contains(&failed.status), "{failed:?}");
    let sums = gateway.at_rest().await;
    assert_eq!((sums.email.spent, sums.email.unresolved), (0.0, 0.5));
    assert_eq!(gateway.vendor.look_ups_received(), 2);
    gateway.finish_in_doubt().await;
}

#[tokio::test]
async fn held_back_it_is_asked_once_and_unresolved() {
    let gateway = TestGateway::with(Setup::with_settings(&["vendor.on_no_answer=hold"])).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(always(FaultKind::CutBefore));
    assert_eq!(find(&team, ADA).await.errors(), [("unresolved", "")]);
    assert_eq!(gateway.vendor.look_ups_received(), 1);
    gateway.finish_in_doubt().await;
}

#[tokio::test]
async fn a_definite_refusal_costs_nothing() {
    for status in [400, 422] {
        let gateway = TestGateway::start().await;
        let team = gateway.team("sales", 100).await;
        gateway.vendor.set_faults(once(FaultKind::status(status)));
        let refused = find(&team, ADA).await;
        assert_eq!((refused.status, refused.errors()), (502, vec![("vendor_error", "")]));
        assert_eq!(refused.header("tollgate-credits-spent"), Some("email=0, phone=0"));
        assert_eq!(find(&team, ADA).await.status, 200, "nothing is remembered of it");
        gateway.finish().await;
    }
}

#[tokio::test]
async fn while_the_vendors_credits_are_out_only_what_is_known_is_answered() {
    let (gateway, clock) = with_clock(&[]).await;
    let team = gateway.team("sales", 100).await;
    assert_eq!(find(&team, ADA).await.status, 200);
    gateway.vendor.set_faults(always(FaultKind::status(402)));
    let failed = find(&team, BOB).await;
    assert_eq!((failed.status, failed.errors()), (402, vec![("insufficient_credits", "")]));
    assert_eq!(failed.header("retry-after"), Some("60"), "the vendor's, and not the team's");
    let asked = gateway.vendor.look_ups_received();
    let refused = find(&team, BOB).await;
    assert_eq!(refused.status, 402);
    assert!((1..=60).contains(&refused.header("retry-after").unwrap().parse().unwrap()));
    assert_eq!(find(&team, ADA).await.status, 200, "what is known is answered");
    assert_eq!(gateway.vendor.look_ups_received(), asked);
    gateway.vendor.set_faults(Faults::default());
    clock.advance(Duration::from_mins(1));
    assert_eq!(find(&team, BOB).await.status, 200, "one a minute goes through to see");
    gateway.finish().await;
}

#[tokio::test]
async fn whoever_goes_to_see_and_finds_nobody_lets_the_next_one_go_at_once() {
    let (gateway, clock) = with_clock(&[]).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(once(FaultKind::status(402)));
    assert_eq!(find(&team, BOB).await.status, 402);
    clock.advance(Duration::from_mins(1));
    for nobody in ["one", "another"] {
        let nobody = format!("linkedin_url=linkedin.com/in/{nobody}-nobody");
        assert_eq!(find(&team, &nobody).await.status, 404);
    }
    assert_eq!(find(&team, BOB).await.status, 200, "nobody had seen any credits");
    assert_eq!(find(&team, ADA).await.status, 200, "and now somebody has");
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_that_the_vendor_refuses_is_no_callers_fault() {
    for status in [401, 403, 404, 405] {
        let (gateway, clock) = with_clock(&["server.find_wait=200ms"]).await;
        let team = gateway.team("sales", 100).await;
        gateway.vendor.set_faults(always(FaultKind::status(status)));
        let waited = find(&team, ADA).await;
        assert_eq!((waited.status, waited.errors()), (503, vec![("not_answered_yet", "")]));
        eventually("operators are told", async || {
            let ready = gateway.operator().get("/readyz").await.text;
            ready.contains(&status.to_string()) && ready.contains("vendor.api_key")
        })
        .await;
        assert_eq!(gateway.sums().await.email.reserved, 0.5, "nothing is lost");
        gateway.vendor.set_faults(Faults::default());
        eventually("it is answered", async || {
            clock.advance(Duration::from_secs(5));
            gateway.app.gateway.look_now();
            find(&team, ADA).await.status == 200
        })
        .await;
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_vendor_that_asks_to_wait_is_left_alone_and_never_refuses_a_caller() {
    let (gateway, clock) = with_clock(&["server.find_wait=200ms"]).await;
    let team = gateway.team("sales", 100).await;
    let too_many = Failure { retry_after_seconds: Some(60), ..failure(429) };
    gateway.vendor.set_faults(once(FaultKind::Status(too_many)));
    for query in [ADA, ADA, BOB] {
        let waited = find(&team, query).await;
        assert_eq!((waited.status, waited.errors()), (503, vec![("not_answered_yet", "")]));
    }
    eventually("it was sent", async || gateway.vendor.look_ups_received() > 0).await;
    assert_eq!(gateway.vendor.look_ups_received(), 1, "not even for somebody else");
    clock.advance(Duration::from_mins(1));
    eventually("both are answered", async || {
        clock.advance(Duration::from_secs(1));
        gateway.app.gateway.look_now();
        find(&team, ADA).await.status == 200 && find(&team, BOB).await.status == 200
    })
    .await;
    gateway.finish().await;
}
