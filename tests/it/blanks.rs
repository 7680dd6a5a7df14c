//! Leads as programs write them: null, blank, with a byte order mark, long in other scripts than Latin.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::asking::BATCHES;
use crate::support::gateway::TestGateway;

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_says_nothing_is_sent_to_nobody_and_named_by_nobody() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for nothing in [Value::Null, json!(""), json!(" \t"), json!("\u{3000}")] {
        let lead = json!({
            "linkedin_url": "linkedin.com/in/ada-reachable", "email": nothing, "name": nothing,
            "title": nothing, "company_name": nothing, "company_domain": nothing,
        });
        let ended = team.enrich(&json!({"leads": [lead], "reveal_email": true})).await;
        assert_eq!(ended.results()[0]["status"], "enriched", "{ended:?}");
        assert_eq!(ended.results()[0]["email"], Value::Null);
    }
    assert_eq!(gateway.vendor.leads_received().len(), 1, "each is the same lead");
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_headline_of_220_characters_is_taken_in_any_script() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let headline = "営業部長".repeat(55);
    let lead = json!({"email": "ada.reachable@x.example", "title": headline});
    let ended = team.enrich(&json!({"leads": [lead]})).await;
    assert_eq!(ended.results()[0]["status"], "enriched", "{ended:?}");
    assert_eq!(ended.results()[0]["title"], headline);
    let too_long = json!({"email": "ada@x.example", "title": "営".repeat(2_001)});
    let refused = team.post(BATCHES, &json!({"leads": [too_long]})).await;
    assert_eq!(
        (refused.status, refused.errors()),
        (400, vec![("invalid_field", "/leads/0/title")])
    );
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_is_ignored_and_half_a_character_is_refused_at_its_place() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let send = async |body: &str| {
        let request = team.request(Method::POST, BATCHES);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        team.send(request).await
    };
    let taken = send("\u{feff}{\"leads\": [{\"email\": \"ada.reachable@x.example\"}]}").await;
    assert_eq!(taken.status, 202, "{taken:?}");
    team.ended(taken.id()).await;
    let body = r#"{"leads": [{"email": "ada@x.example"}, {"name": "Ada \ud83d"}]}"#;
    let refused = send(body).await;
    assert_eq!((refused.status, refused.errors()), (400, vec![("invalid_field", "/leads/1/name")]));
    gateway.finish().await;
}
