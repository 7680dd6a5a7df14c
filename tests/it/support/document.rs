//! The vendor's document: what its answers look like, formats and all.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::client::Answer;

static BATCH: LazyLock<Validator> = LazyLock::new(|| definition("batch"));
static ERRORS: LazyLock<Validator> = LazyLock::new(|| definition("errors"));

fn definition(name: &str) -> Validator {
    let mut schema: Value =
        serde_json::from_str(include_str!("../../data/vendor-schema.json")).unwrap();
    schema.as_object_mut().unwrap().remove("anyOf");
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// That an answer is the vendor's batch object.
pub(crate) fn assert_is_batch(answer: &Answer) {
    assert_valid(&BATCH, answer);
}

/// That an answer is the vendor's envelope of errors, with one error at least.
pub(crate) fn assert_is_error(answer: &Answer) {
    assert_valid(&ERRORS, answer);
    assert!(!answer.errors().is_empty(), "{answer:?}");
}

fn assert_valid(definition: &Validator, answer: &Answer) {
    let faults: Vec<String> = definition
        .iter_errors(&answer.body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?} in {answer:?}");
}
