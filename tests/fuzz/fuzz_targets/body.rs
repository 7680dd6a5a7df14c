//! Any bytes as the body of an enrichment request: never a panic, and never a reading that another
//! reader of JSON would not share.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tollgate::domain::lead::{Field, Lead};
use tollgate::http::wire::fault::{FAULTS_MAX, Fault};
use tollgate::http::wire::request::EnrichmentRequest;

const LEADS_MAX: usize = 5;
const FIELD_CHARS_MAX: usize = 2_000;

fuzz_target!(|body: &[u8]| {
    let request = EnrichmentRequest::parse(body, LEADS_MAX, FIELD_CHARS_MAX);
    // The other reader does not take a byte order mark.
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    match request {
        Ok(request) => reads_as_a_tree_does(&request, body),
        Err(faults) => are_told_at_their_place(&faults, body),
    }
});

fn reads_as_a_tree_does(request: &EnrichmentRequest, body: &[u8]) {
    let tree: Value = serde_json::from_slice(body).expect("what is taken is JSON");
    let object = tree.as_object().expect("what is taken is an object");
    let is_asked = |name: &str| object.get(name).is_some_and(|asked| asked.as_bool().unwrap());
    assert_eq!(request.reveals.email, is_asked("reveal_email"));
    assert_eq!(request.reveals.phone, is_asked("reveal_phone_numbers"));
    let leads = object["leads"].as_array().expect("what is taken has leads");
    assert!((1..=LEADS_MAX).contains(&leads.len()));
    assert_eq!(request.leads.len(), leads.len());
    for (lead, written) in request.leads.iter().zip(leads) {
        echoes(lead, written);
    }
}

fn echoes(lead: &Lead, written: &Value) {
    let written = written.as_object().expect("a lead is an object");
    assert!(written.keys().all(|name| Field::named(name).is_some()));
    for field in Field::ALL {
        let text = written.get(field.name()).filter(|text| !text.is_null());
        let text = text.map(|text| text.as_str().expect("a field is a text or null"));
        assert_eq!(lead.field(field), text.filter(|text| !text.trim().is_empty()));
    }
}

fn are_told_at_their_place(faults: &[Fault], body: &[u8]) {
    assert!((1..=FAULTS_MAX).contains(&faults.len()));
    let is_json = faults.iter().all(|fault| fault.code != "invalid_json");
    assert!(is_json || faults.len() == 1);
    let Ok(tree) = serde_json::from_slice::<Value>(body) else { return };
    assert!(is_json, "another reader takes this body for JSON");
    for fault in faults.iter().filter(|fault| !fault.pointer.ends_with('…')) {
        let is_there = tree.pointer(&fault.pointer).is_some();
        // A pointer into what a second writing replaced leads nowhere in a tree.
        let is_replaced = faults.iter().any(|fault| fault.code == "duplicate_field");
        assert!(is_there != (fault.code == "missing_field") || is_replaced, "{fault:?}");
    }
}
