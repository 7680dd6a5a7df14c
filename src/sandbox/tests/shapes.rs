//! Every answer conforms to the vendor's document.

use jsonschema::Validator;

use super::super::ErrorEnding;
use super::*;

const SCHEMA: &str = include_str!("../../../tests/data/vendor-schema.json");

fn schema_of(definition: &str) -> Validator {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    schema.as_object_mut().unwrap().remove("anyOf");
    schema["$ref"] = json!(format!("#/$defs/{definition}"));
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn assert_valid(definition: &str, answer: &Value) {
    let faults: Vec<String> = schema_of(definition)
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?} in {answer:#}");
}

#[tokio::test]
async fn a_batch_conforms_to_the_document_at_every_stage() {
    let vendor = Vendor::start();
    let emails = ["ada-manyphones@x.example", "ada.nobody@x.example", "ada.removed@x.example"];
    let leads: Vec<Value> = emails.iter().map(|email| json!({ "email": email })).collect();
    let accepted = vendor.submit(&revealing(&json!(leads))).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED);
    assert_valid("batch", &accepted.body);
    for _ in 0..=10 {
        assert_valid("batch", &vendor.read("/people/enrichment-requests/1").await.body);
        vendor.advance(SECOND);
    }
    vendor.submit(&revealing(&json!(leads))).await;
    assert_valid("batch", &vendor.cancel("/people/enrichment-requests/2").await.body);
}

#[tokio::test]
async fn a_failed_batch_conforms_to_the_document() {
    let vendor = Vendor::struck_by(FaultKind::EndsInError(ErrorEnding::WithResults));
    let path = vendor.enrich(&["ada@x.example", "grace@x.example"]).await;
    let failed = vendor.read(&path).await.body;
    assert_eq!(failed["status"], "error");
    assert_valid("batch", &failed);
}

#[tokio::test]
async fn every_person_conforms_to_the_document_with_any_reveals() {
    let vendor = Vendor::start();
    let leads: Vec<Value> =
        (0..50).map(|nth| json!({ "email": format!("person.{nth}@x.example") })).collect();
    for body in [revealing(&json!(leads)), json!({ "leads": leads })] {
        let id = vendor.submit(&body).await.body["id"].clone();
        vendor.advance(10 * SECOND);
        let batch = vendor.read(&format!("{BATCHES}/{id}")).await;
        assert_eq!(batch.results().len(), 50);
        assert_valid("batch", &batch.body);
    }
}

#[tokio::test]
async fn a_person_has_an_undocumented_field() {
    let vendor = Vendor::start();
    let path = vendor.enrich(&["ada@x.example"]).await;
    assert!(vendor.read(&path).await.results()[0]["result"]["x_score"].is_u64());
}

#[tokio::test]
async fn every_refusal_conforms_to_the_document() {
    let vendor = Vendor::with(Options {
        credits: Some(super::super::Totals::default()),
        ..Options::default()
    });
    let lead = json!({ "leads": [{ "email": "ada@x.example" }] });
    for (reply, status) in [
        (vendor.submit(&json!({})).await, 400),
        (vendor.submit(&lead).await, 402),
        (vendor.read("/people/enrichment-requests/1").await, 404),
        (vendor.read("/people/elsewhere").await, 404),
        (vendor.send("DELETE", "/people/enrichment-requests/1", Body::empty()).await, 405),
    ] {
        assert_eq!(reply.status, status);
        assert_valid("errors", &reply.body);
    }
    for status in [400, 401, 402, 403, 404, 418, 429, 500, 502, 503] {
        let reply = Vendor::struck_by(FaultKind::status(status)).submit(&lead).await;
        assert_eq!(reply.status, status);
        assert_valid("errors", &reply.body);
    }
}
