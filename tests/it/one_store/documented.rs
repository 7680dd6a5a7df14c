//! The user that the docs say to make may do all that a gateway does, from a team to the audit.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tollgate::remote::{Confirm, Patience, Remote};

use super::{SINGLE, people};
use crate::support::gateways::Gateways;
use crate::support::redis::Server;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_gateway_does_is_refused_to_it() {
    let (server, export) = (Server::start().await, tempfile::tempdir().unwrap());
    let (judge, door) = vendor::start(taking(Duration::from_millis(30))).await;
    let export_dir = format!("ledger.export_dir={}", export.path().display());
    let settings = [SINGLE, &export_dir, "vendor.gather_window=20ms"];
    let mut gateways = Gateways::start(2, door, &server.url_as_documented(), &settings).await;
    let team = gateways.replicas[0].team("sales").await;
    let (operator, other) =
        (gateways.replicas[1].operator(), gateways.callers(&team.key).remove(1));

    let batch = team.enrich(&people(0, 3)).await;
    assert_eq!(other.read(batch.id()).await.results().len(), 3);
    let large = team.enrich(&people(10, 1_200)).await;
    assert_eq!(large.body["status"], "completed");
    let again = other.json(Method::POST, "/people/enrichment-requests", &people(0, 2));
    let again = other.send(again.header("cache-control", "no-cache")).await;
    other.ended(again.id()).await;
    team.cancel(team.start(&people(5_000, 1)).await.id()).await;
    assert_eq!(
        other.get("/people/find?linkedin_url=linkedin.com/in/reachable-2").await.status,
        200
    );
    assert_eq!(other.post("/gateway/v1/estimates", &people(0, 9)).await.status, 200);
    assert_eq!(other.get("/gateway/v1/usage").await.status, 200);
    assert_eq!(other.get("/contacts").await.status, 200);
    let emails = json!({"emails": [{"email": "kate@x.example"}]});
    let validation = team.post("/email-validations", &emails).await.body["id"].clone();
    let validation = format!("/email-validations/{}", validation.as_str().unwrap());
    eventually("it is validated", async || {
        team.get(&validation).await.body["status"] == "completed"
    })
    .await;

    let team_path = "/admin/v1/teams/sales";
    let made = operator.post(&format!("{team_path}/keys"), &json!({"name": "second"})).await;
    let key = format!("{team_path}/keys/{}", made.body["id"].as_str().unwrap());
    assert_eq!(operator.delete(&key).await.status, 204);
    for path in [
        "/admin/v1/teams",
        team_path,
        "/admin/v1/teams/sales/keys",
        "/admin/v1/teams/sales/usage",
        "/admin/v1/batches",
        &format!("/admin/v1/batches/{}", batch.id()),
        "/readyz",
        "/metrics",
    ] {
        assert_eq!(operator.get(path).await.status, 200, "{path}");
    }
    for amount in [1, -1] {
        let adjustment =
            json!({"amount": amount, "team": "sales", "unit": "email", "reason": "a test"});
        let request = operator.json(Method::POST, "/admin/v1/ledger/adjustments", &adjustment);
        let adjusted = operator.send(request.header("idempotency-key", amount.to_string())).await;
        assert_eq!(adjusted.status, 201, "{adjusted:?}");
    }
    let erased = json!({"linkedin_url": "linkedin.com/in/reachable-1"});
    assert_eq!(operator.post("/admin/v1/persons/erase", &erased).await.status, 200);
    gateways.replicas[0].balance(&judge).await;
    assert_eq!(operator.get("/admin/v1/audit").await.body["mismatches"], 0);
    assert_eq!(operator.delete(team_path).await.status, 204);

    for gateway in &mut gateways.replicas {
        assert!(gateway.terminate().await.success());
    }
    let audit = gateways.replicas[0].run("audit");
    assert!(audit.status.success(), "{audit:?}");
    assert!(std::fs::read_dir(export.path()).unwrap().count() > 0, "the journal was exported");
    server.empty().await;
    let adopt = format!("ledger adopt --from {}", export.path().display());
    let adopted = gateways.replicas[0].run(&adopt);
    assert!(adopted.status.success(), "{adopted:?}");

    let refused: Vec<redis::Value> = server.ask(&["ACL", "LOG"]).await;
    assert!(refused.is_empty(), "{refused:?}");
    let address = server.url_as_documented().parse().unwrap();
    let remote = Remote::new(&address, Patience::default()).unwrap();
    remote.check_permissions(Confirm::Replicas).await.unwrap();
}
