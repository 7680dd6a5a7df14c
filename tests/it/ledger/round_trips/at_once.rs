//! Steps of one team that are taken at the same time: each is kept at the first try, since rows that
//! all of them move, such as tallies and hit rates, move by changes that collide with nothing.

use std::sync::Arc;

use tokio::task::JoinSet;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::step::Settlement;

use super::{Metered, evidence_of, move_away};
use crate::ledger::books::{Books, RESULTS_TTL};
use crate::ledger::store::Store;
use crate::ledger::turns::many_jobs;

/// How many settlements are taken at once.
const AT_ONCE: u32 = 20;

/// How many scripts the server has run.
async fn scripts(books: &Books<Metered>) -> u64 {
    let stats: String = books.store.servers().ask(&["INFO", "commandstats"]).await;
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    let calls = calls.and_then(|calls| calls.split(',').next());
    calls.map_or(0, |calls| calls.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn settlements_of_one_team_do_not_collide() {
    let books = Books::<Metered>::open().await;
    let batch = many_jobs(&books, "sales", 1 + usize::try_from(AT_ONCE).unwrap()).await;
    let mut settlements = Vec::new();
    for ordinal in 0..=AT_ONCE {
        let job = JobId { batch, ordinal };
        books.send(job).await;
        let turn = books.lease_of(job).await;
        let evidence = vec![evidence_of(&format!("sales-{ordinal}"))];
        let results_expire_at = books.now().after(RESULTS_TTL);
        settlements.push(Settlement { job, turn, first: 0, evidence, results_expire_at });
    }
    let alone = settlements.pop().unwrap();
    let before = scripts(&books).await;
    books.ledger().settle(alone).await.unwrap();
    let by_one = scripts(&books).await - before;

    move_away(&books).await;
    let before = scripts(&books).await;
    let mut settling = JoinSet::new();
    for settlement in settlements {
        let ledger = Arc::clone(books.store.ledger());
        settling.spawn(async move { ledger.settle(settlement).await.unwrap() });
    }
    settling.join_all().await;
    let by_all = scripts(&books).await - before;
    assert_eq!(by_all, by_one * u64::from(AT_ONCE), "one settlement alone runs {by_one} scripts");
    books.balance().await;
}
