//! Ten thousand leads made of values that name no one person, before a vendor to whom leads that
//! differ in any field are different persons.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use tollgate::sandbox::ReadBy;

use super::gateway_before;
use super::values::{COMMON, COMPANIES, DOMAINS, EMAILS, NAMES, PROFILES, TITLES};
use crate::support::faulty_disk::Dice;

const LEADS: usize = 10_000;
const BATCH: usize = 500;

/// A lead with at least one value that names no one person.
fn lead(dice: &mut Dice) -> Value {
    let mut lead = Map::new();
    let mut give = |dice: &mut Dice, field: &str, texts: &[&str]| {
        let n = usize::try_from(dice.below(texts.len() as u64)).unwrap();
        lead.insert(field.to_owned(), texts[n].into());
    };
    match dice.below(5) {
        0 => give(dice, "linkedin_url", PROFILES),
        1 => give(dice, "email", EMAILS),
        2 => give(dice, "company_name", COMPANIES),
        3 => give(dice, "company_domain", DOMAINS),
        _ => give(dice, "name", NAMES),
    }
    for (field, texts) in [
        ("name", COMMON),
        ("title", TITLES),
        ("company_name", &["Acme", "Google"][..]),
        ("email", &["anna@acme.example", "john@acme.example"]),
        ("linkedin_url", &["linkedin.com/in/anna-schmidt-1", "linkedin.com/in/john-smith-2"]),
    ] {
        if dice.percent(45) {
            let n = usize::try_from(dice.below(texts.len() as u64)).unwrap();
            lead.entry(field).or_insert_with(|| texts[n].into());
        }
    }
    Value::Object(lead)
}

#[tokio::test]
async fn nobody_is_answered_with_somebody_else() {
    let gateway = gateway_before(ReadBy::EveryField).await;
    let teams = [gateway.team("sales", 100_000).await, gateway.team("growth", 100_000).await];
    let mut dice = Dice::new(17);
    let leads: Vec<_> = (0..LEADS).map(|_| lead(&mut dice)).collect();
    let mut people: HashMap<String, String> = HashMap::new();
    for (batch, client) in leads.chunks(BATCH).zip(teams.iter().cycle()) {
        let accepted = client.start(&json!({ "leads": batch })).await;
        client.ended(accepted.id()).await;
        let mut results = Vec::new();
        let mut path = format!("/people/enrichment-requests/{}", accepted.id());
        loop {
            let page = client.get(&path).await;
            results.extend(page.results().to_vec());
            match page.body["_links"]["next"]["href"].as_str() {
                Some(next) => path = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(results.len(), batch.len());
        for (lead, result) in batch.iter().zip(results) {
            let id = result["result"]["id"].as_str().unwrap_or_else(|| panic!("{lead}: {result}"));
            let same = people.entry(id.to_owned()).or_insert_with(|| lead.to_string());
            assert_eq!(*same, lead.to_string(), "two leads are answered with one person");
        }
    }
    // What is the same to the letter was asked for once.
    assert_eq!(gateway.vendor.leads_received().len(), people.len());
    assert!(people.len() > LEADS / 10, "{} different leads", people.len());
    gateway.finish().await;
}
