//! A person is erased: marked, never shown or asked for again, and gone from the vault.

use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::{Value, json};
use tempfile::TempDir;
use tollgate::sandbox::{Faults, Operation};

use super::{batch, people, problem};
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::vendor::held;
use crate::support::wait::eventually;

const ERASE: &str = "/admin/v1/persons/erase";

async fn erase(operator: &Client, whom: &Value) -> Answer {
    let erased = operator.post(ERASE, whom).await;
    assert_eq!(erased.status, 200, "{erased:?}");
    erased
}

fn ada() -> Value {
    json!({"linkedin_url": "https://www.linkedin.com/in/ada-reachable/"})
}

/// The one lead of a batch reads as removed, and says nothing of whom it named.
fn assert_removed(read: &Answer, place: usize) {
    let line = &read.results()[place];
    assert_eq!(line["status"], "gdpr_removed", "{read:?}");
    for field in ["result", "email", "linkedin_url", "name"] {
        assert_eq!(line[field], Value::Null, "{field} of {read:?}");
    }
}

#[tokio::test]
async fn an_erased_person_is_read_by_nobody_and_asked_for_no_more() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::default().on(store)).await;
        let operator = gateway.operator();
        let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
        gateway.team("other", 100).await;
        let bought = sales.enrich(&people(&["ada", "grace"])).await;
        let email = bought.results()[0]["result"]["email"].clone();
        assert!(email.is_string(), "{bought:?}");
        let cached = growth.enrich(&people(&["ada"])).await.id();
        gateway.at_rest().await;
        let preview = operator.post(&format!("{ERASE}?preview=true"), &ada()).await;
        assert_eq!((preview.status, &preview.body["erased"]), (200, &json!(1)), "{preview:?}");
        assert_eq!(preview.body["receipt"], Value::Null);
        assert_eq!(sales.read(bought.id()).await.results()[0]["status"], "enriched");
        let in_vault = sealed_results(&gateway).await;

        // By another key than the one that it was asked for by.
        let erased = erase(&operator, &json!({"email": email})).await.body;
        assert_eq!((&erased["erased"], &erased["teams"]), (&json!(1), &preview.body["teams"]));
        assert_eq!(erased["teams"], json!(["growth", "sales"]), "{store:?}");
        assert!(erased["receipt"].as_str().is_some_and(|receipt| receipt.len() == 16));
        let kept = erased["kept"].as_array().unwrap();
        assert!(kept.iter().any(|kept| kept["what"] == "ledger_entries"));
        if let Some(before) = in_vault {
            assert_eq!(sealed_results(&gateway).await, Some(before - 1), "{store:?}");
        }
        assert_removed(&sales.read(bought.id()).await, 0);
        assert_removed(&growth.read(cached).await, 0);
        assert_eq!(sales.read(bought.id()).await.results()[1]["status"], "enriched");
        let again = growth.enrich(&people(&["ada"])).await;
        assert_removed(&again, 0);
        assert_eq!(gateway.vendor.leads_received().len(), 2, "nobody is asked for ada");
        let repeated = erase(&operator, &ada()).await.body;
        assert_eq!(repeated["teams"], erased["teams"], "{store:?}");
        gateway.balance().await;
        let data = gateway.stop().await;
        if store == Store::Embedded {
            assert_eq!(sealed_in(&data), 1, "only what was found of the other person");
        }
    }
}

/// How many results a Redis holds; none where the store is another.
async fn sealed_results(gateway: &TestGateway) -> Option<u64> {
    // A key of the vault names the batch, and says by its first byte what is under it.
    let keys: Vec<String> = gateway.redis()?.ask(&["KEYS", "{*}:02*"]).await;
    u64::try_from(keys.len()).ok()
}

/// How many results the file of an embedded store holds; the store is closed.
fn sealed_in(data: &TempDir) -> usize {
    let file = redb::Database::open(data.path().join("books/tollgate.redb")).unwrap();
    let items: TableDefinition<&[u8; 25], (i64, &[u8])> = TableDefinition::new("sealed_items");
    let items = file.begin_read().unwrap().open_table(items).unwrap();
    items.iter().unwrap().filter(|item| item.as_ref().unwrap().0.value()[0] == 2).count()
}

#[tokio::test]
async fn what_is_under_way_is_paid_and_not_kept() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::default().on(store)).await;
        let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
        gateway.vendor.set_faults(held(Operation::Read));
        let id = team.start(&people(&["ada", "grace"])).await.id();
        eventually("it was sent", async || gateway.vendor.leads_received().len() == 2).await;
        let erased = erase(&operator, &ada()).await.body;
        assert_eq!((&erased["erased"], &erased["teams"]), (&json!(0), &json!(["sales"])));
        assert_removed(&team.read(id).await, 0);
        gateway.vendor.set_faults(Faults::default());
        let ended = team.ended(id).await;
        assert_removed(&ended, 0);
        assert_eq!(ended.results()[1]["status"], "enriched");
        let sums = gateway.at_rest().await;
        assert_eq!(sums.email.spent, 3.0, "both are paid");
        let results = sealed_results(&gateway).await;
        assert!(results.is_none_or(|results| results == 1), "{results:?}");
        gateway.balance().await;
        let data = gateway.stop().await;
        if store == Store::Embedded {
            assert_eq!(sealed_in(&data), 1, "only what was found of the other person");
        }
    }
}

#[tokio::test]
async fn a_person_is_erased_by_the_vendors_id_and_before_anybody_has_asked() {
    let gateway = TestGateway::start().await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
    let bought = team.enrich(&people(&["ada"])).await;
    let person = bought.results()[0]["result"]["id"].clone();
    let erased = erase(&operator, &json!({"person_id": person})).await.body;
    assert_eq!((&erased["erased"], &erased["teams"]), (&json!(1), &json!(["sales"])));
    assert_removed(&team.read(bought.id()).await, 0);

    let unseen = json!({"linkedin_url": "linkedin.com/in/alan-reachable"});
    let erased = erase(&operator, &unseen).await.body;
    assert_eq!((&erased["erased"], &erased["teams"]), (&json!(0), &json!([])));
    assert_removed(&team.enrich(&people(&["alan"])).await, 0);
    assert_eq!(gateway.vendor.leads_received().len(), 1);
    gateway.finish().await;
}

#[tokio::test]
async fn a_preview_of_whom_nobody_knows_marks_nobody() {
    let gateway = TestGateway::start().await;
    let (operator, team) = (gateway.operator(), gateway.team("sales", 100).await);
    operator.post(&format!("{ERASE}?preview=true"), &ada()).await;
    assert_eq!(team.enrich(&people(&["ada"])).await.results()[0]["status"], "enriched");
    for (query, body, code) in [
        ("", json!({}), "invalid_request"),
        ("", json!({"email": "a@x.io", "linkedin_url": "linkedin.com/in/a"}), "invalid_request"),
        ("", json!({"email": "a@x.io", "name": "Ada"}), "invalid_request"),
        ("", json!({"email": "not an address"}), "invalid_request"),
        ("", json!({"person_id": "../7"}), "invalid_request"),
        ("?preview=yes", ada(), "invalid_request"),
        ("?dry_run=true", ada(), "invalid_page"),
    ] {
        let refused = operator.post(&format!("{ERASE}{query}"), &body).await;
        assert_eq!((refused.status, problem(&refused).0), (400, code), "{query} {body}");
    }
    assert_eq!(team.get(&batch(1)).await.status, 404);
    gateway.finish().await;
}
