//! Every answer about a batch is one that the vendor's document allows.

use serde_json::{Value, json};

use super::*;
use crate::domain::lead::Fields;

const SCHEMA: &str = include_str!("../../../../tests/data/vendor-schema.json");
const PERSON: &str = r#"{"id":"3f0e0bd2-6a3c-4f0e-9d3b-7d1f8f3b1c11","object":"person","linkedin_url":"https://x", "name":"J\u00f6rg","extra":1.50}"#;

fn page_of(findings: Vec<Finding>) -> BatchPage {
    let mut page = samples::page(findings.len().try_into().unwrap(), 0..0);
    page.lines = (1..)
        .zip(findings)
        .map(|(position, finding)| {
            let echo = Some(samples::lead(Field::Email, "Ada@X.example"));
            Line { position, echo, finding }
        })
        .collect();
    page
}

fn shown(page: &BatchPage) -> String {
    let shown = BatchShown::of(page, &page.lines, Links::to_batch(page.id));
    serde_json::to_string(&shown).unwrap()
}

#[test]
fn an_accepted_batch_is_exactly_the_vendors() {
    let page = samples::page(3, 0..0);
    let page = BatchPage { status: Status::Queued, ..page };
    assert_eq!(
        shown(&page),
        r#"{"id":7,"object":"person_enrichment","status":"queued","results":[],"_links":{"self":{"href":"/people/enrichment-requests/7"}}}"#
    );
}

#[test]
fn a_person_is_passed_on_as_it_is_under_the_submitted_strings() {
    let mut page = page_of(vec![Finding::Found(PERSON.to_owned())]);
    let texts = Field::ALL.map(|field| (field, format!("the {}\n", field.name())));
    let fields: Fields = texts.into_iter().filter(|(field, _)| *field != Field::Email).collect();
    page.lines[0].echo = Some(Lead::new(fields).unwrap());
    assert_eq!(
        shown(&page),
        [
            r#"{"id":7,"object":"person_enrichment","status":"processing","results":[{"id":1,"status":"enriched","result":"#,
            PERSON,
            r#","email":null,"linkedin_url":"the linkedin_url\n","company_domain":"the company_domain\n","company_name":"the company_name\n","name":"the name\n","title":"the title\n"}],"_links":{"self":{"href":"/people/enrichment-requests/7"}}}"#,
        ]
        .concat()
    );
}

#[test]
fn a_lead_without_a_person_reads_null() {
    let mut page = page_of(vec![Finding::Pending, Finding::NotFound, Finding::Removed]);
    page.lines[2].echo = None;
    let answer: Value = serde_json::from_str(&shown(&page)).unwrap();
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<_> = results.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [&json!(null), &json!("not_found"), &json!("gdpr_removed")]);
    assert!(results.iter().all(|result| result["result"].is_null()));
    assert_eq!(results[1]["email"], "Ada@X.example");
    let erased = json!({
        "id": 3, "status": "gdpr_removed", "result": null, "email": null, "linkedin_url": null,
        "company_domain": null, "company_name": null, "name": null, "title": null,
    });
    assert_eq!(results[2], erased);
    assert_eq!(answer.get("_errors"), None);
}

#[test]
fn a_lead_that_failed_has_an_entry_at_its_place() {
    let failures = [
        Failure::InsufficientCredits,
        Failure::VendorCredits,
        Failure::Unresolved,
        Failure::VendorError,
        Failure::Canceled,
        Failure::Lost,
    ];
    let mut page = page_of(failures.map(Finding::Failed).to_vec());
    for line in &mut page.lines {
        line.position += 100;
    }
    let answer: Value = serde_json::from_str(&shown(&page)).unwrap();
    let told = answer["_errors"].as_array().unwrap().iter().map(|error| {
        (error["code"].as_str().unwrap(), error["source"]["pointer"].as_str().unwrap())
    });
    let expected = [
        ("insufficient_credits", "/leads/100"),
        ("insufficient_credits", "/leads/101"),
        ("unresolved", "/leads/102"),
        ("vendor_error", "/leads/103"),
        ("canceled", "/leads/104"),
        ("vendor_error", "/leads/105"),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn every_status_fits_the_vendors_document() {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    schema.as_object_mut().unwrap().remove("anyOf");
    schema["$ref"] = json!("#/$defs/batch");
    let schema = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for status in
        [Status::Queued, Status::Processing, Status::Completed, Status::Canceled, Status::Error]
    {
        let page = BatchPage {
            status,
            ..page_of(vec![
                Finding::Found(PERSON.to_owned()),
                Finding::NotFound,
                Finding::Removed,
                Finding::Pending,
                Finding::Failed(Failure::Unresolved),
            ])
        };
        let answer: Value = serde_json::from_str(&shown(&page)).unwrap();
        let faults: Vec<_> = schema.iter_errors(&answer).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:#?} in {answer:#}");
    }
}
