//! A vendor whose credits of one unit are out: what needs that unit waits, and nothing else does.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate::clock::ManualClock;
use tollgate::sandbox::{Credits, FaultKind, Faults, Operation, Options, Rule, Totals};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

const MINUTE: Duration = Duration::from_mins(1);

/// Two persons; with a phone number each, or with an email each.
fn people(name: &str, phone: bool) -> Value {
    let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/reachable-{name}-{n}")});
    json!({"leads": [lead(1), lead(2)], "reveal_email": true, "reveal_phone_numbers": phone})
}

/// A gateway whose vendor has so many email credits, and no phone credits.
async fn without_phone_credits(email_halves: u32) -> TestGateway {
    let credits =
        Totals { email: Credits::from_halves(email_halves), phone: Credits::from_halves(0) };
    let setup = Setup::default();
    let sandbox = Options { credits: Some(credits), ..setup.sandbox };
    TestGateway::with(Setup { sandbox, ..setup }).await
}

/// Of which units operators are shown that the vendor's credits are out, email first.
async fn out(gateway: &TestGateway) -> (bool, bool) {
    let scrape = Scrape::of(&gateway.operator()).await;
    let of = |unit: &str| {
        scrape.value(&format!("tollgate_vendor_credits_out{{unit=\"{unit}\"}}")) == Some(1.0)
    };
    let (email, phone) = (of("email"), of("phone"));
    let is_open = scrape.value("tollgate_vendor_circuit_open") == Some(1.0);
    assert_eq!(is_open, email || phone);
    let ready = gateway.operator().get("/readyz").await;
    let reasons = ready.body["reasons"].to_string();
    assert_eq!(ready.status, 200, "{ready:?}");
    assert_eq!(reasons.contains("its account has no email credits"), email, "{reasons}");
    assert_eq!(reasons.contains("its account has no phone credits"), phone, "{reasons}");
    (email, phone)
}

fn assert_refused(answer: &Answer, unit: &str) {
    assert_eq!((answer.status, answer.errors()), (402, vec![("insufficient_credits", "")]));
    let detail = answer.body["_errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("no {unit} credits")), "{detail}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_phone_credits_are_out_emails_finds_and_validations_go_on() {
    let gateway = without_phone_credits(1_000).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let failed = sales.enrich(&people("first", true)).await;
    assert_eq!(failed.errors()[0], ("insufficient_credits", "/leads/0"), "{failed:?}");
    assert_eq!(out(&gateway).await, (false, true));

    for n in 0..20 {
        let ended = growth.enrich(&people(&format!("email-{n}"), false)).await;
        assert_eq!((&ended.body["status"], ended.errors()), (&json!("completed"), vec![]));
    }
    let found = growth.get("/people/find?linkedin_url=linkedin.com/in/reachable-ada").await;
    assert_eq!(found.status, 200, "{found:?}");
    let emails = json!({"emails": [{"email": "ada@x.example"}]});
    assert_eq!(growth.post("/email-validations", &emails).await.status, 202);
    assert_eq!(out(&gateway).await, (false, true), "emails prove nothing of phones");

    // Phones are refused, also in a batch of which some are known, and of a lookup; an answer that
    // is known is given.
    let posts = gateway.vendor.posts_received();
    assert_refused(&growth.post(BATCHES, &people("email-1", true)).await, "phone");
    let look_up = "/people/find?linkedin_url=linkedin.com/in/reachable-b&reveal_phone_numbers=true";
    assert_refused(&growth.get(look_up).await, "phone");
    assert_eq!(growth.start(&people("email-1", false)).await.body["status"], "completed");
    assert_eq!(gateway.vendor.posts_received(), posts, "nothing was sent");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_email_credits_are_out_nothing_is_bought() {
    let gateway = without_phone_credits(1).await;
    let team = gateway.team("sales", 100).await;
    let failed = team.enrich(&people("first", false)).await;
    assert_eq!(failed.errors()[0], ("insufficient_credits", "/leads/0"), "{failed:?}");
    assert_eq!(out(&gateway).await, (true, false));
    for phone in [false, true] {
        assert_refused(&team.post(BATCHES, &people("next", phone)).await, "email");
    }
    let emails = json!({"emails": [{"email": "ada@x.example"}]});
    assert_refused(&team.post("/email-validations", &emails).await, "email");
    gateway.finish().await;
}

async fn with_clock() -> (TestGateway, Arc<ManualClock>) {
    let (setup, clock) = Setup::with_clock();
    (TestGateway::with(setup).await, clock)
}

/// Waits for the end of a batch while the clock goes on a little.
async fn ended(team: &Client, id: u64, gateway: &TestGateway, clock: &ManualClock) -> Answer {
    let ends = async || team.read(id).await.has_ended();
    gateway.eventually_by(clock, Duration::from_millis(20), "the batch ends", ends).await;
    team.read(id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_proves_the_units_that_it_needed_and_no_other() {
    let (gateway, clock) = with_clock().await;
    let team = gateway.team("sales", 100).await;
    let refused = Rule::always(Operation::Submit, FaultKind::status(402));
    gateway.vendor.set_faults(Faults::of([refused]));
    let both = team.start(&people("both", true)).await.id();
    ended(&team, both, &gateway, &clock).await;
    assert_eq!(out(&gateway).await, (false, true), "it may have been the phones");
    let emails = team.start(&people("emails", false)).await.id();
    ended(&team, emails, &gateway, &clock).await;
    assert_eq!(out(&gateway).await, (true, true), "here it was not");

    gateway.vendor.set_faults(Faults::default());
    clock.advance(MINUTE);
    let probe = team.start(&people("emails", false)).await.id();
    assert_eq!(ended(&team, probe, &gateway, &clock).await.body["status"], "completed");
    assert_eq!(out(&gateway).await, (false, true));
    let probe = team.start(&people("both", true)).await.id();
    assert_eq!(ended(&team, probe, &gateway, &clock).await.body["status"], "completed");
    eventually("phones are sold again", async || out(&gateway).await == (false, false)).await;
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_are_probes_in_turn_however_often_one_asks() {
    let (gateway, clock) = with_clock().await;
    let (busy, other) = (gateway.team("busy", 100).await, gateway.team("other", 100).await);
    let refused = Rule::always(Operation::Submit, FaultKind::status(402));
    gateway.vendor.set_faults(Faults::of([refused]));
    let first = busy.start(&people("first", false)).await.id();
    ended(&busy, first, &gateway, &clock).await;
    let mut probes = Vec::new();
    for round in 0..4 {
        for team in [&other, &busy, &busy] {
            assert_refused(&team.post(BATCHES, &people("early", false)).await, "email");
        }
        clock.advance(MINUTE);
        for (name, team) in [("busy", &busy), ("other", &other), ("busy", &busy)] {
            let asked = team.post(BATCHES, &people(&format!("{name}-{round}"), false)).await;
            if asked.status == 202 {
                probes.push(name);
                ended(team, asked.id(), &gateway, &clock).await;
            }
        }
    }
    assert_eq!(probes, ["other", "busy", "other", "busy"]);
    gateway.finish().await;
}
