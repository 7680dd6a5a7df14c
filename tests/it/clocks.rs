//! Clocks that are wrong for a while, on both stores that last: the machine's under an embedded store,
//! the server's under a Redis. What was admitted is sent and settled, nobody is refused for it, and the
//! books equal the bill.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate::sandbox::{Faults, Operation, Sandbox};

use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::fake_clock::FakeClock;
use crate::support::gateways::SECRET;
use crate::support::metrics::Scrape;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::vendor::{self, held, taking};
use crate::support::wait::eventually;

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Where the books are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    Embedded,
    Redis,
}

/// A gateway by a store's clock that the test sets.
struct Clocked {
    gateway: Process,
    clock: Arc<FakeClock>,
    judge: Sandbox,
    team: Client,
    _data: TempDir,
    _server: Option<Server>,
}

impl Clocked {
    async fn start(store: Store, seconds: i64) -> Self {
        let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
        let (clock, data) = (Arc::new(FakeClock::new()), tempfile::tempdir().unwrap());
        clock.set(seconds);
        let (mut gateway, server) = match store {
            Store::Embedded => {
                let url = format!("embedded:{}", data.path().display());
                (Process::not_yet(address, &url, &[SECRET]).by(&clock), None)
            }
            Store::Redis => {
                let server = Server::by(&clock).await;
                let settings = [SECRET, "store.durability=single"];
                (Process::not_yet(address, &server.url(), &settings), Some(server))
            }
        };
        gateway.start_again().await;
        let team = gateway.team("sales").await;
        Self { gateway, clock, judge, team, _data: data, _server: server }
    }

    /// A batch is admitted at the first try, ends, and finds its person.
    async fn enriches(&self, n: usize) {
        let ended = self.team.enrich(&person(n)).await;
        assert_eq!(ended.body["status"], "completed", "{ended:?}");
    }

    async fn remarks(&self) -> String {
        let ready = self.gateway.operator().get("/readyz").await;
        assert_eq!(ready.status, 200, "{ready:?}");
        ready.body["reasons"].to_string()
    }

    /// Waits until operators are shown this.
    async fn is_remarked(&self, what: &str) {
        eventually(what, async || self.remarks().await.contains(what)).await;
    }

    async fn restart(&mut self) {
        assert!(self.gateway.terminate().await.success());
        self.gateway.start_again().await;
    }

    async fn balance(&self) {
        self.gateway.balance(&self.judge).await;
    }
}

fn person(n: usize) -> Value {
    let lead = json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}")});
    json!({"reveal_email": true, "leads": [lead]})
}

async fn a_day_ahead_for_one_request(store: Store) {
    let mut clocked = Clocked::start(store, 0).await;
    clocked.enriches(0).await;
    clocked.clock.set(DAY);
    let accepted = clocked.team.start(&person(1)).await;
    clocked.is_remarked("the store's clock jumped ahead by 86").await;
    clocked.clock.set(0);
    let ended = clocked.team.ended(accepted.id()).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    clocked.enriches(2).await;
    eventually("the jump is counted", async || {
        let scrape = Scrape::of(&clocked.gateway.operator()).await;
        scrape.value("tollgate_clock_jumps_total") >= Some(1.0)
    })
    .await;
    clocked.restart().await;
    clocked.enriches(3).await;
    clocked.balance().await;
}

#[tokio::test]
async fn a_machine_that_is_a_day_ahead_for_one_request_delays_nothing() {
    a_day_ahead_for_one_request(Store::Embedded).await;
}

#[tokio::test]
async fn a_redis_that_is_a_day_ahead_for_one_request_delays_nothing() {
    a_day_ahead_for_one_request(Store::Redis).await;
}

/// The process ran by the wrong clock from its start, so it had no other to compare it with.
async fn a_day_ahead_until_a_restart(store: Store) {
    let mut clocked = Clocked::start(store, DAY).await;
    clocked.enriches(0).await;
    clocked.judge.set_faults(held(Operation::Read));
    let sent = clocked.team.start(&person(1)).await;
    eventually("it is sent", async || clocked.judge.bill().posts_received == 2).await;
    clocked.judge.set_faults(Faults::default());
    assert!(clocked.gateway.terminate().await.success());
    clocked.clock.set(0);
    clocked.gateway.start_again().await;
    let ended = clocked.team.ended(sent.id()).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    clocked.enriches(2).await;
    clocked.is_remarked("behind the latest journal entry").await;
    clocked.balance().await;
}

#[tokio::test]
async fn a_machine_set_back_a_day_between_restarts_delays_nothing() {
    a_day_ahead_until_a_restart(Store::Embedded).await;
}

#[tokio::test]
async fn a_redis_set_back_a_day_between_restarts_delays_nothing() {
    a_day_ahead_until_a_restart(Store::Redis).await;
}

async fn forty_seconds_back(store: Store) {
    let mut clocked = Clocked::start(store, HOUR).await;
    clocked.enriches(0).await;
    clocked.clock.set(HOUR - 40);
    let accepted = clocked.team.post(BATCHES, &person(1)).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    clocked.team.ended(accepted.id()).await;
    clocked.is_remarked("jumped back by 4").await;
    clocked.is_remarked("it lasted, so the ledger follows it").await;
    for n in 2..5 {
        clocked.enriches(n).await;
    }
    // Set back again, this time while no process of the gateway's runs.
    assert!(clocked.gateway.terminate().await.success());
    clocked.clock.set(HOUR - 80);
    clocked.gateway.start_again().await;
    for n in 5..8 {
        clocked.enriches(n).await;
    }
    clocked.balance().await;
}

#[tokio::test]
async fn a_machine_set_back_by_forty_seconds_leaves_no_request_unknown() {
    forty_seconds_back(Store::Embedded).await;
}

#[tokio::test]
async fn a_redis_set_back_by_forty_seconds_leaves_no_request_unknown() {
    forty_seconds_back(Store::Redis).await;
}

/// The clock is set back between a send and its answer, by less than the margin of the charge window.
async fn ninety_seconds_back_while_a_batch_is_sent(store: Store) {
    let clocked = Clocked::start(store, HOUR).await;
    clocked.judge.set_faults(held(Operation::Submit));
    let sent = clocked.team.start(&person(0)).await;
    eventually("it is sent", async || clocked.judge.bill().posts_received == 1).await;
    clocked.clock.set(HOUR - 90);
    clocked.is_remarked("it lasted, so the ledger follows it").await;
    clocked.judge.set_faults(Faults::default());
    let ended = clocked.team.ended(sent.id()).await;
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    let with_phone = json!({"reveal_phone_numbers": true, "leads": person(0)["leads"]});
    let again = clocked.team.enrich(&with_phone).await;
    assert_eq!(again.header("tollgate-credits-spent"), Some("email=0, phone=1"), "{again:?}");
    clocked.balance().await;
}

#[tokio::test]
async fn a_machine_set_back_by_ninety_seconds_charges_no_find_twice() {
    ninety_seconds_back_while_a_batch_is_sent(Store::Embedded).await;
}

#[tokio::test]
async fn a_redis_set_back_by_ninety_seconds_charges_no_find_twice() {
    ninety_seconds_back_while_a_batch_is_sent(Store::Redis).await;
}
