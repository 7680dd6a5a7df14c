//! A Redis as it is from 7.2 on, where the disks of replicas can be waited for: played, so that it
//! is tested whichever Redis there is.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tollgate::remote::{Command, Confirm, RemoteError};

use super::{bytes, remote};

/// Listens, and answers to `WAITAOF` what it is told to; and to `PEXPIRE`, that there was nothing
/// to prolong at first.
async fn played(waitaof: &'static str) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut player = JoinSet::new();
    player.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(async move {
                let _gone: std::io::Result<()> = play(stream, waitaof).await;
            });
        }
    });
    (address, player)
}

async fn play(stream: TcpStream, waitaof: &str) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut is_marked = false;
    loop {
        let words = words(&mut stream).await?;
        let answer = match words[0].as_str() {
            "ROLE" => "*3\r\n$6\r\nmaster\r\n:7\r\n*1\r\n*3\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\n7\r\n",
            "PEXPIRE" if is_marked => ":1\r\n",
            "PEXPIRE" => ":0\r\n",
            "SET" => {
                is_marked |= words[1].ends_with(":confirmed");
                "+OK\r\n"
            }
            "WAITAOF" if words[1..3] == ["1", "1"] => waitaof,
            "CLIENT" => "+OK\r\n",
            _ => "-ERR not played\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// A command's name and its arguments.
async fn words(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<String>> {
    let mut words = Vec::new();
    for _ in 0..number(stream).await? {
        let mut word = vec![0; number(stream).await? + 2];
        stream.read_exact(&mut word).await?;
        words.push(String::from_utf8_lossy(&word).trim_end().to_owned());
    }
    Ok(words)
}

/// A line such as `*3` or `$7`.
async fn number(stream: &mut BufReader<TcpStream>) -> std::io::Result<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let number = line.trim_end().get(1..).and_then(|digits| digits.parse().ok());
    number.ok_or(std::io::ErrorKind::UnexpectedEof.into())
}

#[tokio::test]
async fn a_write_is_confirmed_once_it_is_on_the_servers_disk_and_the_replicas() {
    let (address, _player) = played("*2\r\n:1\r\n:1\r\n").await;
    let remote = remote(&format!("redis://{address}"));
    for _ in 0..2 {
        let write = vec![Command::new("SET", b"k").with("v")];
        assert_eq!(remote.ask_confirmed(write, Confirm::Replicas).await, Ok(vec![bytes("OK")]));
    }
}

#[tokio::test]
async fn a_write_that_is_on_too_few_disks_is_not_durable() {
    for waited in [
        "*2\r\n:0\r\n:1\r\n",
        "*2\r\n:1\r\n:0\r\n",
        "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n",
        "-UNBLOCKED force unblock from blocking operation\r\n",
    ] {
        let (address, _player) = played(waited).await;
        let remote = remote(&format!("redis://{address}"));
        for _ in 0..2 {
            let write = vec![Command::new("SET", b"k").with("v")];
            let written = remote.ask_confirmed(write, Confirm::Replicas).await;
            assert_eq!(written, Err(RemoteError::NotDurable), "{waited}");
        }
    }
}
