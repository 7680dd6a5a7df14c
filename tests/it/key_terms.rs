//! Keys that are bounded: in what they may ask and reveal, from where, and until when.

use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tollgate::sandbox::{Faults, Operation};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::vendor::held;
use crate::support::wait::eventually;

const KEYS: &str = "/admin/v1/teams/sales/keys";
const USAGE: &str = "/gateway/v1/usage";

/// A key of the team's with these terms.
async fn key(gateway: &TestGateway, terms: Value) -> Client {
    let mut body = json!({"name": "bounded"});
    body.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
    let made = gateway.operator().post(KEYS, &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    gateway.caller(made.body["key"].as_str().unwrap())
}

fn code(answer: &Answer) -> (u16, &str) {
    let code = answer.body["_errors"][0]["code"].as_str().unwrap_or_default();
    (answer.status, code)
}

fn ada(reveals: &Value) -> Value {
    let mut body = json!({"leads": [{"email": "reachable.1@x.example"}]});
    body.as_object_mut().unwrap().extend(reveals.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_key_is_used_for_what_its_scopes_say() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let ended = team.enrich(&ada(&json!({}))).await;
    let batch = format!("{BATCHES}/{}", ended.id());
    let emails = json!({"emails": [{"email": "ada@x.example"}]});
    let validated = team.post("/email-validations", &emails).await;
    let validation = format!("/email-validations/{}", validated.body["id"].as_str().unwrap());
    let cancel = json!({"status": "canceled"});
    let find = "/people/find?email=reachable.1%40x.example";
    let uses: [(&str, Method, &str, Option<&Value>); 12] = [
        ("enrich", Method::POST, BATCHES, Some(&ended.body)),
        ("enrich", Method::PATCH, &batch, Some(&cancel)),
        ("enrich read", Method::GET, &batch, None),
        ("enrich find read", Method::POST, "/gateway/v1/estimates", Some(&ended.body)),
        ("find", Method::GET, find, None),
        ("validate", Method::POST, "/email-validations", Some(&emails)),
        ("validate", Method::PATCH, &validation, Some(&cancel)),
        ("validate read", Method::GET, &validation, None),
        ("forward", Method::GET, "/contacts", None),
        ("forward", Method::DELETE, "/contacts/7", None),
        ("forward", Method::GET, "/nowhere", None),
        ("enrich find validate forward read", Method::GET, "/gateway/v1/usage", None),
    ];
    for scope in ["enrich", "find", "validate", "forward", "read"] {
        let caller = key(&gateway, json!({"scopes": [scope]})).await;
        for (scopes, method, path, body) in &uses {
            let body = match body {
                Some(body) if body.get("results").is_some() => Some(ada(&json!({}))),
                body => body.cloned(),
            };
            let answer = match body {
                Some(body) => caller.send_json(method.clone(), path, &body).await,
                None => caller.send(caller.request(method.clone(), path)).await,
            };
            let is_let = scopes.split(' ').any(|one| one == scope);
            let is_refused = code(&answer) == (403, "scope_not_allowed");
            assert_ne!(is_let, is_refused, "{method} {path} by {scope}: {answer:?}");
        }
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_reveals_what_it_may_and_nothing_that_others_of_its_team_asked() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let emails = key(&gateway, json!({"reveals": ["email"]})).await;
    let nothing = key(&gateway, json!({"reveals": []})).await;
    let both = json!({"reveal_email": true, "reveal_phone_numbers": true});
    for (caller, reveals, pointers) in [
        (&emails, both.clone(), vec!["/reveal_phone_numbers"]),
        (&nothing, both.clone(), vec!["/reveal_email", "/reveal_phone_numbers"]),
        (&nothing, json!({"reveal_email": true}), vec!["/reveal_email"]),
    ] {
        for path in [BATCHES, "/gateway/v1/estimates"] {
            let refused = caller.post(path, &ada(&reveals)).await;
            let expected: Vec<_> =
                pointers.iter().map(|pointer| ("reveal_not_allowed", *pointer)).collect();
            assert_eq!((refused.status, refused.errors()), (403, expected), "{path} {reveals}");
        }
    }
    let find = "/people/find?email=reachable.1%40x.example&reveal_phone_numbers=true";
    assert_eq!(code(&emails.get(find).await), (403, "reveal_not_allowed"));
    assert_eq!(gateway.vendor.posts_received(), 0);

    // What others of the team asked for is not read around the terms either.
    let ended = team.enrich(&ada(&both)).await;
    let batch = format!("{BATCHES}/{}", ended.id());
    for caller in [&emails, &nothing] {
        assert_eq!(code(&caller.get(&batch).await), (403, "reveal_not_allowed"));
        let canceled = caller.patch(&batch, &json!({"status": "canceled"})).await;
        assert_eq!(code(&canceled), (403, "reveal_not_allowed"));
    }
    let own = emails.enrich(&ada(&json!({"reveal_email": true}))).await;
    assert_eq!(own.results()[0]["email"], "reachable.1@x.example");
    assert_eq!(nothing.enrich(&ada(&json!({}))).await.body["status"], "completed");
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_is_used_from_its_networks_as_trusted_proxies_tell() {
    let trusted = "server.trusted_proxies=127.0.0.0/8";
    let cases: [(&[&str], Option<&str>, &str, bool); 5] = [
        (&[], None, "127.0.0.0/8", true),
        (&[], None, "10.0.0.0/8", false),
        (&[], Some("10.1.2.3"), "10.0.0.0/8", false),
        (&[trusted], Some("10.1.2.3"), "10.0.0.0/8", true),
        (&[trusted], Some("10.1.2.3, 192.0.2.7"), "10.0.0.0/8", false),
    ];
    for (settings, forwarded, networks, is_let) in cases {
        let gateway = TestGateway::with(Setup::with_settings(settings)).await;
        gateway.team("sales", 1).await;
        let caller = key(&gateway, json!({"networks": [networks]})).await;
        let mut request = caller.request(Method::GET, "/gateway/v1/usage");
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let answer = caller.send(request).await;
        let told = if is_let { (200, "") } else { (403, "network_not_allowed") };
        assert_eq!(code(&answer), told, "{settings:?} {forwarded:?} {networks}");
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_key_ends_when_it_says_and_is_listed_with_its_terms() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(setup).await;
    gateway.team("sales", 1).await;
    // The clock stands at 2025-11-24T16:00:00Z.
    let terms = json!({
        "scopes": ["read"], "reveals": ["email"], "networks": ["127.0.0.1/8"],
        "expires_at": "2025-11-24T17:00:00Z",
    });
    let caller = key(&gateway, terms).await;
    assert_eq!(caller.get("/gateway/v1/usage").await.status, 200);
    clock.advance(std::time::Duration::from_mins(61));
    assert_eq!(code(&caller.get("/gateway/v1/usage").await), (401, "unauthorized"));

    let listed = gateway.operator().get(KEYS).await;
    let [unbounded, bounded] = &listed.body["keys"].as_array().unwrap()[..] else {
        panic!("{listed:?}")
    };
    let (unbounded, bounded) = match bounded["name"].as_str() {
        Some("bounded") => (unbounded, bounded),
        _ => (bounded, unbounded),
    };
    for (name, given, all) in [
        ("scopes", json!(["read"]), json!(["enrich", "find", "validate", "forward", "read"])),
        ("reveals", json!(["email"]), json!(["email", "phones"])),
        ("networks", json!(["127.0.0.0/8"]), Value::Null),
        ("expires_at", json!("2025-11-24T17:00:00.000Z"), Value::Null),
    ] {
        assert_eq!((&bounded[name], &unbounded[name]), (&given, &all), "{name}");
    }
    let wrong = json!({"name": "x", "scopes": ["write"], "networks": ["here"]});
    assert_eq!(gateway.operator().post(KEYS, &wrong).await.status, 400);
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_has_limits_of_its_own_within_those_of_its_team() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    let limited = key(&gateway, json!({"requests_per_minute": 1})).await;
    let first = limited.get(USAGE).await;
    assert_eq!((first.status, first.header("ratelimit")), (200, Some("\"requests\";r=0;t=60")));
    let mut refused = None;
    eventually("the minute's request is used up", async || {
        let answer = limited.get(USAGE).await;
        let is_refused = answer.status == 429;
        refused = Some(answer);
        is_refused
    })
    .await;
    let refused = refused.unwrap();
    assert_eq!(code(&refused), (429, "too_many_requests"));
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert_eq!(team.get(USAGE).await.status, 200, "another key of the team has its own");
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_is_limited_in_what_it_has_under_way() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.find_wait=5m"])).await;
    let team = gateway.team("sales", 9).await;
    let limited = key(&gateway, json!({"requests_at_once": 1})).await;
    gateway.vendor.set_faults(held(Operation::Find));
    let caller = limited.clone();
    let waiting = TaskTracker::new().spawn(async move {
        caller.get("/people/find?linkedin_url=linkedin.com/in/reachable-1").await
    });
    eventually("it waits", async || gateway.vendor.look_ups_received() == 1).await;
    assert_eq!(code(&limited.get(USAGE).await), (429, "too_many_requests"));
    assert_eq!(team.get(USAGE).await.status, 200);
    gateway.vendor.set_faults(Faults::default());
    assert_eq!(waiting.await.unwrap().status, 200);
    eventually("its place is free", async || limited.get(USAGE).await.status == 200).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_key_is_changed_while_it_is_in_use() {
    let gateway = TestGateway::start().await;
    let (team, _) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    let caller = key(&gateway, json!({"scopes": ["read"], "reveals": ["email"]})).await;
    let id = caller.key.split('_').nth(1).unwrap().to_owned();
    let operator = gateway.operator();
    let patch = async |team: &str, change: Value| {
        operator.patch(&format!("/admin/v1/teams/{team}/keys/{id}"), &change).await
    };
    let changed = patch("sales", json!({"paused": true, "owner": "Ada"})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(changed.body.get("key"), None, "its secret is shown once");
    for (name, value) in [
        ("paused", json!(true)),
        ("owner", json!("Ada")),
        ("scopes", json!(["read"])),
        ("reveals", json!(["email"])),
        ("requests_per_minute", Value::Null),
    ] {
        assert_eq!(changed.body[name], value, "{name}");
    }
    assert_eq!(code(&caller.get(USAGE).await), (403, "key_paused"));
    assert_eq!(team.get(USAGE).await.status, 200);

    let changed = patch("sales", json!({"paused": null, "scopes": null, "requests_per_minute": 5}));
    let changed = changed.await;
    assert_eq!(changed.body["requests_per_minute"], 5, "{changed:?}");
    let answer = caller.get(USAGE).await;
    assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=5;w=60"), "{answer:?}");
    assert_eq!(
        caller.post(BATCHES, &ada(&json!({}))).await.status,
        202,
        "it has every scope again"
    );
    let listed = operator.get(KEYS).await;
    let keys = listed.body["keys"].as_array().unwrap();
    let own = keys.iter().find(|key| key["id"] == id.as_str()).unwrap();
    assert_eq!((&own["owner"], &own["paused"]), (&json!("Ada"), &json!(false)));

    assert_eq!(patch("growth", json!({"paused": true})).await.status, 404, "another team's key");
    for (wrong, pointer) in [
        (json!({"name": "other"}), "/name"),
        (json!({"scopes": []}), "/scopes"),
        (json!({"requests_at_once": "2"}), "/requests_at_once"),
    ] {
        let refused = patch("sales", wrong).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)));
    }
    let revoked = operator.delete(&format!("/admin/v1/teams/sales/keys/{id}")).await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    assert_eq!(patch("sales", json!({"paused": false})).await.status, 404, "it was revoked");
    gateway.finish().await;
}
