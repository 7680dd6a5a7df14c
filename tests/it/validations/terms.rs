//! What a validation may cost, and for whom: quotas, prices, policies, and what its caller says.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{RETRIES_ARE_TOLD, VALIDATIONS, body, ended, validate};
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, TestGateway};

/// Has addresses validated under one more header.
async fn validate_with(team: &Client, header: (&str, &str), emails: &[&str]) -> Answer {
    let request = team.request(Method::POST, VALIDATIONS).header(header.0, header.1);
    let request = request.header("content-type", "application/json");
    team.send(request.body(body(emails).to_string())).await
}

/// Gives a team these policies.
async fn put(gateway: &TestGateway, team: &str, policies: Value) {
    let path = format!("/admin/v1/teams/{team}");
    let put = gateway.operator().put(&path, &json!({"policies": policies})).await;
    assert_eq!(put.status, 200, "{put:?}");
}

#[tokio::test]
async fn what_does_not_fit_the_quota_is_refused_and_nothing_is_sent() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 2).await;
    let refused = validate(&team, &["a@x.example", "b@x.example", "c@x.example"]).await;
    assert_eq!(refused.status, 402, "{refused:?}");
    assert_eq!(gateway.vendor.posts_received(), 0);
    let accepted = validate(&team, &["a@x.example", "b@x.example"]).await;
    ended(&team, &accepted).await;
    gateway.finish().await;
}

#[tokio::test]
async fn the_same_request_again_answers_the_same_validation() {
    let gateway = TestGateway::with(Setup::with_settings(&[RETRIES_ARE_TOLD])).await;
    let team = gateway.team("sales", 9).await;
    let first = validate(&team, &["ada@x.example"]).await;
    let again = validate(&team, &["ada@x.example"]).await;
    assert_eq!(again.body["id"], first.body["id"]);
    assert_eq!(again.header("tollgate-replayed"), Some("?1"));
    assert_eq!(first.header("tollgate-replayed"), None);
    let other = validate(&team, &["ADA@x.example"]).await;
    assert_ne!(other.body["id"], first.body["id"], "it is to be answered as it was written");
    gateway.finish().await;
}

#[tokio::test]
async fn an_address_costs_each_team_what_its_route_says() {
    let path = "\"/email-validations\"";
    let settings = [
        &format!("routes.teams.growth.{path}={{ email = 2.5, per = \"/emails\" }}"),
        &format!("routes.teams.staff.{path}=free"),
    ];
    let gateway = TestGateway::with(Setup::with_settings(&settings.map(String::as_str))).await;
    for (name, emails, cost) in [
        ("sales", ["a@x.example", "b@x.example"], "email=2, phone=0"),
        ("growth", ["c@x.example", "d@x.example"], "email=5, phone=0"),
        ("staff", ["e@x.example", "f@x.example"], "email=0, phone=0"),
    ] {
        let team = gateway.team(name, 100).await;
        let accepted = validate(&team, &emails).await;
        assert_eq!(accepted.header("tollgate-credits-reserved"), Some(cost), "{name}");
        let ended = ended(&team, &accepted).await;
        assert_eq!(ended.header("tollgate-credits-spent"), Some(cost), "{name}");
    }
    // What the operator says costs so much is booked so; the vendor charges one credit each.
    assert_eq!(
        (gateway.at_rest().await.email.spent, gateway.vendor.bill().email.halves()),
        (7.0, 12)
    );
    gateway.stop().await;
}

#[tokio::test]
async fn what_may_cost_more_than_its_caller_allows_is_refused_and_nothing_is_sent() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    let known = validate(&team, &["known@x.example"]).await;
    ended(&team, &known).await;
    let emails = ["a@x.example", "known@x.example", "b@x.example", "A@x.example"];
    let refused = validate_with(&team, ("tollgate-max-credits", "email=1.5"), &emails).await;
    assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
    assert!(refused.text.contains("2 email credits, more than the 1.5"), "{refused:?}");
    assert_eq!(gateway.vendor.addresses_received(), ["known@x.example"]);
    let accepted =
        validate_with(&team, ("tollgate-max-credits", "email=2, phone=0"), &emails).await;
    ended(&team, &accepted).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_header_that_cannot_be_heeded_is_refused() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    for header in [
        ("tollgate-on-quota", "trim"),
        ("tollgate-on-quota", "Refuse"),
        ("tollgate-max-credits", "10"),
        ("idempotency-key", "two words"),
    ] {
        let refused = validate_with(&team, header, &["ada@x.example"]).await;
        let told = (refused.status, refused.errors());
        assert_eq!(told, (400, vec![("invalid_header", "")]), "{header:?}");
    }
    assert_eq!(gateway.vendor.posts_received(), 0);
    let accepted = validate_with(&team, ("tollgate-on-quota", "refuse"), &["ada@x.example"]).await;
    ended(&team, &accepted).await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_callers_key_names_one_validation() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    let key = ("idempotency-key", "8e03978e-40d5");
    let first = validate_with(&sales, key, &["ada@x.example"]).await;
    ended(&sales, &first).await;
    let again = validate_with(&sales, key, &["ada@x.example"]).await;
    assert_eq!((&again.body["id"], again.header("tollgate-replayed")), {
        (&first.body["id"], Some("?1"))
    });
    let other = validate_with(&sales, key, &["bob@x.example"]).await;
    assert_eq!((other.status, other.errors()), (422, vec![("idempotency_key_reused", "")]));
    let others = validate_with(&growth, key, &["bob@x.example"]).await;
    ended(&growth, &others).await;
    assert_eq!(gateway.vendor.addresses_received(), ["ada@x.example", "bob@x.example"]);
    gateway.finish().await;
}

#[tokio::test]
async fn a_team_that_keeps_to_itself_shares_no_verdict() {
    let gateway = TestGateway::start().await;
    let (sales, apart) = (gateway.team("sales", 9).await, gateway.team("apart", 9).await);
    put(&gateway, "apart", json!({"shared_cache": false})).await;
    for team in [&sales, &apart] {
        let first = validate(team, &["ada@x.example"]).await;
        assert_eq!(first.body["status"], "queued", "{first:?}");
        ended(team, &first).await;
    }
    for team in [&sales, &apart] {
        let known = validate(team, &["Ada@x.example"]).await;
        assert_eq!(known.body["status"], "completed", "{known:?}");
    }
    assert_eq!(gateway.vendor.bill().email.halves(), 4);
    gateway.finish().await;
}

#[tokio::test]
async fn whoever_asks_for_a_new_verdict_has_the_address_sent_again() {
    let gateway = TestGateway::start().await;
    let (sales, strict) = (gateway.team("sales", 9).await, gateway.team("strict", 9).await);
    put(&gateway, "strict", json!({"max_age": "0s"})).await;
    let first = validate(&sales, &["ada@x.example"]).await;
    ended(&sales, &first).await;
    let young = validate_with(&sales, ("cache-control", "max-age=3600"), &["ada@x.example"]).await;
    assert_eq!(young.body["status"], "completed", "{young:?}");
    let anew = validate_with(&sales, ("cache-control", "no-cache"), &["ada@x.example"]).await;
    ended(&sales, &anew).await;
    let by_policy = validate(&strict, &["ada@x.example"]).await;
    ended(&strict, &by_policy).await;
    assert_eq!(gateway.vendor.addresses_received(), ["ada@x.example"; 3]);
    gateway.finish().await;
}

#[tokio::test]
async fn the_vendors_addresses_of_an_hour_are_not_exceeded_by_all_teams_together() {
    let (mut setup, clock) = Setup::with_clock();
    setup.settings = vec!["vendor.validations_per_hour=3".to_owned(), RETRIES_ARE_TOLD.to_owned()];
    let gateway = TestGateway::with(setup).await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    let first = validate(&sales, &["a@x.example", "b@x.example"]).await;
    assert_eq!(first.status, 202, "{first:?}");

    let refused = validate(&growth, &["c@x.example", "d@x.example"]).await;
    assert_eq!((refused.status, refused.errors()), (503, vec![("service_unavailable", "")]));
    let detail = refused.body["_errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("vendor.validations_per_hour"), "{detail}");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3600..=3900).contains(&wait), "{wait}");
    let too_many = ["c", "d", "e", "f"].map(|name| format!("{name}@x.example"));
    let never = validate(&growth, &too_many.each_ref().map(String::as_str)).await;
    assert_eq!((never.status, never.errors()), (413, vec![("payload_too_large", "")]));

    // What is known or under way is not validated again, and a retry is none.
    for emails in [&["a@x.example", "c@x.example"][..], &["b@x.example"], &["a@x.example"]] {
        assert_eq!(validate(&growth, emails).await.status, 202, "{emails:?}");
    }
    assert_eq!(
        validate(&sales, &["a@x.example", "b@x.example"]).await.body["id"],
        first.body["id"]
    );
    assert_eq!(validate(&sales, &["d@x.example"]).await.status, 503);

    clock.advance(Duration::from_secs(wait));
    assert_eq!(validate(&growth, &["d@x.example", "e@x.example"]).await.status, 202);
    clock.advance(Duration::from_mins(1));
    gateway.finish().await;
}
