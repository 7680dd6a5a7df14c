//! What is asked of one server, and what comes back.

use tollgate::remote::{Call, Command, RemoteError, Script, Value};

use super::{bytes, get, remote, set};
use crate::support::redis::Server;

static ADD: Script =
    Script::new("add", "return redis.call('INCRBY', KEYS[1], tonumber(ARGV[1]) + #ARGV[2])");
static REFUSE: Script = Script::new("refuse", "return redis.error_reply('FENCED attempt 3')");

fn add(many: &str) -> Call<'static> {
    // Not one of these bytes means anything to Redis or to Lua.
    let every_byte = (0..=255).collect();
    Call { script: &ADD, keys: vec![b"{books}:sum".into()], args: vec![many.into(), every_byte] }
}

#[tokio::test]
async fn values_come_back_as_they_are_kept_in_the_order_of_the_commands() {
    let server = Server::start().await;
    let remote = remote(&server.url());
    let every_byte: Vec<u8> = (0..=255).collect();
    let values = remote
        .ask(vec![
            Command::new("SET", b"k").with(&every_byte),
            get("k"),
            get("nothing"),
            Command::new("STRLEN", b"k"),
            Command::new("MGET", b"k").with("nothing"),
        ])
        .await;
    let kept = Value::Bytes(every_byte);
    let several = Value::List(vec![kept.clone(), Value::Nil]);
    assert_eq!(values.unwrap(), [bytes("OK"), kept, Value::Nil, Value::Int(256), several]);
    assert_eq!(remote.ask(Vec::new()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_script_that_the_server_does_not_know_runs_all_the_same_and_once() {
    let server = Server::start().await;
    let remote = remote(&server.url());
    assert_eq!(remote.run(&add("1")).await, Ok(Value::Int(257)));
    assert_eq!(remote.run(&add("2")).await, Ok(Value::Int(515)));
    let () = server.ask(&["SCRIPT", "FLUSH"]).await;
    assert_eq!(remote.run(&add("3")).await, Ok(Value::Int(774)));
}

#[tokio::test]
async fn what_a_script_says_comes_as_it_said_it() {
    let server = Server::start().await;
    let call = Call { script: &REFUSE, keys: vec![b"k".into()], args: Vec::new() };
    let said = RemoteError::Said { code: "FENCED".into(), message: "attempt 3".into() };
    assert_eq!(remote(&server.url()).run(&call).await, Err(said));
}

#[tokio::test]
async fn a_server_without_room_has_not_done_it() {
    let server = Server::start().await;
    let remote = remote(&server.url());
    set(&remote, "k", "kept").await;
    server.fill_up().await;
    let run = remote.run(&add("1")).await;
    assert!(matches!(&run, Err(RemoteError::NotApplied(why)) if why.contains("OOM")), "{run:?}");
    assert_eq!(remote.ask(vec![get("k")]).await.unwrap(), [bytes("kept")]);
    server.make_room().await;
    assert_eq!(remote.run(&add("1")).await, Ok(Value::Int(257)));
}

#[tokio::test]
async fn connections_say_whose_they_are() {
    let server = Server::start().await;
    set(&remote(&server.url()), "k", "v").await;
    let remote = remote(&server.url());
    set(&remote, "k", "v").await;
    let clients: String = server.ask(&["CLIENT", "LIST"]).await;
    assert_eq!(clients.matches("name=tollgate ").count(), 1, "{clients}");
}

#[tokio::test]
async fn only_whom_the_server_knows_gets_in() {
    let server = Server::with(&["user ada on >se@same ~* &* +@all"]).await;
    let at = server.address();
    let known = remote(&format!("redis://ada:se%40same@{at}/3"));
    set(&known, "k", "v").await;
    for stranger in ["ada:open", "bob:se%40same", ":se%40same"] {
        let refused = remote(&format!("redis://{stranger}@{at}")).ask(vec![get("k")]).await;
        assert!(matches!(refused, Err(RemoteError::NotApplied(_))), "{stranger}: {refused:?}");
    }
    let elsewhere = remote(&format!("redis://ada:se%40same@{at}/2")).ask(vec![get("k")]).await;
    assert_eq!(elsewhere.unwrap(), [Value::Nil]);
}

#[tokio::test]
async fn a_replica_is_not_written_to() {
    let primary = Server::start().await;
    let (host, port) = (primary.address().ip(), primary.address().port());
    let replica = Server::with(&[&format!("replicaof {host} {port}")]).await;
    let refused = remote(&replica.url()).run(&add("1")).await.unwrap_err();
    let told = format!(
        "{} is a replica and accepts no writes; use its primary in store.url",
        replica.address()
    );
    assert_eq!(refused, RemoteError::NotApplied(told));

    let remote = remote(&primary.url());
    set(&remote, "k", "v").await;
    let (host, port) = (replica.address().ip().to_string(), replica.address().port().to_string());
    let () = primary.ask(&["REPLICAOF", &host, &port]).await;
    let refused = remote.run(&add("1")).await.unwrap_err();
    assert!(
        matches!(&refused, RemoteError::NotApplied(why) if why.contains("READONLY")),
        "{refused:?}"
    );
    // The next one is asked over a new connection, as its name may lead elsewhere by then.
    let refused = remote.run(&add("1")).await.unwrap_err();
    let told = format!(
        "{} is a replica and accepts no writes; use its primary in store.url",
        primary.address()
    );
    assert_eq!(refused, RemoteError::NotApplied(told));
}
