//! Batches that are read page by page, as their links lead.

use serde_json::{Value, json};

use super::reachable;
use super::scripts::Program;
use crate::support::gateway::TestGateway;

#[tokio::test]
async fn links_are_followed_to_the_last_page_whichever_way_they_are_read() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1000).await;
    let leads: Vec<Value> = (0..230).map(|n| reachable(&format!("ada-{n}"))).collect();
    let id = team.enrich(&json!({"leads": leads})).await.id().to_string();
    for program in Program::ALL {
        for (size, pages_expected) in [("100", 3), ("200", 3), ("30", 8)] {
            let pages = program.run("read_all", &team, &[&id, size], &[]).await;
            assert_eq!(pages.len(), pages_expected, "{program:?}, {size} on a page");
            let results = pages.iter().flat_map(|page| page["results"].as_array().unwrap());
            let read: Vec<_> = results.map(|result| &result["linkedin_url"]).collect();
            let asked: Vec<_> = leads.iter().map(|lead| &lead["linkedin_url"]).collect();
            assert_eq!(read, asked, "each lead once and in order");
        }
    }
    gateway.finish().await;
}
