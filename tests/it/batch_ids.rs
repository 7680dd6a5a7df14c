//! Ids of batches: small numbers, given once, also where a store is put back to an older copy.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::gateways::Gateways;
use crate::support::process::Process;
use crate::support::redis::Server;
use crate::support::vendor::{self, taking};

/// As an INT column holds it.
const ID_MAX: u64 = 2_147_483_647;

fn one(n: usize) -> Value {
    json!({"leads": [{"email": format!("reachable.{n}@x.example")}]})
}

/// So many batches, one after the other; their ids.
async fn ids(team: &Client, batches: usize) -> Vec<u64> {
    let mut ids = Vec::new();
    for n in 0..batches {
        ids.push(team.start(&one(n)).await.id());
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_fits_an_int_column_and_is_given_once() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::default().on(store)).await;
        let team = gateway.team("sales", 1_000).await;
        let ids = ids(&team, 120).await;
        assert!(ids.iter().all(|id| *id < ID_MAX / 1_000), "{ids:?}");
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        for id in &ids {
            team.ended(*id).await;
        }
        gateway.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_put_back_to_an_old_copy_gives_no_id_again() {
    let (_judge, address) = vendor::start(taking(Duration::from_millis(10))).await;
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Process::start(address, data.path(), &[]).await;
    let team = gateway.team("sales").await;
    gateway.kill();
    let (store, copy) = (data.path().to_owned(), tempfile::tempdir().unwrap());
    copy_all(&store, copy.path());
    let mut given = BTreeSet::new();
    for _ in 0..3 {
        gateway.start_again().await;
        for id in ids(&team, 60).await {
            assert!(id < ID_MAX && given.insert(id), "{id} was given before");
            team.ended(id).await;
        }
        gateway.kill();
        fs::remove_dir_all(&store).unwrap();
        copy_all(copy.path(), &store);
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_all(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_give_different_ids() {
    let (_judge, address) = vendor::start(taking(Duration::from_millis(10))).await;
    let server = Server::start().await;
    let settings = ["store.durability=single"];
    let gateways = Gateways::start(2, address, &server.url(), &settings).await;
    let team = gateways.replicas[0].team("sales").await;
    let callers = gateways.callers(&team.key);
    let (one, other) = tokio::join!(ids(&callers[0], 70), ids(&callers[1], 70));
    let all: BTreeSet<_> = one.iter().chain(&other).collect();
    assert_eq!(all.len(), 140);
    assert!(all.iter().all(|id| **id < ID_MAX / 1_000), "{all:?}");
}
