//! Batches, the books and persons.

use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{done, json, on, rows, run};
use crate::support::client::Client;
use crate::support::gateway::{ADMIN_TOKEN, Setup, TestGateway};
use crate::support::wait::eventually;

fn lead(name: &str) -> Value {
    let url = format!("linkedin.com/in/{name}-reachable");
    json!({"leads": [{"linkedin_url": url}], "reveal_email": true})
}

/// A gateway, a team of it, and a batch that the vendor has charged and nobody knows of.
async fn unresolved() -> (TestGateway, Client, u64) {
    let settings = Setup::with_settings(&["vendor.on_no_answer=hold"]);
    let gateway = TestGateway::with(settings).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, FaultKind::CutAfter)]));
    let id = team.start(&lead("ada")).await.id();
    let path = format!("/admin/v1/batches/{id}");
    eventually("it is unresolved", async || {
        gateway.operator().get(&path).await.body["state"] == "unresolved"
    })
    .await;
    gateway.vendor.set_faults(Faults::default());
    (gateway, team, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unresolved_is_found_and_ended_from_the_shell() {
    let (gateway, team, id) = unresolved().await;
    team.enrich(&lead("grace")).await;
    let text = id.to_string();
    let listed = json(&gateway, &["batch", "list", "--state", "unresolved", "--team", "sales"]);
    let ids: Vec<_> = listed["batches"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(id)]);
    let page = on(&gateway, &["batch", "list", "--limit", "1"]);
    assert!(page.err.contains("--cursor"), "there is another page: {page:?}");
    assert_eq!(page.out.lines().count(), 2, "{page:?}");

    let shown = done(&gateway, &["batch", "show", &text]);
    assert!(rows(&shown).contains(&vec!["unresolved", "email", "1.5,", "phone", "0"]), "{shown}");
    assert!(shown.contains("given_up"), "its entries: {shown}");
    assert!(!shown.contains("ada-reachable"), "never a lead: {shown}");

    let most = ["--outcome", "charged", "--email", "9", "--phone", "0", "--reason", "invoice"];
    let refused = on(&gateway, &[&["batch", "resolve", &text], &most[..]].concat());
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("more_than_unresolved"), "{refused:?}");
    let resolve = ["batch", "resolve", &text, "--outcome", "charged", "--reason", "invoice"];
    let resolved = json(&gateway, &resolve);
    assert_eq!(resolved["booked"], json!({"email": 1.5, "phone": 0}));
    let audit = on(&gateway, &["audit", "--url", &format!("http://{}", gateway.app.operators)]);
    assert_eq!(audit.code, 0, "{audit:?}");
    assert!(audit.out.ends_with(" 0 mismatches\n"), "{audit:?}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_cancelled_with_a_reason_and_only_when_confirmed() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(crate::support::vendor::held(Operation::Submit));
    let id = team.start(&lead("ada")).await.id().to_string();
    let cancel = ["batch", "cancel", &id, "--reason", "wrong list"];
    assert_eq!(on(&gateway, &cancel).code, 2);
    assert_eq!(json(&gateway, &["batch", "show", &id])["canceled"], json!(null));
    let canceled = json(&gateway, &[&cancel[..], &["--yes"]].concat());
    assert_eq!(canceled["canceled"]["reason"], "wrong list");
    let shown = done(&gateway, &["batch", "show", &id]);
    assert!(shown.contains("wrong list"), "{shown}");
    gateway.vendor.set_faults(Faults::default());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_is_booked_once_under_its_key() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    team.enrich(&lead("ada")).await;
    let adjust = |amount: &str| {
        let what = ["ledger", "adjust", "sales", "--unit", "email", "--reason", "credit note"];
        json(&gateway, &[&what[..], &["--amount", amount, "--idempotency-key", "note-17"]].concat())
    };
    let first = adjust("-0.125");
    assert_eq!((&first["amount"], &first["team"]), (&json!(-0.125), &json!("sales")));
    assert_eq!(adjust("-0.125")["entry"], first["entry"], "once");
    assert_eq!(gateway.sums().await.email.spent, 1.375);
    let back = ["ledger", "adjust", "sales", "--unit", "email", "--reason", "undone", "--amount"];
    let shown = done(&gateway, &[&back[..], &["0.125"]].concat());
    assert!(rows(&shown).contains(&vec!["amount", "0.125"]), "{shown}");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_counted_and_then_erased() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let id = team.enrich(&lead("ada")).await.id();
    let named = ["--linkedin-url", "https://www.linkedin.com/in/ada-reachable"];
    let preview = [&["person", "preview"], &named[..]].concat();
    let found = json(&gateway, &preview);
    assert_eq!((&found["receipt"], &found["teams"]), (&json!(null), &json!(["sales"])));
    assert_ne!(found["erased"], json!(0));
    assert_eq!(json(&gateway, &preview), found, "a preview changes nothing");
    let erase = [&["person", "erase"], &named[..]].concat();
    assert_eq!(on(&gateway, &erase).code, 2);
    assert_eq!(json(&gateway, &preview), found, "nothing was done");
    let erased = json(&gateway, &[&erase[..], &["--yes"]].concat());
    assert_eq!(erased["erased"], found["erased"]);
    assert!(erased["receipt"].is_string());
    assert_eq!(team.read(id).await.results()[0]["status"], "gdpr_removed");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_gateway_is_audited_where_its_url_is_given() {
    let gateway = TestGateway::start().await;
    let url = format!("http://{}", gateway.app.operators);
    let audit = ["audit", "--url", &url, "--token", ADMIN_TOKEN, "--json"];
    let ran = run(&audit, &[]);
    assert_eq!((ran.code, &ran.json()["mismatches"]), (0, &json!(0)));
    gateway.finish().await;
}
