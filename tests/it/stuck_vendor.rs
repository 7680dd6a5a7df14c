//! A vendor that is slow, cuts its answers or never gives one: whoever does not need it waits for
//! nobody who does.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::asking::{BATCHES, batch};
use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::vendor::held;
use crate::support::wait::eventually;

/// More jobs than a gateway works on at once.
const JOBS: u64 = 40;

/// How many of one team's it works on at once in a lane.
const TURNS_OF_A_TEAM: u64 = 24;

/// Far longer than anything takes that waits for nobody. The vendor's answers never come meanwhile.
const SOON: Duration = Duration::from_mins(1);

/// The gateway waits for the vendor for longer than a test takes.
const PATIENT: &str = "vendor.timeout=10m";

fn person(n: u64) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/reachable-{n}")}]})
}

fn look_up(n: u64) -> String {
    format!("/people/find?linkedin_url=linkedin.com/in/reachable-{n}")
}

/// Everything that does not need the vendor is done at once: by a team that waits for it, and by
/// one that does not.
async fn nobody_else_waits(
    gateway: &TestGateway,
    teams: [&Client; 2],
    waiting: &[u64],
    known: &Value,
) {
    for team in teams {
        let cached = timeout(SOON, team.start(known)).await.expect("what is known is answered");
        assert_eq!(cached.body["status"], "completed", "{cached:?}");
        let estimate = timeout(SOON, team.post("/gateway/v1/estimates", known)).await;
        assert_eq!(estimate.expect("estimates are made").body["leads"]["cached"], 1);
        let usage = timeout(SOON, team.get("/gateway/v1/usage")).await;
        assert_eq!(usage.expect("usage is told").status, 200);
        let admitted = timeout(SOON, team.post(BATCHES, &person(900))).await;
        assert_eq!(admitted.expect("batches are admitted").status, 202);
    }
    let ready = timeout(SOON, gateway.operator().get("/readyz")).await.expect("health is told");
    assert_eq!(ready.status, 200, "{ready:?}");
    for id in waiting {
        let read = timeout(SOON, teams[0].get(&batch(*id))).await.expect("batches are read");
        assert!(!read.has_ended(), "it was looked at too late: {read:?}");
    }
}

/// Batches that the vendor has, or is about to be sent.
async fn waiting(team: &Client) -> Vec<u64> {
    let mut ids = Vec::new();
    for n in 1..=JOBS {
        ids.push(team.start(&person(n)).await.id());
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_vendor_is_slow_nobody_waits_who_does_not_need_it() {
    let gateway = TestGateway::with(Setup::with_settings(&[PATIENT])).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    sales.enrich(&person(0)).await;
    gateway.vendor.set_faults(held(Operation::Submit));
    let ids = waiting(&sales).await;
    eventually("its turns are taken", async || {
        gateway.vendor.posts_received() == 1 + TURNS_OF_A_TEAM
    })
    .await;
    nobody_else_waits(&gateway, [&sales, &growth], &ids, &person(0)).await;
    // Turns are left for another team's.
    growth.start(&person(901)).await;
    eventually("the other team's is sent", async || {
        gateway.vendor.leads_received().iter().any(|lead| lead.ends_with("-901"))
    })
    .await;
    assert!(gateway.vendor.posts_received() <= 1 + TURNS_OF_A_TEAM + 2);
    gateway.vendor.set_faults(Faults::default());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_vendor_cuts_its_answers_nobody_waits_who_does_not_need_it() {
    let (setup, clock) = Setup::with_clock();
    let settings = vec!["vendor.quiet_period=25s".to_owned()];
    let gateway = TestGateway::with(Setup { settings, ..setup }).await;
    let time_passes = async |what: &str, holds: &mut dyn FnMut(f64) -> bool| {
        let step = Duration::from_millis(200);
        let holds = async || holds(gateway.sums().await.email.reserved);
        gateway.eventually_by(&clock, step, what, holds).await;
    };
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    sales.start(&person(0)).await;
    time_passes("one is known", &mut |reserved| reserved == 0.0).await;
    let cut = Rule::always(Operation::Submit, FaultKind::CutAfter);
    gateway.vendor.set_faults(Faults::of([cut]));
    let ids = waiting(&sales).await;
    eventually("the vendor does not answer", async || {
        let scrape = Scrape::of(&gateway.operator()).await;
        scrape.value("tollgate_vendor_circuit_open") == Some(1.0)
    })
    .await;
    gateway.vendor.set_faults(Faults::default());
    nobody_else_waits(&gateway, [&sales, &growth], &ids, &person(0)).await;
    // What was cut is sent again when it was quiet, inside the charge window, and so is the rest.
    time_passes("all are settled", &mut |reserved| reserved == 0.0).await;
    gateway.finish().await;
}

/// A vendor that takes connections, and never says a word.
async fn half_open() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move {
        let mut taken = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            taken.push(connection);
        }
    });
    format!("vendor.base_url=http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_vendor_says_nothing_everything_else_goes_on() {
    let base_url = half_open().await;
    let settings = [&base_url, PATIENT, "server.shutdown_grace=1s"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let ids = waiting(&sales).await;
    for team in [&sales, &growth] {
        let estimate = timeout(SOON, team.post("/gateway/v1/estimates", &person(0))).await;
        assert_eq!(estimate.expect("estimates are made").status, 200);
        let admitted = timeout(SOON, team.post(BATCHES, &person(900))).await;
        assert_eq!(admitted.expect("batches are admitted").status, 202);
    }
    let (last, others) = ids.split_last().unwrap();
    let canceled = timeout(SOON, sales.cancel(*last)).await.expect("what waits is cancelled");
    assert_eq!(canceled.body["status"], "canceled", "{canceled:?}");
    for id in others {
        let read = timeout(SOON, sales.get(&batch(*id))).await.expect("batches are read");
        assert!(!read.has_ended(), "{read:?}");
    }
    // Nothing was charged, and all that may have been sent is still set aside.
    let sums = gateway.sums().await;
    assert_eq!((sums.email.spent, gateway.vendor.posts_received()), (0.0, 0));
    gateway.stop().await;
}

/// Asks for so many addresses to be validated, each by a caller of its own, and waits until all of
/// them wait for the vendor.
async fn hanging(gateway: &TestGateway, team: &Client, count: u32) -> JoinSet<()> {
    let mut callers = JoinSet::new();
    for n in 0..count {
        let team = team.clone();
        let body = json!({"emails": [{"email": format!("person-{n}@x.example")}]});
        callers.spawn(async move {
            let request = team.request(Method::POST, "/email-validations");
            let request = request.header("content-type", "application/json");
            let _ = team.try_send(request.body(body.to_string())).await;
        });
    }
    eventually("they wait for the vendor", async || {
        gateway.sums().await.email.reserved == f64::from(count)
    })
    .await;
    callers
}

#[tokio::test(flavor = "multi_thread")]
async fn validations_that_wait_for_the_vendor_keep_no_turn() {
    let base_url = half_open().await;
    let settings = [&base_url, PATIENT, "server.shutdown_grace=1s", "server.bodies_at_once=2"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    let callers = hanging(&gateway, &sales, 6).await;
    for team in [&sales, &growth] {
        let estimate = timeout(SOON, team.post("/gateway/v1/estimates", &person(0))).await;
        assert_eq!(estimate.expect("estimates are made").status, 200);
        let admitted = timeout(SOON, team.post(BATCHES, &person(900))).await;
        assert_eq!(admitted.expect("batches are admitted").status, 202);
    }
    drop(callers);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_leaves_the_place_to_what_still_goes_on() {
    let base_url = half_open().await;
    let settings = [&base_url, PATIENT, "server.shutdown_grace=1s", "server.bodies_max=6"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let team = gateway.team("sales", 100).await;
    hanging(&gateway, &team, 3).await.shutdown().await;
    for _ in 0..50 {
        let shed = team.post("/gateway/v1/estimates", &person(0)).await;
        assert_eq!((shed.status, shed.errors()), (503, vec![("service_unavailable", "")]));
    }
    assert_eq!(team.get("/gateway/v1/usage").await.status, 200, "who only reads needs no place");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_vendor_hangs_at_batches_a_look_up_is_answered() {
    let gateway = TestGateway::with(Setup::with_settings(&[PATIENT])).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(held(Operation::Submit));
    waiting(&team).await;
    eventually("its turns are taken", async || gateway.vendor.posts_received() == TURNS_OF_A_TEAM)
        .await;
    let looked_up = timeout(SOON, team.get(&look_up(0))).await.expect("it waits for no batch");
    assert_eq!(looked_up.status, 200, "{looked_up:?}");
    gateway.vendor.set_faults(Faults::default());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_vendor_hangs_at_look_ups_batches_are_answered() {
    let gateway = TestGateway::with(Setup::with_settings(&[PATIENT, "server.find_wait=10m"])).await;
    let team = gateway.team("sales", 100).await;
    gateway.vendor.set_faults(held(Operation::Find));
    let mut looking_up = JoinSet::new();
    for n in 1..=JOBS {
        let caller = team.clone();
        looking_up.spawn(async move { caller.get(&look_up(n)).await.status });
    }
    eventually("its turns are taken", async || {
        gateway.vendor.look_ups_received() == TURNS_OF_A_TEAM
    })
    .await;
    let ended = timeout(SOON, team.enrich(&person(0))).await.expect("it waits for no look-up");
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    gateway.vendor.set_faults(Faults::default());
    assert!(looking_up.join_all().await.into_iter().all(|status| status == 200));
    gateway.finish().await;
}
