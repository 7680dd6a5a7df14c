//! A server that stops taking writes in the midst of a large step.

use std::time::Duration;

use tokio::time::timeout;
use tollgate::ledger::step::Novelty;
use tollgate::ledger::{Ledger, LedgerError};

use super::books::Books;
use super::named::{EMAIL, lead};
use super::store::Redis;
use crate::support::wait::eventually;

/// Longer than one call may take, and shorter than the calls of a step that goes on in vain.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_for_a_large_step_is_told_soon_that_the_server_is_stuck() {
    let books = Books::<Redis>::open().await;
    let sales = books.team("sales", &[]).await;
    let leads = (0..10_000).map(|n| lead(&n.to_string())).collect();
    let admission = books.admission(&sales, EMAIL, leads);
    let server = books.store.servers();
    let () = server.ask(&["CLIENT", "PAUSE", "600000", "WRITE"]).await;
    let told = timeout(SOON, books.ledger().admit(admission.clone())).await;
    let told = told.expect("nobody is kept waiting");
    assert!(matches!(told, Err(LedgerError::NotApplied(_))), "{told:?}");

    let () = server.ask(&["CLIENT", "UNPAUSE"]).await;
    let ledger = books.ledger();
    eventually("it is admitted", async || {
        matches!(ledger.admit(admission.clone()).await, Ok(Ok(admitted)) if admitted.novelty == Novelty::New)
    })
    .await;
    books.balance().await;
}
