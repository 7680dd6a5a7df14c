//! The two books: ours, and the vendor's own bill, equal to the half-credit whatever goes wrong
//! between the two.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tollgate::sandbox::{ErrorEnding, Failure, FaultKind, Faults, Operation, Rule};

use crate::support::client::Client;
use crate::support::faulty_disk::Dice;
use crate::support::gateway::{Setup, Store, TestGateway, credits};
use crate::support::people::{plain, spelled};
use crate::support::wait::eventually;

const PEOPLE: usize = 150;
const BATCHES: u64 = 200;
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn after_two_hundred_random_batches_and_every_fault_in_memory() {
    random_batches(Store::Memory, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_two_hundred_random_batches_and_every_fault_on_disk() {
    random_batches(Store::Embedded, 2).await;
}

/// Three teams ask for the same people in all spellings while the vendor fails in every way. Then
/// it heals, and everybody is asked for once more: what was charged and never told is told now, so
/// both books must say the same.
async fn random_batches(store: Store, seed: u64) {
    let settings = ["vendor.job_deadline=3s".to_owned(), "vendor.timeout=500ms".to_owned()];
    let gateway =
        TestGateway::with(Setup { store, settings: settings.into(), ..Setup::default() }).await;
    let mut teams = Vec::new();
    for name in ["sales", "growth", "research"] {
        teams.push(gateway.team(name, 1_000_000).await);
    }
    let mut dice = Dice::new(seed);
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut batches = JoinSet::new();
    for number in 0..BATCHES {
        if number % 10 == 0 {
            gateway.vendor.set_faults(faults(number, &mut dice));
        }
        let place = Arc::clone(&room).acquire_owned().await.unwrap();
        let team = teams[usize::try_from(dice.below(3)).unwrap()].clone();
        let (body, is_canceled) = (random_body(&mut dice), dice.percent(5));
        batches.spawn(async move {
            one_batch(&team, body, is_canceled).await;
            drop(place);
        });
    }
    gateway.vendor.set_faults(Faults::default());
    while let Some(ended) = batches.join_next().await {
        ended.unwrap();
    }
    let everybody: Vec<_> = (0..PEOPLE).map(plain).collect();
    let all = json!({"leads": everybody, "reveal_email": true, "reveal_phone_numbers": true});
    // On a busy machine an answer may come too late even now.
    eventually("everybody is told", async || {
        teams[0].enrich(&all).await.body["status"] == "completed"
    })
    .await;
    gateway.finish_in_doubt().await;
}

async fn one_batch(team: &Client, body: serde_json::Value, is_canceled: bool) {
    let accepted = team.post("/people/enrichment-requests", &body).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    if is_canceled {
        let path = format!("/people/enrichment-requests/{}", accepted.id());
        let canceled = team.patch(&path, &json!({"status": "canceled"})).await;
        assert_eq!(canceled.status, 200, "{canceled:?}");
    }
    let ended = team.ended(accepted.id()).await;
    let asked = body["leads"].as_array().unwrap();
    let told = ended.body["results"].as_array().unwrap();
    assert_eq!(told.len(), asked.len(), "one result a lead: {ended:?}");
    for (lead, result) in asked.iter().zip(told) {
        if result["status"] == "gdpr_removed" {
            continue;
        }
        for field in ["email", "linkedin_url", "name"] {
            assert_eq!(result[field], lead[field], "the lead's own words, in its place");
        }
    }
}

fn random_body(dice: &mut Dice) -> serde_json::Value {
    let people = u64::try_from(PEOPLE).unwrap();
    let leads: Vec<_> = (0..=dice.below(12))
        .map(|_| spelled(usize::try_from(dice.below(people)).unwrap(), dice))
        .collect();
    let (email, phone) = (dice.percent(60), dice.percent(40));
    json!({"leads": leads, "reveal_email": email, "reveal_phone_numbers": phone})
}

/// Everything that may go wrong, each now and then.
fn faults(number: u64, dice: &mut Dice) -> Faults {
    let any = Operation::Any;
    let taken = |code: u16| {
        let FaultKind::Status(failure) = FaultKind::status(code) else { unreachable!() };
        FaultKind::Status(Failure { taken: true, ..failure })
    };
    let later = |code: u16| {
        let FaultKind::Status(failure) = FaultKind::status(code) else { unreachable!() };
        FaultKind::Status(Failure { retry_after_seconds: Some(1), ..failure })
    };
    let kinds = [
        (any, FaultKind::status(500)),
        (Operation::Submit, taken(500)),
        (any, FaultKind::status(429)),
        (any, later(429)),
        (any, later(503)),
        (any, FaultKind::LatencyMs(700)),
        (any, FaultKind::CutBefore),
        (any, FaultKind::CutAfter),
        (any, FaultKind::Malformed),
        (Operation::Submit, FaultKind::NoId),
        (Operation::Read, FaultKind::ResultsMissing),
        (Operation::Read, FaultKind::ResultsExtra),
        (Operation::Read, FaultKind::ResultsOutOfOrder),
        (Operation::Read, FaultKind::EchoContradicts),
        (Operation::Submit, FaultKind::EndsInError(ErrorEnding::WithResults)),
        (Operation::Submit, FaultKind::EndsInError(ErrorEnding::WithoutResults)),
        (Operation::Submit, FaultKind::EndsInError(ErrorEnding::ChargedWithoutResults)),
        (Operation::Submit, FaultKind::NeverEnds),
        (Operation::Submit, FaultKind::status(400)),
        (Operation::Submit, FaultKind::status(401)),
    ];
    let rule = |(n, (operation, kind)): (u64, &(Operation, FaultKind))| {
        Rule::always(*operation, *kind).by_chance(0.06, number * 100 + n)
    };
    let chosen = (0..).zip(&kinds).filter(|_| dice.percent(40)).map(rule).collect::<Vec<_>>();
    Faults::of(chosen)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_twice_by_many_identical_batches_at_once() {
    for store in [Store::Memory, Store::Embedded] {
        let gateway = TestGateway::with(Setup { store, ..Setup::default() }).await;
        let sales = gateway.team("sales", 1_000_000).await;
        let growth = gateway.team("growth", 1_000_000).await;
        let leads: Vec<_> = (0..40).map(plain).collect();
        let body = json!({"leads": leads, "reveal_email": true});
        let mut batches = JoinSet::new();
        for number in 0..60 {
            let team = if number % 2 == 0 { sales.clone() } else { growth.clone() };
            let body = body.clone();
            batches.spawn(async move { team.enrich(&body).await });
        }
        while let Some(answer) = batches.join_next().await {
            assert_eq!(answer.unwrap().body["status"], "completed");
        }
        assert_eq!(gateway.vendor.leads_received().len(), 40);
        every_lead_that_arrived_was_due(&gateway);
        gateway.finish().await;
    }
}

/// The second bill charges whoever reaches the vendor as if it had no dedupe of its own.
fn every_lead_that_arrived_was_due(gateway: &TestGateway) {
    let bill = gateway.vendor.bill();
    assert_eq!(credits(bill.email), credits(bill.without_dedupe.email));
    assert_eq!(credits(bill.phone), credits(bill.without_dedupe.phone));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_twice_by_random_batches_of_three_teams() {
    let gateway = TestGateway::start().await;
    let mut dice = Dice::new(3);
    let mut batches = JoinSet::new();
    for name in ["sales", "growth", "research"] {
        let team = gateway.team(name, 1_000_000).await;
        for _ in 0..30 {
            let people = (0..=dice.below(20)).map(|_| usize::try_from(dice.below(60)).unwrap());
            let leads: Vec<_> = people.map(plain).collect();
            let team = team.clone();
            batches.spawn(async move {
                team.enrich(&json!({"leads": leads, "reveal_email": true})).await
            });
        }
    }
    while let Some(answer) = batches.join_next().await {
        answer.unwrap();
    }
    every_lead_that_arrived_was_due(&gateway);
    gateway.finish().await;
}
