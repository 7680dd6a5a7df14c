//! The store loses sealed results and keeps the books that point at them.

use std::path::Path;
use std::time::Duration;

use redb::{Database, TableDefinition};
use reqwest::Method;
use serde_json::{Value, json};

use super::{assert_answered, estimated, people};
use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::gateways::SECRET;
use crate::support::metrics::Scrape;
use crate::support::redis::Server;
use crate::support::wait::eventually;

/// Sealed items as an embedded store has them.
const ITEMS: TableDefinition<&[u8; 25], (i64, &[u8])> = TableDefinition::new("sealed_items");

/// What the key of a result begins with.
const RESULT: u8 = 2;

/// A gateway on a store that loses results.
struct Bench {
    gateway: TestGateway,
    server: Option<Server>,
}

impl Bench {
    async fn embedded(settings: &[&str]) -> Self {
        let setup = Setup { store: Store::Embedded, ..Setup::with_settings(settings) };
        Self { gateway: TestGateway::with(setup).await, server: None }
    }

    async fn redis(settings: &[&str]) -> Self {
        let server = Server::start().await;
        let store = format!("store.url={}", server.url());
        let settings = [&[store.as_str(), "store.durability=single", SECRET], settings].concat();
        let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
        Self { gateway, server: Some(server) }
    }

    /// Has the store lose the results of the leads at this place in their jobs; all where none is
    /// said.
    async fn lose(self, place: Option<u32>) -> Self {
        let is_lost = move |key: &[u8]| {
            let index = u32::from_be_bytes(key[13..17].try_into().unwrap());
            key[0] == RESULT && place.is_none_or(|place| place == index)
        };
        if let Some(server) = &self.server {
            let names: Vec<String> = server.ask(&["KEYS", "*}:02*"]).await;
            assert!(!names.is_empty());
            for name in names {
                let (_, key) = name.rsplit_once(':').unwrap();
                if is_lost(&hex::decode(key).unwrap()) {
                    let _: u64 = server.ask(&["UNLINK", &name]).await;
                }
            }
            return self;
        }
        let lose = |books: &Path| remove(books, is_lost);
        Self { gateway: self.gateway.restarted(&[], lose).await, server: None }
    }

    /// The client, at the address that the gateway has by now.
    fn again(&self, team: &Client) -> Client {
        self.gateway.caller(&team.key)
    }
}

/// Removes items from an embedded store that nobody has open.
fn remove(books: &Path, is_lost: impl Fn(&[u8]) -> bool) {
    let file = Database::open(books.join("tollgate.redb")).unwrap();
    let writing = file.begin_write().unwrap();
    let mut removed = 0;
    writing
        .open_table(ITEMS)
        .unwrap()
        .retain(|key, _| {
            let is_lost = is_lost(key.as_slice());
            removed += u32::from(is_lost);
            !is_lost
        })
        .unwrap();
    writing.commit().unwrap();
    assert!(removed > 0, "there were results");
}

async fn only_who_is_lost_is_sent_again_and_nothing_is_paid_twice(bench: Bench) {
    let team = bench.gateway.team("sales", 100).await;
    let before = team.enrich(&people("a", 3)).await;
    assert_answered(&before);
    let bench = bench.lose(Some(1)).await;
    let team = bench.again(&team);
    assert_eq!(estimated(&team, &people("a", 3)).await, (3, 1, 0.0));

    let accepted = team.start(&people("a", 3)).await;
    let leads = "submitted=4, repeated=0, cached=3, joined=0, fresh=1";
    assert_eq!(accepted.header("tollgate-leads"), Some(leads), "{accepted:?}");
    assert_eq!(accepted.header("tollgate-credits-reserved"), Some("email=0, phone=0"));
    let after = team.ended(accepted.id()).await;
    assert_answered(&after);
    assert_eq!(after.body["results"], before.body["results"]);
    let vendor = &bench.gateway.vendor;
    assert_eq!(vendor.leads_received()[4..], ["https://www.linkedin.com/in/reachable-a-1"]);

    let known = team.start(&people("a", 3)).await;
    assert_answered(&known);
    assert_eq!(vendor.posts_received(), 2);
    let lost = Scrape::of(&bench.gateway.operator()).await.value("tollgate_results_lost_total");
    assert_eq!(lost, Some(2.0), "the estimate and the batch have met it");
    bench.gateway.finish().await;
}

async fn a_look_up_of_whom_is_lost_is_answered(bench: Bench) {
    let team = bench.gateway.team("sales", 100).await;
    let path = "/people/find?linkedin_url=linkedin.com/in/ada-reachable&reveal_email=true";
    let before = team.get(path).await;
    assert_eq!(before.status, 200, "{before:?}");
    let bench = bench.lose(None).await;
    let team = bench.again(&team);
    for fresh in [1, 0] {
        let after = team.get(path).await;
        assert_eq!((after.status, &after.body), (200, &before.body), "{after:?}");
        let leads = after.header("tollgate-leads").unwrap();
        assert!(leads.ends_with(&format!("fresh={fresh}")), "{leads}");
    }
    assert_eq!(bench.gateway.vendor.look_ups_received(), 2);
    bench.gateway.finish().await;
}

async fn a_request_sent_again_is_asked_again_where_its_results_are_lost(bench: Bench) {
    let team = bench.gateway.team("sales", 100).await;
    let body = people("a", 2);
    let named =
        |team: &Client| team.json(Method::POST, BATCHES, &body).header("idempotency-key", "monday");
    let unnamed = team.enrich(&body).await;
    let first = team.send(named(&team)).await;
    assert_answered(&first);
    let replayed = team.start(&body).await;
    assert_eq!(replayed.id(), unnamed.id());
    let bench = bench.lose(None).await;
    let team = bench.again(&team);

    let again = team.start(&body).await;
    assert_ne!(again.id(), unnamed.id());
    assert_answered(&team.ended(again.id()).await);
    let named = team.send(named(&team)).await;
    assert_eq!(named.id(), first.id(), "by its caller's key it is the same");
    assert_eq!(named.results().len(), 3);
    bench.gateway.finish().await;
}

async fn a_result_lost_beyond_the_first_page_is_missed_by_a_request_sent_again(bench: Bench) {
    let team = bench.gateway.team("sales", 1000).await;
    let body = people("a", 130);
    let before = team.enrich(&body).await;
    let replayed = team.start(&body).await;
    assert_eq!(replayed.id(), before.id());
    let bench = bench.lose(Some(120)).await;
    let team = bench.again(&team);
    let again = team.start(&body).await;
    assert_ne!(again.id(), before.id());
    let leads = again.header("tollgate-leads").unwrap();
    assert!(leads.ends_with("cached=130, joined=0, fresh=1"), "{leads}");
    assert_eq!(team.ended(again.id()).await.body["status"], "completed");
    let page = team.get(&format!("{BATCHES}/{}?page[after]=100", again.id())).await;
    assert_eq!(page.results()[20]["status"], "enriched", "{page:?}");
    let replayed = team.start(&body).await;
    assert_eq!(replayed.id(), again.id());
    bench.gateway.finish().await;
}

async fn what_has_ended_reads_as_it_did_once_the_vendor_was_read_again(bench: Bench) {
    let team = bench.gateway.team("sales", 1000).await;
    let before = team.enrich(&people("a", 3)).await;
    let bench = bench.lose(None).await;
    let team = bench.again(&team);
    let lost = team.read(before.id()).await;
    assert_eq!(lost.errors().len(), 3, "{lost:?}");
    let restored = async || team.read(before.id()).await.body == before.body;
    eventually("it reads as it did", restored).await;
    assert_answered(&team.start(&people("a", 3)).await);
    let vendor = &bench.gateway.vendor;
    assert_eq!((vendor.posts_received(), vendor.leads_received().len()), (1, 4));
    bench.gateway.finish().await;
}

async fn what_travelled_together_is_read_again_together(bench: Bench) {
    let (sales, growth) =
        (bench.gateway.team("sales", 100).await, bench.gateway.team("growth", 100).await);
    let (a, b) = (people("a", 2), people("b", 1));
    let before = tokio::join!(sales.enrich(&a), growth.enrich(&b));
    assert_eq!(bench.gateway.vendor.posts_received(), 1, "they travelled together");
    let bench = bench.lose(None).await;
    for (team, before) in [(bench.again(&growth), before.1), (bench.again(&sales), before.0)] {
        assert_answered(&before);
        let restored = async || team.read(before.id()).await.body == before.body;
        eventually("it reads as it did", restored).await;
    }
    assert_eq!(bench.gateway.vendor.posts_received(), 1);
    bench.gateway.finish().await;
}

async fn who_was_removed_is_not_read_again(bench: Bench) {
    let team = bench.gateway.team("sales", 100).await;
    let before = team.enrich(&people("a", 2)).await;
    let operator = bench.gateway.operator();
    let erasure = json!({"linkedin_url": "linkedin.com/in/reachable-a-0"});
    let erased = operator.post("/admin/v1/persons/erase", &erasure).await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let bench = bench.lose(None).await;
    let team = bench.again(&team);
    let restored = async || team.read(before.id()).await.results()[1] == before.results()[1];
    eventually("who was not removed reads as before", restored).await;
    let read = team.read(before.id()).await;
    assert_eq!(read.results()[0]["result"], Value::Null, "{read:?}");
    bench.gateway.finish().await;
}

/// Two addresses that are validated, by a validation's name and what it answers.
async fn validated(team: &Client) -> (String, Vec<Value>) {
    let emails = json!({"emails": [{"email": "ada@x.io"}, {"email": "bob@x.io"}]});
    let accepted = team.post("/email-validations", &emails).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let name = accepted.body["id"].as_str().unwrap().to_owned();
    let path = format!("/email-validations/{name}");
    loop {
        let answer = team.get(&path).await;
        if answer.has_ended() {
            return (name, answer.results().to_vec());
        }
        tokio::task::yield_now().await;
    }
}

async fn an_address_whose_verdict_is_lost_is_validated_again(bench: Bench) {
    let team = bench.gateway.team("sales", 100).await;
    let (_, before) = validated(&team).await;
    let bench = bench.lose(Some(0)).await;
    let team = bench.again(&team);
    for _ in 0..2 {
        assert_eq!(validated(&team).await.1, before);
    }
    let received = bench.gateway.vendor.addresses_received();
    assert_eq!(received, ["ada@x.io", "bob@x.io", "ada@x.io"]);
    bench.gateway.finish().await;
}

async fn a_validation_sent_again_is_made_again_where_its_verdicts_are_lost(bench: Bench) {
    let team = bench.gateway.team("sales", 100).await;
    let first = validated(&team).await;
    assert_eq!(validated(&team).await, first, "it is the same validation");
    let bench = bench.lose(Some(1)).await;
    let team = bench.again(&team);
    let again = validated(&team).await;
    assert_ne!(again.0, first.0);
    assert_eq!(again.1, first.1);
    assert_eq!(validated(&team).await, again);
    let received = bench.gateway.vendor.addresses_received();
    assert_eq!(received, ["ada@x.io", "bob@x.io", "bob@x.io"]);
    bench.gateway.finish().await;
}

#[tokio::test]
async fn after_the_window_whose_result_is_lost_has_to_fit_the_quota() {
    let (setup, clock) = Setup::with_clock();
    let settings = ["cache.person_ttl=30d", "cache.not_found_ttl=30d"].map(str::to_owned).into();
    let setup = Setup { store: Store::Embedded, settings, ..setup };
    let bench = Bench { gateway: TestGateway::with(setup).await, server: None };
    let team = bench.gateway.team("sales", 3).await;
    let bought = team.start(&people("a", 1)).await;
    let step = Duration::from_millis(100);
    let ended = async || team.read(bought.id()).await.has_ended();
    bench.gateway.eventually_by(&clock, step, "it ends", ended).await;
    clock.advance(Duration::from_hours(25));
    assert_eq!(team.start(&people("a", 1)).await.body["status"], "completed");

    let bench = bench.lose(None).await;
    let operator = bench.gateway.operator();
    let quota = json!([{"unit": "email", "period": "total", "limit": 1.5}]);
    let path = "/admin/v1/teams/sales";
    let put = operator.put(path, &json!({"name": "sales", "quotas": quota})).await;
    assert_eq!(put.status, 200, "{put:?}");
    let refused = bench.again(&team).post(BATCHES, &people("a", 1)).await;
    assert_eq!(refused.status, 402, "{refused:?}");
    bench.gateway.finish().await;
}

/// Each case on each store that can lose something and keep the rest.
macro_rules! on_each_store {
    ($($case:ident($($setting:literal),*))*) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(super::Bench::embedded(&[$($setting),*]).await).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(super::Bench::redis(&[$($setting),*]).await).await;
            })*
        }
    };
}

on_each_store! {
    only_who_is_lost_is_sent_again_and_nothing_is_paid_twice()
    a_look_up_of_whom_is_lost_is_answered()
    a_request_sent_again_is_asked_again_where_its_results_are_lost("server.replay_window=5m")
    a_result_lost_beyond_the_first_page_is_missed_by_a_request_sent_again("server.replay_window=5m")
    what_has_ended_reads_as_it_did_once_the_vendor_was_read_again()
    what_travelled_together_is_read_again_together("vendor.gather_window=2s")
    who_was_removed_is_not_read_again()
    an_address_whose_verdict_is_lost_is_validated_again()
    a_validation_sent_again_is_made_again_where_its_verdicts_are_lost("server.replay_window=5m")
}
