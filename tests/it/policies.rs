//! Team policies through the front door: put by operators, felt by callers.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::gateway::TestGateway;
use crate::support::wait::eventually;

const ADA: &str = "linkedin.com/in/ada-reachable";
const PATH: &str = "/admin/v1/teams/sales";

/// Gives sales these policies and no others.
async fn put(gateway: &TestGateway, policies: Value) {
    let put = gateway.operator().put(PATH, &json!({"policies": policies})).await;
    assert_eq!(put.status, 200, "{put:?}");
}

async fn spent(gateway: &TestGateway) -> (f64, f64) {
    let sums = gateway.at_rest().await;
    (sums.email.spent, sums.phone.spent)
}

#[tokio::test]
async fn policies_have_defaults_are_shown_and_can_be_sent_back() {
    let gateway = TestGateway::start().await;
    gateway.team("sales", 100).await;
    let operator = gateway.operator();
    let shown = operator.get(PATH).await;
    let defaults = json!({
        "strip_email_reveal": false, "phones": true, "max_age": null, "shared_cache": true,
        "ignore_no_cache": false, "requests_per_minute": null, "requests_at_once": null,
        "open_batches": null, "kept_bytes": null, "leads_per_day": null, "idempotency_keys": null,
    });
    assert_eq!(shown.body["policies"], defaults);
    let policies = json!({
        "strip_email_reveal": true, "phones": false, "max_age": "24h", "shared_cache": false,
        "ignore_no_cache": true, "requests_per_minute": 600, "requests_at_once": 8,
        "open_batches": 5, "kept_bytes": 1_u64 << 30, "leads_per_day": 0, "idempotency_keys": 7,
    });
    let put = operator.put(PATH, &json!({"policies": policies})).await;
    assert_eq!(put.body["policies"], policies);
    let again = operator.put(PATH, &put.body).await;
    assert_eq!((again.status, &again.body), (200, &put.body));
    for (body, pointer) in [
        (json!({"policies": {"max_age": "a day"}}), "/policies/max_age"),
        (json!({"policies": {"phones": null}}), "/policies/phones"),
        (json!({"policies": {"requests_at_once": -1}}), "/policies/requests_at_once"),
        (json!({"policies": {"kept_bytes": (1_u64 << 53) + 1}}), "/policies/kept_bytes"),
        (json!({"policies": {"phone": false}}), "/policies/phone"),
        (json!({"policies": []}), "/policies"),
    ] {
        let refused = operator.put(PATH, &body).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (400, &json!(pointer)));
    }
    assert_eq!(operator.get(PATH).await.body, put.body, "what is refused changes nothing");
    gateway.finish().await;
}

#[tokio::test]
async fn phone_numbers_are_refused_where_a_policy_says_so() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    put(&gateway, json!({"phones": false})).await;
    let ask = |phone: bool| json!({"leads": [{"linkedin_url": ADA}], "reveal_email": true, "reveal_phone_numbers": phone});
    for path in ["/people/enrichment-requests", "/gateway/v1/estimates"] {
        let refused = team.post(path, &ask(true)).await;
        let expected = vec![("phones_not_allowed", "/reveal_phone_numbers")];
        assert_eq!((refused.status, refused.errors()), (403, expected), "{path}");
    }
    assert_eq!(gateway.vendor.posts_received(), 0);
    assert_eq!(spent(&gateway).await, (0.0, 0.0));
    team.enrich(&ask(false)).await;
    assert_eq!(spent(&gateway).await, (1.5, 0.0));
    gateway.finish().await;
}

#[tokio::test]
async fn the_email_of_a_lead_that_carries_one_is_not_bought() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    put(&gateway, json!({"strip_email_reveal": true})).await;
    let body = json!({
        "leads": [
            {"linkedin_url": "linkedin.com/in/grace-reachable", "email": "grace@example.com"},
            {"linkedin_url": ADA},
        ],
        "reveal_email": true,
    });
    let accepted = sales.start(&body).await;
    assert_eq!(accepted.header("tollgate-credits-reserved"), Some("email=2, phone=0"));
    let ended = sales.ended(accepted.id()).await;
    let results = ended.results();
    assert_eq!(
        (&results[0]["status"], &results[1]["status"]),
        (&json!("enriched"), &json!("enriched"))
    );
    assert_eq!(results[0]["result"]["email"], Value::Null, "not asked, and so not shown");
    assert!(results[1]["result"]["email"].is_string(), "{ended:?}");
    assert_eq!(gateway.vendor.posts_received(), 2, "one job for each set of reveals");
    assert_eq!(spent(&gateway).await, (2.0, 0.0));

    // Once another team has bought it, it is shown to this one, too.
    let growth = gateway.team("growth", 100).await;
    growth.enrich(&body).await;
    let known = sales.start(&body).await;
    assert!(known.results()[0]["result"]["email"].is_string(), "{known:?}");
    assert_eq!(spent(&gateway).await, (3.0, 0.0));
    gateway.finish().await;
}

#[tokio::test]
async fn no_cache_that_a_client_sends_by_default_is_ignored_where_a_policy_says_so() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let lead = json!({"linkedin_url": ADA});
    team.enrich(&json!({"leads": [lead]})).await;
    let emails = json!({"emails": [{"email": "kate@x.example"}]});
    let ended = async |path: &str, accepted: &Answer| {
        let id = accepted.body["id"].to_string();
        let path = format!("{path}/{}", id.trim_matches('"'));
        eventually("it ends", async || team.get(&path).await.body["status"] == "completed").await;
    };
    ended("/email-validations", &team.post("/email-validations", &emails).await).await;
    let asked = || gateway.vendor.bill().leads_received;
    for (ignored, control, is_asked) in [
        (false, "no-cache", true),
        (true, "no-cache", false),
        (true, "max-age=0, no-cache", false),
        (true, "max-age=3600", false),
        (false, "max-age=0", true),
    ] {
        put(&gateway, json!({"ignore_no_cache": ignored})).await;
        let body = json!({"leads": [lead]});
        for (path, body) in
            [("/people/enrichment-requests", &body), ("/email-validations", &emails)]
        {
            let request = team.json(Method::POST, path, body).header("cache-control", control);
            let accepted = team.send(request).await;
            assert_eq!(accepted.status, 202, "{accepted:?}");
            let is_fresh = accepted.header("tollgate-leads").unwrap().ends_with("fresh=1");
            assert_eq!(is_fresh, is_asked, "{control}: {accepted:?}");
            ended(path, &accepted).await;
        }
        let before = asked();
        let found = team.request(Method::GET, &format!("/people/find?linkedin_url={ADA}"));
        let found = team.send(found.header("cache-control", control)).await;
        assert_eq!(found.status, 200, "{found:?}");
        assert_eq!(asked() > before, is_asked, "{control}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_team_that_keeps_to_itself_shares_nothing_but_the_facts_of_payment() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    put(&gateway, json!({"shared_cache": false})).await;
    let body = json!({"leads": [{"linkedin_url": ADA}], "reveal_email": true});
    let fresh =
        async |team: &Client| team.enrich(&body).await.header("tollgate-leads").map(str::to_owned);
    let (sent, known) = ("fresh=1", "fresh=0");
    for (team, told) in [(&growth, sent), (&sales, sent), (&sales, known), (&growth, known)] {
        let leads = fresh(team).await.expect("it is told");
        assert!(leads.contains(told), "{leads}");
    }
    assert_eq!(gateway.vendor.posts_received(), 2);
    assert_eq!(spent(&gateway).await, (1.5, 0.0), "the vendor's account is one");
    gateway.finish().await;
}

/// What a team is told of the price of its leads before anything is settled.
async fn told_of(team: &Client, body: &Value) -> Value {
    let estimate = team.post("/gateway/v1/estimates", body).await;
    let accepted = team.start(body).await;
    let headers = ["tollgate-leads", "tollgate-credits-reserved", "tollgate-credits-remaining"];
    let headers = headers.map(|name| accepted.header(name).map(str::to_owned));
    json!({"estimate": estimate.body, "headers": headers, "status": accepted.body["status"]})
}

#[tokio::test]
async fn no_price_shows_what_a_team_that_keeps_to_itself_has_bought() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    put(&gateway, json!({"shared_cache": false})).await;
    let lead = |name: &str| json!({"linkedin_url": format!("linkedin.com/in/reachable-{name}")});
    let ask = |name: &str, email: bool| json!({"leads": [lead(name)], "reveal_email": email});
    sales.enrich(&ask("bought", true)).await;

    // Of a team each, since what one is told moves its quota.
    let (one, other) = (gateway.team("one", 2).await, gateway.team("other", 2).await);
    let (bought, unknown) = (ask("bought", true), ask("unknown", true));
    let short = gateway.team("short", 1).await;
    let estimate = short.post("/gateway/v1/estimates", &bought).await;
    assert_eq!(estimate.body["fits"], false, "{estimate:?}");
    let told = (told_of(&one, &bought).await, told_of(&other, &unknown).await);
    assert_eq!(told.0, told.1);
    assert_eq!(told.0["estimate"]["credits"]["email"]["worst"], 1.5);

    // Where others know the person without the email, that is what they are told of.
    let growth = gateway.team("growth", 100).await;
    growth.enrich(&ask("known", false)).await;
    sales.enrich(&ask("known", true)).await;
    let estimate = growth.post("/gateway/v1/estimates", &ask("known", true)).await;
    assert_eq!(estimate.body["credits"]["email"]["worst"], 1.0, "{estimate:?}");

    // Its own purchases it is told of, and what is due is charged, which may be less.
    let own = sales.post("/gateway/v1/estimates", &ask("bought", true)).await;
    assert_eq!(own.body["leads"]["cached"], 1, "{own:?}");
    gateway.at_rest().await;
    let spent = async |team: &str| gateway.usage(team).await["totals"]["email"]["spent"].clone();
    assert_eq!((spent("one").await, spent("other").await), (json!(0), json!(1.5)));
    gateway.finish().await;
}

#[tokio::test]
async fn no_answer_shows_what_a_team_that_keeps_to_itself_has_learned_of_a_known_person() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    put(&gateway, json!({"shared_cache": false})).await;
    let lead = json!({"linkedin_url": "linkedin.com/in/reachable-known"});
    growth.enrich(&json!({"leads": [lead]})).await;
    let bought = sales.enrich(&json!({"leads": [lead], "reveal_email": true})).await;
    let email = bought.results()[0]["result"]["email"].as_str().unwrap();

    // Whose email it is, only the team that bought it knows.
    let by_email = json!({"leads": [{"email": email}]});
    let estimate = growth.post("/gateway/v1/estimates", &by_email).await;
    assert_eq!(estimate.body["leads"]["fresh"], 1, "{estimate:?}");
    assert_eq!(estimate.body["credits"]["email"]["worst"], 0.5, "{estimate:?}");
    let own = sales.post("/gateway/v1/estimates", &by_email).await;
    assert_eq!(own.body["leads"]["cached"], 1, "{own:?}");
    let told = growth.enrich(&by_email).await;
    assert!(told.header("tollgate-leads").unwrap().contains("fresh=1"), "{told:?}");
    gateway.finish().await;
}
