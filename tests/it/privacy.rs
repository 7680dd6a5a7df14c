//! Nobody's data and no secret is ever to be read in a log line, a metric or a file of the store,
//! whatever goes right or wrong.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::sandbox::{ErrorEnding, Failure, FaultKind, Faults, Operation, Rule, Sandbox};

use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::gateway::ADMIN_TOKEN;
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

/// Names that occur nowhere else.
const FIRST: &str = "zyxwina";
const LAST: &str = "quorvathel";
const COMPANY: &str = "Fjordbluk Holding";
const VENDOR_KEY: &str = "vendor-key-of-the-privacy-test";
const SECRET: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";

/// Somebody new under every kind of key, with both reveals.
fn people(number: usize) -> Value {
    json!({
        "leads": [
            {"linkedin_url": format!("https://www.linkedin.com/in/{FIRST}-{LAST}-reachable-{number}")},
            {"email": format!("{FIRST}.{LAST}.manyphones.{number}@fjordbluk.example")},
            {"name": format!("{FIRST} {LAST} R{number}"), "company_name": COMPANY, "title": "Zarniwoop"},
            {"email": format!("{FIRST}.{LAST}.removed.{number}@fjordbluk.example")},
        ],
        "reveal_email": true,
        "reveal_phone_numbers": true,
    })
}

/// Everything that may go wrong at the vendor, one after the other.
fn troubles() -> Vec<(Operation, FaultKind)> {
    let taken = |code: u16| {
        let FaultKind::Status(failure) = FaultKind::status(code) else { unreachable!() };
        FaultKind::Status(Failure { taken: true, ..failure })
    };
    let statuses = [400, 422, 429, 500, 503];
    let refused = statuses.map(|code| (Operation::Submit, FaultKind::status(code)));
    let taking = [
        FaultKind::CutBefore,
        FaultKind::CutAfter,
        FaultKind::Malformed,
        FaultKind::NoId,
        taken(502),
        FaultKind::EndsInError(ErrorEnding::WithResults),
        FaultKind::EndsInError(ErrorEnding::ChargedWithoutResults),
        FaultKind::NeverEnds,
    ];
    let reading = [
        FaultKind::status(404),
        FaultKind::status(500),
        FaultKind::CutAfter,
        FaultKind::Malformed,
        FaultKind::ResultsMissing,
        FaultKind::ResultsExtra,
        FaultKind::ResultsOutOfOrder,
        FaultKind::EchoContradicts,
    ];
    let taking = taking.map(|kind| (Operation::Submit, kind));
    let reading = reading.map(|kind| (Operation::Read, kind));
    // Last, since nothing is sent after it.
    let out = (Operation::Submit, FaultKind::status(402));
    refused.into_iter().chain(taking).chain(reading).chain([out]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_person_and_no_secret_is_in_a_log_a_metric_or_a_file() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(1))).await;
    let (data, export) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = [
        &format!("ledger.export_dir={}", export.path().display()),
        "telemetry.log_filter=debug",
        &format!("vendor.api_key={VENDOR_KEY}"),
        &format!("security.secret={SECRET}"),
        "vendor.timeout=500ms",
        "vendor.job_deadline=1s",
        "routes.\"/people/search\"={ email = 1 }",
    ];
    let mut gateway = Process::start(address, data.path(), &settings).await;
    let team = gateway.team("sales").await;
    let mut private =
        vec![FIRST, LAST, COMPANY, "fjordbluk", "zarniwoop", VENDOR_KEY, SECRET, ADMIN_TOKEN]
            .into_iter()
            .map(str::to_lowercase)
            .collect::<Vec<_>>();
    private.push(team.key.rsplit('_').next().unwrap().to_owned());

    let told = team.enrich(&people(0)).await;
    team.cancel(team.start(&people(200)).await.id()).await;
    assert_eq!(told.body["status"], "completed");
    private.extend(told.results().iter().flat_map(|result| contacts(&result["result"])));
    assert!(private.len() > 15, "persons with contacts were found: {told:?}");
    name_a_request_after_somebody(&team).await;
    call_about_somebody(&team, &judge).await;
    go_wrong(&team, &judge).await;
    wrong_requests(&gateway, &team).await;

    let metrics = Scrape::of(&gateway.operator()).await.text;
    assert!(gateway.terminate().await.success());
    let log = gateway.output();
    assert!(log.contains("the vendor may have accepted job"), "the troubles are in the log");
    let places = [
        ("log", lower(log.as_bytes())),
        ("metrics", lower(metrics.as_bytes())),
        ("store", lower(&store(data.path()))),
        ("export", lower(&store(export.path()))),
    ];
    for (place, text) in &places {
        assert!(text.contains("sales"), "what is not private is found in the {place}");
        for word in &private {
            assert!(!text.contains(word), "{word} is in the {place}");
        }
    }
}

/// What leads to a person found: id, address, email, numbers.
fn contacts(person: &Value) -> Vec<String> {
    let numbers = person["phone_numbers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |phone: &Value| phone["number"].clone();
    [&person["id"], &person["linkedin_url"], &person["email"]]
        .into_iter()
        .cloned()
        .chain(numbers.iter().map(number))
        .filter_map(|text| Some(text.as_str()?.to_lowercase()))
        .collect()
}

/// A caller's own key may hold anybody's name: asked twice, and for something else.
async fn name_a_request_after_somebody(team: &Client) {
    for (body, status) in [(people(0), 202), (people(0), 202), (people(300), 422)] {
        let key = format!("{FIRST}.{LAST}");
        let request = team.request(Method::POST, BATCHES).header("idempotency-key", key);
        assert_eq!(team.send(request.body(body.to_string())).await.status, status);
    }
}

/// A priced call, which is kept to be answered again: asked twice, and not answered.
async fn call_about_somebody(team: &Client, judge: &Sandbox) {
    let search = async |number: u8| {
        let path = format!("/people/search?name={FIRST}-{LAST}&page={number}");
        let request = team.request(Method::POST, &path);
        let request = request.header("idempotency-key", format!("{LAST}-{number}"));
        team.send(request.body(format!(r#"{{"company": "{COMPANY}"}}"#))).await
    };
    for replayed in [None, Some("?1")] {
        let answer = search(1).await;
        assert_eq!((answer.status, answer.header("tollgate-replayed")), (201, replayed));
        assert!(answer.text.contains(LAST), "the answer tells of somebody: {answer:?}");
    }
    let cut = Rule::always(Operation::Elsewhere, FaultKind::CutAfter).times(1);
    judge.set_faults(Faults::of([cut]));
    assert_eq!(search(2).await.status, 504);
    judge.set_faults(Faults::default());
}

/// Batches that meet every trouble; each is waited for until nothing more is to be logged of it.
async fn go_wrong(team: &Client, judge: &Sandbox) {
    for (number, (operation, kind)) in (1..).zip(troubles()) {
        judge.set_faults(Faults::of([Rule::always(operation, kind).times(1)]));
        team.enrich(&people(number)).await;
        judge.set_faults(Faults::default());
    }
    assert_eq!(team.post(BATCHES, &people(100)).await.status, 402);
}

/// Requests that are refused, each with somebody's data where none belongs.
async fn wrong_requests(gateway: &Process, team: &Client) {
    let bodies = [
        format!(r#"{{"leads":[{{"{FIRST}":1}}]}}"#),
        format!(r#"{{"leads":[{{"email":"{FIRST}@{LAST}.example""#),
        format!(r#"{{"leads":["{FIRST} {LAST}"]}}"#),
        format!(r#"{{"leads":[{{"name":"{}"}}]}}"#, FIRST.repeat(10_000)),
        format!("{FIRST} {LAST}"),
    ];
    for body in bodies {
        let refused = team.send(team.request(Method::POST, BATCHES).body(body)).await;
        assert_eq!(refused.status, 400);
    }
    for path in [
        // The vendor's phone credits are out.
        format!("/people/find?email={FIRST}.{LAST}@fjordbluk.example&reveal_phone_numbers=true"),
        format!("/people/{FIRST}-{LAST}"),
        format!("{BATCHES}/{FIRST}"),
        format!("{BATCHES}/1?page[after]={FIRST}"),
    ] {
        assert!(team.get(&path).await.status >= 400);
    }
    let mut forged = team.clone();
    forged.key.push_str(FIRST);
    assert_eq!(forged.get(BATCHES).await.status, 405);
    assert_eq!(forged.post(BATCHES, &people(0)).await.status, 401);
    let operator = gateway.operator();
    operator.put(&format!("/admin/v1/teams/{FIRST}%20{LAST}"), &json!({})).await;
    eventually("all is well again", async || operator.get("/readyz").await.status == 200).await;
}

/// Every byte of the store's files.
fn store(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = entries.map(|path| fs::read(path).unwrap()).collect();
    assert!(files.iter().map(Vec::len).sum::<usize>() > 10_000, "there is a store");
    files.concat()
}

/// Text in lower case, as it is searched; bytes that are no text stay what they are not.
fn lower(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}
