//! Tests of the client against a scripted vendor: one test per row of the classification.

mod canceling;
mod connecting;
mod looking_up;
mod reading;
mod requests;
mod submissions;

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::fake::{FakeVendor, PATIENCE, Reply, client};
use super::*;

const ID: VendorId = VendorId::from_number(7);
/// More than any answer here has.
const ALL: Remaining = Remaining { results: 1_000, bytes: usize::MAX };
const LEADS: [LeadFields<'_>; 1] = [LeadFields {
    email: Some("ada@x.io"),
    linkedin_url: None,
    company_domain: None,
    company_name: None,
    name: Some("Ada \"Countess\" Lovelace"),
    title: None,
}];
const TAKEN: &str = r#"{"id":7,"object":"person_enrichment","status":"queued","results":[],
    "_links":{"self":{"href":"/people/enrichment-requests/7"}}}"#;

async fn submitted(reply: Reply) -> Submitted<VendorId> {
    FakeVendor::with([reply]).await.client().submit(&LEADS, Reveals::ALL).await
}

async fn looked_up(reply: Reply) -> Submitted<LookedUp> {
    FakeVendor::with([reply]).await.client().look_up(LEADS[0], Reveals::ALL).await
}

async fn first_page(reply: Reply) -> Result<Page, Unread> {
    FakeVendor::with([reply]).await.client().page(ID, None, ALL).await
}

async fn canceled(reply: Reply) -> Canceled {
    FakeVendor::with([reply]).await.client().cancel(ID).await
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
