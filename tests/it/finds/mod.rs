//! `GET /people/find` through the front door: one person, through the same cache, quotas and books as
//! batches.

mod answers;
mod joining;
mod trouble;
mod waiting;

use crate::support::client::{Answer, Client};

/// Ada, who has an email and a number, by her profile.
const ADA: &str = "linkedin_url=linkedin.com/in/ada-reachable";

async fn find(team: &Client, query: &str) -> Answer {
    team.get(&format!("/people/find?{query}")).await
}

/// Ada, as she is asked for in a batch.
fn batch_of_ada(email: bool) -> serde_json::Value {
    serde_json::json!({
        "leads": [{"linkedin_url": "https://www.linkedin.com/in/ada-reachable/"}],
        "reveal_email": email,
    })
}
