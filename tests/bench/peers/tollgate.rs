//! The release binary on a core of its own, with a team and its key.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use super::load::{Answer, Connection, Request, request};
use super::people;
use super::process::{Core, Process};
use crate::process::free;

const ADMIN_TOKEN: &str = "the-token-of-the-benchmarks-operator";

/// How many people are known before the first round.
pub(crate) const KNOWN: usize = 10_000;

pub(crate) struct Tollgate {
    pub(crate) process: Process,
    pub(crate) callers: SocketAddr,
    operators: SocketAddr,
    pub(crate) key: String,
    /// A batch of a hundred known people.
    pub(crate) batch: u64,
}

impl Tollgate {
    pub(crate) async fn start(vendor: SocketAddr, store: &str) -> Self {
        let (callers, operators) = (free(), free());
        let settings = [
            format!("server.listen={callers}"),
            format!("server.admin_listen={operators}"),
            format!("vendor.base_url=http://{vendor}"),
            "vendor.api_key=bench".to_owned(),
            "vendor.poll_interval_min=20ms".to_owned(),
            "limits.requests_per_minute=0".to_owned(),
            "limits.requests_at_once=0".to_owned(),
            "vendor.requests_per_minute=1000000".to_owned(),
            format!("store.url={store}"),
            "store.durability=relaxed".to_owned(),
            format!("security.secret={}", "5a".repeat(31) + "5b"),
            format!("admin.token={ADMIN_TOKEN}"),
            // Otherwise a cached request that is repeated is a retry.
            "server.replay_window=0s".to_owned(),
            "telemetry.log_filter=error".to_owned(),
        ];
        let arguments = settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]);
        let binary = env!("CARGO_BIN_EXE_tollgate");
        let process = Process::start(
            Core::Measured,
            binary,
            ["serve".to_owned()].into_iter().chain(arguments),
        );
        let mut gateway = Self { process, callers, operators, key: String::new(), batch: 0 };
        gateway.is_ready().await;
        gateway.open_team().await;
        gateway.know_people().await;
        gateway
    }

    async fn is_ready(&self) {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let ready = request("GET", "/readyz", "", "");
        loop {
            look.tick().await;
            if tokio::net::TcpStream::connect(self.operators).await.is_ok()
                && Connection::open(self.operators).await.send(&ready).await.status == 200
            {
                return;
            }
        }
    }

    async fn operate(&self, request: &Request) -> serde_json::Value {
        let answer = Connection::open(self.operators).await.send(request).await;
        read(&answer)
    }

    /// A team with quotas that it does not reach.
    async fn open_team(&mut self) {
        let quota = |unit: &str| json!({"unit": unit, "period": "month", "limit": 1_000_000_000});
        let team = json!({"name": "Bench", "quotas": [quota("email"), quota("phone")]}).to_string();
        self.operate(&request("PUT", "/admin/v1/teams/bench", ADMIN_TOKEN, &team)).await;
        let key = json!({"name": "bench"}).to_string();
        let path = "/admin/v1/teams/bench/keys";
        let made = self.operate(&request("POST", path, ADMIN_TOKEN, &key)).await;
        self.key = made["key"].as_str().expect("a key").to_owned();
    }

    /// Has the people of the cached rounds enriched.
    async fn know_people(&mut self) {
        for first in (0..KNOWN).step_by(1_000) {
            self.send(&self.post(first..first + 1_000)).await;
        }
        self.is_settled().await;
        let answer = self.send(&self.post(0..100)).await;
        let batch = read(&answer);
        assert_eq!(batch["status"], "completed", "{batch}");
        self.batch = batch["id"].as_u64().expect("an id");
    }

    pub(crate) async fn send(&self, request: &Request) -> Answer {
        Connection::open(self.callers).await.send(request).await
    }

    pub(crate) fn post(&self, people: std::ops::Range<usize>) -> Request {
        request("POST", "/people/enrichment-requests", &self.key, &people::leads(people))
    }

    /// Waits until nothing is reserved, and gives what was spent, in half email credits.
    pub(crate) async fn is_settled(&self) -> u64 {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let usage = request("GET", "/admin/v1/teams/bench/usage", ADMIN_TOKEN, "");
        loop {
            look.tick().await;
            let usage = self.operate(&usage).await;
            let email = &usage["totals"]["email"];
            assert_eq!(email["unresolved"], 0, "{usage}");
            if email["reserved"] == 0 {
                let spent = email["spent"].as_f64().expect("a number");
                return (spent * 2.0).round() as u64;
            }
        }
    }
}

fn read(answer: &Answer) -> serde_json::Value {
    let text = String::from_utf8_lossy(&answer.body);
    assert!((200..300).contains(&answer.status), "{} {text}", answer.status);
    serde_json::from_str(&text).expect("JSON")
}
