//! A vendor whose credits are out: every replica knows, and one at a time goes and sees.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::ledger::Ledger;
use tollgate::ledger::step::Probe;

use super::books::{Books, MINUTE};
use super::store::Store;

pub(super) async fn while_the_vendors_credits_are_out_one_a_minute_goes_and_sees(
    books: &Books<impl Store>,
) {
    let ledger = books.ledger();
    let before = books.dump().await;
    assert_eq!(ledger.ask_probe(MINUTE).await, Ok(Probe::Needless));
    assert_eq!(books.dump().await, before, "nobody who asks changes anything");
    ledger.run_out(MINUTE).await.unwrap();
    let probe_at = books.now().after(MINUTE);
    assert_eq!(ledger.circuit().await.unwrap().probe_at, Some(probe_at));
    assert_eq!(ledger.ask_probe(MINUTE).await, Ok(Probe::NotBefore(probe_at)));
    books.pass(MINUTE);
    assert_eq!(ledger.ask_probe(MINUTE).await, Ok(Probe::Given));
    let next = books.now().after(MINUTE);
    assert_eq!(ledger.ask_probe(MINUTE).await, Ok(Probe::NotBefore(next)));
}

pub(super) async fn of_many_at_once_one_goes_and_sees<S: Store>(books: &Books<S>) {
    books.ledger().run_out(MINUTE).await.unwrap();
    books.pass(MINUTE);
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        let ledger = Arc::clone(books.store.ledger());
        asking.spawn(async move { ledger.ask_probe(MINUTE).await.unwrap() });
    }
    let probes = asking.join_all().await;
    assert_eq!(probes.iter().filter(|probe| **probe == Probe::Given).count(), 1, "{probes:?}");
}

pub(super) async fn whoever_has_seen_nothing_lets_another_go_at_once(books: &Books<impl Store>) {
    let ledger = books.ledger();
    let before = books.dump().await;
    ledger.give_probe_back().await.unwrap();
    assert_eq!(books.dump().await, before, "there is nothing to see");
    ledger.run_out(MINUTE).await.unwrap();
    books.pass(MINUTE);
    for _ in 0..3 {
        assert_eq!(ledger.ask_probe(MINUTE).await, Ok(Probe::Given));
        assert!(matches!(ledger.ask_probe(MINUTE).await, Ok(Probe::NotBefore(_))));
        ledger.give_probe_back().await.unwrap();
    }
    books.pass(MINUTE);
    let stands = books.dump().await;
    ledger.give_probe_back().await.unwrap();
    assert_eq!(books.dump().await, stands, "somebody may go already");
}

pub(super) async fn once_the_vendor_takes_something_nobody_has_to_wait(books: &Books<impl Store>) {
    let ledger = books.ledger();
    let before = books.dump().await;
    ledger.run_out(MINUTE).await.unwrap();
    ledger.has_credits().await.unwrap();
    ledger.has_credits().await.unwrap();
    assert_eq!(ledger.ask_probe(MINUTE).await, Ok(Probe::Needless));
    let stands = ledger.circuit().await.unwrap().probe_at;
    assert_eq!((stands, books.dump().await), (None, before));
}
