//! A Redis that is set so that it may lose or forget parts of the books, and books that were written
//! under another secret.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;

use super::{OneStore, SINGLE, people, refused, why_not_ready};
use crate::support::gateways::SECRET;
use crate::support::process::Process;
use crate::support::redis::{Proxy, Server, Wire};
use crate::support::vendor::taking;
use crate::support::wait::eventually;

const EVICTS: &str = "maxmemory-policy allkeys-lru";
const LOSES: &str = "appendonly no";

/// Where nobody is asked.
fn nowhere() -> SocketAddr {
    "127.0.0.1:9".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_refuses_to_start_on_it_and_says_the_line_to_set() {
    for (wrong, right) in [(EVICTS, "maxmemory-policy noeviction"), (LOSES, "appendonly yes")] {
        let server = Server::with(&[wrong]).await;
        let gateway = Process::not_yet(nowhere(), &server.url(), &[SECRET, SINGLE]);
        let refused = gateway.run("serve");
        let said = [refused.stdout, refused.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(wrong.split(' ').next().unwrap()), "{said}");
        assert!(said.contains(&format!("CONFIG SET {right}")), "{said}");
        let left: u64 = server.ask(&["DBSIZE"]).await;
        assert_eq!(left, 0, "no books are begun in it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn set_so_while_a_gateway_runs_it_is_not_ready_until_it_is_set_right() {
    let server = Server::start().await;
    let mut gateway = Process::on(nowhere(), &server.url(), &[SECRET, SINGLE]).await;
    let () = server.ask(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    eventually("operators are told the line to set", async || {
        let why = why_not_ready(&gateway).await;
        why.is_some_and(|why| why.contains("CONFIG SET maxmemory-policy noeviction"))
    })
    .await;
    let () = server.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    gateway.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_another_secret_nothing_is_done_though_the_redis_was_away_at_the_start() {
    let store = OneStore::start(1, taking(Duration::from_millis(30))).await;
    let team = store.team("sales").await.remove(0);
    team.enrich(&people(0, 1)).await;

    let wire = Proxy::before(store.server.address()).await;
    wire.set(Wire::Cut).await;
    let other = format!("security.secret={}cd", "ab".repeat(31));
    let mut gateway = Process::not_yet(store.door, &wire.url(), &[&other, SINGLE]);
    gateway.launch();
    eventually("it is up", async || {
        let operator = gateway.operator();
        let told = operator.try_send(operator.request(Method::GET, "/readyz")).await;
        told.is_some()
    })
    .await;
    wire.set(Wire::Whole).await;

    let caller = gateway.caller(&team.key);
    for person in [0, 1] {
        refused(&caller, &people(person, 1)).await;
    }
    eventually("operators are told", async || {
        let why = why_not_ready(&gateway).await;
        why.is_some_and(|why| why.contains("security.secret"))
    })
    .await;
    refused(&caller, &people(0, 1)).await;
    assert_eq!(store.vendor.leads_received().len(), 1, "whoever is known is not paid again");
    store.balance().await;
}
