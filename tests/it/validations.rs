//! Email validations through the front door: each address is paid once as long as it counts, an
//! unanswered call is never made again, and the books are equal to the vendor's bill.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule, Totals};

use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::{Patience, eventually};

/// Test gateways take every request for a new one, unless they are told otherwise.
const RETRIES_ARE_TOLD: &str = "server.replay_window=5m";

const VALIDATIONS: &str = "/email-validations";

fn body(emails: &[&str]) -> Value {
    let emails: Vec<_> = emails.iter().map(|email| json!({"email": email})).collect();
    json!({"emails": emails})
}

async fn validate(team: &Client, emails: &[&str]) -> Answer {
    team.post(VALIDATIONS, &body(emails)).await
}

fn path(answer: &Answer) -> String {
    format!("{VALIDATIONS}/{}", answer.body["id"].as_str().unwrap())
}

/// Waits for the end of a validation that was accepted.
async fn ended(team: &Client, accepted: &Answer) -> Answer {
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let mut patience = Patience::new();
    loop {
        let answer = team.get(&path(accepted)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.has_ended() {
            return answer;
        }
        patience.look_again("the validation ends").await;
    }
}

/// Each address with its verdict, in order.
fn verdicts(answer: &Answer) -> Vec<(&str, &str)> {
    answer
        .results()
        .iter()
        .map(|one| {
            let email = one["email"].as_str().unwrap_or_default();
            (email, one["result"].as_str().unwrap_or_default())
        })
        .collect()
}

fn once(kind: FaultKind) -> Faults {
    Faults::of([Rule::always(Operation::Submit, kind).times(1)])
}

#[tokio::test]
async fn each_address_is_judged_in_its_place_and_paid_once() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let emails = ["Ada@X.example", "bounce.bob@x.example", " ada@x.example", "maybe@y.example"];
    let accepted = validate(&team, &emails).await;
    assert_eq!(accepted.body["status"], "queued");
    assert_eq!(accepted.body["object"], "email_validation");
    assert_eq!(accepted.body["results"], json!([]));
    let leads = "submitted=4, repeated=1, cached=0, joined=0, fresh=3";
    assert_eq!(accepted.header("tollgate-leads"), Some(leads));
    assert_eq!(accepted.header("tollgate-credits-reserved"), Some("email=3, phone=0"));
    let ended = ended(&team, &accepted).await;
    assert_eq!(ended.body["status"], "completed");
    assert_eq!(
        verdicts(&ended),
        [
            ("Ada@X.example", "deliverable"),
            ("bounce.bob@x.example", "undeliverable"),
            (" ada@x.example", "deliverable"),
            ("maybe@y.example", "risky"),
        ]
    );
    assert_eq!(ended.results()[3]["catch_all"], true);
    assert_eq!(ended.header("tollgate-credits-spent"), Some("email=3, phone=0"));
    assert_eq!(ended.header("tollgate-credits-avoided"), Some("email=1, phone=0"));
    assert_eq!(gateway.vendor.addresses_received().len(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn a_known_address_costs_no_team_anything() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 1).await);
    let first = validate(&sales, &["ada@x.example", "bob@x.example"]).await;
    ended(&sales, &first).await;
    let known = validate(&growth, &["BOB@x.example", "ada@x.example"]).await;
    assert_eq!(known.status, 202, "{known:?}");
    assert_eq!(known.body["status"], "completed", "{known:?}");
    assert_eq!(
        verdicts(&known),
        [("BOB@x.example", "deliverable"), ("ada@x.example", "deliverable")]
    );
    assert_eq!(known.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    assert_eq!(known.header("tollgate-credits-avoided"), Some("email=2, phone=0"));
    assert_eq!(gateway.vendor.bill().email.halves(), 4);
    gateway.finish().await;
}

#[tokio::test]
async fn an_address_under_way_is_joined_and_not_sent_again() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    gateway.vendor.set_faults(Faults { processing_ms: Some(400), ..Faults::default() });
    let first = validate(&sales, &["ada@x.example"]).await;
    let second = validate(&growth, &["ada@x.example", "eve@x.example"]).await;
    let leads = "submitted=2, repeated=0, cached=0, joined=1, fresh=1";
    assert_eq!(second.header("tollgate-leads"), Some(leads));
    let second = ended(&growth, &second).await;
    assert_eq!(verdicts(&second).len(), 2);
    ended(&sales, &first).await;
    assert_eq!(gateway.vendor.addresses_received(), ["ada@x.example", "eve@x.example"]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_for_one_address_at_once_one_pays() {
    let gateway = TestGateway::start().await;
    let mut asking = JoinSet::new();
    for number in 0..8 {
        let team = gateway.team(&format!("team-{number}"), 9).await;
        asking.spawn(async move {
            let accepted = validate(&team, &["ada@x.example"]).await;
            verdicts(&ended(&team, &accepted).await).len()
        });
    }
    while let Some(verdicts) = asking.join_next().await {
        assert_eq!(verdicts.unwrap(), 1);
    }
    assert_eq!(gateway.vendor.addresses_received(), ["ada@x.example"]);
    gateway.finish().await;
}

#[tokio::test]
async fn the_same_request_again_answers_the_same_validation() {
    let gateway = TestGateway::with(Setup::with_settings(&[RETRIES_ARE_TOLD])).await;
    let team = gateway.team("sales", 9).await;
    let first = validate(&team, &["ada@x.example"]).await;
    let again = validate(&team, &["ada@x.example"]).await;
    assert_eq!(again.body["id"], first.body["id"]);
    assert_eq!(again.header("tollgate-replayed"), Some("?1"));
    assert_eq!(first.header("tollgate-replayed"), None);
    let other = validate(&team, &["ADA@x.example"]).await;
    assert_ne!(other.body["id"], first.body["id"], "it is to be answered as it was written");
    gateway.finish().await;
}

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
        sandbox: tollgate::sandbox::Options {
            credits: Some(Totals {
                email: tollgate::sandbox::Credits::from_halves(4),
                ..Totals::default()
            }),
            processing: Duration::from_millis(30),
            ..tollgate::sandbox::Options::default()
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

#[tokio::test]
async fn what_does_not_fit_the_quota_is_refused_and_nothing_is_sent() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 2).await;
    let refused = validate(&team, &["a@x.example", "b@x.example", "c@x.example"]).await;
    assert_eq!(refused.status, 402, "{refused:?}");
    assert_eq!(gateway.vendor.posts_received(), 0);
    let accepted = validate(&team, &["a@x.example", "b@x.example"]).await;
    ended(&team, &accepted).await;
    gateway.finish().await;
}

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
    // Nothing came of it, so whoever asks again is answered anew, and pays anew.
    gateway.vendor.set_faults(Faults::default());
    let again = validate(&team, &["ada@x.example"]).await;
    assert_ne!(again.body["id"], accepted.body["id"]);
    assert_eq!(verdicts(&ended(&team, &again).await), [("ada@x.example", "deliverable")]);
    assert_eq!(gateway.vendor.bill().email.halves(), 4);
    gateway.finish().await;
}

#[tokio::test]
async fn a_validation_that_the_vendor_fails_leaves_its_addresses_to_be_sent_again() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    gateway.vendor.set_faults(once(FaultKind::EndsInError(
        tollgate::sandbox::ErrorEnding::ChargedWithoutResults,
    )));
    let failed = validate(&team, &["ada@x.example"]).await;
    let failed = ended(&team, &failed).await;
    assert_eq!(failed.body["status"], "error");
    assert_eq!(failed.errors(), [("vendor_error", "/emails/0")]);
    let again = validate(&team, &["Ada@x.example"]).await;
    assert_eq!(verdicts(&ended(&team, &again).await), [("Ada@x.example", "deliverable")]);
    gateway.finish().await;
}

#[tokio::test]
async fn an_address_counts_as_validated_for_its_time_and_no_read_extends_it() {
    let (setup, clock) = Setup::with_clock();
    let settings = ["cache.validation_ttl=2d".to_owned(), "cache.batch_ttl=7d".to_owned()];
    let gateway = TestGateway::with(Setup { settings: settings.into(), ..setup }).await;
    let team = gateway.team("sales", 9).await;
    let first = validate(&team, &["ada@x.example"]).await;
    clock.advance(Duration::from_secs(10));
    ended(&team, &first).await;
    clock.advance(Duration::from_hours(47));
    let known = validate(&team, &["ada@x.example"]).await;
    assert_eq!(known.body["status"], "completed", "{known:?}");
    clock.advance(Duration::from_hours(2));
    let fresh = validate(&team, &["ada@x.example"]).await;
    assert_eq!(fresh.body["status"], "queued", "{fresh:?}");
    clock.advance(Duration::from_secs(10));
    ended(&team, &fresh).await;
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
