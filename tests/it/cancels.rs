//! Cancelling: before anything was sent, after it, too late, and what others waited for.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Options, Rule};

use crate::support::asking::BATCHES;
use crate::support::gateway::{Setup, TestGateway, credits};
use crate::support::wait::eventually;

fn people(names: &[&str]) -> Value {
    let lead = |name: &&str| json!({"linkedin_url": format!("linkedin.com/in/{name}-reachable")});
    json!({"leads": names.iter().map(lead).collect::<Vec<_>>(), "reveal_email": true})
}

/// The vendor turns the next submission away, as if the key were wrong: it alone rests for so long
/// that nothing of it is sent.
fn turn_away_once(gateway: &TestGateway) {
    let refused = FaultKind::status(401);
    gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, refused).times(1)]));
}

async fn turned_away(gateway: &TestGateway) {
    eventually("the vendor turned it away", async || gateway.vendor.posts_received() > 0).await;
}

#[tokio::test]
async fn what_was_not_sent_is_neither_sent_nor_charged() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    turn_away_once(&gateway);
    let id = team.start(&people(&["ada", "grace"])).await.id();
    turned_away(&gateway).await;
    let mut canceled = team.cancel(id).await;
    eventually("the reservation is released", async || {
        canceled = team.cancel(id).await;
        canceled.header("tollgate-credits-spent").is_some()
    })
    .await;
    assert_eq!((canceled.status, &canceled.body["status"]), (200, &json!("canceled")));
    assert_eq!(canceled.errors(), [("canceled", "/leads/0"), ("canceled", "/leads/1")]);
    assert_eq!(canceled.results()[1]["linkedin_url"], "linkedin.com/in/grace-reachable");
    assert_eq!(canceled.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    assert_eq!(canceled.header("retry-after"), None);
    assert_eq!(gateway.vendor.leads_received(), Vec::<String>::new());

    team.enrich(&people(&["ada"])).await;
    assert_eq!(gateway.vendor.leads_received().len(), 1, "it can be asked for again");
    gateway.finish().await;
}

#[tokio::test]
async fn what_another_team_joined_is_driven_again_under_its_own_quota() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    let broke = gateway.team("broke", 0).await;
    turn_away_once(&gateway);
    let id = sales.start(&people(&["ada", "grace"])).await.id();
    let joined = growth.start(&people(&["grace"])).await;
    assert_eq!(
        joined.header("tollgate-leads"),
        Some("submitted=1, repeated=0, cached=0, joined=1, fresh=0")
    );
    let cannot_pay = broke.start(&people(&["ada"])).await.id();
    let will_not_pay = {
        let request =
            growth.request(Method::POST, BATCHES).header("tollgate-max-credits", "email=0");
        let request = request.header("content-type", "application/json");
        growth.send(request.body(people(&["ada"]).to_string())).await.id()
    };
    turned_away(&gateway).await;
    assert_eq!(sales.cancel(id).await.body["status"], "canceled");

    let answered = growth.ended(joined.id()).await;
    assert_eq!(answered.results()[0]["result"]["name"], "Grace Reachable");
    let refused = broke.ended(cannot_pay).await;
    assert_eq!(refused.body["status"], "error");
    assert_eq!(refused.errors(), [("insufficient_credits", "/leads/0")]);
    let refused = growth.ended(will_not_pay).await;
    assert_eq!(refused.errors(), [("insufficient_credits", "/leads/0")], "more than it may cost");
    gateway.at_rest().await;
    assert_eq!(gateway.usage("growth").await["totals"]["email"]["spent"], json!(1.5));
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["spent"], json!(0));
    assert_eq!(gateway.vendor.leads_received(), ["linkedin.com/in/grace-reachable"]);
    gateway.finish().await;
}

#[tokio::test]
async fn what_came_back_before_the_vendor_stopped_is_paid_by_the_canceller() {
    let (setup, clock) = Setup::with_clock();
    let gateway = TestGateway::with(setup).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(Faults { processing_ms: Some(10_000), ..Faults::default() });
    let id = team.start(&people(&["ada", "grace", "alan", "edsger"])).await.id();
    eventually("it was sent", async || gateway.vendor.leads_received().len() == 4).await;
    clock.advance(Duration::from_secs(4));
    assert_eq!(credits(gateway.vendor.bill().email), 1.5, "the first of four has finished");

    assert_eq!(team.cancel(id).await.body["status"], "canceled");
    let mut last = team.read(id).await;
    eventually("it is settled", async || {
        clock.advance(Duration::from_millis(5));
        gateway.app.gateway.look_now();
        last = team.read(id).await;
        last.header("tollgate-credits-spent").is_some()
    })
    .await;
    assert_eq!(last.header("tollgate-credits-spent"), Some("email=1.5, phone=0"));
    assert_eq!(
        (&last.body["status"], &last.results()[0]["status"]),
        (&json!("canceled"), &json!("enriched"))
    );
    assert_eq!(last.errors().len(), 3, "{last:?}");
    gateway.finish().await;
}

#[tokio::test]
async fn what_others_wait_for_goes_on_and_the_canceller_pays() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 100).await;
    gateway.vendor.set_faults(Faults { processing_ms: Some(500), ..Faults::default() });
    let id = sales.start(&people(&["ada", "grace"])).await.id();
    eventually("it was sent", async || gateway.vendor.leads_received().len() == 2).await;
    let joined = growth.start(&people(&["grace"])).await.id();
    assert_eq!(sales.cancel(id).await.body["status"], "canceled");
    let answered = growth.ended(joined).await;
    assert_eq!(answered.body["status"], "completed");
    gateway.at_rest().await;
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["spent"], json!(3));
    assert_eq!(gateway.usage("growth").await["totals"]["email"]["spent"], json!(0));
    assert_eq!(gateway.vendor.leads_received().len(), 2, "nobody was sent twice");
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_that_has_ended_stays_as_it_ended() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let ended = team.enrich(&people(&["ada"])).await;
    for _ in 0..2 {
        let again = team.cancel(ended.id()).await;
        assert_eq!((again.status, again.text), (200, ended.text.clone()));
    }
    gateway.finish().await;
}

#[tokio::test]
async fn what_the_vendor_may_have_taken_twice_is_brought_home_and_paid() {
    let processing = Duration::from_secs(1);
    let sandbox = Options { processing, ..Options::default() };
    let gateway = TestGateway::with(Setup { sandbox, ..Setup::default() }).await;
    let team = gateway.team("sales", 100).await;
    let cut = Rule::always(Operation::Submit, FaultKind::CutAfter).times(1);
    gateway.vendor.set_faults(Faults::of([cut]));
    let id = team.start(&people(&["ada", "grace"])).await.id();
    eventually("it was sent again", async || gateway.vendor.posts_received() == 2).await;
    assert_eq!(team.cancel(id).await.body["status"], "canceled");
    let mut last = team.read(id).await;
    eventually("it is settled", async || {
        last = team.read(id).await;
        last.header("tollgate-credits-spent").is_some()
    })
    .await;
    assert_eq!(last.header("tollgate-credits-spent"), Some("email=3, phone=0"));
    gateway.finish().await;
}
