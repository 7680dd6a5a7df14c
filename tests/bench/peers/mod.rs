//! Tollgate beside proxies that only pass requests on, in front of one fast vendor.
//!
//! What is measured has one core, everything else the other. The rounds of all subjects and works
//! are interleaved, each time in another order. A closed loop shows the processor time of a request
//! and how many a second there can be; after fresh leads it is read once nothing is reserved any
//! more, so that a lead's whole life counts. A fixed rate shows how long an answer takes. At the
//! end the books of each gateway must be equal to the vendor's bill, or no figure is printed.

mod counting;
mod figures;
mod load;
mod mock;
mod people;
mod process;
mod redis;
mod subject;
mod tollgate;
mod work;

use std::time::Duration;

use self::figures::{Figures, Round};
use self::load::{closed_loop, open_loop};
use self::mock::Mock;
use self::process::{Core, Process, stay_on};
use self::redis::Redis;
use self::subject::{Kind, Subject};
use self::tollgate::KNOWN;
use self::work::Work;
use crate::say;

const CONNECTIONS: usize = 32;

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    rounds: usize,
    closed: Duration,
    open: Duration,
}

impl Effort {
    pub(crate) const FULL: Self =
        Self { rounds: 5, closed: Duration::from_secs(3), open: Duration::from_secs(3) };
    pub(crate) const QUICK: Self =
        Self { rounds: 3, closed: Duration::from_millis(700), open: Duration::from_millis(700) };
}

/// A gateway with its vendor.
struct Measured {
    subject: Subject,
    vendor: Option<Mock>,
    /// The first person that the gateway has not seen.
    fresh: usize,
}

pub(crate) async fn compare(effort: Effort) {
    stay_on(Core::Rest);
    let (canned, _, canned_address) = Mock::start().await;
    let mut all = Vec::new();
    for on_redis in [true, false] {
        let (vendor, address, _) = Mock::start().await;
        let subject = if on_redis {
            Subject::tollgate_on_redis(address).await
        } else {
            Subject::tollgate_embedded(address).await
        };
        all.push(Measured { subject, vendor: Some(vendor), fresh: KNOWN });
    }
    let proxies = Subject::proxies(canned_address).await;
    all.extend(proxies.into_iter().map(|subject| Measured { subject, vendor: None, fresh: KNOWN }));

    let mut figures = Figures::default();
    for round in 0..effort.rounds {
        for w in 0..Work::ALL.len() {
            let w = (w + round) % Work::ALL.len();
            for s in 0..all.len() {
                let s = (s + round) % all.len();
                let answer = canned_answer(&all[0], Work::ALL[w]).await;
                canned.can(Work::ALL[w].status(), answer);
                let figure = measure(&mut all[s], Work::ALL[w], effort).await;
                figures.add(w, s, figure);
            }
        }
        say(&format!("round {} of {} is done", round + 1, effort.rounds));
    }
    for measured in &all {
        balance(measured).await;
    }
    let trips = round_trips().await;
    let works: Vec<_> = Work::ALL.into_iter().map(Work::title).collect();
    let subjects: Vec<_> = all.iter().map(|measured| measured.subject.name).collect();
    figures.print(&works, &subjects, &trips);
}

/// What the gateway answers to such work: proxies pass on an answer of the same size.
async fn canned_answer(gateway: &Measured, work: Work) -> Vec<u8> {
    let Kind::Tollgate { gateway, .. } = &gateway.subject.kind else {
        unreachable!("the first subject is a gateway")
    };
    let like = match work {
        // The answer to fresh leads is as long as that to one lead of a batch that is under way.
        Work::Fresh(_) => return br#"{"id":1,"object":"person_enrichment","status":"queued","results":[],"_links":{"self":{"href":"/people/enrichment-requests/1"}}}"#.to_vec(),
        other => other,
    };
    gateway.send(&like.request(&gateway.key, gateway.batch, 0, 0)).await.body
}

async fn measure(measured: &mut Measured, work: Work, effort: Effort) -> Round {
    let fresh = measured.fresh;
    let (address, key, batch) = match &measured.subject.kind {
        Kind::Tollgate { gateway, .. } => (gateway.callers, gateway.key.clone(), gateway.batch),
        Kind::Proxy { address, .. } => (*address, "bench".to_owned(), 1),
        Kind::Counted { .. } => unreachable!("it is measured elsewhere"),
    };
    let requests = move |from: usize| {
        let key = key.clone();
        move |n: usize| work.request(&key, batch, from, n)
    };
    let before = used(&measured.subject).await;
    let done =
        closed_loop(address, CONNECTIONS, effort.closed, work.status(), requests(fresh)).await;
    settled(&measured.subject).await;
    let after = used(&measured.subject).await;
    measured.fresh += done.requests * leads_of(work);
    let took =
        open_loop(address, work.rate(), effort.open, work.status(), requests(measured.fresh)).await;
    settled(&measured.subject).await;
    measured.fresh += took.len() * leads_of(work);

    let count = done.requests as f64;
    let redis = after.1.since(before.1);
    Round {
        cpu_micros: (after.0 - before.0).as_secs_f64() * 1e6 / count,
        redis_micros: redis.cpu.as_secs_f64() * 1e6 / count,
        redis_commands: redis.commands as f64 / count,
        redis_bytes: redis.bytes as f64 / count,
        per_second: count / done.elapsed.as_secs_f64(),
        p50: took[took.len() / 2],
        p99: took[took.len() * 99 / 100],
        resident_bytes: process_of(&measured.subject).resident_bytes(),
    }
}

fn leads_of(work: Work) -> usize {
    match work {
        Work::Fresh(leads) => leads,
        _ => 0,
    }
}

fn process_of(subject: &Subject) -> &Process {
    match &subject.kind {
        Kind::Tollgate { gateway, .. } | Kind::Counted { gateway, .. } => &gateway.process,
        Kind::Proxy { process, .. } => process,
    }
}

async fn used(subject: &Subject) -> (Duration, redis::Work) {
    let server: Option<&Redis> = match &subject.kind {
        Kind::Tollgate { redis, .. } => redis.as_ref(),
        _ => None,
    };
    let work = match server {
        Some(server) => server.work().await,
        None => redis::Work::default(),
    };
    (process_of(subject).cpu(), work)
}

async fn settled(subject: &Subject) {
    if let Kind::Tollgate { gateway, .. } = &subject.kind {
        gateway.is_settled().await;
    }
}

/// The books against the vendor's bill.
async fn balance(measured: &Measured) {
    let (Kind::Tollgate { gateway, .. }, Some(vendor)) = (&measured.subject.kind, &measured.vendor)
    else {
        return;
    };
    let (ours, theirs) = (gateway.is_settled().await, vendor.billed_halves());
    let name = measured.subject.name;
    assert_eq!(ours, theirs, "{name}: spent and billed, in half credits");
}

/// How often each kind of work goes to Redis and back, in order of [`Work::ALL`].
async fn round_trips() -> Vec<f64> {
    const TIMES: usize = 20;
    let (_vendor, address, _) = Mock::start().await;
    let subject = Subject::tollgate_counted(address).await;
    let Kind::Counted { gateway, trips, .. } = &subject.kind else {
        unreachable!("it was made so")
    };
    let mut all = Vec::new();
    let mut fresh = KNOWN;
    for work in Work::ALL {
        let before = trips.trips();
        for n in 0..TIMES {
            let request = work.request(&gateway.key, gateway.batch, fresh, n);
            assert_eq!(gateway.send(&request).await.status, work.status());
        }
        all.push((trips.trips() - before) as f64 / TIMES as f64);
        fresh += TIMES * leads_of(work);
        gateway.is_settled().await;
    }
    all
}
