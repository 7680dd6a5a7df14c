//! How often the vendor is asked: never more often in a minute than the setting says, submissions
//! first, and not at all while it wants to be left alone.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate::clock::ManualClock;
use tollgate::sandbox::Faults;

use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::wait::eventually;

/// What the vendor takes in a minute.
const RATE: usize = 10;

/// Longer than any of this takes.
const STEPS_MAX: usize = 20_000;

fn person(number: usize) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/reachable-{number}")}]})
}

/// A vendor that takes ten requests a minute, and a gateway that is told so many.
async fn told(requests_per_minute: usize) -> (TestGateway, Arc<ManualClock>) {
    let (mut setup, clock) = Setup::with_clock();
    setup.settings = vec![format!("vendor.requests_per_minute={requests_per_minute}")];
    let gateway = TestGateway::with(setup).await;
    let requests_per_minute = NonZeroUsize::new(RATE);
    gateway.vendor.set_faults(Faults { requests_per_minute, ..Faults::default() });
    (gateway, clock)
}

/// Lets the time go by in small steps until every batch has ended. Between two steps whatever was
/// begun goes on.
async fn all_end(gateway: &TestGateway, clock: &ManualClock, team: &Client, ids: &[u64]) {
    let mut steps = 0;
    for id in ids {
        while !team.read(*id).await.has_ended() {
            assert!(steps < STEPS_MAX, "batch {id} never ends");
            steps += 1;
            clock.advance(Duration::from_millis(200));
            gateway.app.gateway.look_now();
        }
        assert_eq!(team.read(*id).await.body["status"], "completed");
    }
}

async fn start_all(team: &Client, people: std::ops::Range<usize>) -> Vec<u64> {
    let mut ids = Vec::new();
    for number in people {
        ids.push(team.start(&person(number)).await.id());
    }
    ids
}

#[tokio::test]
async fn in_no_minute_is_the_vendor_asked_more_often_than_it_takes() {
    let (gateway, clock) = told(RATE).await;
    let team = gateway.team("sales", 100).await;
    let ids = start_all(&team, 0..2 * RATE).await;
    all_end(&gateway, &clock, &team, &ids).await;
    assert_eq!(gateway.vendor.turned_away(), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_gateway_that_asks_too_often_is_turned_away_and_comes_back() {
    let (gateway, clock) = told(1000).await;
    let team = gateway.team("sales", 100).await;
    let ids = start_all(&team, 0..RATE).await;
    all_end(&gateway, &clock, &team, &ids).await;
    assert!(gateway.vendor.turned_away() > 0);
    gateway.finish().await;
}

#[tokio::test]
async fn a_submission_does_not_wait_for_those_that_ask_after_jobs() {
    let (gateway, clock) = told(RATE).await;
    let team = gateway.team("sales", 100).await;
    let faults = gateway.vendor.faults();
    gateway.vendor.set_faults(Faults { processing_ms: Some(600_000), ..faults });
    let running = start_all(&team, 0..4).await;
    for _ in 0..900 {
        clock.advance(Duration::from_millis(200));
        gateway.app.gateway.look_now();
        team.read(running[0]).await;
    }
    assert_eq!(gateway.vendor.posts_received(), 4);
    // The time stands still from here on: there is room for nobody who asks after a job.
    let late = team.start(&person(4)).await.id();
    eventually("it was sent", async || gateway.vendor.posts_received() == 5).await;
    all_end(&gateway, &clock, &team, &running).await;
    all_end(&gateway, &clock, &team, &[late]).await;
    assert_eq!(gateway.vendor.turned_away(), 0);
    gateway.finish().await;
}
