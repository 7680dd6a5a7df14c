//! Retries through the front door: a POST that is repeated is answered with the batch that it
//! became, and nobody is sent or paid for it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::vendor::{self, held, taking};
use crate::support::wait::eventually;

/// As the default is; the tests' own settings take every POST for a new request.
const WINDOW: &str = "server.replay_window=5m";

fn person(name: &str) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/{name}-reachable")}],
        "reveal_email": true})
}

/// Asks for a batch with further headers.
async fn post(team: &Client, headers: &[(&str, &str)], body: impl ToString) -> Answer {
    let request = team.request(Method::POST, BATCHES).header("content-type", "application/json");
    let add = |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| {
        request.header(*name, *value)
    };
    team.send(headers.iter().fold(request, add).body(body.to_string())).await
}

async fn named(team: &Client, key: &str, body: &Value) -> Answer {
    post(team, &[("idempotency-key", key)], body).await
}

/// The batch that answered, and whether it had been admitted before.
fn told(answer: &Answer) -> (u64, bool) {
    assert_eq!(answer.status, 202, "{answer:?}");
    let replayed = answer.header("tollgate-replayed");
    assert!(replayed.is_none_or(|value| value == "?1"), "{answer:?}");
    (answer.id(), replayed.is_some())
}

async fn with_window(store: Store) -> TestGateway {
    TestGateway::with(Setup { store, ..Setup::with_settings(&[WINDOW]) }).await
}

#[tokio::test]
async fn a_repeated_post_is_answered_with_its_batch_as_it_now_stands() {
    let gateway = with_window(Store::Memory).await;
    let team = gateway.team("sales", 10).await;
    let first = team.enrich(&person("ada")).await;
    let usage = gateway.usage("sales").await;
    let spaced = r#" { "reveal_email" : true,
        "leads" : [ { "linkedin_url" : "linkedin.com/in/ada-reachable" } ] } "#;
    for body in [person("ada").to_string(), spaced.to_owned()] {
        let again = post(&team, &[], body).await;
        assert_eq!(told(&again), (first.id(), true));
        assert_eq!(again.body["results"], first.body["results"], "{again:?}");
        assert_eq!(again.header("tollgate-credits-spent"), Some("email=1.5, phone=0"));
        assert_eq!(again.header("tollgate-credits-remaining"), Some("email=8.5, phone=10"));
    }
    assert_eq!(gateway.usage("sales").await, usage, "no balance moved");
    let scrape = Scrape::of(&gateway.operator()).await;
    let count = |series: &str| scrape.value(series);
    let decided = |decision: &str| {
        let labels = format!("decision=\"{decision}\",reason=\"none\",team=\"sales\"");
        count(&format!("tollgate_admissions_total{{{labels}}}"))
    };
    assert_eq!((decided("admitted"), decided("replayed")), (Some(1.0), Some(2.0)));
    let avoided =
        "tollgate_credits_avoided_total{reason=\"replayed\",team=\"sales\",unit=\"email\"}";
    assert_eq!(count(avoided), Some(3.0), "1.5 each time");
    assert_eq!(scrape.sum("tollgate_leads_total"), 1.0);

    let cached = team.start(&json!({"leads": person("ada")["leads"]})).await;
    assert_ne!(cached.id(), first.id(), "without the reveal it is another request");
    let headers = [("cache-control", "no-cache"), ("tollgate-max-credits", "email=9")];
    for header in headers {
        assert!(!told(&post(&team, &[header], person("ada")).await).1, "{header:?}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_retry_while_its_batch_is_under_way_waits_for_the_same_answer() {
    let gateway = with_window(Store::Memory).await;
    gateway.vendor.set_faults(held(Operation::Submit));
    let team = gateway.team("sales", 10).await;
    let first = team.start(&person("ada")).await;
    let again = team.post(BATCHES, &person("ada")).await;
    assert_eq!(told(&again), (first.id(), true));
    assert!(!again.has_ended() && again.header("retry-after").is_some(), "{again:?}");
    gateway.vendor.set_faults(Faults::default());
    team.ended(first.id()).await;
    assert_eq!(gateway.vendor.posts_received(), 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_names_one_request_of_one_team() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 10).await, gateway.team("growth", 10).await);
    let first = named(&sales, "k-1", &person("ada")).await.id();
    assert_eq!(told(&named(&sales, "k-1", &person("ada")).await), (first, true));
    let allowed = [("idempotency-key", "k-1"), ("tollgate-max-credits", "email=9")];
    for other in
        [named(&sales, "k-1", &person("grace")).await, post(&sales, &allowed, person("ada")).await]
    {
        assert_eq!((other.status, other.errors()), (422, vec![("idempotency_key_reused", "")]));
    }
    assert!(!told(&named(&sales, "k-2", &person("ada")).await).1);
    assert!(!told(&named(&growth, "k-1", &person("ada")).await).1);
    assert!(!told(&sales.start(&person("ada")).await).1, "the tests have no window");
    for key in ["", "ada lovelace", &"k".repeat(256)] {
        let refused = named(&sales, key, &person("ada")).await;
        assert_eq!(
            (refused.status, refused.errors()),
            (400, vec![("invalid_header", "")]),
            "{key}"
        );
        assert!(refused.text.contains("Idempotency-Key"), "{refused:?}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn after_its_time_a_repeated_post_is_a_new_request() {
    let (setup, clock) = Setup::with_clock();
    let settings = vec![WINDOW.to_owned()];
    let gateway = TestGateway::with(Setup { settings, ..setup }).await;
    let team = gateway.team("sales", 10).await;
    let first = team.start(&person("ada")).await.id();
    let keyed = named(&team, "k", &person("ada")).await.id();
    assert_ne!(first, keyed, "where a key is given, it alone decides");
    eventually("both end", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        team.read(first).await.has_ended() && team.read(keyed).await.has_ended()
    })
    .await;
    assert_eq!(told(&team.post(BATCHES, &person("ada")).await), (first, true));
    clock.advance(Duration::from_mins(5));
    let anew = told(&team.post(BATCHES, &person("ada")).await);
    assert!(anew.0 != first && !anew.1);
    assert_eq!(told(&named(&team, "k", &person("ada")).await), (keyed, true), "a day for a key");
    clock.advance(Duration::from_hours(24));
    assert!(!told(&named(&team, "k", &person("ada")).await).1);
    gateway.stop().await;
}

#[tokio::test]
async fn what_was_cancelled_is_asked_anew() {
    let gateway = with_window(Store::Memory).await;
    let takes_long = Faults { processing_ms: Some(600_000), ..Faults::default() };
    gateway.vendor.set_faults(takes_long.clone());
    let team = gateway.team("sales", 10).await;
    let first = team.start(&person("ada")).await.id();
    assert_eq!(team.cancel(first).await.body["status"], "canceled");
    gateway.vendor.set_faults(Faults::default());
    let second = team.post(BATCHES, &person("ada")).await;
    assert!(told(&second).0 != first && !told(&second).1);
    assert_eq!(team.ended(second.id()).await.body["status"], "completed");

    gateway.vendor.set_faults(takes_long);
    let keyed = named(&team, "k", &person("grace")).await.id();
    team.cancel(keyed).await;
    let again = named(&team, "k", &person("grace")).await;
    assert_eq!((told(&again), &again.body["status"]), ((keyed, true), &json!("canceled")));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_identical_posts_at_once_one_becomes_a_batch() {
    for store in [Store::Memory, Store::Embedded] {
        let gateway = with_window(store).await;
        let team = gateway.team("sales", 2).await;
        let mut posts = JoinSet::new();
        for _ in 0..20 {
            let team = team.clone();
            posts.spawn(async move { told(&team.post(BATCHES, &person("ada")).await) });
        }
        let answers = posts.join_all().await;
        let (id, _) = answers[0];
        assert!(answers.iter().all(|answer| answer.0 == id), "{answers:?}");
        assert_eq!(answers.iter().filter(|(_, is_replay)| !is_replay).count(), 1);
        team.ended(id).await;
        assert_eq!(gateway.vendor.leads_received().len(), 1);
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_retry_passes_a_full_quota_and_a_vendor_without_credits_but_no_pause() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 2).await;
    let paid = named(&team, "k-1", &person("ada")).await.id();
    team.ended(paid).await;
    assert_eq!(team.post(BATCHES, &person("grace")).await.status, 402, "half a credit is left");
    assert_eq!(told(&named(&team, "k-1", &person("ada")).await), (paid, true));

    let team = gateway.team("growth", 100).await;
    let out = Rule::always(Operation::Submit, FaultKind::status(402));
    gateway.vendor.set_faults(Faults::of([out]));
    let failed = named(&team, "k-2", &person("alan")).await.id();
    assert_eq!(team.ended(failed).await.body["status"], "error");
    assert_eq!(team.post(BATCHES, &person("alan")).await.status, 402, "the vendor's are out");
    let again = named(&team, "k-2", &person("alan")).await;
    assert_eq!((told(&again), &again.body["status"]), ((failed, true), &json!("error")));
    assert_eq!(named(&team, "k-2", &person("grace")).await.status, 422);

    let pause = json!({"name": "growth", "paused": true});
    assert_eq!(gateway.operator().put("/admin/v1/teams/growth", &pause).await.status, 200);
    let paused = named(&team, "k-2", &person("alan")).await;
    assert_eq!((paused.status, paused.errors()), (403, vec![("team_paused", "")]));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_finds_its_batch_after_a_kill() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Process::start(address, data.path(), &[WINDOW]).await;
    let team = gateway.team("sales").await;
    let first = team.start(&person("ada")).await.id();
    let keyed = named(&team, "k", &person("grace")).await.id();
    gateway.kill();
    gateway.start_again().await;
    assert_eq!(told(&team.post(BATCHES, &person("ada")).await), (first, true));
    assert_eq!(told(&named(&team, "k", &person("grace")).await), (keyed, true));
    for id in [first, keyed] {
        team.ended(id).await;
    }
    gateway.balance(&judge).await;
}
