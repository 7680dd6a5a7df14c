//! Request targets: slashes too many and URLs in full lead where the plain path does.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::asking::BATCHES;
use crate::support::gateway::Setup;
use crate::support::gateway::TestGateway;
use crate::support::recorder::{Recorder, Reply};

/// An answer to a request line and a Host header written as they are.
async fn ask(address: SocketAddr, key: &str, line: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

#[tokio::test]
async fn slashes_too_many_lead_where_the_plain_path_does() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let body = json!({"leads": [{"email": "reachable@x.example"}]});
    for path in
        [format!("{BATCHES}/"), format!("/{BATCHES}"), "//people//enrichment-requests//".into()]
    {
        let accepted = team.post(&path, &body).await;
        assert_eq!(accepted.status, 202, "{path}: {accepted:?}");
        let read = format!("/{BATCHES}//{}/?page[size]=1", accepted.id());
        assert_eq!(team.get(&read).await.status, 200, "{read}");
        team.ended(accepted.id()).await;
    }
    for path in ["/gateway/v1/usage/", "//gateway/v1/usage", "//contacts?page[size]=1"] {
        assert_eq!(team.get(path).await.status, 200, "{path}");
    }
    let emails = json!({"emails": [{"email": "kate@x.example"}]});
    assert_eq!(team.post("//email-validations/", &emails).await.status, 202);
    assert_eq!(team.get("//people/find/?email=reachable@x.example").await.status, 200);
    let operator = gateway.operator();
    for path in ["/admin/v1/teams/", "//admin/v1/teams/sales/", "/readyz/", "//metrics"] {
        assert_eq!(operator.get(path).await.status, 200, "{path}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_the_vendors_keeps_the_slashes_that_it_may_read_otherwise() {
    let vendor = Recorder::with([Reply::whole(200, "", b"{}")]).await;
    let mut setup = Setup::default();
    setup.settings.push(vendor.setting());
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team("sales", 100).await;
    assert_eq!(team.get("//contacts/7/").await.status, 200);
    let received = vendor.received().pop().unwrap();
    assert_eq!(received.head.lines().next(), Some("GET /contacts/7/ HTTP/1.1"));
    assert_eq!(team.delete("/contacts//7").await.status, 400);
    gateway.finish().await;
}

#[tokio::test]
async fn a_url_in_full_leads_where_its_path_does() {
    let hosts = ["server.admin_hosts=gateway.internal,gateway"];
    let gateway = TestGateway::with(Setup::with_settings(&hosts)).await;
    let (team, operator) = (gateway.team("sales", 100).await, gateway.operator());
    let (callers, operators) = (gateway.app.callers, gateway.app.operators);
    for (address, key, path, status) in [
        (callers, &team.key, "/gateway/v1/usage", 200),
        (callers, &team.key, "/people/find?email=reachable@x.example", 200),
        (callers, &team.key, "/contacts?page[size]=1", 200),
        (callers, &team.key, "/people/search", 403),
        (operators, &operator.key, "/admin/v1/teams", 200),
        (operators, &operator.key, "/readyz", 200),
    ] {
        for (url, host) in [
            (format!("GET http://{address}{path}"), address.to_string()),
            (format!("GET http://Gateway.internal:80{path}"), "gateway.internal".to_owned()),
            (format!("GET https://gateway.internal{path}"), "gateway.internal:443".to_owned()),
        ] {
            let (answered, text) = ask(address, key, &url, &host).await;
            assert_eq!(answered, status, "{url}: {text}");
        }
        for url in [
            format!("GET http://elsewhere.example{path}"),
            format!("GET http://user:password@gateway{path}"),
            format!("GET ftp://gateway{path}"),
        ] {
            let (answered, text) = ask(address, key, &url, "gateway").await;
            assert_eq!(answered, 400, "{url}: {text}");
            assert!(text.contains("x-request-id") && text.contains("invalid_path"), "{text}");
        }
    }
    gateway.finish().await;
}

#[tokio::test]
async fn options_of_the_whole_server_are_the_methods_it_takes() {
    let gateway = TestGateway::start().await;
    let (status, text) = ask(gateway.app.callers, "none", "OPTIONS *", "gateway").await;
    assert_eq!(status, 204, "{text}");
    assert!(text.contains("allow: GET, HEAD, POST, PUT, PATCH, DELETE"), "{text}");
    let (status, text) =
        ask(gateway.app.callers, "none", "CONNECT x.example:443", "x.example").await;
    assert_eq!(status, 400, "{text}");
    gateway.finish().await;
}

#[tokio::test]
async fn a_refusal_names_the_narrowest_route_and_no_prefix_that_the_vendor_lacks() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let detail = async |path: &str| {
        let refused = team.get(path).await;
        assert_eq!((refused.status, refused.errors()), (403, vec![("route_not_allowed", "")]));
        refused.body["_errors"][0]["detail"].as_str().unwrap().to_owned()
    };
    for (path, setting) in [
        ("/lists/17/members", "GET /lists/*"),
        ("/17/members", "GET /17/members"),
        ("/17", "GET /17"),
        ("/v2things/3", "GET /v2things/*"),
    ] {
        let expected = format!("the setting routes.\"{setting}\" would allow it");
        assert!(detail(path).await.ends_with(&expected), "{path}: {}", detail(path).await);
    }
    for (path, plain) in [
        ("/v1/people/find?email=ada@x.example", "/people/find"),
        ("/v2/contacts/17", "/contacts/*"),
        ("/api/v1/people/enrichment-requests", "/people/enrichment-requests"),
        ("/api/lists", "/lists"),
    ] {
        let detail = detail(path).await;
        let prefix = path.split_once(plain.trim_end_matches("/*")).unwrap().0;
        assert!(detail.contains(&format!("has no prefix {prefix}")), "{path}: {detail}");
        assert!(detail.contains(&format!("use {plain} instead")), "{path}: {detail}");
        assert!(!detail.contains("routes."), "{path}: {detail}");
    }
    // What cannot be written as a route is no reason to name one for everything.
    let unwritable = detail("/j%C3%BCrgen").await;
    assert!(!unwritable.contains("/*"), "{unwritable}");
    gateway.finish().await;
}
