//! A rolling upgrade: replicas of two versions on one Redis, each with its own scripts. The later
//! version is played by a wire that has every script answer to another hash: the same script with
//! one more line, which counts how often it ran.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tollgate::domain::period::Period;
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, first, quota};
use super::named::{EMAIL, found};
use super::store::Redis;

/// Counts the runs of the later version's scripts.
const RUNS: &str = "later-version-runs";

/// The hex digits of a script's hash.
const HASH: usize = 40;

/// A script's hash now, and in the later version.
type Renamed = Vec<(String, String)>;

#[tokio::test]
async fn replicas_of_two_versions_keep_the_same_books() {
    let old = Books::<Redis>::open().await;
    let server = old.store.servers();
    let later_scripts = load_later_version(server).await;
    let (wire, address) = rewriting_wire(server.address(), later_scripts).await;
    let new = old.replica_through(&format!("redis://{address}"));

    let sales = old.team("sales", &[quota(Period::Day, "4000")]).await;
    let names: Vec<_> = (0..2_500).map(|n| format!("person-{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let evidence: Vec<_> = names.iter().map(|name| found(name, EMAIL)).collect();
    // A large step of each version, which is staged, and each read by both.
    let batch = old.ask(&sales, EMAIL, &names).await;
    old.send(first(batch)).await;
    new.settle(first(batch), &evidence).await;
    assert_eq!(old.read(&sales, batch).await, new.read(&sales, batch).await);
    let known = new.ask(&sales, EMAIL, &names).await;
    assert!(old.read(&sales, known).await.status.has_ended());
    let more = new.ask(&sales, EMAIL, &["ada"]).await;
    new.send(first(more)).await;
    old.settle(first(more), &[found("ada", EMAIL)]).await;
    assert_eq!(new.email(&sales).await, "spent=3751.5 reserved=0 unresolved=0");
    assert_eq!(old.dump().await, new.dump().await);
    old.balance().await;
    new.balance().await;
    let runs: u64 = server.ask(&["GET", RUNS]).await;
    assert!(runs > 10, "the later version's scripts ran {runs} times");
    drop(wire);
}

#[tokio::test]
async fn books_of_a_layout_that_is_not_known_here_are_left_alone() {
    let books = Books::<Redis>::open().await;
    let sales = books.team("sales", &[]).await;
    let server = books.store.servers();
    let keys: Vec<String> = server.ask(&["KEYS", "*:teams"]).await;
    let epoch = keys[0].replace(":teams", ":epoch");
    for layout in ["1-00000000000000ff", "999-00000000000000ff"] {
        let () = server.ask(&["SET", &epoch, layout]).await;
        let before: redis::Value = server.ask(&["HGETALL", &keys[0]]).await;
        let closed = books.replica().ledger().close_team(sales.clone()).await;
        assert_eq!(closed, Err(LedgerError::WrongEpoch), "{layout}");
        assert_eq!(server.ask::<redis::Value>(&["HGETALL", &keys[0]]).await, before);
    }
}

/// Makes the scripts of a later version known to the server.
async fn load_later_version(server: &crate::support::redis::Server) -> Renamed {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ledger/redis/scripts");
    let count = format!("redis.call('INCR', '{RUNS}')\n");
    let mut renamed = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let body = fs::read_to_string(file.unwrap().path()).unwrap();
        // Some run with the one line on top, some with the other, one with both.
        for shebang in ["", "#!lua flags=allow-oom\n"] {
            let now = redis::Script::new(&format!("{shebang}{body}")).get_hash().to_owned();
            let later = format!("{shebang}{count}{body}");
            let later: String = server.ask(&["SCRIPT", "LOAD", &later]).await;
            renamed.push((now, later));
        }
    }
    renamed
}

/// A wire to the server on which every script has its later version's hash, for as long as the set
/// is held.
async fn rewriting_wire(server: SocketAddr, scripts: Renamed) -> (JoinSet<()>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut wire = JoinSet::new();
    wire.spawn(async move {
        let mut lines = JoinSet::new();
        while let Ok((client, _)) = listener.accept().await {
            let scripts = scripts.clone();
            lines.spawn(async move {
                let server = TcpStream::connect(server).await.unwrap();
                let ((mut from, mut back), (mut answers, mut to)) =
                    (client.into_split(), server.into_split());
                let asked = async { rewrite(&mut from, &mut to, &scripts).await };
                let answered = async { copy(&mut answers, &mut back).await.map(|_| ()) };
                let _ = tokio::join!(asked, answered);
            });
        }
    });
    (wire, address)
}

/// Passes on what is asked, with every script's hash replaced.
async fn rewrite(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    scripts: &Renamed,
) -> std::io::Result<()> {
    let mut held = Vec::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return to.write_all(&held).await;
        }
        held.extend_from_slice(&piece[..read]);
        for (now, later) in scripts {
            let mut at = 0;
            while let Some(found) = find(&held[at..], now.as_bytes()) {
                held[at + found..at + found + HASH].copy_from_slice(later.as_bytes());
                at += found + HASH;
            }
        }
        // What may be the beginning of a hash waits for its rest.
        let begins = |length: &usize| {
            let tail = &held[held.len() - length..];
            scripts.iter().any(|(now, _)| now.as_bytes().starts_with(tail))
        };
        let wait = (1..HASH.min(held.len() + 1)).rev().find(begins).unwrap_or_default();
        let rest = held.split_off(held.len() - wait);
        to.write_all(&held).await?;
        held = rest;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
