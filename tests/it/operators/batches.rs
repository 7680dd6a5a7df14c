//! Batches are listed the latest first, and shown with their slots and entries.

use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation};

use super::{HOLD, LIST, listed, lost, path, people, problem};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::vendor::held;
use crate::support::wait::eventually;

#[tokio::test]
async fn batches_are_listed_the_latest_first_by_team_and_state() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::with_settings(&[HOLD]).on(store)).await;
        let operator = gateway.operator();
        let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
        let mut ids = Vec::new();
        for (n, team) in [&sales, &growth, &sales, &growth, &sales].iter().enumerate() {
            ids.push(team.enrich(&people(&[&format!("p{n}")])).await.id());
        }
        let nobody = json!({"leads": [{"linkedin_url": "linkedin.com/in/x-nobody"}]});
        ids.push(sales.enrich(&nobody).await.id());
        let doubted = lost(&gateway, &growth, FaultKind::CutBefore, &["doubted"]).await;
        gateway.vendor.set_faults(held(Operation::Read));
        let under_way = sales.start(&people(&["slow"])).await.id();
        eventually("it was sent", async || {
            operator.get(&path(under_way)).await.body["state"] == "processing"
        })
        .await;
        let mut all: Vec<_> = ids.iter().copied().chain([doubted, under_way]).collect();
        all.sort_unstable();
        all.reverse();
        assert_eq!(listed(&operator, "").await, all, "{store:?}");
        let (mut paged, mut query) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let page = operator.get(&format!("{LIST}{query}")).await.body;
            let batches = page["batches"].as_array().unwrap();
            assert!(batches.len() <= 3);
            paged.extend(batches.iter().map(|batch| batch["id"].as_u64().unwrap()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=3&cursor={cursor}");
        }
        assert_eq!(paged, all, "{store:?}");
        let of_growth: Vec<_> =
            all.iter().copied().filter(|id| [ids[1], ids[3], doubted].contains(id)).collect();
        assert_eq!(listed(&operator, "?team=growth").await, of_growth);
        assert_eq!(listed(&operator, "?state=processing").await, [under_way]);
        assert_eq!(listed(&operator, "?state=unresolved").await, [doubted]);
        assert_eq!(listed(&operator, "?state=queued").await, Vec::<u64>::new());
        let completed: Vec<_> = all.iter().copied().filter(|id| ids.contains(id)).collect();
        assert_eq!(listed(&operator, "?state=completed").await, completed);
        assert_eq!(listed(&operator, "?team=growth&state=error").await, Vec::<u64>::new());
        gateway.vendor.set_faults(Faults::default());
        super::resolve(&operator, doubted, &super::not_charged()).await;
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_query_that_cannot_be_answered_is_refused() {
    let gateway = TestGateway::start().await;
    let operator = gateway.operator();
    for (query, code) in [
        ("?limit=0", "invalid_page"),
        ("?limit=101", "invalid_page"),
        ("?cursor=x", "invalid_page"),
        ("?cursor=99999999999999999999", "invalid_page"),
        ("?limit=1&limit=2", "invalid_page"),
        ("?status=queued", "invalid_page"),
        ("?state=done", "invalid_request"),
        ("?team=No%20Team", "invalid_request"),
    ] {
        let refused = operator.get(&format!("{LIST}{query}")).await;
        assert_eq!((refused.status, problem(&refused).0), (400, code), "{query}");
    }
    let unknown = operator.get(&path(7)).await;
    assert_eq!((unknown.status, problem(&unknown).0), (404, "not_found"));
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_shows_what_each_lead_cost_and_why_and_never_the_lead() {
    for store in Store::ALL {
        let gateway = TestGateway::with(Setup::default().on(store)).await;
        let operator = gateway.operator();
        let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
        growth.enrich(&people(&["known"])).await;
        gateway.vendor.set_faults(held(Operation::Read));
        let first = growth.start(&people(&["joined"])).await.id();
        let mut body = people(&["known", "joined", "fresh", "fresh"]);
        let nobody = json!({"linkedin_url": "linkedin.com/in/somebody-nobody"});
        body["leads"].as_array_mut().unwrap().push(nobody);
        let id = sales.start(&body).await.id();
        let pending = operator.get(&path(id)).await.body;
        let whys = |shown: &Value| -> Vec<String> {
            let slots = shown["slots"].as_array().unwrap().iter();
            slots.map(|slot| format!("{} {}", slot["slot"], slot["why"]).replace('"', "")).collect()
        };
        let sources = ["cached cached", "joined joined"];
        let waits = [sources[0], sources[1], "own pending", "repeated repeated", "own pending"];
        assert_eq!(whys(&pending), waits, "{store:?}");
        gateway.vendor.set_faults(Faults::default());
        sales.ended(id).await;
        gateway.at_rest().await;
        let answer = operator.get(&path(id)).await;
        let shown = &answer.body;
        let ended = [sources[0], sources[1], "own charged", "repeated repeated", "own not_found"];
        assert_eq!(whys(shown), ended, "{store:?}");
        let costs: Vec<_> = (0..5).map(|n| shown["slots"][n]["cost"]["email"].clone()).collect();
        assert_eq!(costs, [json!(0), json!(0), json!(1.5), json!(0), json!(0)]);
        assert_eq!(shown["slots"][1]["job"], json!(format!("{first}.0")));
        assert_eq!(shown["slots"][2]["job"], json!(format!("{id}.0")));
        assert_eq!(shown["slots"][4]["position"], 5);
        let fields = ["team", "kind", "state", "status", "leads", "next_cursor"];
        let expected = json!(["sales", "enrichment", "completed", "completed", 5, null]);
        assert_eq!(json!(fields.map(|field| &shown[field])), expected);
        let facts: Vec<_> =
            shown["entries"].as_array().unwrap().iter().map(|entry| &entry["fact"]).collect();
        assert_eq!(facts, ["reserved", "settled"]);
        assert_eq!(shown["entries"][1]["spent"], json!({"email": 1.5, "phone": 0}));
        for name in ["fresh", "known", "linkedin", "Reachable", "example.com"] {
            assert!(!answer.text.contains(name), "{name} is in {answer:?}");
        }
        let page = operator.get(&format!("{}?limit=2&cursor=2", path(id))).await.body;
        assert_eq!(page["slots"].as_array().unwrap().len(), 2);
        assert_eq!((&page["slots"][0]["position"], &page["next_cursor"]), (&json!(3), &json!("4")));
        gateway.finish().await;
    }
}
