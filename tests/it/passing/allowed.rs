//! Which paths pass: by the table, by a team's own, and none of the gateway's.

use reqwest::Method;
use serde_json::json;

use crate::support::client::connections;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;

#[tokio::test]
async fn a_refusal_names_the_setting_that_would_allow_it() {
    let refused = "routes.teams.sales.\"/tasks/*\"=refused";
    let gateway = TestGateway::with(Setup::with_settings(&[refused])).await;
    let team = gateway.team("sales", 100).await;
    for (path, setting) in [
        ("/companies/enrichment-requests/7", "routes.\"/companies/enrichment-requests/*\""),
        ("/people/search", "routes.\"/people/search\""),
        ("/tasks/7", "routes.teams.sales.\"/tasks/*\""),
        ("/lists", "routes.\"GET /lists\""),
        ("/lists/ada@x.example/members?email=ada@x.example", "routes.\"GET /lists/*\""),
    ] {
        let answer = team.get(path).await;
        let detail = answer.body["_errors"][0]["detail"].as_str().unwrap();
        let expected = format!("This path is not forwarded; the setting {setting} would allow it");
        assert_eq!((answer.status, detail), (403, expected.as_str()));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_team_has_routes_of_its_own_and_methods_may_differ() {
    let settings = [
        "routes.\"/lists\"=free",
        "routes.teams.sales.\"/contacts/*\"=refused",
        "routes.\"/users/*\"=free",
        "routes.\"DELETE /users/*\"=refused",
    ];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    assert_eq!(
        (sales.get("/contacts").await.status, growth.get("/contacts").await.status),
        (403, 200)
    );
    assert_eq!(
        (sales.get("/users/7").await.status, sales.delete("/users/7").await.status),
        (200, 403)
    );
    // It passes, and the vendor has no such thing.
    let unknown = sales.get("/lists").await;
    assert_eq!((unknown.status, unknown.errors()), (404, vec![("not_found", "")]));
    gateway.finish().await;
}

#[tokio::test]
async fn validations_can_be_refused_like_any_other_path() {
    let refused = "routes.teams.sales.\"/email-validations\"=refused";
    let gateway = TestGateway::with(Setup::with_settings(&[refused])).await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    let body = json!({"emails": [{"email": "ada@x.example"}]});
    let answer = sales.post("/email-validations", &body).await;
    assert_eq!((answer.status, answer.errors()), (403, vec![("route_not_allowed", "")]));
    assert_eq!(growth.post("/email-validations", &body).await.status, 202);
    gateway.finish().await;
}

#[tokio::test]
async fn the_gateways_own_paths_are_never_passed_on() {
    let gateway = TestGateway::with(Setup::with_settings(&["routes.\"/*\"=free"])).await;
    let team = gateway.team("sales", 100).await;
    for path in [
        "/people/enrichment-requests/7/results",
        "/People/Enrichment-Requests",
        "/people/enrichment-requests.json",
        "/people/find/7",
        "/people/FIND",
        "/gateway/v2/usage",
        "/Email-Validations",
        "/email-validations.json",
        "/email-v%61lidations",
        "/email-validations/7/results",
    ] {
        let body = json!({"leads": [{"email": "ada@x.example"}]});
        let answer = team.post(path, &body).await;
        assert_eq!((answer.status, answer.errors()), (404, vec![("not_found", "")]), "{path}");
    }
    assert_eq!(team.delete("/people/enrichment-requests/7").await.status, 405);
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn nobody_unknown_is_passed_on() {
    let gateway = TestGateway::start().await;
    let url = format!("http://{}/contacts", gateway.app.callers);
    assert_eq!(connections().get(url).send().await.unwrap().status(), 401);
    assert_eq!(gateway.caller("tg_0").get("/contacts").await.status, 401);
    let scrape = Scrape::of(&gateway.operator()).await;
    assert_eq!(scrape.sum("tollgate_vendor_request_duration_seconds_count"), 0.0);
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_passed_on_is_counted_by_its_pattern_and_never_by_its_path() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for path in ["/contacts/ada-lovelace?email=ada@x.example", "/people/search", "/x/8675309"] {
        team.get(path).await;
    }
    let scrape = Scrape::of(&gateway.operator()).await;
    for (route, status) in [("/contacts/*", 200), ("/people/search", 403), ("unmatched", 403)] {
        let series = format!(
            "tollgate_http_request_duration_seconds_count{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}"
        );
        assert_eq!(scrape.value(&series), Some(1.0), "{series} in {}", scrape.text);
    }
    for private in ["lovelace", "8675309", "x.example"] {
        assert!(!scrape.text.contains(private), "{private} is shown");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn an_allowance_holds_back_its_own_path_and_no_other() {
    let allowed = "routes.\"/users/*\"={ access = \"free\", requests_per_minute = 2 }";
    let gateway = TestGateway::with(Setup::with_settings(&[allowed])).await;
    let team = gateway.team("sales", 100).await;
    for _ in 0..2 {
        assert_eq!(team.get("/users").await.status, 200);
    }
    let refused = team.get("/users/7").await;
    assert_eq!((refused.status, refused.errors()), (503, vec![("service_unavailable", "")]));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=65).contains(&wait), "{wait}");
    for _ in 0..5 {
        assert_eq!(team.get("/contacts").await.status, 200);
    }
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_priced_goes_through_the_books() {
    // The sandbox charges an email credit for each request.
    let settings = ["routes.\"/people/search\"={ email = 1 }"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let team = gateway.team("sales", 2).await;
    for left in ["email=1, phone=2", "email=0, phone=2"] {
        let answer = team.post("/people/search", &json!({"titles": ["cto"]})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.header("tollgate-credits-reserved"), Some("email=1, phone=0"));
        assert_eq!(answer.header("tollgate-credits-spent"), Some("email=1, phone=0"));
        assert_eq!(answer.header("tollgate-credits-remaining"), Some(left));
    }
    let refused = team.post("/people/search", &json!({"titles": ["cto"]})).await;
    assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
    assert_eq!(gateway.vendor.bill().entries.len(), 2);
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_priced_per_item_is_not_sent_where_nobody_can_count() {
    let settings = ["routes.\"/people/search\"={ email = 0.5, per = \"/titles\" }"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let team = gateway.team("sales", 2).await;
    for (body, fault) in [
        ("{}", ("missing_field", "/titles")),
        (r#"{"titles": []}"#, ("invalid_field", "/titles")),
        (r#"{"titles": "cto"}"#, ("type_error", "/titles")),
        (r#"{"titles": ["cto", "ceo"], "titles": ["cto"]}"#, ("duplicate_field", "/titles")),
    ] {
        let request = team.request(Method::POST, "/people/search");
        let request = request.header("content-type", "application/json").body(body);
        let answer = team.send(request).await;
        assert_eq!((answer.status, answer.errors()), (400, vec![fault]), "{body}");
    }
    assert!(gateway.vendor.bill().entries.is_empty());
    let answer = team.post("/people/search", &json!({"titles": ["cto", "ceo"]})).await;
    assert_eq!(answer.header("tollgate-credits-spent"), Some("email=1, phone=0"));
    gateway.finish().await;
}
