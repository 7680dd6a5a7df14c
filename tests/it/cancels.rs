//! Cancelling: before anything was sent, after it, too late, and what others waited for.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollgate::clock::ManualClock;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway, credits};
use crate::support::vendor::held;
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
    assert_eq!(gateway.vendor.leads_received(), ["https://www.linkedin.com/in/grace-reachable"]);
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
    gateway.vendor.set_faults(held(Operation::Read));
    let id = sales.start(&people(&["ada", "grace"])).await.id();
    eventually("it was sent", async || gateway.vendor.leads_received().len() == 2).await;
    let joined = growth.start(&people(&["grace"])).await.id();
    assert_eq!(sales.cancel(id).await.body["status"], "canceled");
    gateway.vendor.set_faults(Faults::default());
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
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let cut = Rule::always(Operation::Submit, FaultKind::CutAfter).times(1);
    let unread = Rule::always(Operation::Read, FaultKind::Held);
    gateway.vendor.set_faults(Faults::of([cut, unread]));
    let id = team.start(&people(&["ada", "grace"])).await.id();
    eventually("it was sent again", async || gateway.vendor.posts_received() == 2).await;
    assert_eq!(team.cancel(id).await.body["status"], "canceled");
    gateway.vendor.set_faults(Faults::default());
    let mut last = team.read(id).await;
    eventually("it is settled", async || {
        last = team.read(id).await;
        last.header("tollgate-credits-spent").is_some()
    })
    .await;
    assert_eq!(last.header("tollgate-credits-spent"), Some("email=3, phone=0"));
    gateway.finish().await;
}

/// A gateway whose clock the test moves, and whose vendor takes the next submission without a word.
async fn in_doubt(further: &[&str]) -> (TestGateway, Arc<ManualClock>) {
    let (setup, clock) = Setup::with_clock();
    let settings = ["vendor.quiet_period=10s"].iter().chain(further);
    let settings = settings.map(|&setting| setting.to_owned()).collect();
    let gateway = TestGateway::with(Setup { settings, ..setup }).await;
    let cut = Rule::always(Operation::Submit, FaultKind::CutAfter).times(1);
    gateway.vendor.set_faults(Faults::of([cut]));
    (gateway, clock)
}

/// Starts a batch of each person, and lets the time go by until all of them were sent as one job.
async fn sent_together(
    gateway: &TestGateway,
    clock: &ManualClock,
    team: &Client,
    names: &[&str],
) -> Vec<u64> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(team.start(&people(&[name])).await.id());
    }
    eventually("they were sent", async || {
        clock.advance(Duration::from_millis(100));
        gateway.app.gateway.look_now();
        gateway.vendor.posts_received() == 1
    })
    .await;
    ids
}

/// Lets the time go by until so much is unresolved and nothing is reserved.
async fn until_unresolved(gateway: &TestGateway, clock: &ManualClock, credits: f64) {
    eventually("it is unresolved", async || {
        clock.advance(Duration::from_secs(1));
        gateway.app.gateway.look_now();
        let email = gateway.sums().await.email;
        (email.reserved, email.unresolved) == (0.0, credits)
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_batch_in_doubt_is_not_sent_again() {
    let (gateway, clock) = in_doubt(&[]).await;
    let team = gateway.team("sales", 100).await;
    let id = team.start(&people(&["ada"])).await.id();
    eventually("it was sent", async || gateway.vendor.posts_received() == 1).await;
    assert_eq!(team.cancel(id).await.body["status"], "canceled");
    assert_eq!(gateway.sums().await.email.reserved, 1.5, "the vendor may have it");
    until_unresolved(&gateway, &clock, 1.5).await;
    clock.advance(Duration::from_mins(10));
    gateway.app.gateway.look_now();
    assert_eq!(team.read(id).await.body["status"], "canceled");
    assert_eq!(gateway.vendor.posts_received(), 1);
    let bill = credits(gateway.vendor.bill().email);
    assert_eq!((gateway.at_rest().await.email.spent, bill), (0.0, 1.5), "it is what is unresolved");
    gateway.stop().await;
}

#[tokio::test]
async fn who_joined_a_cancelled_batch_in_doubt_goes_on_under_its_own_quota() {
    let (gateway, clock) = in_doubt(&[]).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let id = sales.start(&people(&["ada"])).await.id();
    eventually("it was sent", async || gateway.vendor.posts_received() == 1).await;
    let joined = growth.start(&people(&["ada"])).await.id();
    assert_eq!(sales.cancel(id).await.body["status"], "canceled");
    let mut answer = growth.read(joined).await;
    eventually("who joined is answered", async || {
        clock.advance(Duration::from_secs(1));
        gateway.app.gateway.look_now();
        answer = growth.read(joined).await;
        answer.has_ended()
    })
    .await;
    assert_eq!(answer.body["status"], "completed", "{answer:?}");
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["unresolved"], json!(1.5));
    let sums = gateway.at_rest().await.email;
    let bill = credits(gateway.vendor.bill().email);
    assert!(sums.spent <= bill && bill <= sums.spent + sums.unresolved, "{sums:?} for {bill}");
    gateway.stop().await;
}

#[tokio::test]
async fn of_those_that_travel_together_in_doubt_the_cancelled_are_not_asked_for_again() {
    let (gateway, clock) = in_doubt(&["vendor.gather_window=1s"]).await;
    let team = gateway.team("sales", 100).await;
    let ids = sent_together(&gateway, &clock, &team, &["ada", "grace", "alan"]).await;
    team.cancel(ids[1]).await;
    for id in [ids[0], ids[2]] {
        let mut answer = team.read(id).await;
        eventually("the others are answered", async || {
            clock.advance(Duration::from_secs(1));
            gateway.app.gateway.look_now();
            answer = team.read(id).await;
            answer.has_ended()
        })
        .await;
        assert_eq!(answer.body["status"], "completed", "{answer:?}");
    }
    let received = gateway.vendor.leads_received();
    let asked = |name| received.iter().filter(|lead| lead.contains(name)).count();
    assert_eq!((asked("ada"), asked("grace"), asked("alan")), (2, 1, 2), "{received:?}");
    let sums = gateway.at_rest().await.email;
    assert_eq!((sums.spent, sums.unresolved), (3.0, 1.5));
    let bill = credits(gateway.vendor.bill().email);
    assert!((3.0..=4.5).contains(&bill), "{bill}");
    gateway.stop().await;
}

#[tokio::test]
async fn where_all_that_travel_together_in_doubt_are_cancelled_nothing_is_sent_again() {
    let (gateway, clock) = in_doubt(&["vendor.gather_window=1s"]).await;
    let team = gateway.team("sales", 100).await;
    let ids = sent_together(&gateway, &clock, &team, &["ada", "grace"]).await;
    for id in ids {
        team.cancel(id).await;
    }
    until_unresolved(&gateway, &clock, 3.0).await;
    assert_eq!(gateway.vendor.posts_received(), 1);
    gateway.stop().await;
}
