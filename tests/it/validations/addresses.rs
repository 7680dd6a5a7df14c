//! What each address comes to, and who pays for it.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tollgate::sandbox::{ErrorEnding, FaultKind, Faults, Operation};

use super::{ended, once, validate, verdicts};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::vendor::held;

#[tokio::test]
async fn each_address_is_judged_in_its_place_and_paid_once() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let emails = ["Ada@X.example", "bounce.bob@x.example", " ada@x.example", "maybe@y.example"];
    let accepted = validate(&team, &emails).await;
    assert_eq!(accepted.body["status"], "queued");
    assert_eq!(accepted.body["object"], "email_validation");
    assert_eq!(accepted.body["results"], json!([]));
    let leads = "submitted=4, repeated=1, cached=0, joined=0, fresh=3";
    assert_eq!(accepted.header("tollgate-leads"), Some(leads));
    assert_eq!(accepted.header("tollgate-credits-reserved"), Some("email=3, phone=0"));
    let ended = ended(&team, &accepted).await;
    assert_eq!(ended.body["status"], "completed");
    assert_eq!(
        verdicts(&ended),
        [
            ("Ada@X.example", "deliverable"),
            ("bounce.bob@x.example", "undeliverable"),
            (" ada@x.example", "deliverable"),
            ("maybe@y.example", "risky"),
        ]
    );
    assert_eq!(ended.results()[3]["catch_all"], true);
    assert_eq!(ended.header("tollgate-credits-spent"), Some("email=3, phone=0"));
    assert_eq!(ended.header("tollgate-credits-avoided"), Some("email=1, phone=0"));
    assert_eq!(gateway.vendor.addresses_received().len(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn a_known_address_costs_no_team_anything() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 1).await);
    let first = validate(&sales, &["ada@x.example", "bob@x.example"]).await;
    ended(&sales, &first).await;
    let known = validate(&growth, &["BOB@x.example", "ada@x.example"]).await;
    assert_eq!(known.status, 202, "{known:?}");
    assert_eq!(known.body["status"], "completed", "{known:?}");
    assert_eq!(
        verdicts(&known),
        [("BOB@x.example", "deliverable"), ("ada@x.example", "deliverable")]
    );
    assert_eq!(known.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    assert_eq!(known.header("tollgate-credits-avoided"), Some("email=2, phone=0"));
    assert_eq!(gateway.vendor.bill().email.halves(), 4);
    gateway.finish().await;
}

#[tokio::test]
async fn an_address_under_way_is_joined_and_not_sent_again() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 9).await, gateway.team("growth", 9).await);
    gateway.vendor.set_faults(held(Operation::Read));
    let first = validate(&sales, &["ada@x.example"]).await;
    let second = validate(&growth, &["ada@x.example", "eve@x.example"]).await;
    let leads = "submitted=2, repeated=0, cached=0, joined=1, fresh=1";
    assert_eq!(second.header("tollgate-leads"), Some(leads));
    gateway.vendor.set_faults(Faults::default());
    let second = ended(&growth, &second).await;
    assert_eq!(verdicts(&second).len(), 2);
    ended(&sales, &first).await;
    assert_eq!(gateway.vendor.addresses_received(), ["ada@x.example", "eve@x.example"]);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_for_one_address_at_once_one_pays() {
    let gateway = TestGateway::start().await;
    let mut asking = JoinSet::new();
    for number in 0..8 {
        let team = gateway.team(&format!("team-{number}"), 9).await;
        asking.spawn(async move {
            let accepted = validate(&team, &["ada@x.example"]).await;
            verdicts(&ended(&team, &accepted).await).len()
        });
    }
    while let Some(verdicts) = asking.join_next().await {
        assert_eq!(verdicts.unwrap(), 1);
    }
    assert_eq!(gateway.vendor.addresses_received(), ["ada@x.example"]);
    gateway.finish().await;
}

#[tokio::test]
async fn an_address_counts_as_validated_for_its_time_and_no_read_extends_it() {
    let (setup, clock) = Setup::with_clock();
    let settings = ["cache.validation_ttl=2d".to_owned(), "cache.batch_ttl=7d".to_owned()];
    let gateway = TestGateway::with(Setup { settings: settings.into(), ..setup }).await;
    let team = gateway.team("sales", 9).await;
    let first = validate(&team, &["ada@x.example"]).await;
    clock.advance(Duration::from_secs(10));
    ended(&team, &first).await;
    clock.advance(Duration::from_hours(47));
    let known = validate(&team, &["ada@x.example"]).await;
    assert_eq!(known.body["status"], "completed", "{known:?}");
    clock.advance(Duration::from_hours(2));
    let fresh = validate(&team, &["ada@x.example"]).await;
    assert_eq!(fresh.body["status"], "queued", "{fresh:?}");
    clock.advance(Duration::from_secs(10));
    ended(&team, &fresh).await;
    assert_eq!(gateway.vendor.bill().email.halves(), 4);
    gateway.finish().await;
}

#[tokio::test]
async fn a_validation_that_the_vendor_fails_leaves_its_addresses_to_be_sent_again() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 9).await;
    gateway.vendor.set_faults(once(FaultKind::EndsInError(ErrorEnding::ChargedWithoutResults)));
    let failed = validate(&team, &["ada@x.example"]).await;
    let failed = ended(&team, &failed).await;
    assert_eq!(failed.body["status"], "error");
    assert_eq!(failed.errors(), [("vendor_error", "/emails/0")]);
    let again = validate(&team, &["Ada@x.example"]).await;
    assert_eq!(verdicts(&ended(&team, &again).await), [("Ada@x.example", "deliverable")]);
    gateway.finish().await;
}
