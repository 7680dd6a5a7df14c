//! Keys that are bounded: in what they may ask and reveal, from where, and until when.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};

const KEYS: &str = "/admin/v1/teams/sales/keys";

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
