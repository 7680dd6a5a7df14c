//! Wires that are cut, slow or dangling while something is on them.

use std::time::Duration;

use tollgate::remote::{Command, RemoteError, Value};

use super::{bytes, get, remote, set};
use crate::support::redis::{Proxy, Server, Wire};

fn add_one() -> Vec<Command> {
    vec![Command::new("INCR", b"sum")]
}

#[tokio::test]
async fn what_went_through_before_the_cut_is_perhaps_done_and_done_once() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let remote = remote(&proxy.url());
    for bytes_passed in [0, 1, 3] {
        let _gone: i64 = server.ask(&["DEL", "sum"]).await;
        set(&remote, "k", "v").await;
        proxy.set(Wire::CutsAnswerAfter(bytes_passed)).await;
        let added = remote.ask(add_one()).await;
        assert!(matches!(added, Err(RemoteError::Unknown(_))), "{bytes_passed}: {added:?}");
        assert_eq!(remote.ask(vec![get("sum"), get("k")]).await, Ok(vec![bytes("1"), bytes("v")]));
    }
}

#[tokio::test]
async fn an_answer_that_is_late_is_nobodys() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let remote = remote(&proxy.url());
    set(&remote, "k", "v").await;
    proxy.set(Wire::Slow(Duration::from_mins(1))).await;
    let added = remote.ask(add_one()).await;
    assert!(matches!(added, Err(RemoteError::Unknown(_))), "{added:?}");
    proxy.set(Wire::Whole).await;
    for _ in 0..3 {
        assert_eq!(remote.ask(vec![get("k"), get("sum")]).await, Ok(vec![bytes("v"), bytes("1")]));
    }
}

#[tokio::test]
async fn over_a_wire_that_dangles_nothing_new_is_begun() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let remote = remote(&proxy.url());
    set(&remote, "k", "v").await;
    proxy.set(Wire::Dangling).await;
    let sent = remote.ask(add_one()).await;
    assert!(matches!(sent, Err(RemoteError::Unknown(_))), "{sent:?}");
    let unsent = remote.ask(add_one()).await;
    assert!(matches!(unsent, Err(RemoteError::NotApplied(_))), "{unsent:?}");
    proxy.set(Wire::Whole).await;
    assert_eq!(remote.ask(add_one()).await, Ok(vec![Value::Int(1)]));
}

#[tokio::test]
async fn those_who_ask_at_once_share_one_connection() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let remote = remote(&proxy.url());
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let remote = remote.clone();
        asked.spawn(async move { remote.ask(add_one()).await.unwrap() });
    }
    let mut sums: Vec<_> =
        asked.join_all().await.concat().iter().map(|sum| sum.as_int().unwrap()).collect();
    sums.sort_unstable();
    assert_eq!(sums, (1..=50).collect::<Vec<_>>());
    assert_eq!(proxy.connections(), 1);
}
