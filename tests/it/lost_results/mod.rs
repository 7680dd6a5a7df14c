//! Answers whose sealed results are gone, lost with the store or forgotten by the settings of before,
//! are asked for again; nothing is paid twice, and what has ended reads as it did.

mod changes;
mod losses;

use serde_json::{Value, json};

use crate::support::client::{Answer, Client};

/// People who have an email, and one whom nobody knows, in the order of their leads.
fn people(mark: &str, reachable: usize) -> Value {
    let lead = |name: String| json!({"linkedin_url": format!("linkedin.com/in/{name}")});
    let found = (0..reachable).map(|n| lead(format!("reachable-{mark}-{n}")));
    let leads: Vec<_> = found.chain([lead(format!("nobody-{mark}"))]).collect();
    json!({"leads": leads, "reveal_email": true})
}

/// How an estimate counts the leads of a request: known and to be sent, and the worst case.
async fn estimated(team: &Client, body: &Value) -> (u64, u64, f64) {
    let estimate = team.post("/gateway/v1/estimates", body).await;
    let leads = &estimate.body["leads"];
    let count = |kind: &str| leads[kind].as_u64().unwrap_or_else(|| panic!("{estimate:?}"));
    let worst = estimate.body["credits"]["email"]["worst"].as_f64().unwrap();
    (count("cached"), count("fresh"), worst)
}

/// Every person is there, and the last lead names nobody.
fn assert_answered(answer: &Answer) {
    let (last, found) = answer.results().split_last().expect("a page");
    assert_eq!(answer.body["status"], "completed", "{answer:?}");
    assert_eq!(last["status"], "not_found", "{answer:?}");
    for one in found {
        assert_eq!(one["status"], "enriched", "{answer:?}");
        assert!(one["result"]["email"].is_string(), "{answer:?}");
    }
    assert_eq!(answer.errors(), [], "{answer:?}");
}
