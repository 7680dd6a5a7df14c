//! The real binary on a Redis that replicas share: who pays, what becomes of the work of those that
//! die, and what callers and operators are told while the Redis is in trouble.

mod at_once;
mod away;
mod backlogs;
mod credits;
mod crowded;
mod deaths;
mod documented;
mod emptied;
mod failovers;
mod finds;
mod large;
mod outage;
mod passing;
mod retried;
mod rewound;
mod turned_away;
mod unfit;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use tollgate::sandbox::{Options, Sandbox};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateways::Gateways;
use crate::support::process::Process;
use crate::support::redis::{Proxy, Server};
use crate::support::vendor;

/// A lone Redis is all that holds the books.
const SINGLE: &str = "store.durability=single";

/// Within this a caller is told, whatever became of the store: two seconds, and what a very busy
/// machine adds.
const SOON: Duration = Duration::from_secs(40);

/// Replicas over one Redis, behind a wire that can fail.
struct OneStore {
    gateways: Gateways,
    server: Server,
    wire: Proxy,
    vendor: Sandbox,
    /// Where the vendor listens.
    door: SocketAddr,
}

impl OneStore {
    async fn start(replicas: usize, vendor: Options) -> Self {
        Self::with(replicas, vendor, &[]).await
    }

    async fn with(replicas: usize, vendor: Options, further: &[&str]) -> Self {
        let server = Server::start().await;
        let wire = Proxy::before(server.address()).await;
        let (vendor, door) = vendor::start(vendor).await;
        let settings = [&[SINGLE], further].concat();
        let gateways = Gateways::start(replicas, door, &wire.url(), &settings).await;
        Self { gateways, server, wire, vendor, door }
    }

    /// A team without bounds, through every replica.
    async fn team(&self, name: &str) -> Vec<Client> {
        self.gateways.callers(&self.one().team(name).await.key)
    }

    /// One of the replicas.
    fn one(&self) -> &Process {
        &self.gateways.replicas[0]
    }

    /// Both books say the same, with nothing in doubt.
    async fn balance(&self) {
        self.one().balance(&self.vendor).await;
    }
}

/// So many people from the n-th on, each of whom costs one and a half.
fn people(first: usize, count: usize) -> Value {
    let lead = |n: usize| json!({"linkedin_url": format!("linkedin.com/in/reachable-{n}")});
    let leads: Vec<_> = (first..first + count).map(lead).collect();
    json!({"leads": leads, "reveal_email": true})
}

/// Asks for a batch, which is answered soon.
async fn post(team: &Client, body: &Value) -> Answer {
    timeout(SOON, team.post(BATCHES, body)).await.expect("nobody is kept waiting")
}

/// Asks for a batch that cannot be put on the books now.
async fn refused(team: &Client, body: &Value) -> Answer {
    let answer = post(team, body).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    answer
}

/// Why a gateway is not ready; none where it is.
async fn why_not_ready(gateway: &Process) -> Option<String> {
    let told = timeout(SOON, gateway.operator().get("/readyz")).await;
    let told = told.expect("operators are not kept waiting");
    (told.status == 503).then_some(told.text)
}
