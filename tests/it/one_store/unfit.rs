//! A Redis that is set so that it may lose or forget parts of the books.

use std::net::SocketAddr;

use super::{SINGLE, why_not_ready};
use crate::support::gateways::SECRET;
use crate::support::process::Process;
use crate::support::redis::Server;
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
