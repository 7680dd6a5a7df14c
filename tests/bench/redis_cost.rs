//! What a lead costs a Redis, from its first claim to its settlement: bytes that stay and time on
//! the server's processor, read off the server itself; and what a cached look-up costs.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use redis::{InfoDict, aio::MultiplexedConnection};
use tollgate::domain::charge::Shown;
use tollgate::domain::epoch::Epoch;
use tollgate::domain::identity::Parts;
use tollgate::domain::identity::keys::{LeadKey, NameMarks, PersonKey};
use tollgate::domain::limits::Limits;
use tollgate::domain::outage::Probing;
use tollgate::domain::pricing::Prices;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::domain::team_limits::TeamLimits;
use tollgate::domain::time::Timestamp;
use tollgate::domain::vendor_id::VendorId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, JobId, Token};
use tollgate::ledger::record::job::Way;
use tollgate::ledger::record::team::NewTeam;
use tollgate::ledger::redis::{Founding, RedisLedger};
use tollgate::ledger::step::{
    Admission, Attempt, Begun, Binding, Evidence, LeadAsk, Lost, Room, Settlement, Terms,
};
use tollgate::ledger::table::SETTLED_AT_ONCE;
use tollgate::remote::{Confirm, Patience, Remote};

use crate::say;

const HOUR: Duration = Duration::from_hours(1);
const REVEALS: Reveals = Reveals { email: true, phone: false };

/// Prints what leads cost in batches of each size.
pub(crate) async fn print(leads: usize) {
    say("Redis, leads of batches of   bytes/lead   µs/lead   cached µs/lead   leads/s");
    for size in [1, 100, 500, 10_000] {
        let count = if size == 1 { leads.min(20_000) } else { leads };
        let cost = measure(count, size).await;
        say(&format!(
            "{size:<28} {:<12.0} {:<9.1} {:<16.1} {:.0}",
            cost.bytes, cost.micros, cost.cached_micros, cost.rate
        ));
    }
}

struct Cost {
    bytes: f64,
    micros: f64,
    cached_micros: f64,
    rate: f64,
}

async fn measure(leads: usize, size: usize) -> Cost {
    let server = Server::start().await;
    let address = format!("redis://{}", server.address).parse().expect("a URL of a Redis");
    let remote = Remote::new(&address, Patience::default()).expect("no certificates are named");
    let terms = tollgate::ledger::redis::Terms {
        namespace: "bench".to_owned(),
        epoch: None,
        fingerprint: "bench".to_owned(),
        founding: Founding::Anew(Epoch::from_number(1)),
        confirm: Confirm::Nothing,
    };
    let ledger = RedisLedger::new(remote, &terms, Arc::new(()));
    let team: TeamId = "sales".parse().expect("a name of a team");
    ledger.put_team(team.clone(), NewTeam::open("Sales")).await.expect("a team");

    let count = leads as f64;
    // A first batch has the server load its scripts and make room.
    pass(&ledger, &team, 0..1).await;
    let before = server.used().await;
    let began = std::time::Instant::now();
    for first in (1..=leads).step_by(size) {
        pass(&ledger, &team, first..(first + size).min(leads + 1)).await;
    }
    let rate = count / began.elapsed().as_secs_f64();
    let after = server.used().await;
    for first in (1..=leads).step_by(size) {
        let people = first..(first + size).min(leads + 1);
        let number = u64::try_from(leads * 2 + first).expect("small");
        let admitted = ledger.admit(admission(number, &team, people)).await.expect("the store");
        assert_eq!(admitted.expect("no quota").batch.dispositions.fresh, 0);
    }
    let cached = server.used().await;
    Cost {
        bytes: (after.bytes - before.bytes) / count,
        micros: (after.micros - before.micros) / count,
        cached_micros: (cached.micros - after.micros) / count,
        rate,
    }
}

fn admission(number: u64, team: &TeamId, people: std::ops::Range<usize>) -> Admission {
    let ask = |n: usize| LeadAsk {
        key: LeadKey::from_bytes(key("in", n)),
        parts: Parts::default(),
        name: NameMarks::default(),
        has_email: false,
    };
    Admission {
        batch: BatchId::new(number << 12).expect("a small number"),
        token: Token::new(key("token", people.start)),
        team: team.clone(),
        request: None,
        way: Way::Batch,
        reveals: REVEALS,
        leads: people.map(ask).collect(),
        field_bytes: 0,
        max_age: None,
        limits: Limits::default(),
        retry: None,
        terms: Terms {
            prices: Prices::PUBLISHED,
            person_ttl: 24 * HOUR,
            not_found_ttl: HOUR,
            batch_ttl: 7 * 24 * HOUR,
            horizon: 3 * HOUR,
            job_leads_max: 10_000,
            gather_window: Duration::ZERO,
            team_limits: TeamLimits::NONE,
        },
        lost: Lost::NOTHING,
        leads_expire_at: Some(Timestamp::from_millis(4_000_000_000_000)),
    }
}

/// Brings new leads from their claim to their settlement.
async fn pass(ledger: &RedisLedger, team: &TeamId, people: std::ops::Range<usize>) {
    // Ids are as far apart as those of batches that come all the time.
    let number = u64::try_from(people.start).expect("small") + 1;
    let admission = admission(number, team, people.clone());
    let job = JobId { batch: admission.batch, ordinal: 0 };
    ledger.admit(admission).await.expect("the store").expect("no quota");
    let turn = ledger.lease(Room::each(1), HOUR).await.expect("the store").pop().expect("a turn");
    let attempt = Attempt {
        job,
        lease: turn.lease,
        after: 0,
        unanswered_max: 3,
        horizon: HOUR,
        lease_for: HOUR,
        probing: Probing { every: HOUR, at_most: HOUR },
    };
    assert_eq!(ledger.begin_send(attempt).await.expect("the store"), Begun::Attempt(1));
    let poll_at = Timestamp::from_millis(0);
    let binding = Binding { job, vendor_id: VendorId::from_number(number), poll_at };
    ledger.bind(binding).await.expect("the store");
    let evidence = |n: usize| Evidence::Found {
        person: PersonKey::from_bytes(key("person", n)),
        aliases: vec![LeadKey::from_bytes(key("in", n)), LeadKey::from_bytes(key("email", n))],
        answers_key: true,
        name: NameMarks::default(),
        shown: Shown { email: true, phones: vec![] },
    };
    let people: Vec<_> = people.collect();
    let size = usize::try_from(SETTLED_AT_ONCE).expect("small");
    for (n, some) in people.chunks(size).enumerate() {
        let settlement = Settlement {
            job,
            turn: turn.lease,
            first: u32::try_from(n * size).expect("small"),
            evidence: some.iter().copied().map(evidence).collect(),
            results_expire_at: Timestamp::from_millis(4_000_000_000_000),
        };
        ledger.settle(settlement).await.expect("the store");
    }
}

fn key(kind: &str, n: usize) -> [u8; 16] {
    let hash = blake3::hash(format!("{kind} {n}").as_bytes());
    *hash.as_bytes().first_chunk().expect("a hash is longer")
}

/// A `redis-server` that keeps nothing on disk, so that only its work for the ledger is measured.
struct Server {
    child: Child,
    address: SocketAddr,
}

struct Used {
    bytes: f64,
    micros: f64,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has one");
        drop(listener);
        let port = address.port().to_string();
        let arguments =
            ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--maxmemory-policy"];
        let child = Command::new("redis-server")
            .args(arguments)
            .arg("noeviction")
            .stdout(Stdio::null())
            .spawn()
            .expect("apt-get install redis-server");
        let server = Self { child, address };
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while server.connect().await.is_none() {
            look.tick().await;
        }
        server
    }

    async fn connect(&self) -> Option<MultiplexedConnection> {
        let client = redis::Client::open(format!("redis://{}", self.address)).ok()?;
        client.get_multiplexed_async_connection().await.ok()
    }

    async fn used(&self) -> Used {
        let mut connection = self.connect().await.expect("it runs");
        let info: InfoDict =
            redis::cmd("INFO").arg("everything").query_async(&mut connection).await.expect("INFO");
        let number = |field: &str| info.get::<f64>(field).expect("every Redis says so");
        Used {
            bytes: number("used_memory"),
            micros: (number("used_cpu_user") + number("used_cpu_sys")) * 1e6,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
