//! Measures the release binary: a million leads through the embedded store, how fast they pass, and
//! whether memory stays flat; then how long a batch takes whose answers are all known.
//!
//! `make bench`, or `cargo bench --bench bench -- --leads 100000` for a shorter run, with `--redis`
//! for what a lead costs a Redis and nothing else. Figures are of the machine
//! it runs on, with the sandbox vendor beside the gateway on the same cores.

#![expect(clippy::cast_precision_loss, reason = "figures for people are rounded anyway")]

#[path = "../it/support/client.rs"]
mod client;
mod process;
mod redis_cost;

use std::io::Write;
use std::time::{Duration, Instant};

use client::Client;
use process::Gateway;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const BATCH_LEADS: usize = 1_000;
const BATCHES_AT_ONCE: usize = 4;
const KNOWN_ROUNDS: usize = 200;

#[tokio::main]
async fn main() {
    let leads = leads_wanted();
    redis_cost::print(leads.min(200_000)).await;
    if std::env::args().any(|argument| argument == "--redis") {
        return;
    }
    let gateway = Gateway::start().await;
    let team = gateway.open_team().await;

    say("leads      leads/s   resident MiB   store MiB");
    let mut first = None;
    let mut done = 0;
    while done < leads {
        let next = (done + leads.div_ceil(10)).min(leads);
        let began = Instant::now();
        pass(&team, done, next).await;
        let rate = (next - done) as f64 / began.elapsed().as_secs_f64();
        let resident = gateway.resident_bytes();
        say(&format!(
            "{next:<10} {rate:<9.0} {:<14.1} {:.0}",
            mebibytes(resident),
            mebibytes(gateway.store_bytes())
        ));
        first.get_or_insert(resident);
        done = next;
    }
    let ratio = gateway.resident_bytes() as f64 / first.expect("at least one row") as f64;
    say(&format!("resident memory at the end: {ratio:.2} times that after the first tenth"));

    for size in [1, 100, 1_000] {
        known(&team, size.min(leads)).await;
    }
    gateway.balance().await;
    assert!(ratio <= 1.3, "memory does not stay flat: {ratio:.2} times");
}

/// Has the leads from one number to another enriched, a few batches at once.
async fn pass(team: &Client, from: usize, to: usize) {
    let mut batches = JoinSet::new();
    for first in (from..to).step_by(BATCH_LEADS) {
        if batches.len() == BATCHES_AT_ONCE {
            batches.join_next().await.expect("there is one").expect("it did not panic");
        }
        let team = team.clone();
        batches.spawn(async move { enrich(&team, first..(first + BATCH_LEADS).min(to)).await });
    }
    while let Some(ended) = batches.join_next().await {
        ended.expect("it did not panic");
    }
}

async fn enrich(team: &Client, people: std::ops::Range<usize>) {
    let accepted = team.post("/people/enrichment-requests", &body(people)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let path = format!("/people/enrichment-requests/{}?page[size]=1", accepted.id());
    let mut look = tokio::time::interval(Duration::from_millis(20));
    loop {
        look.tick().await;
        let answer = team.get(&path).await;
        match answer.body["status"].as_str() {
            Some("queued" | "processing") => {}
            Some("completed") => return,
            _ => panic!("{answer:?}"),
        }
    }
}

fn body(people: std::ops::Range<usize>) -> Value {
    let lead = |n| json!({"linkedin_url": format!("https://www.linkedin.com/in/person-{n}")});
    json!({"reveal_email": true, "leads": people.map(lead).collect::<Vec<_>>()})
}

/// How long a batch takes whose every lead is known.
async fn known(team: &Client, size: usize) {
    let body = body(0..size);
    let mut times = Vec::with_capacity(KNOWN_ROUNDS);
    for _ in 0..KNOWN_ROUNDS {
        let began = Instant::now();
        let answer = team.post("/people/enrichment-requests", &body).await;
        times.push(began.elapsed());
        assert_eq!(answer.body["status"], "completed", "{answer:?}");
    }
    times.sort_unstable();
    let (middle, late) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    say(&format!("POST of {size} known leads: p50 {middle:.1?}, p99 {late:.1?}"));
}

fn leads_wanted() -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--leads").skip(1);
    arguments.next().map_or(1_000_000, |count| count.parse().expect("--leads takes a number"))
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("standard output takes a line");
}
