//! What a caller meets at the door, and what the answers' headers tell it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use tollgate::sandbox::Faults;

use crate::support::asking::{BATCHES, batch};
use crate::support::client::{Answer, connections};
use crate::support::document::{assert_is_batch, assert_is_error};
use crate::support::gateway::TestGateway;

const TOLLGATE_HEADERS: [&str; 5] = [
    "tollgate-leads",
    "tollgate-credits-reserved",
    "tollgate-credits-spent",
    "tollgate-credits-avoided",
    "tollgate-credits-remaining",
];

#[tokio::test]
async fn only_a_good_key_opens_the_door() {
    let gateway = TestGateway::start().await;
    let key = gateway.team("sales", 100).await.key;
    let other = if key.ends_with('0') { "1" } else { "0" };
    let wrong_secret = format!("{}{other}", &key[..key.len() - 1]);
    let wrong_id = key.replacen("tg_", "tg_0", 1);
    let http = connections();
    let url = format!("http://{}{BATCHES}/1", gateway.app.callers);
    for (authorization, status) in [
        (format!("Bearer {key}"), 404),
        (format!("bearer {key}"), 404),
        (format!("BEARER   {key}"), 404),
        (format!("Bearer {wrong_secret}"), 401),
        (format!("Bearer {wrong_id}"), 401),
        (format!("Bearer {}", key.to_uppercase()), 401),
        (format!("Bearer {key}0"), 401),
        ("Bearer ".to_owned(), 401),
        (format!("Basic {key}"), 401),
        (key.clone(), 401),
    ] {
        let answer = http.get(&url).header("authorization", &authorization).send().await.unwrap();
        assert_eq!(answer.status(), status, "{authorization}");
        let challenge = answer.headers().get("www-authenticate");
        assert_eq!(challenge.is_some(), status == 401, "{authorization}");
    }
    assert_eq!(http.get(&url).send().await.unwrap().status(), 401);
    gateway.finish().await;
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_and_the_others_live() {
    let gateway = TestGateway::start().await;
    let old = gateway.team("sales", 100).await;
    let new = gateway.team("sales", 100).await;
    let id = old.key.split('_').nth(1).unwrap().to_owned();
    let path = format!("/admin/v1/teams/sales/keys/{id}");
    assert_eq!(gateway.operator().delete(&path).await.status, 204);
    assert_eq!(old.get(&batch(1)).await.status, 401);
    assert_eq!(new.get(&batch(1)).await.status, 404);
    gateway.finish().await;
}

#[tokio::test]
async fn another_teams_batch_reads_like_one_that_is_not_there() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    let id = sales.enrich(&json!({"leads": [{"email": "ada@x.example"}]})).await.id();
    let (theirs, nobodys) = (growth.get(&batch(id)).await, growth.get(&batch(id + 1)).await);
    assert_eq!((theirs.status, &theirs.text), (404, &nobodys.text));
    assert_eq!(growth.cancel(id).await.status, 404);
    assert_eq!(sales.read(id).await.body["status"], "completed");
    gateway.finish().await;
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for (given, is_kept) in
        [("r-1.a:b", true), (&"x".repeat(128), true), (&"x".repeat(129), false), ("a@b", false)]
    {
        let request = team.request(Method::GET, &batch(1)).header("x-request-id", given);
        let answer = team.send(request).await;
        assert_eq!(answer.header("x-request-id") == Some(given), is_kept, "{given}");
    }
    let random = |answer: &Answer| answer.header("x-request-id").unwrap().to_owned();
    let answers = [
        team.post(BATCHES, &json!({})).await,
        team.get("/nowhere").await,
        gateway.caller("tg_0").get(&batch(1)).await,
        gateway.operator().get("/livez").await,
        gateway.operator().get("/admin/v1/teams/none").await,
    ];
    let ids: std::collections::BTreeSet<_> = answers.iter().map(random).collect();
    assert_eq!(ids.len(), answers.len(), "{ids:?}");
    gateway.finish().await;
}

fn told(answer: &Answer) -> [Option<&str>; 5] {
    TOLLGATE_HEADERS.map(|name| answer.header(name))
}

#[tokio::test]
async fn the_headers_tell_what_a_batch_costs_and_spares() {
    let gateway = TestGateway::start().await;
    let team = gateway
        .team_with("sales", json!([{"unit": "email", "period": "month", "limit": 100}]))
        .await;
    let lead = |name: &str| json!({"linkedin_url": format!("linkedin.com/in/{name}-reachable")});
    let body = json!({"leads": [lead("ada"), lead("grace"), lead("ADA")], "reveal_email": true});

    let accepted = team.start(&body).await;
    let leads = "submitted=3, repeated=1, cached=0, joined=0, fresh=2";
    let reserved = "email=3, phone=0";
    // A unit without a quota is left out of what remains.
    let expected = [Some(leads), Some(reserved), None, Some("email=0, phone=0"), Some("email=97")];
    assert_eq!(told(&accepted), expected);
    assert!((1..=30).contains(&accepted.header("retry-after").unwrap().parse().unwrap()));
    assert_eq!(accepted.header("cache-control"), Some("no-store"));
    assert_eq!(accepted.header("content-type"), Some("application/json"));

    let ended = team.ended(accepted.id()).await;
    // What a repeated lead spares is known when its person is.
    let avoided = Some("email=1.5, phone=0");
    let expected =
        [Some(leads), Some(reserved), Some("email=3, phone=0"), avoided, Some("email=97")];
    assert_eq!(told(&ended), expected);
    assert_eq!(ended.header("retry-after"), None);

    let known = team.start(&body).await;
    let expected = [
        Some("submitted=3, repeated=1, cached=2, joined=0, fresh=0"),
        Some("email=0, phone=0"),
        Some("email=0, phone=0"),
        Some("email=4.5, phone=0"),
        Some("email=97"),
    ];
    assert_eq!((told(&known), known.header("retry-after")), (expected, None));
    gateway.finish().await;
}

#[tokio::test]
async fn both_media_types_are_spoken_and_packed_bodies_are_unpacked() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let body = json!({"leads": [{"email": "ada@x.example"}]}).to_string();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(body.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let vendors = "application/vnd.amp+json";
    for (content_type, accept, encoding, answered) in [
        (vendors, vendors, None, vendors),
        ("application/json; charset=utf-8", "*/*", None, "application/json"),
        (vendors, "application/json", Some("gzip"), "application/json"),
        ("Application/JSON", vendors, Some("gzip"), vendors),
    ] {
        let request = team.request(Method::POST, BATCHES).header("content-type", content_type);
        let request = request.header("accept", accept);
        let request = match encoding {
            Some(encoding) => request.header("content-encoding", encoding).body(packed.clone()),
            None => request.body(body.clone()),
        };
        let answer = team.send(request).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some(answered));
        assert_is_batch(&answer);
    }
    let refused = team.request(Method::GET, "/nowhere").header("accept", vendors);
    let refused = team.send(refused).await;
    assert_eq!(refused.header("content-type"), Some(vendors));
    assert_is_error(&refused);
    gateway.finish().await;
}

#[tokio::test]
async fn while_a_batch_is_processed_every_lead_stands_in_its_place() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1000).await;
    let lead = |n: usize| json!({"email": format!("p{n}@x.example"), "title": format!("T{n}")});
    team.enrich(&json!({"leads": [lead(1), lead(120)]})).await;

    gateway.vendor.set_faults(Faults { processing_ms: Some(60_000), ..Faults::default() });
    let leads: Vec<Value> = (0..130).map(lead).collect();
    let accepted = team.start(&json!({"leads": leads})).await;
    assert_eq!(
        accepted.header("tollgate-leads"),
        Some("submitted=130, repeated=0, cached=2, joined=0, fresh=128")
    );
    let first = team.read(accepted.id()).await;
    let next = first.body["_links"]["next"]["href"].as_str().unwrap().to_owned();
    let second = team.get(&next).await;
    assert_eq!((first.results().len(), second.results().len()), (100, 30));
    assert_eq!(second.header("tollgate-credits-spent"), None);
    assert!(second.header("retry-after").unwrap().parse::<u64>().is_ok());
    for page in [&first, &second] {
        assert_is_batch(page);
        assert!(!page.has_ended());
    }
    for (n, result) in first.results().iter().chain(second.results()).enumerate() {
        let is_known = [1, 120].contains(&n);
        assert_eq!((&result["id"], &result["email"]), (&json!(n + 1), &leads[n]["email"]));
        assert_eq!(result["status"], if is_known { json!("enriched") } else { Value::Null });
        assert_eq!(result["result"].is_object(), is_known);
    }
    team.cancel(accepted.id()).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_paused_team_is_told_so_and_reads_on() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let body = json!({"leads": [{"email": "ada@x.example"}]});
    let id = team.enrich(&body).await.id();
    let pause = |paused: bool| json!({"name": "Sales", "paused": paused});
    gateway.operator().put("/admin/v1/teams/sales", &pause(true)).await;
    let refused = team.post(BATCHES, &body).await;
    assert_eq!((refused.status, refused.errors()), (403, vec![("team_paused", "")]));
    assert_eq!(team.read(id).await.body["status"], "completed");
    gateway.operator().put("/admin/v1/teams/sales", &pause(false)).await;
    team.start(&body).await;
    gateway.finish().await;
}
