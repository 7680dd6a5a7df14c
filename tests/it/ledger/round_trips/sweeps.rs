//! Sweeping keeps up with what expires, also in a Redis that is far away or full.

use std::time::Duration;

use tollgate::ledger::Ledger;
use tollgate::ledger::transition::sweep::{Sweep, SweepFrom};

use super::{Metered, ROUND_TRIP, move_away};
use crate::ledger::books::{Books, DAY, first};
use crate::ledger::named::{EMAIL, asking, found, lead};
use crate::ledger::sweeping::{KINDS, LIFETIMES};

/// How many expired batches a second the sweep has to remove.
const A_SECOND: u32 = 100;

/// How many rows of a kind a slice of the gateway reads, and how long it pauses between slices.
const ROWS: usize = 500;
const PAUSE: Duration = Duration::from_millis(200);

/// So many batches of one lead, each under a key of its own, that have expired.
async fn expired(batches: u32) -> Books<Metered> {
    let books = Books::<Metered>::open().await;
    let sales = books.team("sales", &[]).await;
    for n in 0..batches {
        let name = format!("lead {n}");
        let mut admission = books.admission(&sales, EMAIL, vec![lead(&name)]);
        admission.retry = Some(asking(&name));
        let job = first(admission.batch);
        books.admit(admission).await.unwrap();
        books.send(job).await;
        books.settle(job, &[found(&name, EMAIL)]).await;
    }
    books.pass(DAY * 40);
    books
}

/// Sweeps a round of one kind. Answers how many rows went, and how many slices that took.
async fn sweep(books: &Books<Metered>, kind: SweepFrom) -> (usize, u32) {
    let (mut removed, mut slices) = (0, 0);
    let mut next = Some(kind);
    while let Some(from) = next {
        let order = Sweep { from, rows: ROWS, lifetimes: LIFETIMES };
        let swept = books.ledger().sweep(order).await.unwrap();
        removed += swept.removed;
        slices += 1;
        next = swept.next;
    }
    (removed, slices)
}

/// Of each of these kinds an expired batch leaves one row.
fn is_one_each(kind: &SweepFrom) -> bool {
    matches!(kind, SweepFrom::Batches(_) | SweepFrom::Jobs(_) | SweepFrom::Replays)
}

#[tokio::test]
async fn a_hundred_expired_batches_a_second_are_swept() {
    const BATCHES: u32 = 1_000;
    let books = expired(BATCHES).await;
    move_away(&books).await;
    for kind in KINDS {
        let before = books.ledger().proxy.round_trips();
        let (removed, slices) = sweep(&books, kind.clone()).await;
        let round_trips = u32::try_from(books.ledger().proxy.round_trips() - before).unwrap();
        let takes = PAUSE * slices + ROUND_TRIP * round_trips;
        assert!(
            takes <= Duration::from_secs(1) * BATCHES / A_SECOND,
            "{kind:?}: {slices} slices and {round_trips} round trips take {takes:?}"
        );
        if is_one_each(&kind) {
            assert_eq!(removed, usize::try_from(BATCHES).unwrap(), "{kind:?}");
        }
    }
    books.balance().await;
}

#[tokio::test]
async fn expired_batches_are_swept_while_memory_is_full() {
    const BATCHES: u32 = 400;
    let books = expired(BATCHES).await;
    books.store.servers().fill_up().await;
    for kind in KINDS {
        let (removed, _) = sweep(&books, kind.clone()).await;
        if is_one_each(&kind) {
            assert_eq!(removed, usize::try_from(BATCHES).unwrap(), "{kind:?}");
        }
    }
    books.store.servers().make_room().await;
    assert_eq!(books.email(&"sales".parse().unwrap()).await, "spent=600 reserved=0 unresolved=0");
    books.balance().await;
}
