//! Teams, keys, usage, audit, health.

use reqwest::Method;
use serde_json::{Value, json};

use super::problem;
use crate::support::asking::batch;
use crate::support::client::{Client, connections};
use crate::support::gateway::TestGateway;

const TEAMS: &str = "/admin/v1/teams";

fn ada() -> Value {
    json!({"leads": [{"linkedin_url": "linkedin.com/in/ada-reachable"}], "reveal_email": true})
}

#[tokio::test]
async fn a_team_is_made_replaced_shown_and_closed() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let path = format!("{TEAMS}/sales");
    assert_eq!(problem(&operator.get(&path).await).0, "not_found");
    let quota = json!({"unit": "email", "period": "day", "limit": 12.5, "time_zone": "Europe/Lisbon", "action": "warn"});
    let policies = json!({
        "strip_email_reveal": false, "phones": true, "max_age": null, "shared_cache": true,
        "ignore_no_cache": false, "requests_per_minute": null, "requests_at_once": null,
        "open_batches": null, "kept_bytes": null, "leads_per_day": null, "idempotency_keys": null,
    });
    let whole = json!({
        "team": "sales", "name": "Sales & Co", "quotas": [quota], "policies": policies, "paused": true,
    });
    let made = operator.put(&path, &whole).await;
    assert_eq!((made.status, &made.body), (201, &whole));
    assert_eq!(operator.get(&path).await.body, whole, "shown as it can be sent back");

    let bare = operator.put(&path, &json!({})).await;
    let replaced = json!({
        "team": "sales", "name": "sales", "quotas": [], "policies": policies, "paused": false,
    });
    assert_eq!((bare.status, &bare.body), (200, &replaced));

    assert_eq!(operator.delete(&path).await.status, 204);
    assert_eq!(operator.get(&path).await.status, 404);
    assert_eq!(operator.delete(&path).await.status, 404);
    gateway.finish().await;
}

#[tokio::test]
async fn a_closed_teams_keys_are_dead_and_its_name_goes_on_with_its_counters() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let team = gateway.team("sales", 100).await;
    let id = team.enrich(&ada()).await.id();
    gateway.at_rest().await;
    operator.delete(&format!("{TEAMS}/sales")).await;
    assert_eq!(team.get(&batch(id)).await.status, 401);

    let again = gateway.team("sales", 100).await;
    assert_eq!(team.get(&batch(1)).await.status, 401, "old keys stay dead");
    assert_eq!(again.get(&batch(id)).await.status, 404, "what the closed team asked is gone");
    again.start(&ada()).await;
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["spent"], json!(1.5));
    assert_eq!(gateway.usage("sales").await["quotas"][0]["remaining"], json!(98.5));
    gateway.finish().await;
}

#[tokio::test]
async fn teams_are_listed_by_name_a_page_at_a_time() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    for n in [3, 1, 5, 2, 4] {
        operator.put(&format!("{TEAMS}/team-{n}"), &json!({})).await;
    }
    let (mut path, mut names) = (format!("{TEAMS}?limit=2"), Vec::new());
    loop {
        let page = operator.get(&path).await;
        let teams = page.body["teams"].as_array().unwrap().clone();
        assert!(teams.len() <= 2);
        names.extend(teams.into_iter().map(|team| team["team"].as_str().unwrap().to_owned()));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("{TEAMS}?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["team-1", "team-2", "team-3", "team-4", "team-5"]);
    for query in ["limit=0", "limit=101", "limit=x", "page=2"] {
        let refused = operator.get(&format!("{TEAMS}?{query}")).await;
        assert_eq!((refused.status, problem(&refused).0), (400, "invalid_page"), "{query}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_wrong_body_is_told_every_fault_with_its_place() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let path = format!("{TEAMS}/sales");
    let body = json!({
        "budget": 5,
        "name": "",
        "quotas": [{"unit": "fax", "period": "day", "limit": -1}, {"unit": "email"}],
    });
    let refused = operator.put(&path, &body).await;
    let mut expected = vec![
        ("unknown_field", "/budget"),
        ("invalid_field", "/name"),
        ("invalid_field", "/quotas/0/limit"),
        ("invalid_field", "/quotas/0/unit"),
        ("missing_field", "/quotas/1/limit"),
        ("missing_field", "/quotas/1/period"),
    ];
    let (code, mut told) = problem(&refused);
    expected.sort_unstable();
    told.sort_unstable();
    assert_eq!((refused.status, code, told), (400, "invalid_request", expected));
    assert_eq!(operator.get(&path).await.status, 404, "nothing was made");

    let typed = |media_type: &str, body: &str| {
        let request = operator.request(Method::PUT, &path).header("content-type", media_type);
        request.body(body.to_owned())
    };
    for (request, status, code) in [
        (typed("application/json", "{"), 400, "invalid_request"),
        (typed("text/plain", "{}"), 415, "unsupported_media_type"),
        (typed("application/json", &" ".repeat(65 << 10)), 413, "payload_too_large"),
        (operator.request(Method::POST, &path), 405, "method_not_allowed"),
        (operator.request(Method::GET, "/admin/v1/elsewhere"), 404, "not_found"),
        (operator.request(Method::GET, "/people/enrichment-requests/1"), 404, "not_found"),
        (operator.request(Method::PUT, &format!("{TEAMS}/No%20Team")), 400, "invalid_request"),
    ] {
        let refused = operator.send(request).await;
        assert_eq!((refused.status, problem(&refused).0), (status, code), "{refused:?}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_its_secret() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let keys = format!("{TEAMS}/sales/keys");
    let nobodys = operator.post(&keys, &json!({"name": "crm"})).await;
    assert_eq!((nobodys.status, problem(&nobodys).0), (404, "not_found"));
    operator.put(&format!("{TEAMS}/sales"), &json!({})).await;
    let made = operator.post(&keys, &json!({"name": "crm"})).await;
    assert_eq!((made.status, made.header("cache-control")), (201, Some("no-store")));
    let (id, key) = (made.body["id"].as_str().unwrap(), made.body["key"].as_str().unwrap());
    assert!(key.starts_with(&format!("tg_{id}_")));

    let listed = operator.get(&keys).await;
    let secret = key.rsplit('_').next().unwrap();
    assert!(listed.text.contains(id) && !listed.text.contains(secret), "{listed:?}");
    assert_eq!(listed.body["keys"][0]["revoked_at"], Value::Null);
    for status in [204, 204] {
        assert_eq!(operator.delete(&format!("{keys}/{id}")).await.status, status);
    }
    assert!(operator.get(&keys).await.body["keys"][0]["revoked_at"].is_string());
    assert_eq!(operator.delete(&format!("{keys}/0123456789abcdef")).await.status, 404);
    gateway.finish().await;
}

#[tokio::test]
async fn usage_and_audit_have_their_shapes() {
    let gateway = TestGateway::start().await;
    let quotas = json!([
        {"unit": "email", "period": "month", "limit": 100, "time_zone": "Europe/Lisbon"},
        {"unit": "phone", "period": "total", "limit": 0.5},
    ]);
    let team = gateway.team_with("sales", quotas).await;
    team.enrich(&ada()).await;
    team.enrich(&ada()).await;
    gateway.at_rest().await;
    let usage = gateway.usage("sales").await;
    let zeroes = json!({"spent": 0, "reserved": 0, "unresolved": 0, "avoided": 0});
    let email = json!({"spent": 1.5, "reserved": 0, "unresolved": 0, "avoided": 1.5});
    assert_eq!(usage["totals"], json!({"email": email, "phone": zeroes}));
    let [month, total] = &usage["quotas"].as_array().unwrap()[..] else { panic!("{usage}") };
    let resets_at = month["resets_at"].as_str().unwrap();
    assert!(resets_at.ends_with('Z') && resets_at.contains('T'), "{resets_at}");
    for (quota, expected) in [
        (month, json!(["email", "month", 100, 1.5, 0, 0, 98.5])),
        (total, json!(["phone", "total", 0.5, 0, 0, 0, 0.5])),
    ] {
        let fields = ["unit", "period", "limit", "spent", "reserved", "unresolved", "remaining"];
        assert_eq!(json!(fields.map(|field| &quota[field])), expected);
        assert_eq!(quota["exhausted_at"], Value::Null);
    }
    assert_eq!(total["resets_at"], Value::Null);

    let audit = gateway.operator().get("/admin/v1/audit").await.body;
    assert_eq!((&audit["mismatches"], &audit["differences"]), (&json!(0), &json!([])));
    assert!(audit["entries"].as_u64().unwrap() >= 2 && audit["tallies"].as_u64().unwrap() >= 2);
    gateway.finish().await;
}

#[tokio::test]
async fn nobody_is_let_in_without_the_token() {
    let gateway = TestGateway::start().await;
    let token = &gateway.operator().key;
    let with = |token: &str| Client::new(connections(), gateway.app.operators, token);
    let caller = gateway.team("sales", 1).await.key;
    for wrong in [&token[1..], &format!("{token}x"), &token.to_uppercase(), &caller, "x"] {
        let refused = with(wrong).get(TEAMS).await;
        assert_eq!((refused.status, problem(&refused).0), (401, "unauthorized"), "{wrong}");
        assert!(refused.header("www-authenticate").is_some());
        assert_eq!(with(wrong).get(&format!("{TEAMS}/no/such/path")).await.status, 404);
    }
    for open in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(with("x").get(open).await.status, 200, "{open}");
    }
    let ready = with("x").get("/readyz").await;
    assert_eq!(ready.body, json!({"ready": true, "reasons": []}));
    gateway.finish().await;
}
