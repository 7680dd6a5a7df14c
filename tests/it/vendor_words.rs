//! What the vendor says has bounds: a wait of years, a link written another way, a status that nobody
//! knows. Nothing of it stops the gateway without a word to its operators.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate::clock::ManualClock;
use tollgate::sandbox::{Failure, FaultKind, Faults, NextLink, Operation, Options, Rule};

use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::vendor;
use crate::support::wait::eventually;

/// 57 years.
const YEARS: u64 = 1_796_000_000;

fn people(count: usize) -> Value {
    let lead = |n: usize| json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}")});
    json!({"leads": (0..count).map(lead).collect::<Vec<_>>()})
}

fn asks_for_years(code: u16) -> FaultKind {
    let FaultKind::Status(failure) = FaultKind::status(code) else { unreachable!() };
    FaultKind::Status(Failure { retry_after_seconds: Some(YEARS), ..failure })
}

async fn with_clock() -> (TestGateway, Arc<ManualClock>) {
    let (setup, clock) = Setup::with_clock();
    let settings = vec!["server.find_wait=200ms".to_owned()];
    (TestGateway::with(Setup { settings, ..setup }).await, clock)
}

#[tokio::test]
async fn a_wait_of_years_counts_as_minutes_and_callers_are_told_those() {
    let (gateway, clock) = with_clock().await;
    let team = gateway.team("sales", 100).await;
    let years = Rule::always(Operation::Submit, asks_for_years(429)).times(1);
    gateway.vendor.set_faults(Faults::of([years]));
    let id = team.start(&people(1)).await.id();
    eventually("it was turned away", async || gateway.vendor.posts_received() == 1).await;
    let mut free = team.get("/account-info").await;
    eventually("the vendor is left alone", async || {
        free = team.get("/account-info").await;
        free.status == 503
    })
    .await;
    let after: u64 = free.header("retry-after").unwrap().parse().unwrap();
    // With what keeps callers from coming back all at once.
    assert!((1..=303).contains(&after), "{free:?}");

    // Five minutes, and what keeps jobs from coming back all at once.
    clock.advance(Duration::from_mins(5));
    let mut answer = team.read(id).await;
    for _ in 0..600 {
        clock.advance(Duration::from_millis(50));
        gateway.app.gateway.look_now();
        answer = team.read(id).await;
        if answer.has_ended() {
            break;
        }
    }
    assert_eq!(answer.body["status"], "completed", "{answer:?}");
    gateway.finish().await;
}

#[tokio::test]
async fn a_wait_of_years_is_passed_on_as_minutes() {
    for code in [429, 503] {
        let (gateway, _clock) = with_clock().await;
        let team = gateway.team("sales", 100).await;
        let years = Rule::always(Operation::Elsewhere, asks_for_years(code)).times(1);
        gateway.vendor.set_faults(Faults::of([years]));
        let answer = team.get("/account-info").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("300")), "{answer:?}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn pages_are_read_whatever_the_links_to_them_say() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let by_number = FaultKind::NextLink(NextLink::ByNumber);
    let rules = vec![Rule::always(Operation::Read, by_number)];
    let page_size = NonZeroUsize::new(2);
    gateway.vendor.set_faults(Faults { rules, page_size, ..Faults::default() });
    let answer = team.enrich(&people(5)).await;
    assert_eq!((&answer.body["status"], answer.errors()), (&json!("completed"), vec![]));
    gateway.finish().await;
}

/// What `/readyz` remarks. Fit to serve the gateway is all along.
async fn reasons(operator: &Client) -> String {
    let ready = operator.get("/readyz").await;
    assert_eq!((ready.status, &ready.body["ready"]), (200, &json!(true)), "{ready:?}");
    ready.body["reasons"].to_string()
}

/// How many answers to reads could not be read.
async fn unreadable(operator: &Client) -> f64 {
    Scrape::of(operator).await.sum("tollgate_vendor_unreadable_total{operation=\"read\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_is_logged_once_counted_and_remarked_on_while_it_lasts() {
    for (kind, what) in [
        (FaultKind::UndocumentedStatus, "an undocumented status, `failed`"),
        (FaultKind::Malformed, "not the documented JSON"),
        (FaultKind::NextLink(NextLink::Elsewhere), "a link to the next page"),
    ] {
        let options = Options { processing: Duration::ZERO, ..Options::default() };
        let (judge, address) = vendor::start(options).await;
        let data = tempfile::tempdir().unwrap();
        let gateway = Process::start(address, data.path(), &[]).await;
        let (team, operator) = (gateway.team("sales").await, gateway.operator());
        let rules = vec![Rule::always(Operation::Read, kind)];
        let page_size = NonZeroUsize::new(1);
        judge.set_faults(Faults { rules, page_size, ..Faults::default() });
        let id = team.start(&people(2)).await.id();
        eventually("it was read more than once", async || unreadable(&operator).await > 2.0).await;
        let told = reasons(&operator).await;
        assert!(told.contains(what) && told.contains("1 jobs"), "{told}");
        let log = gateway.output();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("cannot be parsed")).collect();
        assert!(lines.len() == 1 && lines[0].contains(what), "{lines:?}");

        judge.set_faults(Faults::default());
        assert_eq!(team.ended(id).await.body["status"], "completed");
        eventually("it can be read", async || reasons(&operator).await == "[]").await;
        gateway.balance(&judge).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_answer_cannot_be_read_is_remarked_on_and_sent_again() {
    for kind in [FaultKind::Malformed, FaultKind::NoId] {
        let settings = ["vendor.quiet_period=100ms"];
        let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
        let (team, operator) = (gateway.team("sales", 9).await, gateway.operator());
        gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, kind)]));
        let id = team.start(&people(2)).await.id();
        eventually("it was counted", async || submitted_unreadably(&operator).await > 0.0).await;
        let told = reasons(&operator).await;
        assert!(told.contains("not the documented JSON"), "{told}");

        gateway.vendor.set_faults(Faults::default());
        assert_eq!(team.ended(id).await.body["status"], "completed");
        assert!(gateway.vendor.posts_received() >= 2, "it was sent again");
        eventually("it can be read", async || reasons(&operator).await == "[]").await;
        gateway.finish().await;
    }
}

/// How many answers to submissions could not be read.
async fn submitted_unreadably(operator: &Client) -> f64 {
    Scrape::of(operator).await.sum("tollgate_vendor_unreadable_total{operation=\"submit\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validation_that_cannot_be_read_is_remarked_on_too() {
    let gateway = TestGateway::start().await;
    let (team, operator) = (gateway.team("sales", 9).await, gateway.operator());
    let failed = Rule::always(Operation::Read, FaultKind::UndocumentedStatus);
    gateway.vendor.set_faults(Faults::of([failed]));
    let body = json!({"emails": [{"email": "ada@x.example"}]});
    let accepted = team.post("/email-validations", &body).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    eventually("operators are told", async || reasons(&operator).await.contains("`failed`")).await;
    gateway.vendor.set_faults(Faults::default());
    eventually("it can be read", async || reasons(&operator).await == "[]").await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_too_long_is_logged_once() {
    let (judge, address) =
        vendor::start(Options { processing: Duration::ZERO, ..Options::default() }).await;
    let data = tempfile::tempdir().unwrap();
    let gateway = Process::start(address, data.path(), &["vendor.retry_after_max=100ms"]).await;
    let team = gateway.team("sales").await;
    let years = Rule::always(Operation::Submit, asks_for_years(429)).times(3);
    judge.set_faults(Faults::of([years]));
    assert_eq!(team.enrich(&people(1)).await.body["status"], "completed");
    let log = gateway.output();
    assert_eq!(log.matches("Retry-After: 1796000000 s").count(), 1, "{log}");
    gateway.balance(&judge).await;
}
