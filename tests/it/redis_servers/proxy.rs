//! A wire that fails as it is told.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::redis::{Proxy, Server, Wire};
use crate::support::wait::eventually;

/// Long enough for any answer to have come that comes at all.
const MOMENT: Duration = Duration::from_millis(100);
const AN_HOUR: Duration = Duration::from_hours(1);

/// Sends a command and reads so many bytes of what comes back.
async fn exchange(stream: &mut TcpStream, command: &str, bytes: usize) -> io::Result<String> {
    stream.write_all(format!("{command}\r\n").as_bytes()).await?;
    read(stream, bytes).await
}

async fn read(stream: &mut TcpStream, bytes: usize) -> io::Result<String> {
    let mut answer = vec![0; bytes];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

/// Reads until the connection ends.
async fn rest(stream: &mut TcpStream) -> String {
    let mut rest = String::new();
    // It may end in a reset, after what has passed was read.
    let _ = stream.read_to_string(&mut rest).await;
    rest
}

#[tokio::test]
async fn a_whole_wire_carries_everything_and_counts_its_connections() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let large = "x".repeat(300_000);
    let () = server.ask(&["SET", "large", &large]).await;
    for connections in 1..=3 {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        let answer = exchange(&mut stream, "GET large", 9 + large.len()).await.unwrap();
        assert_eq!(answer, format!("$300000\r\n{large}"));
        assert_eq!(proxy.connections(), connections);
    }
}

#[tokio::test]
async fn an_answer_is_cut_after_exactly_so_many_bytes_and_the_next_connection_is_whole() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let whole = "$10\r\n0123456789\r\n";
    let () = server.ask(&["SET", "digits", "0123456789"]).await;
    for after in [0, 1, 7, whole.len() - 1] {
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(exchange(&mut stream, "PING", 7).await.unwrap(), "+PONG\r\n");
        proxy.set(Wire::CutsAnswerAfter(after)).await;
        stream.write_all(b"GET digits\r\n").await.unwrap();
        assert_eq!(rest(&mut stream).await, whole[..after]);
        assert_eq!(proxy.wire(), Wire::Whole);

        let mut next = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(exchange(&mut next, "GET digits", whole.len()).await.unwrap(), whole);
    }
}

#[tokio::test]
async fn what_was_asked_over_a_wire_that_cuts_its_answer_was_done() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.set(Wire::CutsAnswerAfter(0)).await;
    assert!(exchange(&mut stream, "INCR done", 1).await.is_err());
    assert_eq!(server.ask::<u64>(&["GET", "done"]).await, 1);
}

#[tokio::test]
async fn a_slow_wire_holds_the_answer_back_until_it_is_whole_again() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.set(Wire::Slow(AN_HOUR)).await;
    assert!(timeout(MOMENT, exchange(&mut stream, "INCR done", 4)).await.is_err());
    eventually("it is done already", async || {
        server.ask::<Option<u64>>(&["GET", "done"]).await == Some(1)
    })
    .await;
    proxy.set(Wire::Whole).await;
    assert_eq!(read(&mut stream, 4).await.unwrap(), ":1\r\n");
}

#[tokio::test]
async fn a_dangling_wire_takes_connections_and_carries_nothing() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let mut before = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut before, "PING", 7).await.unwrap(), "+PONG\r\n");
    proxy.set(Wire::Dangling).await;
    let mut after = TcpStream::connect(proxy.address()).await.expect("it is taken");
    for stream in [&mut before, &mut after] {
        assert!(timeout(MOMENT, exchange(stream, "INCR done", 1)).await.is_err());
    }
    assert_eq!(server.ask::<Option<u64>>(&["GET", "done"]).await, None);
    proxy.set(Wire::Whole).await;
    for stream in [&mut before, &mut after] {
        assert_eq!(rest(stream).await, "", "what lost its bytes is of no use any more");
    }
    assert_eq!(server.ask::<Option<u64>>(&["GET", "done"]).await, None);
}

#[tokio::test]
async fn a_cut_wire_ends_connections_and_takes_none_until_it_is_whole() {
    let server = Server::start().await;
    let proxy = Proxy::before(server.address()).await;
    let mut before = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut before, "PING", 7).await.unwrap(), "+PONG\r\n");
    proxy.set(Wire::Cut).await;
    assert_eq!(rest(&mut before).await, "");
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    proxy.set(Wire::Whole).await;
    let mut after = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(exchange(&mut after, "PING", 7).await.unwrap(), "+PONG\r\n");
    assert_eq!(proxy.url(), format!("redis://{}", proxy.address()));
}
