//! Every path of the vendor's that is known, asked for through the gateway: nothing is ever spent
//! outside the books.

use reqwest::Method;
use serde_json::json;

use crate::support::client::{Answer, Client};
use crate::support::document::assert_is_error;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::wait::eventually;

/// What is free, or nothing that the vendor has.
const FREE: [(&str, &str, u16); 15] = [
    ("GET", "/account-info", 200),
    ("GET", "/users", 200),
    ("GET", "/users/7", 200),
    ("GET", "/contacts?page[size]=2&page%5Bafter%5D=7", 200),
    ("GET", "/sequences", 200),
    ("GET", "/sequences/7/leads", 200),
    ("GET", "/tasks", 200),
    ("GET", "/calls/7/recording", 200),
    ("GET", "/excluded-domains", 200),
    ("GET", "/accounts?page[size]=2", 200),
    ("GET", "/mailboxes", 200),
    ("GET", "/mailboxes/7", 200),
    ("GET", "/lead-lists", 200),
    ("GET", "/lead-lists/7", 200),
    ("OPTIONS", "/contacts", 405),
];

/// What changes the account of all teams, with the narrowest route that lets it pass.
const CHANGING: [(&str, &str, &str, u16); 11] = [
    ("POST", "/contacts", "POST /contacts", 201),
    ("PATCH", "/contacts/7", "PATCH /contacts/*", 201),
    ("PUT", "/Contacts/7/notes", "PUT /contacts/*", 404),
    ("DELETE", "/contacts/7", "DELETE /contacts/*", 204),
    ("POST", "/sequences/7/leads", "POST /sequences/*", 201),
    ("POST", "/tasks/7/complete", "POST /tasks/*", 201),
    ("DELETE", "/tasks/7", "DELETE /tasks/*", 204),
    ("POST", "/calls", "POST /calls", 201),
    ("POST", "/excluded-emails", "POST /excluded-emails", 201),
    ("DELETE", "/excluded-domains/7", "DELETE /excluded-domains/*", 204),
    ("PATCH", "/users/7", "PATCH /users/*", 201),
];

/// What may spend: refused, unless an operator says what it costs.
const SPENDING: [(&str, &str); 7] = [
    ("GET", "/companies/find?domain=x.example"),
    ("POST", "/companies/enrichment-requests"),
    ("GET", "/companies/enrichment-requests/7"),
    ("POST", "/people/search"),
    ("POST", "/companies/search"),
    ("POST", "/phone-numbers/review"),
    ("POST", "/lead-lists"),
];

/// What the sandbox charges for each of them.
const PRICES: [&str; 6] = [
    "routes.\"/companies/find\"={ email = 1 }",
    "routes.\"/companies/enrichment-requests/*\"={ email = 1 }",
    "routes.\"/people/search\"={ email = 1 }",
    "routes.\"/companies/search\"={ email = 1 }",
    "routes.\"/phone-numbers/review\"={ phone = 1 }",
    "routes.\"POST /lead-lists\"={ email = 1 }",
];

async fn ask(team: &Client, method: &str, path: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = team.request(method, path).header("content-type", "application/json");
    team.send(request.body("{}")).await
}

/// Asks for everything that goes through the books: two people in a batch, the one found of them
/// again and another one by look-ups, and two addresses.
async fn enrich_look_up_and_validate(team: &Client) {
    let batches = "/people/enrichment-requests";
    let leads = json!([{"email": "ada.reachable@x.example"}, {"email": "nobody@x.example"}]);
    let reveals = json!({"leads": leads, "reveal_email": true, "reveal_phone_numbers": true});
    let batch = format!("{batches}/{}", team.post(batches, &reveals).await.id());
    let emails = json!({"emails": [{"email": "ada@x.example"}, {"email": "bounce@x.example"}]});
    let validation = team.post("/email-validations", &emails).await;
    assert_eq!(validation.status, 202, "{validation:?}");
    let validation = validation.body["_links"]["self"]["href"].as_str().unwrap().to_owned();
    for path in [&batch, &validation] {
        eventually("it is completed", async || {
            team.get(path).await.body["status"] == json!("completed")
        })
        .await;
        let canceled = team.patch(path, &json!({"status": "canceled"})).await;
        let told = (canceled.status, &canceled.body["status"]);
        assert_eq!(told, (200, &json!("completed")), "{path} has ended already");
    }
    for name in ["ada", "grace"] {
        let reveals = "reveal_email=True&reveal_phone_numbers=1";
        let path = format!("/people/find?email={name}.reachable%40x.example&{reveals}");
        let person = team.get(&path).await;
        assert_eq!((person.status, &person.body["object"]), (200, &json!("person")), "{person:?}");
    }
}

#[tokio::test]
async fn by_default_what_is_known_to_spend_is_on_the_books_and_what_may_spend_is_refused() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for (method, path, status) in FREE {
        let answer = ask(&team, method, path).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        if status < 300 && status != 204 {
            assert_eq!(answer.body["_links"]["self"]["href"], path, "links stay as they are");
        }
    }
    for (method, path) in SPENDING.into_iter().chain([("GET", "/lists")]) {
        let answer = ask(&team, method, path).await;
        assert_is_error(&answer);
        let told = (answer.status, answer.errors());
        assert_eq!(told, (403, vec![("route_not_allowed", "")]), "{path}");
    }
    assert!(gateway.vendor.bill().entries.is_empty());
    enrich_look_up_and_validate(&team).await;
    let sums = gateway.at_rest().await;
    assert_eq!((sums.email.spent, sums.phone.spent), (5.0, 2.0));
    gateway.finish().await;
}

#[tokio::test]
async fn once_all_that_spends_has_a_price_all_of_it_is_on_the_books() {
    let gateway = TestGateway::with(Setup::with_settings(&PRICES)).await;
    let team = gateway.team("sales", 100).await;
    for (method, path) in SPENDING {
        let answer = ask(&team, method, path).await;
        assert!(answer.status == 200 || answer.status == 201, "{method} {path}: {answer:?}");
    }
    enrich_look_up_and_validate(&team).await;
    let sums = gateway.at_rest().await;
    assert_eq!((sums.email.spent, sums.phone.spent), (11.0, 3.0));
    gateway.finish().await;
}

#[tokio::test]
async fn what_changes_the_account_passes_by_a_route_that_says_so_alone() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for (method, path, route, _) in CHANGING {
        let answer = ask(&team, method, path).await;
        assert_is_error(&answer);
        let detail = answer.body["_errors"][0]["detail"].as_str().unwrap();
        let setting = format!("routes.\"{route}\"");
        assert!(answer.status == 403 && detail.contains(&setting), "{method} {path}: {answer:?}");
    }
    let asked = gateway.vendor.posts_received();
    assert_eq!(asked, 0, "nothing of it reached the vendor");
    gateway.finish().await;

    let settings = CHANGING.map(|(_, _, route, _)| format!("routes.teams.ops.\"{route}\"=free"));
    let gateway = TestGateway::with(Setup::with_settings(&settings.each_ref().map(|s| &**s))).await;
    let (ops, sales) = (gateway.team("ops", 100).await, gateway.team("sales", 100).await);
    for (method, path, _, status) in CHANGING {
        let answer = ask(&ops, method, path).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(ask(&sales, method, path).await.status, 403, "{method} {path}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_route_written_before_for_all_methods_holds_for_all_methods() {
    let settings = ["routes.\"/contacts/*\"=refused", "routes.\"/tasks/*\"=free"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let team = gateway.team("sales", 100).await;
    for (method, path, status) in [
        ("GET", "/contacts", 403),
        ("DELETE", "/contacts/7", 403),
        ("GET", "/tasks/7", 200),
        ("DELETE", "/tasks/7", 204),
    ] {
        assert_eq!(ask(&team, method, path).await.status, status, "{method} {path}");
    }
    gateway.finish().await;
}
