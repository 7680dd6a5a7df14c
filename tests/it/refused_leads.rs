//! Leads that the vendor refuses: each ends alone, with the vendor's error; all others are answered.

use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Naming, Operation, Rule};

use crate::support::books::Books;
use crate::support::client::Answer;
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

fn address(n: usize) -> String {
    format!("reachable.{n}@x.example")
}

/// A batch of these people, by their email addresses.
fn asking(people: impl IntoIterator<Item = usize>) -> Value {
    let leads: Vec<_> = people.into_iter().map(|n| json!({"email": address(n)})).collect();
    json!({"leads": leads, "reveal_email": true})
}

/// A vendor that refuses these people, and names them so.
fn refusing(people: &[usize], refusals_name: Naming) -> Faults {
    let refused_leads = people.iter().map(|n| address(*n)).collect();
    Faults { refused_leads, refusals_name, ..Faults::default() }
}

/// Each lead of a batch was answered, but for these, which read the vendor's own words.
fn all_but(ended: &Answer, refused: &[usize]) {
    let words: Vec<_> = refused.iter().map(|n| ("invalid_lead", format!("/leads/{n}"))).collect();
    let found: Vec<_> = ended.errors().into_iter().map(|(c, p)| (c, p.to_owned())).collect();
    assert_eq!(found, words, "{ended:?}");
    for (n, result) in ended.results().iter().enumerate() {
        let status = if refused.contains(&n) { Value::Null } else { json!("enriched") };
        assert_eq!(result["status"], status, "lead {n} of {ended:?}");
    }
}

/// What was charged for so many people.
fn spent(people: usize) -> String {
    let tenths = people * 15;
    match tenths % 10 {
        0 => format!("email={}, phone=0", tenths / 10),
        _ => format!("email={}.5, phone=0", tenths / 10),
    }
}

/// A hundred people are asked for, of whom some are refused; how many requests that took.
async fn a_hundred(store: Store, refused: &[usize], naming: Naming) -> u64 {
    let gateway = TestGateway::with(Setup::default().on(store)).await;
    gateway.vendor.set_faults(refusing(refused, naming));
    let team = gateway.team("sales", 1_000).await;
    let ended = team.enrich(&asking(0..100)).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    all_but(&ended, refused);
    assert_eq!(ended.header("tollgate-credits-spent"), Some(spent(100 - refused.len()).as_str()));
    let usage = gateway.usage("sales").await;
    assert_eq!(usage["totals"]["email"]["reserved"], json!(0), "{usage}");
    assert_eq!(gateway.vendor.leads_received().len(), 100 - refused.len());
    let posts = gateway.vendor.posts_received();
    gateway.finish().await;
    posts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_the_vendor_names_ends_in_its_words_and_the_rest_is_sent_without_it() {
    for store in Store::ALL {
        assert_eq!(a_hundred(store, &[57], Naming::First).await, 2, "{store:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_leads_that_one_refusal_names_end_at_once() {
    assert_eq!(a_hundred(Store::Memory, &[0, 1, 57, 99], Naming::Every).await, 2);
    assert_eq!(a_hundred(Store::Embedded, &[0, 1, 57, 99], Naming::First).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_lead_is_named_one_in_a_hundred_is_found_within_some_nine_requests() {
    for store in Store::ALL {
        let posts = a_hundred(store, &[57], Naming::None).await;
        assert!(posts <= 9, "{posts} requests on {store:?}");
    }
    for refused in [0, 49, 50, 98, 99] {
        let posts = a_hundred(Store::Memory, &[refused], Naming::None).await;
        assert!(posts <= 10, "{posts} requests for lead {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_are_not_named_are_each_found() {
    a_hundred(Store::Memory, &[3, 4, 60], Naming::None).await;
    a_hundred(Store::Redis, &[0, 99], Naming::None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_lead_in_the_last_of_two_thousand_costs_nobody_else_an_answer() {
    let gateway = TestGateway::with(Setup::default().on(Store::Embedded)).await;
    gateway.vendor.set_faults(refusing(&[1_234], Naming::None));
    let team = gateway.team("sales", 10_000).await;
    let ended = team.enrich(&asking(0..2_000)).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    assert_eq!(ended.header("tollgate-credits-spent"), Some("email=2998.5, phone=0"));
    assert_eq!(gateway.vendor.leads_received().len(), 1_999);
    let posts = gateway.vendor.posts_received();
    assert!(posts <= 25, "{posts} requests");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_refused_leads_alone_ends_in_error_and_costs_nothing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for naming in [Naming::First, Naming::Every, Naming::None] {
        gateway.vendor.set_faults(refusing(&[0, 1, 2], naming));
        let body = json!({"leads": asking(0..3)["leads"], "reveal_phone_numbers": true});
        let ended = team.enrich(&body).await;
        assert_eq!(ended.body["status"], "error", "{ended:?}");
        all_but(&ended, &[0, 1, 2]);
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_again_and_again_ends_within_the_bound() {
    let settings = ["vendor.refusals_max=20"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let refused = FaultKind::status(422);
    gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, refused)]));
    let team = gateway.team("sales", 1_000).await;
    let ended = team.enrich(&asking(0..100)).await;
    assert_eq!(ended.body["status"], "error", "{ended:?}");
    assert_eq!(gateway.vendor.posts_received(), 20);
    gateway.finish().await;
}

/// Another team joins leads of a batch whose submission is under way and will be refused.
async fn joined(store: Store, naming: Naming) {
    let gateway = TestGateway::with(Setup::default().on(store)).await;
    let late = Rule::always(Operation::Submit, FaultKind::Held).times(1);
    gateway.vendor.set_faults(Faults { rules: vec![late], ..refusing(&[2], naming) });
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    let first = sales.start(&asking(0..8)).await;
    eventually("it is sent", async || gateway.vendor.posts_received() == 1).await;
    let second = growth.start(&asking([7, 2, 0])).await;
    let leads = second.header("tollgate-leads").unwrap();
    assert!(leads.contains("joined=3, fresh=0"), "{leads}");
    gateway.vendor.set_faults(refusing(&[2], naming));
    all_but(&sales.ended(first.id()).await, &[2]);
    let ended = growth.ended(second.id()).await;
    assert_eq!(ended.errors(), [("invalid_lead", "/leads/1")], "{ended:?}");
    assert_eq!(ended.results()[0]["status"], "enriched", "{ended:?}");
    assert_eq!(ended.results()[2]["status"], "enriched", "{ended:?}");
    assert_eq!(ended.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joined_a_refused_lead_asks_for_it_anew_and_keeps_what_else_it_joined() {
    for store in Store::ALL {
        joined(store, Naming::First).await;
        joined(store, Naming::None).await;
    }
}

/// How many requests the vendor had before it is killed, of those that look for a refused lead.
const KILLED_AFTER: [u64; 6] = [1, 2, 3, 5, 7, 8];

#[tokio::test(flavor = "multi_thread")]
async fn kills_between_the_halves_lose_no_half_credit() {
    let (judge, address_of_vendor) =
        vendor::start(taking(std::time::Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    let settings = ["vendor.attempts_max=50"];
    let mut gateway = Process::start(address_of_vendor, data.path(), &settings).await;
    let team = gateway.team("sales").await;
    for (round, killed_after) in KILLED_AFTER.into_iter().enumerate() {
        let people = round * 100..round * 100 + 100;
        judge.set_faults(refusing(&[round * 100 + 57], Naming::None));
        let before = judge.posts_received();
        let accepted = team.start(&asking(people)).await;
        eventually("it is looked for", async || judge.posts_received() >= before + killed_after)
            .await;
        gateway.kill();
        let audit = gateway.run("audit");
        assert!(audit.status.success(), "after a kill at {killed_after}: {audit:?}");
        gateway.start_again().await;
        answered_or_in_doubt(&team.ended(accepted.id()).await);
    }
    Books::at_rest(&gateway.operator(), &judge).await.assert_equal();
}

/// All but the refused lead was answered. What was sent when the gateway was killed, and was refused when
/// it was sent again, is in doubt: the vendor may have taken it the first time.
fn answered_or_in_doubt(ended: &Answer) {
    for (n, result) in ended.results().iter().enumerate() {
        let pointer = format!("/leads/{n}");
        let error = ended.errors().into_iter().find(|(_, at)| *at == pointer);
        match error {
            Some((code, _)) if n == 57 => assert!(["invalid_lead", "unresolved"].contains(&code)),
            Some((code, _)) => assert_eq!(code, "unresolved", "lead {n} of {ended:?}"),
            None => assert_eq!(result["status"], "enriched", "lead {n} of {ended:?}"),
        }
    }
}
