//! What is passed on is left as it is, byte for byte, and nothing but what is named goes with it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Body, Method};

use super::{before, exchange, status_and_body};
use crate::support::gateway::TestGateway;
use crate::support::recorder::{Recorder, Reply};

const VENDOR_JSON: &str = "application/vnd.amp+json";

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn ok() -> Reply {
    Reply::whole(200, "content-type: application/json\r\n", b"{}")
}

async fn get(gateway: &TestGateway, key: &str, target: &str) -> u16 {
    let request = format!(
        "GET {target} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         connection: close\r\n\r\n"
    );
    status_and_body(&exchange(gateway, request.as_bytes()).await).0
}

#[tokio::test]
async fn path_and_query_arrive_as_they_were_written() {
    let targets = [
        "/contacts?page[size]=2&page[after]=x",
        "/contacts?page%5Bsize%5D=2&page%5bafter%5d=x",
        "/contacts?name=O'Brien&q=a+b%20c&empty=&twice=1&twice=2&url=https://x.example/?a=b",
        "/contacts/J%C3%BCrgen%20M/",
        "/contacts/a~b!c$d(e)*+,=:@",
        "/contacts?",
        "/contacts?%zz{}|",
    ];
    let vendor = Recorder::with(targets.map(|_| ok())).await;
    let gateway = before(&vendor, &[]).await;
    let key = gateway.team("sales", 100).await.key;
    for target in targets {
        assert_eq!(get(&gateway, &key, target).await, 200, "{target}");
        let received = vendor.received().pop().unwrap();
        assert_eq!(received.head.lines().next(), Some(format!("GET {target} HTTP/1.1").as_str()));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_path_that_may_be_read_in_two_ways_goes_nowhere() {
    let vendor = Recorder::with([ok()]).await;
    let gateway = before(&vendor, &["routes.\"/*\"=free"]).await;
    let key = gateway.team("sales", 100).await.key;
    for target in [
        "/contacts//7",
        "/contacts//",
        "/contacts/../people/find",
        "/contacts/%2e%2e/people/find",
        "/contacts%2F..%2Fpeople%2Ffind",
        "/contacts/%5c..%5cfind",
        "/contacts/%252e%252e/x",
        "/contacts;x=1/7",
        "http://elsewhere.example/contacts",
        "http://user:password@gateway/contacts",
        "ftp://gateway/contacts",
    ] {
        assert_eq!(get(&gateway, &key, target).await, 400, "{target}");
    }
    assert!(vendor.received().is_empty());
    gateway.finish().await;
}

#[tokio::test]
async fn bodies_pass_packed_as_they_are_and_headers_only_by_name() {
    let (asked, answered) = (gzip(r#"{"name":"Ada"}"#), gzip(r#"{"object":"contact"}"#));
    let headers = format!(
        "content-type: {VENDOR_JSON}\r\ncontent-encoding: gzip\r\ncache-control: private\r\n\
         set-cookie: session=theirs\r\netag: \"1\"\r\nx-account: 7\r\nlocation: /contacts/7\r\n\
         x-request-id: theirs\r\n"
    );
    let vendor = Recorder::with([Reply::whole(201, &headers, &answered)]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    // One that takes bodies as they come.
    let http = reqwest::Client::builder().no_proxy().gzip(false).build().unwrap();
    let request = http
        .post(format!("http://{}/contacts", gateway.app.callers))
        .bearer_auth(&team.key)
        .header("content-type", VENDOR_JSON)
        .header("content-encoding", "gzip")
        .header("accept", VENDOR_JSON)
        .header("cookie", "a=b")
        .header("idempotency-key", "k")
        .header("x-forwarded-for", "10.0.0.1")
        .header("x-request-id", "mine")
        .body(asked.clone());
    let answer = request.send().await.unwrap();

    let received = vendor.received().pop().unwrap();
    assert_eq!(received.body, asked);
    assert_eq!(
        received.header_names(),
        [
            "accept",
            "authorization",
            "content-encoding",
            "content-length",
            "content-type",
            "host",
            "user-agent"
        ]
    );
    assert_eq!(received.header("authorization"), ["Bearer sandbox"]);
    assert_eq!(received.header("host"), [vendor.address.to_string()]);
    assert!(received.header("user-agent")[0].starts_with("tollgate/"));
    for name in ["content-type", "accept"] {
        assert_eq!(received.header(name), [VENDOR_JSON]);
    }

    assert_eq!(answer.status(), 201);
    let mut names: Vec<_> = answer.headers().keys().map(|name| name.as_str().to_owned()).collect();
    names.sort_unstable();
    let passed = ["cache-control", "content-encoding", "content-length", "content-type"];
    assert_eq!(names, [&passed[..], &["date", "location", "x-request-id"]].concat());
    assert_eq!(answer.headers()["x-request-id"], "mine");
    assert_eq!(answer.bytes().await.unwrap(), answered);
    gateway.finish().await;
}

#[tokio::test]
async fn the_vendors_media_type_is_not_renamed_on_what_is_passed_on() {
    let vendor = Recorder::with([ok()]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    let ask = |path| team.request(Method::GET, path).header("accept", VENDOR_JSON);
    let passed = team.send(ask("/contacts")).await;
    assert_eq!(passed.header("content-type"), Some("application/json"));
    let refused = team.send(ask("/people/search")).await;
    assert_eq!(refused.header("content-type"), Some(VENDOR_JSON));
    gateway.finish().await;
}

#[tokio::test]
async fn large_bodies_and_answers_pass_in_pieces() {
    let asked: Vec<u8> = (0..5_000_000_u32).map(|n| n.to_le_bytes()[n as usize % 3]).collect();
    let answered: Vec<u8> = asked.iter().rev().copied().cycle().take(20_000_000).collect();
    let vendor = Recorder::with([Reply::whole(200, "", &answered)]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    let request = team.request(Method::POST, "/contacts").body(asked.clone());
    let answer = request.send().await.unwrap();
    assert!(answer.bytes().await.unwrap() == answered, "the answer is another one");
    assert!(vendor.received()[0].body == asked, "the body is another one");
    gateway.finish().await;
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused_and_never_arrives_whole() {
    let vendor = Recorder::with([ok()]).await;
    let gateway = before(&vendor, &["server.body_bytes_max=1MiB"]).await;
    let team = gateway.team("sales", 100).await;
    let large = vec![b'x'; (1 << 20) + 1];
    let measured = team.request(Method::POST, "/contacts").body(large.clone());
    assert_eq!(team.send(measured).await.status, 413);
    let key = &team.key;
    let mut unmeasured = format!(
        "POST /contacts HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n{:x}\r\n",
        large.len()
    )
    .into_bytes();
    unmeasured.extend(&large);
    unmeasured.extend(b"\r\n0\r\n\r\n");
    assert_eq!(status_and_body(&exchange(&gateway, &unmeasured).await).0, 413);
    assert!(vendor.received().is_empty());
    gateway.finish().await;
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let headers = |location: &str| format!("location: {location}\r\n");
    let vendor = Recorder::with([
        Reply::whole(302, &headers("/contacts/7"), b""),
        Reply::whole(302, &headers("http://elsewhere.example/"), b""),
    ])
    .await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    let key = &team.key;
    let request = format!(
        "GET /contacts HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {key}\r\n\
         connection: close\r\n\r\n"
    );
    let told = async || String::from_utf8(exchange(&gateway, request.as_bytes()).await).unwrap();
    let (own, others) = (told().await, told().await);
    assert!(own.starts_with("HTTP/1.1 302") && own.contains("location: /contacts/7\r\n"), "{own}");
    assert!(others.starts_with("HTTP/1.1 302") && !others.contains("elsewhere"), "{others}");
    gateway.finish().await;
}

#[tokio::test]
async fn a_head_has_the_length_and_no_body() {
    let head = "HTTP/1.1 200 X\r\ncontent-length: 12\r\nconnection: close\r\n\r\n";
    let vendor = Recorder::with([Reply::bytes(head)]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    let answer = team.request(Method::HEAD, "/contacts").send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-length"]),
        (200, &"12".parse().unwrap())
    );
    assert!(vendor.received()[0].head.starts_with("HEAD /contacts HTTP/1.1"));
    gateway.finish().await;
}

#[tokio::test]
async fn an_empty_body_is_no_body() {
    let vendor = Recorder::with([ok(), ok()]).await;
    let gateway = before(&vendor, &[]).await;
    let team = gateway.team("sales", 100).await;
    team.get("/contacts").await;
    let request = team.request(Method::POST, "/contacts").body(Body::from(""));
    assert_eq!(team.send(request).await.status, 200);
    let [read, posted] = &vendor.received()[..] else { panic!("two requests") };
    assert!(
        read.header("content-length").is_empty() && read.header("transfer-encoding").is_empty()
    );
    assert_eq!(posted.header("content-length"), ["0"]);
    gateway.finish().await;
}
