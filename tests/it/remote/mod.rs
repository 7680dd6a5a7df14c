//! A Redis as the gateway reaches it, in good and in bad days, against real servers.

mod calls;
mod confirming;
mod encrypted;
mod facts;
mod found_again;
mod later_redis;
mod lost;
mod wires;

use tollgate::remote::{Command, Confirm, Patience, Remote, Value};

use crate::support::wait::eventually;

/// The Redis at this address, reached as patiently as a gateway does.
fn remote(url: &str) -> Remote {
    Remote::new(&url.parse().unwrap(), Patience::default()).unwrap()
}

async fn set(remote: &Remote, key: &str, value: &str) {
    remote.ask(vec![Command::new("SET", key.as_bytes()).with(value)]).await.unwrap();
}

fn get(key: &str) -> Command {
    Command::new("GET", key.as_bytes())
}

fn bytes(text: &str) -> Value {
    Value::Bytes(text.into())
}

/// Waits until the replicas confirm what is written. A new one is sent nothing before it has
/// spoken, which it does every second.
async fn writes_are_confirmed(remote: &Remote, key: &str, value: &str) {
    let write = || vec![Command::new("SET", key.as_bytes()).with(value)];
    eventually("writes are confirmed", async || {
        remote.ask_confirmed(write(), Confirm::Replicas).await.is_ok()
    })
    .await;
}
