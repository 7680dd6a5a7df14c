//! Reveals through the front door: bought once, and seen by those who asked.

use serde_json::{Value, json};

use crate::support::gateway::TestGateway;

const ADA: &str = "linkedin.com/in/ada-reachable";

fn ask(email: bool, phone: bool) -> Value {
    json!({
        "leads": [{"linkedin_url": ADA}],
        "reveal_email": email,
        "reveal_phone_numbers": phone,
    })
}

#[tokio::test]
async fn a_reveal_asked_for_later_buys_the_reveal_alone() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for (body, email, phone) in [
        (ask(false, false), 0.5, 0.0),
        (ask(true, false), 1.5, 0.0),
        (ask(true, true), 1.5, 1.0),
        (ask(true, true), 1.5, 1.0),
        (ask(false, true), 1.5, 1.0),
    ] {
        team.enrich(&body).await;
        let sums = gateway.at_rest().await;
        assert_eq!((sums.email.spent, sums.phone.spent), (email, phone), "{body}");
    }
    assert_eq!(gateway.vendor.posts_received(), 3, "what is owned is not asked for again");
    gateway.finish().await;
}

#[tokio::test]
async fn an_upgrade_reserves_no_more_than_what_is_missing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    team.enrich(&ask(true, false)).await;
    let accepted = team.post("/people/enrichment-requests", &ask(true, true)).await;
    assert_eq!(accepted.header("tollgate-credits-reserved"), Some("email=0, phone=1"));
    team.ended(accepted.id()).await;
    gateway.finish().await;
}

#[tokio::test]
async fn what_a_team_did_not_ask_to_see_it_does_not_see() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    let all = sales.enrich(&ask(true, true)).await;
    let person = &all.body["results"][0]["result"];
    assert!(person["email"].is_string() && person["phone_numbers"][0]["number"].is_string());
    assert!(all.text.contains("x_"), "what the vendor does not document passes to who asked all");

    let none = growth.enrich(&ask(false, false)).await;
    let seen = &none.body["results"][0]["result"];
    assert_eq!((&seen["email"], &seen["phone_numbers"]), (&Value::Null, &Value::Null));
    assert_eq!(seen["name"], person["name"]);
    assert!(!none.text.contains(person["email"].as_str().unwrap()));
    assert!(!none.text.contains(person["phone_numbers"][0]["number"].as_str().unwrap()));

    let phone_only = growth.enrich(&ask(false, true)).await;
    let seen = &phone_only.body["results"][0]["result"];
    assert_eq!((&seen["email"], &seen["phone_numbers"]), (&Value::Null, &person["phone_numbers"]));
    assert_eq!(gateway.vendor.posts_received(), 1);
    gateway.finish().await;
}

#[tokio::test]
async fn the_same_person_written_another_way_costs_another_team_nothing() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    sales.enrich(&json!({"leads": [{"linkedin_url": ADA}], "reveal_email": true})).await;
    for spelling in
        ["https://uk.LinkedIn.com/in/ADA-reachable/?trk=x", "linkedin.com/m/in/ada-reachable"]
    {
        let body = json!({"leads": [{"linkedin_url": spelling}], "reveal_email": true});
        let answer = growth.post("/people/enrichment-requests", &body).await;
        assert_eq!(answer.body["status"], "completed", "{answer:?}");
        assert_eq!(answer.body["results"][0]["linkedin_url"], spelling, "the echo is its own");
        assert_eq!(answer.header("tollgate-credits-spent"), Some("email=0, phone=0"));
        assert_eq!(answer.header("tollgate-credits-avoided"), Some("email=1.5, phone=0"));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_reveal_that_came_back_empty_is_answered_and_not_asked_for_again() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let body =
        json!({"leads": [{"linkedin_url": "linkedin.com/in/ada-mailless"}], "reveal_email": true});
    team.enrich(&body).await;
    team.enrich(&body).await;
    assert_eq!(gateway.vendor.posts_received(), 1);
    assert_eq!(gateway.at_rest().await.email.spent, 0.5);
    gateway.finish().await;
}
