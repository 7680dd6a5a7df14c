//! Every answer is one that the vendor's document allows, with every lead in its place and in its
//! caller's own words.

use serde_json::{Value, json};
use tollgate::sandbox::{ErrorEnding, FaultKind, Faults, Operation, Rule};

use crate::support::asking::{BATCHES, batch};
use crate::support::client::Client;
use crate::support::document::{assert_is_batch, assert_is_error};
use crate::support::faulty_disk::Dice;
use crate::support::gateway::{Setup, TestGateway};
use crate::support::people::{spelled, status_of};
use crate::support::wait::eventually;

const ECHOED: [&str; 6] =
    ["email", "linkedin_url", "company_domain", "company_name", "name", "title"];

#[tokio::test(flavor = "multi_thread")]
async fn one_lead_is_answered_on_pages_of_every_size() {
    answered_in_order(1, &["1", "7", "100", "200", ""]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_page_has_no_next() {
    answered_in_order(100, &["1", "7", "100", "200", ""]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_several_pages_is_answered_on_pages_of_every_size() {
    answered_in_order(250, &["1", "7", "100", "200", ""]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_batch_is_answered_lead_by_lead() {
    answered_in_order(10_000, &["100", "200", ""]).await;
}

/// Has a batch of people enriched, some of them more than once and in several spellings, and reads
/// it to the end and back in pages of every size.
async fn answered_in_order(count: usize, sizes: &[&str]) {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1_000_000).await;
    let mut dice = Dice::new(11);
    let people: Vec<usize> = (0..count)
        .map(|_| usize::try_from(dice.below(count as u64 * 4 / 5 + 1)).unwrap())
        .collect();
    let leads: Vec<Value> = people.iter().map(|person| spelled(*person, &mut dice)).collect();
    let body = json!({"leads": leads, "reveal_email": true, "reveal_phone_numbers": true});

    let accepted = team.start(&body).await;
    assert_is_batch(&accepted);
    assert_eq!((&accepted.body["status"], accepted.results().len()), (&json!("queued"), 0));
    team.ended(accepted.id()).await;
    for size in sizes {
        let results = read_there_and_back(&team, accepted.id(), size).await;
        assert_eq!(results.len(), count);
        for ((place, result), (lead, person)) in (1..).zip(&results).zip(leads.iter().zip(&people))
        {
            assert_eq!(result["id"], json!(place));
            assert_eq!(result["status"], status_of(*person), "{lead}");
            assert_eq!(result["result"].is_object(), result["status"] == "enriched", "{result}");
            for field in ECHOED {
                let echo = match status_of(*person) {
                    "gdpr_removed" => &Value::Null,
                    _ => &lead[field],
                };
                assert_eq!(&result[field], echo, "its caller's own words, byte for byte");
            }
        }
    }

    let known = team.start(&body).await;
    assert_is_batch(&known);
    assert_eq!(known.body["status"], "completed", "{:?}", known.headers);
    assert_eq!(known.results().len(), count.min(100));
    gateway.finish().await;
}

/// Follows `next` from the first page to the last, and `prev` back: the same results both ways.
/// Every other link is followed with its brackets percent-encoded.
async fn read_there_and_back(team: &Client, id: u64, size: &str) -> Vec<Value> {
    let asked = if size.is_empty() { String::new() } else { format!("?page[size]={size}") };
    let most = size.parse().unwrap_or(100_usize).min(100);
    let (mut path, mut pages) = (format!("{}{asked}", batch(id)), 0);
    let mut there: Vec<Value> = Vec::new();
    let last = loop {
        let page = team.get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert_is_batch(&page);
        assert_eq!(page.body["_links"]["self"]["href"], batch(id).as_str());
        assert_eq!(page.body["_links"]["prev"].is_object(), pages > 0);
        assert!(page.results().len() <= most);
        there.extend_from_slice(page.results());
        pages += 1;
        match link(&page.body, "next", pages) {
            Some(next) => path = next,
            None => break page,
        }
    };
    assert_eq!(pages, there.len().div_ceil(most));
    let mut back = vec![last.results().to_vec()];
    let mut page = last.body;
    while let Some(previous) = link(&page, "prev", back.len()) {
        let answer = team.get(&previous).await;
        assert_is_batch(&answer);
        back.push(answer.results().to_vec());
        page = answer.body;
    }
    back.reverse();
    assert!(back.concat() == there, "the way back shows other results");
    there
}

/// A relative link of a page.
fn link(page: &Value, name: &str, turn: usize) -> Option<String> {
    let href = page["_links"][name]["href"].as_str()?;
    assert!(href.starts_with(&format!("{BATCHES}/")), "{href}");
    let encoded = href.replace('[', "%5B").replace(']', "%5D");
    Some(if turn.is_multiple_of(2) { encoded } else { href.to_owned() })
}

#[tokio::test]
async fn a_cursor_beyond_the_end_leads_back_to_the_leads() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let leads: Vec<Value> = (0..5).map(|n| json!({"email": format!("p{n}@x.example")})).collect();
    let id = team.enrich(&json!({"leads": leads})).await.id();
    for (query, shown) in [
        ("page[before]=1000", vec![1, 2, 3, 4, 5]),
        ("page[before]=1000&page[size]=2", vec![4, 5]),
        ("page[before]=4&page[size]=2", vec![2, 3]),
        ("page[before]=1", vec![]),
        ("page[after]=3", vec![4, 5]),
        ("page[after]=1000", vec![]),
        ("page[size]=99999999999999999999", vec![1, 2, 3, 4, 5]),
        ("other=1&page[size]=1", vec![1]),
    ] {
        let page = team.get(&format!("{}?{query}", batch(id))).await;
        assert_is_batch(&page);
        let ids: Vec<u64> = page.results().iter().map(|r| r["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, shown, "{query}");
    }
    gateway.finish().await;
}

#[tokio::test]
async fn undocumented_fields_pass_to_those_who_asked_for_all_that_was_asked() {
    let gateway = TestGateway::start().await;
    let mut people = 0;
    for bought in [(false, false), (true, false), (false, true), (true, true)] {
        people += 1;
        let lead = json!({"linkedin_url": format!("linkedin.com/in/ada-reachable-{people}")});
        for asked in [bought, (false, false), (true, false), (false, true), (true, true)] {
            let (email, phone) = asked;
            // Whoever asks for more than is known buys it, and so changes what is known.
            let covered = (bought.0 || !email) && (bought.1 || !phone);
            if !covered {
                continue;
            }
            let team = gateway.team(&format!("team-{people}"), 100).await;
            let body =
                json!({"leads": [lead], "reveal_email": email, "reveal_phone_numbers": phone});
            let answer = team.enrich(&body).await;
            assert_is_batch(&answer);
            let person = &answer.results()[0]["result"];
            let shown = |field: &str| !person[field].is_null();
            assert_eq!((shown("email"), shown("phone_numbers")), asked, "{person}");
            assert_eq!(shown("x_score"), asked == bought, "bought {bought:?}, asked {asked:?}");
        }
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_conforms_at_every_stage_of_its_life() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let body = |name: &str| json!({"leads": [{"email": format!("{name}@x.example")}]});

    gateway.vendor.set_faults(Faults { processing_ms: Some(200), ..Faults::default() });
    let id = team.start(&body("staged")).await.id();
    eventually("the batch completes", async || {
        let answer = team.read(id).await;
        assert_is_batch(&answer);
        answer.body["status"] == "completed"
    })
    .await;

    let ends_in_error = FaultKind::EndsInError(ErrorEnding::WithoutResults);
    gateway.vendor.set_faults(Faults::of([Rule::always(Operation::Submit, ends_in_error)]));
    let failed = team.enrich(&body("failed")).await;
    assert_is_batch(&failed);
    assert_eq!((&failed.body["status"], failed.errors().len()), (&json!("error"), 1));

    gateway.vendor.set_faults(Faults { processing_ms: Some(60_000), ..Faults::default() });
    let canceled = team.cancel(team.start(&body("canceled")).await.id()).await;
    assert_is_batch(&canceled);
    assert_eq!(canceled.body["status"], "canceled");
    gateway.at_rest().await;
    gateway.stop().await;
}

#[tokio::test]
async fn every_refusal_conforms() {
    let gateway = TestGateway::with(Setup::with_settings(&["server.body_bytes_max=64KiB"])).await;
    let team = gateway.team("sales", 0).await;
    let lead = json!({"leads": [{"email": "ada@x.example"}]});
    let large = json!({"leads": [{"name": "x".repeat(65 << 10)}]});
    for (answer, status, code) in [
        (team.post(BATCHES, &json!({})).await, 400, "missing_field"),
        (team.get(&format!("{}?page[size]=0", batch(1))).await, 400, "invalid_page"),
        (gateway.caller("tg_nobody").post(BATCHES, &lead).await, 401, "unauthorized"),
        (team.post(BATCHES, &lead).await, 402, "insufficient_credits"),
        (team.get(&batch(1)).await, 404, "not_found"),
        (team.get("/people/find").await, 400, "missing_field"),
        (team.get("/people/find?email=ada@x.example").await, 402, "insufficient_credits"),
        (team.delete(&batch(1)).await, 405, "method_not_allowed"),
        (team.post(BATCHES, &large).await, 413, "payload_too_large"),
    ] {
        assert_is_error(&answer);
        assert_eq!((answer.status, answer.errors()[0].0), (status, code), "{answer:?}");
    }
    gateway.finish().await;
}
