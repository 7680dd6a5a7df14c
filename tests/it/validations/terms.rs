//! What a validation may cost, and for whom: quotas, prices, policies, and what its caller says.

use super::{RETRIES_ARE_TOLD, ended, validate};
use crate::support::gateway::{Setup, TestGateway};

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
