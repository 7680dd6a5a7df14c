//! A vendor that refuses, fails or gives no answer, and a gateway that dies.

use std::time::Duration;

use tokio::task::JoinSet;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Options, Rule, Totals};

use super::{RETRIES_ARE_TOLD, VALIDATIONS, body, ended, once, validate, verdicts};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::{Patience, eventually};

#[tokio::test]
async fn a_call_that_is_not_answered_is_unresolved_and_never_made_again() {
    for kind in [FaultKind::CutBefore, FaultKind::CutAfter, FaultKind::Malformed, FaultKind::NoId] {
        let gateway = TestGateway::with(Setup::with_settings(&[RETRIES_ARE_TOLD])).await;
        let team = gateway.team("sales", 9).await;
        gateway.vendor.set_faults(once(kind));
        for _ in 0..3 {
            let answer = validate(&team, &["ada@x.example", "bob@x.example"]).await;
            assert_eq!(answer.status, 504, "{answer:?}");
            assert_eq!(answer.body["_errors"][0]["code"], "unresolved");
        }
        assert_eq!(gateway.vendor.posts_received(), 1, "it was sent once");
        let sums = gateway.at_rest().await;
        assert_eq!((sums.email.unresolved, sums.email.spent), (2.0, 0.0), "{kind:?}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_verdict_that_is_missing_for_a_while_is_waited_for() {
    for (times, verdicts_there) in [(2, [true, true]), (3, [false, true])] {
        let gateway = TestGateway::start().await;
        let team = gateway.team("sales", 9).await;
        let missing = Rule::always(Operation::Read, FaultKind::ResultsMissing).times(times);
        gateway.vendor.set_faults(Faults::of([missing]));
        let accepted = validate(&team, &["ada@x.example", "bob@x.example"]).await;
        let ended = ended(&team, &accepted).await;
        let there: Vec<_> =
            verdicts(&ended).into_iter().map(|(_, verdict)| !verdict.is_empty()).collect();
        assert_eq!(there, verdicts_there, "{ended:?}");
        gateway.finish().await;
    }
}

#[tokio::test]
async fn what_the_vendor_refuses_costs_nothing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    let wait =
        Failure { code: 429.try_into().unwrap(), retry_after_seconds: Some(1), taken: false };
    for (kind, status, code) in [
        (FaultKind::status(400), 422, "vendor_refused"),
        (FaultKind::status(422), 422, "vendor_refused"),
        (FaultKind::status(401), 502, "vendor_refuses_key"),
        (FaultKind::status(404), 502, "vendor_refuses_key"),
        (FaultKind::Status(wait), 503, "service_unavailable"),
    ] {
        gateway.vendor.set_faults(once(kind));
        let answer = validate(&team, &["ada@x.example"]).await;
        assert_eq!(answer.status, status, "{kind:?}: {answer:?}");
        assert_eq!(answer.body["_errors"][0]["code"], code);
    }
    gateway.vendor.set_faults(Faults::default());
    // What was refused is no request made before; and the vendor is left alone for a second.
    let mut patience = Patience::new();
    let accepted = loop {
        let answer = validate(&team, &["ada@x.example"]).await;
        if answer.status == 202 {
            break answer;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.header("retry-after").is_some());
        patience.look_again("the vendor may be asked again").await;
    };
    ended(&team, &accepted).await;
    gateway.finish().await;
}

#[tokio::test]
async fn while_the_vendors_credits_are_out_nothing_is_sent_and_what_is_known_is_answered() {
    let setup = Setup {
        sandbox: Options {
            credits: Some(Totals {
                email: tollgate::sandbox::Credits::from_halves(4),
                ..Totals::default()
            }),
            processing: Duration::from_millis(30),
            ..Options::default()
        },
        ..Setup::default()
    };
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team("sales", 100).await;
    let known = validate(&team, &["ada@x.example", "bob@x.example"]).await;
    ended(&team, &known).await;
    for _ in 0..2 {
        let refused = validate(&team, &["eve@x.example"]).await;
        assert_eq!(refused.status, 402, "{refused:?}");
        assert!(refused.header("retry-after").is_some());
    }
    assert_eq!(gateway.vendor.posts_received(), 2, "one went to see");
    let known = validate(&team, &["bob@x.example"]).await;
    assert_eq!(known.body["status"], "completed", "{known:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_in_the_midst_of_a_call_leaves_it_unresolved() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Process::start(address, data.path(), &[RETRIES_ARE_TOLD]).await;
    let team = gateway.team("sales").await;
    judge.set_faults(Faults::of([Rule::always(Operation::Submit, FaultKind::LatencyMs(60_000))]));
    let asking = team.clone();
    let mut hanging = JoinSet::new();
    hanging.spawn(async move {
        let request = asking.request(reqwest::Method::POST, VALIDATIONS);
        let request = request.header("content-type", "application/json");
        asking.try_send(request.body(body(&["ada@x.example"]).to_string())).await
    });
    eventually("the vendor took the call", async || judge.posts_received() == 1).await;
    gateway.kill();
    hanging.shutdown().await;
    gateway.start_again().await;
    judge.set_faults(Faults::default());
    eventually("the call is unresolved", async || {
        let usage = gateway.operator().get("/admin/v1/teams/sales/usage").await;
        usage.body["totals"]["email"]["unresolved"] == 1.0
    })
    .await;
    let audit = gateway.operator().get("/admin/v1/audit").await;
    assert_eq!(audit.body["mismatches"], 0);
    let again = validate(&team, &["ada@x.example"]).await;
    assert_eq!(again.status, 504, "{again:?}");
    assert_eq!(judge.posts_received(), 1);
}
