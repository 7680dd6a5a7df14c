//! No lead is answered with another person's data, through the front door.

mod crossed;
mod file;
mod spellings;
mod values;

use serde_json::{Value, json};
use tollgate::sandbox::{self, ReadBy};

use crate::support::client::Client;
use crate::support::gateway::{Setup, TestGateway};

/// A gateway before a vendor that reads leads by this rule.
async fn gateway_before(read_by: ReadBy) -> TestGateway {
    let mut setup = Setup::default();
    setup.sandbox = sandbox::Options { read_by, ..setup.sandbox };
    TestGateway::with(setup).await
}

/// What comes of one lead, asked for in a batch: its status, and the slug of the person's profile.
async fn asked(client: &Client, lead: &Value) -> (String, String) {
    let answer = client.enrich(&json!({"leads": [lead], "reveal_email": true})).await;
    let result = &answer.results()[0];
    let url = result["result"]["linkedin_url"].as_str().unwrap_or_default();
    let slug = url.rsplit('/').next().unwrap_or_default().to_owned();
    (result["status"].as_str().unwrap_or_default().to_owned(), slug)
}

/// Checks that a lead is answered with the person of this slug.
async fn assert_is(client: &Client, lead: Value, slug: &str) {
    let expected = ("enriched".to_owned(), slug.to_owned());
    assert_eq!(asked(client, &lead).await, expected, "{lead}");
}
