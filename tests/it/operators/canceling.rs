//! An operator cancels a batch, as its caller may.

use serde_json::json;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule};

use super::{path, people, problem};
use crate::support::gateway::TestGateway;
use crate::support::wait::eventually;

fn reason() -> serde_json::Value {
    json!({"reason": "the team asked for it"})
}

#[tokio::test]
async fn what_was_not_sent_is_released_with_the_reason() {
    let gateway = TestGateway::start().await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
    let wait =
        Failure { code: 429.try_into().unwrap(), retry_after_seconds: Some(60), taken: false };
    let busy = Rule::always(Operation::Submit, FaultKind::Status(wait)).times(1);
    gateway.vendor.set_faults(Faults::of([busy]));
    let id = team.start(&people(&["ada"])).await.id();
    eventually("it was turned away", async || gateway.vendor.posts_received() == 1).await;
    eventually("it waits again", async || operator.get(&path(id)).await.body["state"] == "queued")
        .await;
    let cancel = format!("{}/cancel", path(id));
    let canceled = operator.post(&cancel, &reason()).await;
    assert_eq!((canceled.status, &canceled.body["state"]), (200, &json!("canceled")));
    assert_eq!(canceled.body["canceled"]["reason"], "the team asked for it");
    assert_eq!(canceled.body["credits"]["email"]["reserved"], json!(0));
    let shown = operator.get(&path(id)).await.body;
    let released = shown["entries"].as_array().unwrap().last().unwrap();
    assert_eq!((&released["fact"], &released["note"]), (&json!("released"), &reason()["reason"]));
    assert_eq!(team.read(id).await.body["status"], "canceled");
    let again = operator.post(&cancel, &json!({"reason": "once more"})).await;
    assert_eq!((again.status, &again.body), (200, &canceled.body), "it stays as it was");
    gateway.vendor.set_faults(Faults::default());
    gateway.finish().await;
}

#[tokio::test]
async fn what_has_ended_stays_as_it_ended_and_a_reason_is_needed() {
    let gateway = TestGateway::start().await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
    let id = team.enrich(&people(&["ada"])).await.id();
    let cancel = format!("{}/cancel", path(id));
    let ended = operator.post(&cancel, &reason()).await;
    assert_eq!((ended.status, &ended.body["state"]), (200, &json!("completed")));
    assert_eq!(ended.body["canceled"], json!(null));
    let bare = operator.post(&cancel, &json!({})).await;
    assert_eq!((bare.status, problem(&bare).1), (400, vec![("missing_field", "/reason")]));
    let unknown = operator.post(&format!("{}/cancel", path(id + 1)), &reason()).await;
    assert_eq!((unknown.status, problem(&unknown).0), (404, "not_found"));
    gateway.finish().await;
}
