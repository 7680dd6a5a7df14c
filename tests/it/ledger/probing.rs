//! A vendor whose credits are out: every replica knows, and one at a time goes and sees.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::domain::credits::Unit;
use tollgate::domain::needs::{ByUnit, Needs};
use tollgate::domain::reveal::Reveals;
use tollgate::ledger::step::Probe;
use tollgate::ledger::{Ledger, Outcome};

use super::books::{Books, MINUTE};
use super::store::Store;

/// Asks for a probe on behalf of one team.
async fn ask(ledger: &impl Ledger, needs: Needs) -> Outcome<Probe> {
    ledger.ask_probe("sales".parse().unwrap(), needs, MINUTE).await
}

pub(super) async fn while_the_vendors_credits_are_out_one_a_minute_goes_and_sees(
    books: &Books<impl Store>,
) {
    let ledger = books.ledger();
    let before = books.dump().await;
    assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::Needless));
    assert_eq!(books.dump().await, before, "nobody who asks changes anything");
    ledger.run_out(Unit::Email, MINUTE).await.unwrap();
    let probe_at = books.now().after(MINUTE);
    assert_eq!(ledger.circuit().await.unwrap().probe_at.email, Some(probe_at));
    assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::NotBefore(probe_at)));
    books.pass(MINUTE);
    assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::Given));
    let next = books.now().after(MINUTE);
    assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::NotBefore(next)));
}

pub(super) async fn of_many_at_once_one_goes_and_sees<S: Store>(books: &Books<S>) {
    books.ledger().run_out(Unit::Email, MINUTE).await.unwrap();
    books.pass(MINUTE);
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let ledger = Arc::clone(books.store.ledger());
        asking.spawn(async move { ask(&*ledger, Needs::EMAIL).await.unwrap() });
    }
    let probes = asking.join_all().await;
    assert_eq!(probes.iter().filter(|probe| **probe == Probe::Given).count(), 1, "{probes:?}");
}

pub(super) async fn whoever_has_seen_nothing_lets_another_go_at_once(books: &Books<impl Store>) {
    let ledger = books.ledger();
    let before = books.dump().await;
    ledger.give_probe_back(Needs::ALL).await.unwrap();
    assert_eq!(books.dump().await, before, "there is nothing to see");
    ledger.run_out(Unit::Email, MINUTE).await.unwrap();
    books.pass(MINUTE);
    for _ in 0..3 {
        assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::Given));
        assert!(matches!(ask(ledger, Needs::EMAIL).await, Ok(Probe::NotBefore(_))));
        ledger.give_probe_back(Needs::ALL).await.unwrap();
    }
    books.pass(MINUTE);
    let stands = books.dump().await;
    ledger.give_probe_back(Needs::ALL).await.unwrap();
    assert_eq!(books.dump().await, stands, "somebody may go already");
}

pub(super) async fn once_the_vendor_takes_something_nobody_has_to_wait(books: &Books<impl Store>) {
    let ledger = books.ledger();
    let before = books.dump().await;
    ledger.run_out(Unit::Email, MINUTE).await.unwrap();
    ledger.has_credits(Needs::ALL).await.unwrap();
    ledger.has_credits(Needs::ALL).await.unwrap();
    assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::Needless));
    let stands = ledger.circuit().await.unwrap().probe_at;
    assert_eq!((stands, books.dump().await), (ByUnit::default(), before));
}

pub(super) async fn each_unit_has_probes_of_its_own(books: &Books<impl Store>) {
    let (ledger, both) = (books.ledger(), Needs::of_persons(Reveals::ALL));
    ledger.run_out(Unit::Phone, MINUTE).await.unwrap();
    assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::Needless));
    let probe_at = books.now().after(MINUTE);
    assert_eq!(ask(ledger, both).await, Ok(Probe::NotBefore(probe_at)));
    books.pass(MINUTE / 2);
    ledger.run_out(Unit::Email, MINUTE).await.unwrap();
    books.pass(MINUTE / 2);
    // What needs both waits for both, and uses up neither.
    assert!(matches!(ask(ledger, both).await, Ok(Probe::NotBefore(_))));
    assert_eq!(ask(ledger, Needs::of_unit(Unit::Phone)).await, Ok(Probe::Given));
    ledger.has_credits(Needs::EMAIL).await.unwrap();
    assert_eq!(ask(ledger, Needs::EMAIL).await, Ok(Probe::Needless));
    assert!(matches!(ask(ledger, both).await, Ok(Probe::NotBefore(_))));
}

pub(super) async fn teams_are_probes_in_turn(books: &Books<impl Store>) {
    let ledger = books.ledger();
    let ask = async |team: &str| {
        let asked = ledger.ask_probe(team.parse().unwrap(), Needs::EMAIL, MINUTE).await;
        asked.unwrap() == Probe::Given
    };
    ledger.run_out(Unit::Email, MINUTE).await.unwrap();
    let mut probes = Vec::new();
    for _ in 0..4 {
        for team in ["growth", "sales", "busy", "busy", "busy"] {
            assert!(!ask(team).await, "{team}");
        }
        books.pass(MINUTE);
        for team in ["busy", "sales", "growth"] {
            if ask(team).await {
                probes.push(team);
            }
        }
    }
    assert_eq!(probes, ["growth", "sales", "busy", "growth"]);
}
