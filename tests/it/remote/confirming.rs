//! Writes that have to be where no failover loses them.

use std::time::Duration;

use tokio::task::JoinSet;
use tollgate::remote::{Call, Command, Confirm, Patience, Remote, RemoteError, Script, Value};

use super::{bytes, get, remote, writes_are_confirmed};
use crate::support::redis::{Replicas, Server};
use crate::support::wait::eventually;

static ONCE: Script =
    Script::new("once", "return redis.call('SET', KEYS[1], ARGV[1], 'NX') and 1 or 0");

fn once(value: &str) -> Call<'static> {
    Call { script: &ONCE, keys: vec![b"{books}:k".into()], args: vec![value.into()] }
}

#[tokio::test]
async fn a_write_without_a_replica_is_done_and_not_durable() {
    let server = Server::start().await;
    let remote = remote(&server.url());
    let run = remote.run_confirmed(&once("v"), Confirm::Replicas).await;
    assert_eq!(run, Err(RemoteError::NotDurable));
    assert_eq!(remote.ask(vec![get("{books}:k")]).await.unwrap(), [bytes("v")]);
    assert_eq!(remote.run_confirmed(&once("w"), Confirm::Nothing).await, Ok(Value::Int(0)));
}

#[tokio::test]
async fn a_write_is_confirmed_by_the_replica_and_not_before() {
    let redis = Replicas::start(1).await;
    let remote = remote(&redis.primary.url());
    writes_are_confirmed(&remote, "{books}:first", "").await;
    assert_eq!(remote.run_confirmed(&once("v"), Confirm::Replicas).await, Ok(Value::Int(1)));
    let write = || vec![Command::new("SET", b"{books}:l").with("w"), get("{books}:l")];
    let values = remote.ask_confirmed(write(), Confirm::Replicas).await;
    assert_eq!(values.unwrap(), [bytes("OK"), bytes("w")]);

    redis.replicas[0].pause().await;
    let written = remote.ask_confirmed(write(), Confirm::Replicas).await;
    assert_eq!(written, Err(RemoteError::NotDurable));
    // Repeated it writes nothing, and is no more durable for that.
    let repeated = remote.run_confirmed(&once("v"), Confirm::Replicas).await;
    assert_eq!(repeated, Err(RemoteError::NotDurable));

    redis.replicas[0].resume();
    assert_eq!(remote.run_confirmed(&once("v"), Confirm::Replicas).await, Ok(Value::Int(0)));
}

#[tokio::test]
async fn as_many_replicas_as_the_address_says_have_to_confirm() {
    let redis = Replicas::start(1).await;
    let one = remote(&format!("{}?replicas=1", redis.primary.url()));
    writes_are_confirmed(&one, "{books}:first", "").await;
    assert_eq!(one.run_confirmed(&once("v"), Confirm::Replicas).await, Ok(Value::Int(1)));
    let two = remote(&format!("{}?replicas=2", redis.primary.url()));
    let run = two.run_confirmed(&once("v"), Confirm::Replicas).await;
    assert_eq!(run, Err(RemoteError::NotDurable));
}

#[tokio::test]
async fn what_is_refused_is_told_so_and_not_as_undurable() {
    let server = Server::start().await;
    server.fill_up().await;
    let run = remote(&server.url()).run_confirmed(&once("v"), Confirm::Replicas).await;
    assert!(matches!(run, Err(RemoteError::NotApplied(_))), "{run:?}");
}

#[tokio::test]
async fn a_confirmed_call_keeps_nobody_else_waiting() {
    let redis = Replicas::start(1).await;
    let patience = Patience { answer: Duration::from_mins(2), ..Patience::default() };
    let remote = Remote::new(&redis.primary.url().parse().unwrap(), patience).unwrap();
    redis.replicas[0].pause().await;
    let mut confirmed = JoinSet::new();
    confirmed.spawn({
        let remote = remote.clone();
        async move { remote.run_confirmed(&once("v"), Confirm::Replicas).await }
    });
    eventually("the write is done", async || {
        remote.ask(vec![get("{books}:k")]).await.unwrap() == [bytes("v")]
    })
    .await;
    assert!(confirmed.try_join_next().is_none(), "it was confirmed by nobody");
    redis.replicas[0].resume();
    assert_eq!(confirmed.join_all().await, [Ok(Value::Int(1))]);
}
