//! What every vault keeps to, held against each of them, one rule at a time and at random.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use redb::backends::InMemoryBackend;

use tollgate::clock::{Clock, ManualClock};
use tollgate::disk::Disk;
use tollgate::domain::time::Timestamp;
use tollgate::remote::{Confirm, Patience, Remote};
use tollgate::vault::embedded::EmbeddedVault;
use tollgate::vault::memory::MemoryVault;
use tollgate::vault::redis::RedisVault;
use tollgate::vault::sealing::{KeyRing, Sealer};
use tollgate::vault::{Item, ItemKey, Swept, Vault};

use crate::support::redis::Server;
use crate::support::wait::LIMIT;

const NOON: Timestamp = Timestamp::from_millis(12 * 60 * 60 * 1000);
const HOUR: Duration = Duration::from_hours(1);
/// How an item that is not there reads.
const ABSENT: &str = "absent";
const MILLISECOND: Duration = Duration::from_millis(1);

/// A vault and what a test needs around it.
struct Bench<V> {
    vault: V,
    clock: Arc<ManualClock>,
    disk: Option<Disk>,
    _server: Option<Server>,
}

fn bench<V>(vault: impl FnOnce(Arc<dyn Clock>) -> V) -> Bench<V> {
    let clock = Arc::new(ManualClock::new(NOON));
    let vault = vault(Arc::clone(&clock) as Arc<dyn Clock>);
    Bench { vault, clock, disk: None, _server: None }
}

fn sealer() -> Sealer {
    Sealer::new(KeyRing::new(b"a secret", &[]))
}

fn memory() -> Bench<MemoryVault> {
    bench(MemoryVault::new)
}

async fn embedded() -> Bench<EmbeddedVault> {
    let disk = Disk::open_backend(InMemoryBackend::new()).unwrap();
    let Bench { vault, clock, .. } =
        bench(|clock| EmbeddedVault::open(disk.clone(), clock, sealer()));
    Bench { vault: vault.await.unwrap(), clock, disk: Some(disk), _server: None }
}

async fn redis() -> Bench<RedisVault> {
    let server = Server::start().await;
    let bench = on(&server.url_as_documented());
    Bench { _server: Some(server), ..bench }
}

/// A bench for a vault on somebody's Redis.
fn on(url: &str) -> Bench<RedisVault> {
    // No answer of a busy machine is too late here.
    let patience = Patience { connect: LIMIT, answer: LIMIT };
    let remote = Remote::new(&url.parse().unwrap(), patience).unwrap();
    bench(|clock| RedisVault::new(remote, clock, sealer(), Confirm::Nothing))
}

impl<V: Vault> Bench<V> {
    /// Puts items that live for an hour, and takes the step of the ledger that points at them.
    async fn put<const N: usize>(&self, items: [(ItemKey, &str); N]) {
        let expires = self.clock.now().after(HOUR);
        let items = items.map(|(key, text)| Item { key, bytes: text.into(), expires });
        self.vault.put(items.into()).await.unwrap();
        self.step().await;
    }

    async fn step(&self) {
        if let Some(disk) = &self.disk {
            disk.write(|_| Ok(())).await.unwrap();
        }
    }

    async fn fetch<const N: usize>(&self, keys: [ItemKey; N]) -> [String; N] {
        let found = self.vault.fetch(&keys).await.unwrap();
        let held: Vec<_> = found.iter().map(Option::is_some).collect();
        assert_eq!(self.vault.holds(&keys).await.unwrap(), held);
        let text = |bytes: Option<Vec<u8>>| {
            bytes.map_or(ABSENT.to_owned(), |bytes| String::from_utf8(bytes).unwrap())
        };
        found.into_iter().map(text).collect::<Vec<_>>().try_into().unwrap()
    }
}

fn leads(mark: u8) -> ItemKey {
    ItemKey::Leads { token: [mark; 16], chunk: 0 }
}

fn result(index: u32) -> ItemKey {
    ItemKey::Result { batch: 1, job: 0, index, turn: 1 }
}

async fn items_are_fetched_in_the_order_of_the_keys<V: Vault>(bench: Bench<V>) {
    bench.put([(leads(1), "leads"), (result(0), "Ada"), (result(1), "")]).await;
    let found = bench.fetch([result(1), leads(2), leads(1), result(0), leads(1)]).await;
    assert_eq!(found, ["", ABSENT, "leads", "Ada", "leads"]);
}

async fn an_item_once_put_never_changes<V: Vault>(bench: Bench<V>) {
    bench.put([(result(0), "first"), (result(0), "second")]).await;
    bench.put([(result(0), "third"), (result(1), "other")]).await;
    assert_eq!(bench.fetch([result(0), result(1)]).await, ["first", "other"]);
}

async fn an_item_lives_until_its_moment_and_not_a_millisecond_longer<V: Vault>(bench: Bench<V>) {
    bench.put([(result(0), "Ada")]).await;
    bench.clock.advance(HOUR.saturating_sub(MILLISECOND));
    assert_eq!(bench.fetch([result(0)]).await, ["Ada"]);
    bench.clock.advance(MILLISECOND);
    assert_eq!(bench.fetch([result(0)]).await, [ABSENT]);
}

async fn neither_reading_nor_putting_again_prolongs_a_life<V: Vault>(bench: Bench<V>) {
    bench.put([(result(0), "Ada")]).await;
    bench.clock.advance(HOUR / 2);
    assert_eq!(bench.fetch([result(0)]).await, ["Ada"]);
    bench.put([(result(0), "Ada")]).await;
    bench.clock.advance(HOUR / 2);
    assert_eq!(bench.fetch([result(0)]).await, [ABSENT]);
}

async fn what_has_expired_makes_room_for_another<V: Vault>(bench: Bench<V>) {
    bench.put([(result(0), "Ada")]).await;
    bench.clock.advance(HOUR);
    bench.put([(result(0), "Grace")]).await;
    assert_eq!(bench.fetch([result(0)]).await, ["Grace"]);
}

async fn what_is_erased_is_gone_and_nothing_else<V: Vault>(bench: Bench<V>) {
    bench.put([(result(0), "Ada"), (result(1), "Grace")]).await;
    bench.vault.erase(&[result(0), result(9)]).await.unwrap();
    assert_eq!(bench.fetch([result(0), result(1)]).await, [ABSENT, "Grace"]);
}

async fn a_sweep_comes_past_every_item_in_slices_and_starts_anew<V: Vault>(bench: Bench<V>) {
    bench.put([(result(0), "a"), (result(1), "b"), (result(3), "d")]).await;
    bench.clock.advance(HOUR);
    bench.put([(result(2), "c"), (result(4), "e")]).await;
    let mut removed = Vec::new();
    for _ in 0..4 {
        removed.push(bench.vault.sweep(2).await.unwrap().removed);
    }
    assert_eq!(removed, [2, 1, 0, 0]);
    assert_eq!(bench.fetch([result(2), result(4)]).await, ["c", "e"]);

    bench.clock.advance(HOUR);
    let slices = [bench.vault.sweep(9).await.unwrap(), bench.vault.sweep(9).await.unwrap()];
    assert_eq!(slices[0].removed + slices[1].removed, 2);
    let none = Swept { removed: 0, is_more: false };
    assert_eq!(bench.vault.sweep(9).await.unwrap(), none);
}

macro_rules! keeps_to {
    ($vault:ident, $bench:expr, $($rule:ident,)*) => {
        mod $vault {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule($bench).await;
            })*
        }
    };
}

macro_rules! every_vault_keeps_to {
    ($($rule:ident,)*; and those that sweep: $($sweeping:ident,)*) => {
        keeps_to!(memory, super::memory(), $($rule,)* $($sweeping,)*);
        keeps_to!(embedded, super::embedded().await, $($rule,)* $($sweeping,)*);
        keeps_to!(redis, super::redis().await, $($rule,)*);
    };
}

every_vault_keeps_to! {
    items_are_fetched_in_the_order_of_the_keys,
    an_item_once_put_never_changes,
    an_item_lives_until_its_moment_and_not_a_millisecond_longer,
    neither_reading_nor_putting_again_prolongs_a_life,
    what_has_expired_makes_room_for_another,
    what_is_erased_is_gone_and_nothing_else,
    ;
    and those that sweep:
    a_sweep_comes_past_every_item_in_slices_and_starts_anew,
}

/// What lives and waits are counted in. A server forgets by a clock of its own, which runs on while
/// a test's stands still, but not for so long.
const MOMENT: Duration = Duration::from_mins(1);

/// Something to ask of a vault.
#[derive(Clone, Debug)]
enum Call {
    Put(Vec<(u32, u32)>),
    Fetch,
    Erase(u32),
    Sweep(usize),
    Wait(u32),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        prop::collection::vec((0..8_u32, 0..20_u32), 1..4).prop_map(Call::Put),
        Just(Call::Fetch),
        (0..8_u32).prop_map(Call::Erase),
        (0..5_usize).prop_map(Call::Sweep),
        (1..10_u32).prop_map(Call::Wait),
    ];
    prop::collection::vec(call, 1..40)
}

/// All that the vault tells along the way. The number of the call is what it puts.
async fn told<V: Vault>(bench: Bench<V>, calls: &[Call]) -> Vec<String> {
    let mut told = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        told.push(match call {
            Call::Put(items) => {
                let item = |&(index, moments)| Item {
                    key: result(index),
                    bytes: number.to_string().into(),
                    expires: bench.clock.now().after(MOMENT * moments),
                };
                bench.vault.put(items.iter().map(item).collect()).await.unwrap();
                bench.step().await;
                String::new()
            }
            Call::Fetch => format!("{:?}", bench.fetch([0, 1, 2, 3, 4, 5, 6, 7].map(result)).await),
            Call::Erase(index) => format!("{:?}", bench.vault.erase(&[result(*index)]).await),
            Call::Sweep(items_max) => format!("{:?}", bench.vault.sweep(*items_max).await),
            Call::Wait(moments) => {
                bench.clock.advance(MOMENT * *moments);
                String::new()
            }
        });
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_vaults_that_sweep_tell_the_same_whatever_is_asked(calls in calls()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (memory, embedded) = (memory(), embedded().await);
            assert_eq!(told(memory, &calls).await, told(embedded, &calls).await);
        });
    }
}

#[test]
fn a_vault_on_a_redis_tells_what_one_in_memory_does_whatever_is_asked() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::with(&["appendonly no"]));
    let namespaces = Cell::new(0);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let held = runner.run(&calls(), |mut calls| {
        calls.retain(|call| !matches!(call, Call::Sweep(_)));
        namespaces.update(|namespace| namespace + 1);
        let url = format!("{}?namespace={}", server.url(), namespaces.get());
        runtime.block_on(async {
            assert_eq!(told(memory(), &calls).await, told(on(&url), &calls).await);
        });
        Ok(())
    });
    held.unwrap();
}
