//! Callers wait for so long and no longer, and what they did not wait for is kept.

use tokio_util::task::TaskTracker;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use super::{ADA, find};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::vendor::held;
use crate::support::wait::eventually;

#[tokio::test]
async fn whoever_is_told_to_come_back_finds_the_answer_there() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.find_wait=100ms"])).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(held(Operation::Find));
    let waited = find(&team, ADA).await;
    assert_eq!((waited.status, waited.errors()), (503, vec![("not_answered_yet", "")]));
    assert!(waited.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(waited.header("tollgate-credits-reserved"), Some("email=0.5, phone=0"));
    assert_eq!(waited.header("tollgate-credits-spent"), None, "nobody knows yet");
    let again = find(&team, ADA).await;
    assert_eq!(again.status, 503, "{again:?}");
    let joined = Some("submitted=1, repeated=0, cached=0, joined=1, fresh=0");
    assert_eq!(again.header("tollgate-leads"), joined);
    gateway.vendor.set_faults(Faults::default());
    eventually("it is answered", async || find(&team, ADA).await.status == 200).await;
    assert_eq!(gateway.vendor.look_ups_received(), 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_caller_who_hangs_up_leaves_the_look_up_to_finish() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(held(Operation::Find));
    let caller = team.clone();
    let hangs_up = TaskTracker::new().spawn(async move { find(&caller, ADA).await });
    eventually("it was sent", async || gateway.vendor.look_ups_received() == 1).await;
    hangs_up.abort();
    assert!(hangs_up.await.unwrap_err().is_cancelled());
    gateway.vendor.set_faults(Faults::default());
    let found = find(&team, ADA).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(gateway.vendor.look_ups_received(), 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_gateway_that_stops_still_tells_what_it_was_asking() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let slow = Rule::always(Operation::Find, FaultKind::LatencyMs(500));
    gateway.vendor.set_faults(Faults::of([slow]));
    let vendor = gateway.vendor.clone();
    let looking_up = TaskTracker::new().spawn(async move { find(&team, ADA).await });
    eventually("it was sent", async || vendor.look_ups_received() == 1).await;
    gateway.stop().await;
    assert_eq!(looking_up.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_gateway_that_stops_keeps_nobody_waiting_for_what_it_will_not_send() {
    let settings = ["vendor.find_requests_per_minute=1", "server.shutdown_grace=1m"];
    let (setup, _clock) = Setup::with_clock();
    let gateway =
        TestGateway::with(Setup { settings: settings.map(str::to_owned).into(), ..setup }).await;
    let team = gateway.team("sales", 100).await;
    assert_eq!(find(&team, ADA).await.status, 200);
    let looking_up = TaskTracker::new()
        .spawn(async move { find(&team, "linkedin_url=linkedin.com/in/bob").await });
    eventually("it is on the books", async || gateway.sums().await.email.reserved == 0.5).await;
    gateway.stop().await;
    assert_eq!(looking_up.await.unwrap().status, 503);
}
