//! Gathering through the front door: many callers of one lead each share a handful of requests, and
//! none of them can tell.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tollgate::clock::ManualClock;
use tollgate::sandbox::{FaultKind, Faults, Naming, Operation, Rule};

use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::gateways::Gateways;
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::vendor::{self, held, taking};
use crate::support::wait::eventually;

/// As many as one coach carries twice over.
const CALLERS: usize = 1_000;

/// How often a caller repeats a request that was not admitted in time.
const TRIES: usize = 100;

/// Somebody with an email of the vendor's, asked for alone.
fn one(n: usize) -> Value {
    json!({"leads": [{"email": address(n)}], "reveal_email": true})
}

fn address(n: usize) -> String {
    format!("reachable.{n}@x.example")
}

/// Has each caller ask for somebody else, all at once; their batches, in order.
async fn ask_at_once(callers: &[Client], asked: std::ops::Range<usize>) -> Vec<(Client, u64)> {
    let mut posts = JoinSet::new();
    for n in asked.clone() {
        let caller = callers[n % callers.len()].clone();
        posts.spawn(async move {
            let mut accepted = caller.post(BATCHES, &one(n)).await;
            // A busy machine may take too long. The same request is admitted once, however often it is sent.
            for _ in 0..TRIES {
                if accepted.status != 503 {
                    break;
                }
                accepted = caller.post(BATCHES, &one(n)).await;
            }
            assert_eq!(accepted.status, 202, "{accepted:?}");
            (n, caller, accepted.id())
        });
    }
    let mut batches = posts.join_all().await;
    batches.sort_by_key(|(n, ..)| *n);
    batches.into_iter().map(|(_, caller, id)| (caller, id)).collect()
}

/// Each batch is completed and tells of whom it asked for.
async fn each_has_its_own(batches: &[(Client, u64)], asked: std::ops::Range<usize>) {
    for (n, (caller, id)) in asked.zip(batches) {
        let ended = caller.ended(*id).await;
        assert_eq!(ended.body["status"], "completed", "{ended:?}");
        let [result] = ended.results() else { panic!("{ended:?}") };
        assert_eq!(result["email"], address(n), "{ended:?}");
        assert_eq!(result["status"], "enriched", "{ended:?}");
        assert_eq!(ended.header("tollgate-credits-spent"), Some("email=1.5, phone=0"));
    }
}

async fn gathering(store: Store, further: &[&str]) -> TestGateway {
    let settings = [&["vendor.gather_window=200ms"], further].concat();
    TestGateway::with(Setup { store, ..Setup::with_settings(&settings) }).await
}

/// The same, by a clock that stands still until it is moved: nothing is sent before.
async fn gathering_by_clock(further: &[&str]) -> (TestGateway, Arc<ManualClock>) {
    let (setup, clock) = Setup::with_clock();
    let settings = [&["vendor.gather_window=200ms"], further].concat();
    let settings = settings.into_iter().map(str::to_owned).collect();
    (TestGateway::with(Setup { settings, ..setup }).await, clock)
}

/// Lets time pass until all of these have ended.
async fn all_end(gateway: &TestGateway, clock: &ManualClock, batches: &[(Client, u64)]) {
    for (caller, id) in batches {
        if !caller.read(*id).await.has_ended() {
            let step = Duration::from_millis(100);
            let ends = async || caller.read(*id).await.has_ended();
            gateway.eventually_by(clock, step, "the batch ends", ends).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_of_one_lead_share_a_handful_of_requests() {
    let (gateway, clock) = gathering_by_clock(&["vendor.requests_per_minute=500"]).await;
    // As strict as the gateway is told that the vendor is: it turns nobody away.
    let requests_per_minute = std::num::NonZeroUsize::new(500);
    gateway.vendor.set_faults(Faults { requests_per_minute, ..Faults::default() });
    let callers = [gateway.team("sales", 3_000).await, gateway.team("growth", 3_000).await];
    let batches = ask_at_once(&callers, 0..CALLERS).await;
    all_end(&gateway, &clock, &batches).await;
    each_has_its_own(&batches, 0..CALLERS).await;
    let posts = gateway.vendor.posts_received();
    assert!(posts <= 10, "{posts} requests for {CALLERS} callers");
    assert_eq!(gateway.vendor.leads_received().len(), CALLERS);
    let asked = Scrape::of(&gateway.operator()).await;
    let requests = asked.sum("tollgate_vendor_request_duration_seconds_count");
    assert!(requests <= 500.0, "{requests} requests, looks at the jobs included");
    assert_eq!(gateway.vendor.turned_away(), 0);
    for team in ["sales", "growth"] {
        assert_eq!(gateway.usage(team).await["totals"]["email"]["spent"], json!(750));
    }
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_refused_leads_that_nobody_names_cost_little_more_than_a_request_each() {
    const ASKED: usize = 200;
    let (gateway, clock) = gathering_by_clock(&[]).await;
    let refused_leads = (0..ASKED).step_by(2).map(address).collect();
    let refusals_name = Naming::None;
    gateway.vendor.set_faults(Faults { refused_leads, refusals_name, ..Faults::default() });
    let team = gateway.team("sales", 3_000).await;
    let batches = ask_at_once(&[team], 0..ASKED).await;
    all_end(&gateway, &clock, &batches).await;
    for (n, (caller, id)) in batches.iter().enumerate() {
        let status = if n % 2 == 0 { "error" } else { "completed" };
        assert_eq!(caller.read(*id).await.body["status"], status, "lead {n}");
    }
    let posts = usize::try_from(gateway.vendor.posts_received()).unwrap();
    assert!(posts <= ASKED + 15, "{posts} requests");
    assert_eq!(gateway.usage("sales").await["totals"]["email"]["spent"], json!(150));
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_the_vendor_refuses_costs_nobody_else_an_answer() {
    let gateway = gathering(Store::Embedded, &[]).await;
    let refused_leads = vec![address(5)];
    gateway.vendor.set_faults(Faults { refused_leads, ..Faults::default() });
    let callers = [gateway.team("sales", 100).await, gateway.team("growth", 100).await];
    let batches = ask_at_once(&callers, 0..16).await;
    for (n, (caller, id)) in batches.iter().enumerate() {
        let ended = caller.ended(*id).await;
        let status = if n == 5 { "error" } else { "completed" };
        assert_eq!(ended.body["status"], status, "{ended:?}");
        if n == 5 {
            assert_eq!(ended.errors(), [("invalid_lead", "/leads/0")]);
        }
    }
    assert_eq!(gateway.vendor.leads_received().len(), 15);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cancels_in_time_is_not_sent_with_the_others() {
    let (gateway, clock) = gathering_by_clock(&[]).await;
    let team = gateway.team("sales", 100).await;
    let batches = ask_at_once(std::slice::from_ref(&team), 0..3).await;
    let canceled = team.cancel(batches[1].1).await;
    assert_eq!(canceled.body["status"], "canceled", "{canceled:?}");
    all_end(&gateway, &clock, &batches).await;
    each_has_its_own(&batches[..1], 0..1).await;
    each_has_its_own(&batches[2..], 2..3).await;
    assert!(!gateway.vendor.leads_received().contains(&address(1)));
    assert_eq!(gateway.vendor.posts_received(), 1);
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coach_whose_answer_is_lost_is_sent_again_and_paid_once() {
    let gateway = gathering(Store::Memory, &[]).await;
    let cut = Rule::always(Operation::Submit, FaultKind::CutAfter).times(1);
    gateway.vendor.set_faults(Faults::of([cut]));
    let team = gateway.team("sales", 100).await;
    let batches = ask_at_once(std::slice::from_ref(&team), 0..8).await;
    each_has_its_own(&batches, 0..8).await;
    gateway.finish().await;
}

/// Where a process is killed, of those that gather.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// Everybody waits.
    Accepted,
    /// The vendor took them, and its answer is under way.
    Taken,
    /// The vendor's answer was written down.
    Bound,
}

/// How many submissions the vendor took of this process.
async fn accepted(gateway: &Process) -> f64 {
    let of =
        "tollgate_vendor_request_duration_seconds_count{operation=\"submit\",outcome=\"accepted\"";
    Scrape::of(&gateway.operator()).await.sum(of)
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_between_gathering_and_settlement_lose_no_half_credit() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(50))).await;
    let data = tempfile::tempdir().unwrap();
    // More than it is killed: each kill may cost a batch an attempt.
    let settings = ["vendor.gather_window=100ms", "vendor.attempts_max=50"];
    let mut gateway = Process::start(address, data.path(), &settings).await;
    let team = gateway.team("sales").await;
    let mut batches = Vec::new();
    for round in 0..9 {
        let point = match round % 3 {
            0 => Point::Accepted,
            1 => Point::Taken,
            _ => Point::Bound,
        };
        let is_taken = matches!(point, Point::Taken);
        judge.set_faults(if is_taken { held(Operation::Submit) } else { Faults::default() });
        let posts = judge.posts_received();
        let callers = std::slice::from_ref(&team);
        batches.extend(ask_at_once(callers, round * 10..round * 10 + 10).await);
        match point {
            Point::Accepted => {}
            Point::Taken => {
                eventually("they are sent", async || judge.posts_received() > posts).await;
            }
            Point::Bound => {
                eventually("they are taken", async || accepted(&gateway).await > 0.0).await;
            }
        }
        gateway.kill();
        let audit = gateway.run("audit");
        assert!(audit.status.success(), "after a kill at {point:?}: {audit:?}");
        gateway.start_again().await;
    }
    judge.set_faults(Faults::default());
    each_has_its_own(&batches, 0..90).await;
    gateway.balance(&judge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_gather_and_send_nobody_twice() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(100))).await;
    let server = Server::start().await;
    let settings = ["store.durability=single", "vendor.gather_window=2s"];
    let gateways = Gateways::start(2, address, &server.url(), &settings).await;
    let team = gateways.replicas[0].team("sales").await;
    let callers = gateways.callers(&team.key);
    let batches = ask_at_once(&callers, 0..200).await;
    each_has_its_own(&batches, 0..200).await;
    let posts = judge.posts_received();
    assert!(posts < 100, "{posts} requests for 200 callers");
    let mut received = judge.leads_received();
    received.sort();
    received.dedup();
    assert_eq!((received.len(), judge.leads_received().len()), (200, 200));
    gateways.replicas[0].balance(&judge).await;
}
