//! What the hostile team does. No answer to it matters, as long as it gets one or is cut off.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::asking::{BATCHES, batch};
use crate::support::client::Client;
use crate::support::faulty_disk::Dice;

/// How many attack at once.
const ATTACKERS: u64 = 24;
/// How long a connection that sends nothing more is kept.
const STALL: Duration = Duration::from_secs(20);

/// Attacks by many at once until it is stopped.
pub(super) fn start(
    callers: &Arc<Vec<Client>>,
    seed: u64,
    stops: &CancellationToken,
) -> JoinSet<()> {
    let mut attackers = JoinSet::new();
    for number in 0..ATTACKERS {
        let callers = Arc::clone(callers);
        let (stops, mut dice) = (stops.clone(), Dice::new(seed.wrapping_add(number)));
        attackers.spawn(async move {
            while !stops.is_cancelled() {
                let caller = &callers[dice.index(callers.len())];
                tokio::select! {
                    () = attack(caller, &mut dice) => {}
                    () = stops.cancelled() => {}
                }
            }
        });
    }
    attackers
}

async fn attack(caller: &Client, dice: &mut Dice) {
    let n = dice.below(u64::MAX / 2);
    match dice.index(13) {
        0 => {
            stall(caller, "content-encoding: gzip\r\ntransfer-encoding: chunked\r\n", &bomb()).await
        }
        1 => stall(caller, "content-length: 1000\r\n", b"{").await,
        2 => stall(caller, "transfer-encoding: chunked\r\n", b"1\r\n{\r\n").await,
        3 => many_idle_connections(caller).await,
        4 => large_head(caller).await,
        5 => {
            let leads: Vec<_> = (0..10_000).map(|k| new_person(n + k)).collect();
            caller
                .try_send(caller.json(
                    Method::POST,
                    "/gateway/v1/estimates",
                    &json!({"leads": leads}),
                ))
                .await;
        }
        6 => {
            // Leads with long fields, none of which fits the quota.
            let lead = |k| json!({"email": format!("x{}@acme.example", n + k), "title": "x".repeat(1_500)});
            let leads: Vec<_> = (0..2_000).map(lead).collect();
            let request = caller.json(Method::POST, BATCHES, &json!({"leads": leads}));
            caller.try_send(request.header("tollgate-on-quota", "trim")).await;
        }
        7 => {
            // Nobody is found under these names, so they cost nothing.
            let leads: Vec<_> = (0..20).map(|k| nobody(n + k)).collect();
            caller.try_send(caller.json(Method::POST, BATCHES, &json!({"leads": leads}))).await;
        }
        8 => {
            let path = format!("/people/find?linkedin_url=linkedin.com/in/nobody-{n}");
            caller.try_send(caller.request(Method::GET, &path)).await;
        }
        9 => {
            let request = caller.json(Method::POST, BATCHES, &json!({"leads": [nobody(n % 5)]}));
            caller.try_send(request.header("idempotency-key", format!("key-{n}"))).await;
        }
        10 => {
            let emails: Vec<_> = (0..50).map(|k| format!("x{}@acme.example", n + k)).collect();
            caller
                .try_send(caller.json(
                    Method::POST,
                    "/email-validations",
                    &json!({"emails": emails}),
                ))
                .await;
        }
        11 => {
            let id = n % 1_000;
            caller.try_send(caller.request(Method::GET, &batch(id))).await;
            let canceled = json!({"status": "canceled"});
            caller.try_send(caller.json(Method::PATCH, &batch(id), &canceled)).await;
        }
        _ => {
            let mut stranger = caller.clone();
            stranger.key = format!("tg_{n}_{n}");
            stranger.try_send(stranger.request(Method::GET, "/gateway/v1/usage")).await;
        }
    }
}

fn new_person(n: u64) -> serde_json::Value {
    json!({"linkedin_url": format!("https://www.linkedin.com/in/hostile-{n}")})
}

fn nobody(n: u64) -> serde_json::Value {
    json!({"linkedin_url": format!("https://www.linkedin.com/in/nobody-hostile-{n}")})
}

/// A chunk of gzip that unpacks to eight megabytes, and does not end.
fn bomb() -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b' '; 8 << 20]).unwrap();
    packed.flush().unwrap();
    let packed = packed.get_ref();
    [format!("{:x}\r\n", packed.len()).as_bytes(), packed, b"\r\n"].concat()
}

/// Begins a POST whose body never ends.
async fn stall(caller: &Client, headers: &str, body: &[u8]) {
    let Some(mut stream) = connect(caller).await else { return };
    let head = format!(
        "POST {BATCHES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\n{headers}\r\n",
        caller.key
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = timeout(STALL, stream.read_to_end(&mut answer)).await;
}

async fn many_idle_connections(caller: &Client) {
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.extend(connect(caller).await);
    }
    tokio::time::sleep(STALL / 4).await;
}

/// Hundreds of kilobytes of headers, without a valid key.
async fn large_head(caller: &Client) {
    let Some(mut stream) = connect(caller).await else { return };
    let _ = stream.write_all(b"GET /gateway/v1/usage HTTP/1.1\r\nhost: x\r\n").await;
    for n in 0..90 {
        let line = format!("x-{n}: {}\r\n", "x".repeat(4_000));
        if stream.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
    let mut answer = Vec::new();
    let _ = timeout(STALL, stream.read_to_end(&mut answer)).await;
}

async fn connect(caller: &Client) -> Option<TcpStream> {
    let base_url = caller.base_url();
    let address: SocketAddr = base_url.strip_prefix("http://")?.parse().ok()?;
    TcpStream::connect(address).await.ok()
}
