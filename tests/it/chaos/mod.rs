//! Everything at once, for as long as one likes. Several teams ask for the same people, one of them
//! without pause and some in large batches, through replicas that are killed. The store is killed,
//! stopped, filled up, slowed down, cut off, replaced or set back, and its clock steps. The vendor fails
//! for a while. Then all is healed, and the books and the vendor's bill are the same.
//!
//! A trial begins by printing its seed. `TOLLGATE_SEED` plays one again: the same troubles in the
//! same order, as far as the machine takes the same time over them. `TOLLGATE_SOAK_SECONDS` says
//! how long each takes, and `make soak` is an hour of all.

mod asked;
pub(crate) mod door;
mod judge;
mod load;
mod stores;

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Options, Rule};

use crate::support::faulty_disk::Dice;
use crate::support::gateways::Gateways;
use crate::support::process::Process;

use door::Door;
use load::Load;
use stores::{Alone, Clustered, Files, Store, Watched};

/// How long a trial takes where nothing else is asked for.
const SECONDS: u64 = 20;

const REPLICAS: usize = 3;

/// Nothing here makes a charge unknowable but a cancellation in doubt, so nothing else may end
/// unresolved; nobody found, or not found, is ever due to be sent again; and the vendor may be asked
/// at once.
const SETTINGS: [&str; 4] = [
    "vendor.attempts_max=50",
    "vendor.quiet_period=1s",
    "cache.not_found_ttl=24h",
    "vendor.requests_per_minute=100000",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_over_its_files_never_pays_twice() {
    trial(&mut Files::new(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_over_a_redis_in_every_trouble_never_pay_twice() {
    trial(&mut Alone::start().await, REPLICAS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_over_a_redis_that_is_replaced_by_one_that_knows_less_never_pay_twice() {
    trial(&mut Watched::start().await, REPLICAS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_over_a_cluster_that_loses_its_masters_never_pay_twice() {
    trial(&mut Clustered::start().await, REPLICAS).await;
}

/// Asks and troubles for a time, heals, and judges.
async fn trial(store: &mut impl Store, replicas: usize) {
    let seed = asked("TOLLGATE_SEED").unwrap_or_else(|| getrandom::u64().unwrap());
    say(&format!("TOLLGATE_SEED={seed} plays this again"));
    let mut dice = Dice::new(seed);
    let door = Door::open(Options { processing: Duration::from_millis(300), ..Options::default() });
    let door = door.await;
    door.vendor.set_faults(sometimes_late(seed));
    let settings = [&SETTINGS, store.settings()].concat();
    let mut gateways = Gateways::start(replicas, door.address, &store.url(), &settings).await;
    let load = Load::start(&gateways, seed).await;

    let length = Duration::from_secs(asked("TOLLGATE_SOAK_SECONDS").unwrap_or(SECONDS));
    let began = Instant::now();
    while began.elapsed() < length {
        let fails = dice.percent(30);
        if fails {
            let code = StatusCode::from_u16([500, 502, 503][dice.index(3)]).unwrap();
            let taken = dice.percent(50);
            say(&format!("{:?}: the vendor answers {code}, taken: {taken}", began.elapsed()));
            door.vendor.set_faults(outage(code, taken));
        }
        trouble(store, &mut gateways, &mut dice, began).await;
        if fails {
            door.vendor.set_faults(sometimes_late(seed));
        }
    }
    let asked = load.stop().await;
    say(&format!("{} batches were accepted of {}", asked.accepted.len(), asked.orders));
    judge::judge(gateways, &door, asked).await;
}

/// A vendor that takes its time now and then.
fn sometimes_late(seed: u64) -> Faults {
    Faults::of([Rule::always(Operation::Submit, FaultKind::LatencyMs(150)).by_chance(0.2, seed)])
}

/// A vendor that fails, and may have taken what it was sent.
fn outage(code: StatusCode, taken: bool) -> Faults {
    let failure = Failure { code, retry_after_seconds: None, taken };
    Faults::of([Rule::always(Operation::Any, FaultKind::Status(failure))])
}

/// One trouble, or two at once, and back to rest.
async fn trouble(store: &mut impl Store, gateways: &mut Gateways, dice: &mut Dice, began: Instant) {
    let (store_is_struck, one_is_killed) =
        [(true, false), (false, true), (true, true)][dice.index(3)];
    if store_is_struck {
        let what = store.strike(gateways, dice).await;
        say(&format!("{:?}: {what}", began.elapsed()));
    }
    if one_is_killed && !store.is_set_back() {
        let replica = dice.index(gateways.replicas.len());
        say(&format!("{:?}: replica {replica} is killed", began.elapsed()));
        gateways.replicas[replica].kill();
        moment(dice).await;
        // It may be that it finds its store in trouble.
        gateways.replicas[replica].launch();
    }
    moment(dice).await;
    if store.is_set_back() {
        gateways.replicas.iter_mut().for_each(Process::kill);
    }
    store.heal().await;
    gateways.heal().await;
    moment(dice).await;
}

/// Trouble lasts as long as it lasts: up to a second and a half.
async fn moment(dice: &mut Dice) {
    tokio::time::sleep(Duration::from_millis(dice.below(1_500))).await;
}

pub(crate) fn asked(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "whoever runs a trial says how")]
    let number = std::env::var(name).ok()?;
    Some(number.parse().unwrap_or_else(|_| panic!("{name} is a whole number")))
}

pub(crate) fn say(line: &str) {
    #[expect(clippy::print_stderr, reason = "whoever reads of a failure needs what came before")]
    {
        eprintln!("{line}");
    }
}
