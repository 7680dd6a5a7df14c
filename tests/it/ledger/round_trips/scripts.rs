//! How large the scripts of a large step are: a server runs one at a time, so each must be short.

use std::time::Duration;

use redis::Value;

use super::{Metered, ask, evidence, leads};
use crate::ledger::books::{Books, first};
use crate::ledger::named::EMAIL;

/// How many leads a large batch has.
const LARGE: usize = 10_000;

/// The most arguments of one command. A script of a commit takes three or four for each row.
const ARGUMENTS_MAX: usize = 8_000;

/// The most arguments of any command since the log was emptied.
async fn most_arguments(books: &Books<Metered>) -> usize {
    let log: Vec<Value> = books.store.servers().ask(&["SLOWLOG", "GET", "-1"]).await;
    let arguments = |entry: &Value| {
        let Value::Array(fields) = entry else { panic!("{entry:?}") };
        let words: Vec<Vec<u8>> = redis::from_redis_value(fields[3].clone()).unwrap();
        // A long command is shown in part: its last word says how many more there are.
        let more = words.last().and_then(|last| {
            let last = std::str::from_utf8(last).ok()?.strip_prefix("... (")?;
            last.split_once(" more arguments)")?.0.parse::<usize>().ok()
        });
        words.len() + more.unwrap_or_default()
    };
    log.iter().map(arguments).max().unwrap()
}

#[tokio::test]
async fn no_script_of_a_large_batch_is_long() {
    let books = Books::<Metered>::open().await;
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    for (setting, value) in [("slowlog-max-len", "100000"), ("slowlog-log-slower-than", "0")] {
        let () = books.store.servers().ask(&["CONFIG", "SET", setting, value]).await;
    }
    let sent = ask(&books, &sales, 0..LARGE).await;
    ask(&books, &growth, 0..LARGE).await;
    books.send(first(sent)).await;
    let lease = books.lease_of(first(sent)).await;
    for at in (0..LARGE).step_by(100) {
        let evidence = evidence(at..at + 100);
        let at = u32::try_from(at).unwrap();
        books.settle_step(lease, first(sent), at, &evidence).await.unwrap();
    }
    ask(&books, &growth, 0..LARGE).await;
    let mut again = books.admission(&sales, EMAIL, leads(0..LARGE));
    again.max_age = Some(Duration::ZERO);
    let anew = first(again.batch);
    books.admit(again).await.unwrap();
    assert_eq!(books.job(anew).await.leads, u32::try_from(LARGE).unwrap());
    let most = most_arguments(&books).await;
    assert!(most <= ARGUMENTS_MAX, "a command had {most} arguments");
    books.balance().await;
}
