//! What is unresolved is listed, and an operator ends it.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{
    HOLD, LIST, charged, gauge, listed, lost, not_charged, path, people, problem, resolve,
};
use crate::support::asking::batch;
use crate::support::books::credits;
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::wait::eventually;

const UNRESOLVED: &str = "?state=unresolved";

/// What an outage left unresolved is listed, and ends by an operator's word.
async fn ends(store: Store, kind: FaultKind, word: &Value, booked: f64) {
    let gateway = TestGateway::with(Setup::with_settings(&[HOLD]).on(store)).await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
    team.enrich(&people(&["ada"])).await;
    let id = lost(&gateway, &team, kind, &["grace"]).await;
    assert_eq!(listed(&operator, UNRESOLVED).await, [id], "{store:?}");
    assert_eq!(gauge(&gateway).await, Some(1.0));
    let shown = operator.get(&path(id)).await.body;
    assert_eq!(shown["credits"]["email"], json!({"spent": 0, "reserved": 0, "unresolved": 1.5}));
    assert_eq!(shown["slots"][0]["why"], "unresolved");

    let resolved = resolve(&operator, id, word).await;
    assert_eq!((resolved.status, &resolved.body["batch"]), (200, &json!(id)), "{resolved:?}");
    assert_eq!(resolved.body["outcome"], word["outcome"]);
    let sums = ["booked", "released"].map(|sum| resolved.body[sum]["email"].as_f64().unwrap());
    assert_eq!(sums, [booked, 1.5 - booked], "{store:?}");

    assert_eq!(listed(&operator, UNRESOLVED).await, Vec::<u64>::new());
    assert_eq!(gauge(&gateway).await, Some(0.0));
    let entries = operator.get(&path(id)).await.body["entries"].clone();
    let facts: Vec<_> = entries.as_array().unwrap().iter().map(|e| e["fact"].clone()).collect();
    assert_eq!(facts, ["reserved", "given_up", "resolved"]);
    assert_eq!(entries[2]["note"], word["reason"]);
    let read = team.read(id).await;
    let spent = format!("email={booked}, phone=0");
    assert_eq!(read.header("tollgate-credits-spent"), Some(&*spent));
    eventually("the vendor has charged what it took", async || {
        credits(gateway.vendor.bill().email) == 1.5 + booked
    })
    .await;
    gateway.finish().await;
}

#[tokio::test]
async fn what_an_outage_left_unresolved_is_listed_and_resolved() {
    for store in Store::ALL {
        ends(store, FaultKind::CutAfter, &charged(), 1.5).await;
        ends(store, FaultKind::status(500), &not_charged(), 0.0).await;
    }
}

#[tokio::test]
async fn the_same_word_again_answers_the_same_and_another_is_refused() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::with_settings(&[HOLD]).on(store)).await;
        let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
        let id = lost(&gateway, &team, FaultKind::CutAfter, &["ada", "grace"]).await;
        let so_much = |email: f64, phone: f64| {
            json!({
                "outcome": "charged", "reason": "invoice", "credits": {"email": email, "phone": phone},
            })
        };
        for more in [so_much(3.001, 0.0), so_much(3.0, 1.0)] {
            let refused = resolve(&operator, id, &more).await;
            assert_eq!((refused.status, problem(&refused).0), (409, "more_than_unresolved"));
            let detail = refused.body["detail"].as_str().unwrap();
            assert!(detail.contains("only email=3, phone=0 is unresolved"), "{detail}");
        }
        assert_eq!(gateway.sums().await.email.unresolved, 3.0, "nothing changed");
        let first = resolve(&operator, id, &so_much(2.5, 0.0)).await;
        assert_eq!(first.body["booked"], json!({"email": 2.5, "phone": 0}));
        assert_eq!(first.body["released"], json!({"email": 0.5, "phone": 0}));
        let again = resolve(&operator, id, &so_much(2.5, 0.0)).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
        for other in [charged(), not_charged(), so_much(3.0, 0.0)] {
            let refused = resolve(&operator, id, &other).await;
            assert_eq!((refused.status, problem(&refused).0), (409, "resolved_otherwise"));
        }
        let sums = gateway.at_rest().await.email;
        assert_eq!((sums.spent, sums.unresolved), (2.5, 0.0), "{store:?}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn what_cannot_be_resolved_is_refused_and_changes_nothing() {
    let gateway = TestGateway::start().await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
    let id = team.enrich(&people(&["ada"])).await.id();
    gateway.at_rest().await;
    let refused = resolve(&operator, id, &charged()).await;
    assert_eq!((refused.status, problem(&refused).0), (409, "nothing_unresolved"));
    for unknown in [path(id + 1), format!("{LIST}/x"), format!("{LIST}/-1")] {
        let refused = operator.post(&format!("{unknown}/resolve"), &charged()).await;
        assert_eq!((refused.status, problem(&refused).0), (404, "not_found"), "{unknown}");
    }
    let wrong = json!({"outcome": "free", "credits": {"email": 1}, "why": "x"});
    let refused = resolve(&operator, id, &wrong).await;
    let mut faults = problem(&refused).1;
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            ("invalid_field", "/outcome"),
            ("missing_field", "/credits/phone"),
            ("missing_field", "/reason"),
            ("unknown_field", "/why"),
        ]
    );
    let get = operator.send(operator.request(Method::GET, &format!("{}/resolve", path(id)))).await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    gateway.finish().await;
}

/// A gateway whose vendor takes everything and ends nothing, and whose clock the test moves: so many
/// credits are unresolved an hour later.
async fn overdue(
    store: Store,
    further: &str,
    begin: impl AsyncFnOnce(&TestGateway) -> Vec<u64>,
    credits: f64,
) -> (TestGateway, Vec<u64>) {
    let (setup, clock) = Setup::with_clock();
    let settings = vec!["vendor.job_deadline=1h".to_owned(), further.to_owned()];
    let gateway = TestGateway::with(Setup { settings, ..setup }.on(store)).await;
    let processing_ms = Some(360_000_000);
    gateway.vendor.set_faults(Faults { processing_ms, ..Faults::default() });
    let ids = begin(&gateway).await;
    let step = Duration::from_mins(5);
    let is_unresolved = async || gateway.sums().await.email.unresolved == credits;
    gateway.eventually_by(&clock, step, "all is unresolved", is_unresolved).await;
    (gateway, ids)
}

#[tokio::test]
async fn all_jobs_of_a_batch_are_resolved_together() {
    for store in [Store::Memory, Store::Embedded] {
        let begin = async |gateway: &TestGateway| {
            let team = gateway.team("sales", 100).await;
            vec![team.start(&people(&["a", "b", "c", "d", "e"])).await.id()]
        };
        let (gateway, ids) = overdue(store, "vendor.batch_leads_max=2", begin, 7.5).await;
        let operator = gateway.operator();
        assert_eq!(listed(&operator, UNRESOLVED).await, ids, "it is listed once");
        assert_eq!(gauge(&gateway).await, Some(1.0), "and counted once");
        let resolved = resolve(&operator, ids[0], &not_charged()).await;
        assert_eq!(resolved.body["released"], json!({"email": 7.5, "phone": 0}), "{resolved:?}");
        gateway.finish().await;
    }
}

#[tokio::test]
async fn of_those_that_travelled_together_each_is_resolved_for_itself() {
    for store in [Store::Memory, Store::Embedded] {
        let begin = async |gateway: &TestGateway| {
            let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
            let one = sales.start(&people(&["ada"])).await.id();
            vec![one, growth.start(&people(&["grace"])).await.id()]
        };
        let (gateway, ids) = overdue(store, "vendor.gather_window=2s", begin, 3.0).await;
        let operator = gateway.operator();
        assert_eq!(gateway.vendor.posts_received(), 1, "they travelled together");
        assert_eq!(listed(&operator, "?state=unresolved&team=growth").await, ids[1..]);
        resolve(&operator, ids[0], &not_charged()).await;
        let of = async |team: &str| gateway.usage(team).await["totals"]["email"].clone();
        assert_eq!(of("sales").await["unresolved"], json!(0));
        assert_eq!(of("growth").await["unresolved"], json!(1.5), "another team's part stays");
        assert_eq!(gauge(&gateway).await, Some(1.0));
        resolve(&operator, ids[1], &not_charged()).await;
        gateway.finish().await;
    }
}

#[tokio::test]
async fn calls_and_validations_are_resolved_too() {
    let priced = "routes.\"/people/search\"={ email = 1 }";
    let gateway = TestGateway::with(Setup::with_settings(&[priced])).await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 9).await);
    let cut = |operation| Faults::of([Rule::always(operation, FaultKind::CutAfter)]);
    gateway.vendor.set_faults(cut(Operation::Elsewhere));
    let called = team.post("/people/search", &json!({"titles": ["cto"]})).await;
    assert_eq!(called.status, 504, "{called:?}");
    gateway.vendor.set_faults(cut(Operation::Submit));
    let addresses: Value = json!({"emails": [{"email": "a@x.io"}, {"email": "b@x.io"}]});
    let validated = team.post("/email-validations", &addresses).await;
    assert_eq!(validated.status, 504, "{validated:?}");
    gateway.vendor.set_faults(Faults::default());
    let page = operator.get(&format!("{LIST}{UNRESOLVED}")).await.body;
    let batches = page["batches"].as_array().unwrap();
    let kinds: BTreeSet<_> = batches.iter().map(|batch| batch["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["call", "validation"]));
    for batch in batches {
        let id = batch["id"].as_u64().unwrap();
        assert_eq!(resolve(&operator, id, &charged()).await.status, 200);
        assert_eq!(operator.get(&path(id)).await.body["state"], "error");
    }
    assert_eq!(listed(&operator, UNRESOLVED).await, Vec::<u64>::new());
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_listed_outlives_the_batch_that_its_caller_reads() {
    let (setup, clock) = Setup::with_clock();
    let settings = vec![HOLD.to_owned(), "cache.batch_ttl=1h".to_owned()];
    let gateway = TestGateway::with(Setup { settings, ..setup }).await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 9).await);
    let id = lost(&gateway, &team, FaultKind::CutAfter, &["ada"]).await;
    clock.advance(Duration::from_hours(24 * 100));
    assert_eq!(team.get(&batch(id)).await.status, 404, "its caller reads it no more");
    assert_eq!(listed(&operator, UNRESOLVED).await, [id]);
    assert_eq!(resolve(&operator, id, &charged()).await.status, 200);
    gateway.finish().await;
}
