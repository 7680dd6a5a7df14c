//! Servers that are away, silent or cut off, and that come back.

use tollgate::remote::{Command, RemoteError, Value};

use super::{bytes, get, remote, set};
use crate::support::ports::free;
use crate::support::redis::Server;
use crate::support::wait::eventually;

fn add_one() -> Command {
    Command::new("INCR", b"sum")
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_done() {
    let refused = remote(&format!("redis://{}", free())).ask(vec![get("k")]).await.unwrap_err();
    assert!(
        matches!(&refused, RemoteError::NotApplied(why) if why.contains("refused")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_server_that_comes_later_is_found() {
    let mut server = Server::start().await;
    let remote = remote(&server.url());
    server.kill_hard();
    assert!(matches!(remote.ask(vec![get("k")]).await, Err(RemoteError::NotApplied(_))));
    server.start_again().await;
    assert_eq!(remote.ask(vec![get("k")]).await.unwrap(), [Value::Nil]);
}

#[tokio::test]
async fn a_connection_that_was_cut_is_made_anew() {
    let server = Server::start().await;
    let remote = remote(&server.url());
    set(&remote, "k", "v").await;
    let _cut: i64 = server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
    eventually("the connection is made anew", async || {
        match remote.ask(vec![get("k")]).await {
            Ok(values) => values == [bytes("v")],
            // The cut was noticed only by asking.
            Err(error) => {
                assert!(matches!(error, RemoteError::Unknown(_)), "{error:?}");
                false
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_silent_server_does_later_is_taken_for_nobody_elses_answer() {
    let server = Server::start().await;
    let remote = remote(&server.url());
    set(&remote, "k", "v").await;
    server.pause().await;
    let sent = remote.ask(vec![add_one()]).await;
    assert!(matches!(sent, Err(RemoteError::Unknown(_))), "{sent:?}");
    let unsent = remote.ask(vec![add_one()]).await;
    assert!(matches!(unsent, Err(RemoteError::NotApplied(_))), "{unsent:?}");
    server.resume();
    for _ in 0..3 {
        assert_eq!(remote.ask(vec![get("k")]).await.unwrap(), [bytes("v")]);
    }
    assert_eq!(remote.ask(vec![get("sum")]).await.unwrap(), [bytes("1")]);
}

#[tokio::test]
async fn many_who_ask_a_silent_server_wait_together() {
    let server = Server::start().await;
    server.pause().await;
    let remote = remote(&server.url());
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let remote = remote.clone();
        asked.spawn(async move { remote.ask(vec![add_one()]).await });
    }
    for answer in asked.join_all().await {
        let told = "no answer within 1s";
        assert!(
            matches!(&answer, Err(RemoteError::NotApplied(why)) if why.contains(told)),
            "{answer:?}"
        );
    }
    server.resume();
    assert_eq!(remote.ask(vec![add_one()]).await.unwrap(), [Value::Int(1)]);
}

#[tokio::test]
async fn a_closed_remote_does_nothing_and_has_no_connection() {
    let server = Server::start().await;
    let remote = remote(&server.url());
    set(&remote, "k", "v").await;
    remote.close().await;
    assert!(matches!(remote.ask(vec![get("k")]).await, Err(RemoteError::NotApplied(_))));
    eventually("the connection is gone", async || {
        let clients: String = server.ask(&["CLIENT", "LIST"]).await;
        !clients.contains("name=tollgate ")
    })
    .await;
}
