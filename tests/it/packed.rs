//! Packed bodies: gzip in one member or several, under each name of its coding, on both listeners.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A document in two members, split in the middle of a string.
fn in_two(document: &str) -> Vec<u8> {
    let (first, second) = document.as_bytes().split_at(document.len() / 2);
    [gzip(first), gzip(second)].concat()
}

fn three_leads() -> String {
    let lead = |n: u8| json!({"email": format!("reachable-{n}@x.example")});
    json!({"leads": [lead(1), lead(2), lead(3)]}).to_string()
}

async fn post(team: &Client, path: &str, codings: &[&str], body: Vec<u8>) -> Answer {
    let mut request = team.request(Method::POST, path).header("content-type", "application/json");
    for coding in codings {
        request = request.header("content-encoding", *coding);
    }
    team.send(request.body(body)).await
}

#[tokio::test]
async fn members_that_follow_one_another_are_one_stream() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let document = three_leads();
    let with_an_empty_one = [gzip(b""), gzip(document.as_bytes()), gzip(b"")].concat();
    let byte_by_byte: Vec<u8> = document.bytes().flat_map(|byte| gzip(&[byte])).collect();
    for packed in [gzip(document.as_bytes()), in_two(&document), with_an_empty_one, byte_by_byte] {
        let accepted = post(&team, BATCHES, &["gzip"], packed).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let ended = team.ended(accepted.id()).await;
        assert_eq!(ended.results().len(), 3, "{ended:?}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_second_document_is_not_dropped_but_refused() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let two = gzip(three_leads().as_bytes()).repeat(2);
    let refused = post(&team, BATCHES, &["gzip"], two).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn what_follows_the_gzip_or_is_missing_from_it_is_said() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let whole = gzip(three_leads().as_bytes());
    let cut = whole[..whole.len() - 4].to_vec();
    let broken = [&whole[..whole.len() - 8], &[0; 8]].concat();
    let goes_on = "has bytes after its gzip data";
    let not_gzip = "is not complete gzip";
    for (body, told) in [
        ([&whole[..], b"x"].concat(), goes_on),
        ([&whole[..], three_leads().as_bytes()].concat(), goes_on),
        ([&whole[..], &[0; 512]].concat(), goes_on),
        ([&whole[..], &whole[..5]].concat(), goes_on),
        ([&whole[..], &whole[..20]].concat(), not_gzip),
        (cut, not_gzip),
        (broken, not_gzip),
        (three_leads().into_bytes(), not_gzip),
        (Vec::new(), not_gzip),
    ] {
        let refused = post(&team, BATCHES, &["gzip"], body).await;
        assert_eq!((refused.status, refused.errors()), (400, vec![("unreadable_body", "")]));
        assert!(refused.text.contains(told), "{told}: {refused:?}");
    }
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn codings_are_names_in_any_case_and_identity_is_none() {
    let priced = "routes.\"/people/search\"={ email = 0.5, per = \"/titles\" }";
    let gateway = TestGateway::with(Setup::with_settings(&[priced])).await;
    let team = gateway.team("sales", 100).await;
    let plain = three_leads().into_bytes();
    let packed = gzip(&plain);
    let search = br#"{"titles": ["cto", "ceo"]}"#;
    for (codings, is_packed) in [
        (&["GZIP"][..], true),
        (&["x-gzip"], true),
        (&["X-Gzip"], true),
        (&["gzip, identity"], true),
        (&["Identity ,GZip"], true),
        (&["identity", "gzip"], true),
        (&["Identity"], false),
        (&["identity, identity"], false),
        (&[""], false),
    ] {
        let body = if is_packed { packed.clone() } else { plain.clone() };
        let accepted = post(&team, BATCHES, codings, body).await;
        assert_eq!(accepted.status, 202, "{codings:?}: {accepted:?}");
        team.ended(accepted.id()).await;
        let body = if is_packed { gzip(search) } else { search.to_vec() };
        let found = post(&team, "/people/search", codings, body).await;
        assert_eq!(found.header("tollgate-credits-spent"), Some("email=1, phone=0"), "{found:?}");
    }
    for codings in [&["br"][..], &["gzip, br"], &["gzip, gzip"], &["gzip", "gzip"], &["gzip;q=1"]] {
        let refused = post(&team, BATCHES, codings, packed.clone()).await;
        let code = (refused.status, refused.errors());
        assert_eq!(code, (415, vec![("unsupported_media_type", "")]), "{codings:?}");
        assert_eq!(refused.header("accept-encoding"), Some("gzip"));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn operators_may_pack_too() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    let request = operator.request(Method::PUT, "/admin/v1/teams/sales");
    let team = json!({"name": "Sales", "quotas": []}).to_string();
    let request = request.header("content-type", "application/json");
    let put = operator.send(request.header("content-encoding", "x-gzip").body(in_two(&team))).await;
    assert_eq!((put.status, &put.body["name"]), (201, &json!("Sales")), "{put:?}");
    gateway.finish().await;
}
