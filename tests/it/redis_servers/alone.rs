//! One server.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::redis::Server;

#[tokio::test]
async fn a_killed_server_comes_back_where_it_was_with_all_it_answered() {
    let mut server = Server::start().await;
    let before = server.address();
    for number in 0..100 {
        let () = server.ask(&["RPUSH", "written", &number.to_string()]).await;
    }
    server.kill_hard();
    assert!(server.try_ask::<String>(&["PING"]).await.is_err(), "it is dead");
    server.start_again().await;
    let written: Vec<u8> = server.ask(&["LRANGE", "written", "0", "-1"]).await;
    assert_eq!(written, (0..100).collect::<Vec<_>>());
    assert_eq!(server.address(), before);
}

#[tokio::test]
async fn what_a_server_is_set_to_may_be_said() {
    let servers = [Server::start().await, Server::with(&["appendonly no"]).await];
    let mut found = Vec::new();
    for server in &servers {
        let (_, value): (String, String) = server.ask(&["CONFIG", "GET", "appendonly"]).await;
        found.push(value);
    }
    assert_eq!(found, ["yes", "no"]);
}

#[tokio::test]
async fn twelve_servers_at_once_are_twelve_servers() {
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..12 {
        starting.spawn(Server::start());
    }
    for (number, server) in starting.join_all().await.into_iter().enumerate() {
        let earlier: Option<String> = server.ask(&["SET", "who", &number.to_string(), "GET"]).await;
        assert_eq!(earlier, None, "{} is nobody else's", server.url());
        drop(server);
    }
}

#[tokio::test]
async fn a_server_that_stands_still_is_connected_to_and_answers_when_it_goes_on() {
    let server = Server::start().await;
    server.pause().await;
    let mut stream = TcpStream::connect(server.address()).await.expect("the system takes it");
    stream.write_all(b"INCR asked\r\n").await.unwrap();
    let mut answer = [0; 4];
    let early = timeout(Duration::from_millis(100), stream.read_exact(&mut answer)).await;
    assert!(early.is_err(), "it answers while it stands still");
    server.resume();
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b":1\r\n");
}

#[tokio::test]
async fn a_full_server_refuses_to_write_until_there_is_room() {
    let server = Server::start().await;
    let write = ["SET", "key", "value"];
    server.fill_up().await;
    let refused = server.try_ask::<()>(&write).await.unwrap_err();
    assert_eq!(refused.code(), Some("OOM"));
    server.make_room().await;
    let () = server.ask(&write).await;
}

#[tokio::test]
async fn an_emptied_server_holds_nothing() {
    let server = Server::start().await;
    let () = server.ask(&["SET", "key", "value"]).await;
    server.empty().await;
    let kept: Option<String> = server.ask(&["GET", "key"]).await;
    assert_eq!(kept, None);
}

#[tokio::test]
async fn work_shows_in_the_time_and_the_memory_that_a_server_has_used() {
    let server = Server::start().await;
    let (cpu, memory) = (server.cpu_micros().await, server.used_memory().await);
    let work = "for number = 1, 4000 do redis.call('SET', KEYS[1] .. number, ARGV[1]) end";
    let () = server.ask(&["EVAL", work, "1", "key", &"x".repeat(1_000)]).await;
    assert!(server.cpu_micros().await > cpu);
    assert!(server.used_memory().await > memory + 2_000_000);
}
