//! The times and the contents of the bill.

use super::super::{Bill, Credits, Miss, Totals};
use super::*;

const ADA: &str = "ada.reachable@x.example";

fn halves(bill: &Bill) -> [u32; 4] {
    let all = bill.without_dedupe;
    [bill.email, bill.phone, all.email, all.phone].map(Credits::halves)
}

#[tokio::test]
async fn a_lead_is_charged_as_of_its_finish_regardless_of_accesses() {
    let vendor = Vendor::start();
    vendor.submit(&revealing(&json!([{ "email": ADA }]))).await;
    vendor.advance(10 * SECOND - 1);
    assert_eq!(halves(&vendor.sandbox.bill()), [0, 0, 0, 0]);
    vendor.advance(1);
    assert_eq!(halves(&vendor.sandbox.bill()), [3, 2, 3, 2]);
    let late = Vendor::start();
    late.submit(&revealing(&json!([{ "email": ADA }]))).await;
    late.advance(HOUR);
    assert_eq!(late.sandbox.bill(), vendor.sandbox.bill());
    assert!(late.sandbox.bill().entries.iter().all(|entry| entry.at == 10 * SECOND));
}

#[tokio::test]
async fn a_find_is_charged_again_after_the_window_and_reveals_never() {
    let vendor = Vendor::start();
    vendor.enrich(&[ADA]).await;
    vendor.advance(24 * HOUR - 10 * SECOND - 1);
    vendor.enrich(&[ADA]).await;
    assert_eq!(halves(&vendor.sandbox.bill()), [3, 2, 6, 4]);
    vendor.enrich(&[ADA]).await;
    assert_eq!(halves(&vendor.sandbox.bill()), [4, 2, 9, 6]);
}

#[tokio::test]
async fn only_requested_and_existing_contacts_are_charged() {
    let vendor = Vendor::start();
    vendor.submit(&json!({ "leads": [{ "email": ADA }] })).await;
    vendor.advance(10 * SECOND);
    assert_eq!(halves(&vendor.sandbox.bill()), [1, 0, 1, 0]);
    vendor
        .enrich(&[
            "ada.mailless.phoneless@x.example",
            "ada.nobody@x.example",
            "ada.removed@x.example",
        ])
        .await;
    assert_eq!(halves(&vendor.sandbox.bill()), [2, 0, 2, 0]);
    vendor.enrich(&["ada.mailless.crmphone@x.example"]).await;
    assert_eq!(halves(&vendor.sandbox.bill()), [3, 0, 3, 0]);
    vendor.enrich(&["ada.mailless.manyphones@x.example"]).await;
    assert_eq!(halves(&vendor.sandbox.bill()), [4, 2, 4, 2]);
}

#[tokio::test]
async fn one_person_under_many_spellings_is_charged_once() {
    let vendor = Vendor::start();
    let leads = json!([
        { "email": ADA },
        { "email": "ADA.Reachable@y.example" },
        { "linkedin_url": "https://uk.linkedin.com/in/Ada-Reachable/en" },
        { "name": "Ada Reachable", "company_name": "Analytical" },
    ]);
    vendor.submit(&revealing(&leads)).await;
    vendor.advance(10 * SECOND);
    assert_eq!(halves(&vendor.sandbox.bill()), [3, 2, 12, 8]);
}

#[tokio::test]
async fn a_gap_in_the_deduplication_charges_the_same_person_twice() {
    let vendor = Vendor::start();
    vendor.sandbox.set_faults(Faults { dedupe_misses: vec![Miss::SameBatch], ..Faults::default() });
    vendor.enrich(&[ADA, ADA]).await;
    assert_eq!(halves(&vendor.sandbox.bill()), [6, 4, 6, 4]);
    vendor.enrich(&[ADA]).await;
    assert_eq!(halves(&vendor.sandbox.bill()), [6, 4, 9, 6]);
}

#[tokio::test]
async fn concurrent_batches_are_charged_twice_only_through_a_gap() {
    for (dedupe_misses, expected) in [(vec![], 3), (vec![Miss::ConcurrentBatches], 6)] {
        let vendor = Vendor::start();
        vendor.sandbox.set_faults(Faults { dedupe_misses, ..Faults::default() });
        vendor.submit(&revealing(&json!([{ "email": ADA }]))).await;
        vendor.enrich(&[ADA]).await;
        assert_eq!(vendor.sandbox.bill().email.halves(), expected);
    }
}

#[tokio::test]
async fn a_batch_that_may_cost_more_than_the_remaining_credits_is_refused() {
    let credits = Some(Totals { email: Credits::from_halves(4), phone: Credits::from_halves(2) });
    let vendor = Vendor::with(Options { credits, ..Options::default() });
    let two = vendor.submit(&revealing(&json!([{ "email": ADA }, { "email": ADA }]))).await;
    assert_eq!(
        (two.status, two.code()),
        (StatusCode::PAYMENT_REQUIRED, Some("insufficient_credits"))
    );
    vendor.enrich(&[ADA]).await;
    let found = json!({ "leads": [{ "email": ADA }] });
    assert_eq!(
        vendor.submit(&revealing(&found["leads"])).await.status,
        StatusCode::PAYMENT_REQUIRED
    );
    assert_eq!(vendor.submit(&found).await.status, StatusCode::ACCEPTED);
    assert_eq!((vendor.sandbox.posts_received(), vendor.sandbox.leads_received().len()), (4, 2));
}

#[tokio::test]
async fn the_bill_reads_as_documented() {
    let vendor = Vendor::start();
    let path = vendor.enrich(&[ADA]).await;
    let person = vendor.read(&path).await.results()[0]["result"]["id"].clone();
    let entry = |unit: &str, kind: &str, credits: Value| json!({ "at": 10_000, "batch": 1, "lead": 1, "person": person, "unit": unit, "kind": kind, "credits": credits });
    let bill = vendor.read("/sandbox/bill").await.body;
    assert_eq!(
        bill,
        json!({
            "email": 1.5,
            "phone": 1,
            "entries": [
                entry("email", "person_found", json!(0.5)),
                entry("email", "email_revealed", json!(1)),
                entry("phone", "phone_revealed", json!(1)),
            ],
            "without_dedupe": { "email": 1.5, "phone": 1 },
            "leads_received": 1,
            "posts_received": 1,
            "look_ups_received": 0,
        })
    );
}
