//! Request ids: they lead from a caller's request to all that the log says of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::process::Process;
use crate::support::vendor::{self, taking};

async fn ask(team: &Client, request: &str, people: usize) -> Answer {
    let leads: Vec<_> =
        (0..people).map(|n| json!({"email": format!("reachable.{n}@x.example")})).collect();
    let body = json!({"leads": leads, "reveal_email": true});
    team.send(team.json(Method::POST, BATCHES, &body).header("x-request-id", request)).await
}

/// The lines of a log that carry a request's id, whether the line itself or its span does.
fn lines(log: &str, request: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let carries =
        |line: &Value| line["request.id"] == request || line["span"]["request.id"] == request;
    lines.filter(carries).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_leads_from_the_request_to_its_admission_sending_and_settlement() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(10))).await;
    let data = tempfile::tempdir().unwrap();
    let gateway = Process::start(address, data.path(), &["telemetry.log_format=json"]).await;
    let quota = json!([{"unit": "email", "period": "month", "limit": 5}]);
    let team = gateway.team_with("sales", quota).await;
    let accepted = ask(&team, "trace-1", 2).await;
    assert_eq!((accepted.status, accepted.header("x-request-id")), (202, Some("trace-1")));
    let id = accepted.id();
    team.ended(id).await;
    let refused = ask(&team, "trace-2", 4).await;
    assert_eq!(refused.status, 402, "{refused:?}");
    gateway.balance(&judge).await;

    let log = gateway.output();
    let told = lines(&log, "trace-1");
    for what in ["admitted batch", "the vendor accepted job", "settled batch"] {
        let has = |line: &Value| line["message"].as_str().unwrap_or_default().starts_with(what);
        let line = told.iter().find(|line| has(line));
        let line = line.unwrap_or_else(|| panic!("no line says `{what}`: {told:#?}"));
        assert_eq!(line["request.id"], "trace-1", "{line}");
        let names = line.to_string();
        assert!(names.contains(&id.to_string()), "{names}");
    }
    let told = lines(&log, "trace-2");
    let line = told.iter().find(|line| line["code"] == "insufficient_credits");
    let line = line.unwrap_or_else(|| panic!("no line says why it was refused: {told:#?}"));
    assert_eq!((&line["quota.unit"], &line["quota.period"]), (&json!("email"), &json!("month")));
    assert_eq!((&line["quota.limit"], &line["quota.spent"]), (&json!("5"), &json!("3")));
    assert_eq!((&line["credits.needed"], &line["team"]), (&json!("3"), &json!("sales")));
}
