//! A failover to a replica that knows less than it should: what it costs where nothing is confirmed,
//! and that it costs nothing where everything is.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use tollgate::ledger::record::entry::Fact;
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule, Sandbox};

use super::{SINGLE, people, refused, why_not_ready};
use crate::support::asking::batch;
use crate::support::books::{Sums, credits};
use crate::support::exported::open;
use crate::support::gateways::SECRET;
use crate::support::process::Process;
use crate::support::redis::Sentinels;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

const STRICT: &str = "store.durability=strict";

/// A gateway over a primary, its replicas and their sentinels.
struct Watched {
    redis: Sentinels,
    gateway: Process,
    vendor: Sandbox,
}

impl Watched {
    async fn start(durability: &str) -> Self {
        Self::with(&[durability]).await
    }

    async fn with(further: &[&str]) -> Self {
        let redis = Sentinels::start().await;
        let (vendor, address) = vendor::start(taking(Duration::from_millis(30))).await;
        let settings = [&[SECRET], further].concat();
        let gateway = Process::on(address, &redis.url(), &settings).await;
        Self { redis, gateway, vendor }
    }

    /// From now on nothing that is written reaches a replica; all before has.
    async fn cut_replicas_off(&mut self) {
        self.redis.heal().await;
        for replica in 0..self.redis.watched.replicas.len() {
            self.redis.watched.lag(replica).await;
        }
    }

    /// A replica takes over that knows nothing of it.
    async fn fail_over(&mut self) {
        self.redis.kill_primary().await;
        self.redis.heal().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unconfirmed_a_failover_loses_what_was_paid_and_nothing_more_is_spent() {
    let mut watched = Watched::start(SINGLE).await;
    let team = watched.gateway.team("sales").await;
    watched.cut_replicas_off().await;
    let id = team.enrich_retrying(&people(0, 1)).await.id();
    watched.fail_over().await;

    // It is noticed, and nothing more is spent before an operator says that these books count.
    eventually("operators are told", async || {
        let why = why_not_ready(&watched.gateway).await;
        why.is_some_and(|why| why.contains("the store went back in time"))
    })
    .await;
    refused(&team, &people(1, 1)).await;
    watched.gateway.kill();
    watched.gateway.start_again().await;
    assert_eq!(team.get(&batch(id)).await.status, 404);
    let sums = Sums::at_rest(&watched.gateway.operator()).await;
    assert_eq!((sums.email.spent, credits(watched.vendor.bill().email)), (0.0, 1.5));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_strict_nothing_is_promised_or_sent_that_a_failover_could_lose() {
    let mut watched = Watched::start(STRICT).await;
    let team = watched.gateway.team("sales").await;
    watched.cut_replicas_off().await;
    refused(&team, &people(0, 1)).await;
    watched.fail_over().await;
    watched.gateway.ready().await;

    assert_eq!(watched.vendor.posts_received(), 0);
    assert_eq!(team.enrich_retrying(&people(0, 1)).await.body["status"], "completed");
    watched.gateway.balance(&watched.vendor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_strict_an_attempt_that_is_not_confirmed_is_not_made() {
    let mut watched = Watched::start(STRICT).await;
    let team = watched.gateway.team("sales").await;
    let turned_away =
        Failure { code: StatusCode::TOO_MANY_REQUESTS, retry_after_seconds: Some(1), taken: false };
    let always = Rule::always(Operation::Submit, FaultKind::Status(turned_away));
    watched.vendor.set_faults(Faults::of([always]));
    let id = team.start_retrying(&people(0, 1)).await.id();
    eventually("it was turned away", async || watched.vendor.posts_received() > 0).await;
    watched.cut_replicas_off().await;
    let gateway = &watched.gateway;
    eventually("it is not sent", async || gateway.output().contains("is not sent")).await;
    let sent = watched.vendor.posts_received();
    watched.vendor.set_faults(Faults::default());
    watched.fail_over().await;
    watched.gateway.ready().await;

    assert_eq!(team.ended(id).await.body["status"], "completed");
    assert_eq!(watched.vendor.posts_received(), sent + 1);
    watched.gateway.balance(&watched.vendor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_strict_an_export_waits_for_what_a_failover_could_lose() {
    let folder = tempfile::tempdir().unwrap();
    let export_dir = format!("ledger.export_dir={}", folder.path().display());
    let mut watched = Watched::with(&[STRICT, &export_dir]).await;
    let team = watched.gateway.team("sales").await;
    watched.cut_replicas_off().await;
    // An adjustment is an entry, which only the primary has.
    let operator = watched.gateway.operator();
    let more = json!({"team": "sales", "unit": "email", "amount": 1, "reason": "an invoice"});
    let request = operator.json(Method::POST, "/admin/v1/ledger/adjustments", &more);
    let adjusted = operator.send(request.header("idempotency-key", "k1")).await;
    assert_eq!(adjusted.status, 503, "{adjusted:?}");
    let gateway = &watched.gateway;
    eventually("the export waits", async || gateway.output().contains("has stopped")).await;
    watched.fail_over().await;
    watched.gateway.ready().await;

    assert_eq!(team.enrich_retrying(&people(0, 1)).await.body["status"], "completed");
    watched.gateway.balance(&watched.vendor).await;
    assert!(watched.gateway.terminate().await.success());
    let exported = open(folder.path()).unwrap();
    let facts = exported.entries().map(|entry| entry.unwrap().1.fact).collect::<Vec<_>>();
    assert!(facts.contains(&Fact::Settled) && !facts.contains(&Fact::Adjusted), "{facts:?}");
}
