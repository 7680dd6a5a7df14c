//! One hostile team beside two honest ones, on three replicas and a small Redis. The hostile team
//! has a valid key and does with it whatever a runaway script or an attacker would do. The honest
//! teams lose no request, the Redis does not fill up, and the books equal the vendor's bill.
//!
//! `TOLLGATE_SOAK_SECONDS` says how long this takes, and `TOLLGATE_SEED` repeats the same attacks. A
//! long run also compares how long the honest teams wait for cached answers with and without the
//! hostile team.

mod attacks;
mod honest;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tollgate::sandbox::Options;

use crate::chaos::door::Door;
use crate::chaos::{asked, say};
use crate::support::books::Books;
use crate::support::gateways::Gateways;
use crate::support::redis::Server;

use self::honest::Honest;

const REPLICAS: usize = 3;
/// How long the trial takes where nothing else is asked for.
const SECONDS: u64 = 10;
/// From this length on, waiting times are compared. A shorter run has too few of them.
const COMPARED_FROM: Duration = Duration::from_mins(5);
/// How much longer the slowest cached answer of a hundred may take beside the hostile team.
const SLOWER_AT_MOST: f64 = 3.0;
/// What the Redis may hold.
const MEMORY: &str = "maxmemory 256mb";

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_team_costs_no_other_team_a_request() {
    let seed = asked("TOLLGATE_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
    say(&format!("TOLLGATE_SEED={seed} repeats these attacks"));
    let length = Duration::from_secs(asked("TOLLGATE_SOAK_SECONDS").unwrap_or(SECONDS));
    let redis = Server::with(&[MEMORY, "maxmemory-policy noeviction"]).await;
    let vendor =
        Door::open(Options { processing: Duration::from_millis(100), ..Options::default() });
    let vendor = vendor.await;
    let gateways = Gateways::start(REPLICAS, vendor.address, &redis.url(), &[]).await;
    let first = &gateways.replicas[0];
    let mut honest = Vec::new();
    for name in ["sales", "growth"] {
        let key = first.team(name).await.key;
        honest.push(Honest::new(name, gateways.callers(&key)).await);
    }
    let bound = |unit: &str| json!({"unit": unit, "period": "day", "limit": 20});
    let hostile = first.team_with("hostile", json!([bound("email"), bound("phone")])).await.key;
    let hostile = Arc::new(gateways.callers(&hostile));

    let alone = work(&honest, length / 4).await;
    let stops = CancellationToken::new();
    let attacks = attacks::start(&hostile, seed, &stops);
    let memory = watch_memory(redis, stops.clone());
    let beside = work(&honest, length * 3 / 4).await;
    stops.cancel();
    attacks.join_all().await;
    let (redis, highest) = memory.await.unwrap();

    say(&format!("cached answers took at most, of 99 in 100: {alone:?} alone, {beside:?} beside"));
    say(&format!("the Redis held {} MB at most", highest / 1_000_000));
    if length >= COMPARED_FROM {
        let times = beside.as_secs_f64() / alone.as_secs_f64();
        assert!(times <= SLOWER_AT_MOST, "{times:.1} times slower beside the hostile team");
    }
    let books = Books::at_rest(&first.operator(), &vendor.vendor).await;
    books.assert_resolved();
    books.assert_equal();
    drop(redis);
}

/// Has every honest team work for a time, and returns what 99 of 100 cached answers took at most.
async fn work(honest: &[Honest], length: Duration) -> Duration {
    let mut all = Vec::new();
    let working: Vec<_> =
        honest.iter().map(|team| tokio::spawn(team.clone().work(length))).collect();
    for team in working {
        all.extend(team.await.unwrap());
    }
    all.sort_unstable();
    assert!(!all.is_empty(), "no cached answer was asked for");
    all[all.len() * 99 / 100]
}

/// Checks that the Redis never refuses a write for its memory, and returns the most that it held.
fn watch_memory(redis: Server, stops: CancellationToken) -> tokio::task::JoinHandle<(Server, u64)> {
    tokio::spawn(async move {
        let mut highest = 0;
        while !stops.is_cancelled() {
            let (used, limit): (u64, u64) =
                (redis.info("used_memory").await, redis.info("maxmemory").await);
            assert!(used < limit, "the Redis is full: {used} of {limit} bytes");
            highest = highest.max(used);
            sleep(Duration::from_millis(100)).await;
        }
        (redis, highest)
    })
}
