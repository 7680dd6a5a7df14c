//! Parsing of lookups: one lead as a query, with one error per fault.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::answer::{Error, INVALID_TYPE, MISSING_FIELD, UNKNOWN_FIELD};
use super::lead::{FIELDS, Lead};
use super::submission::Reveals;

/// A lookup of one person.
pub(super) struct LookUp {
    pub(super) lead: Lead,
    pub(super) reveals: Reveals,
}

impl LookUp {
    /// Refuses parameters that the vendor does not document.
    pub(super) fn parse(query: &str) -> Result<Self, Vec<Error>> {
        let (mut fields, mut reveals) = (Map::new(), Reveals::default());
        let mut errors = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let pointer = format!("/{name}");
            match &*name {
                "reveal_email" | "reveal_phone_numbers" => match flag(&value) {
                    Some(flag) if name == "reveal_email" => reveals.email = flag,
                    Some(flag) => reveals.phone = flag,
                    None => errors.push(INVALID_TYPE.at(&pointer, "Must be true or false.")),
                },
                field if FIELDS.contains(&field) => {
                    fields.insert(name.into_owned(), Value::String(value.into_owned()));
                }
                _ => errors.push(UNKNOWN_FIELD.at(&pointer, "There is no such parameter.")),
            }
        }
        if fields.is_empty() {
            errors.push(MISSING_FIELD.says("Give at least one field that identifies a person."));
        }
        if errors.is_empty() { Ok(Self { lead: Lead::new(fields), reveals }) } else { Err(errors) }
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
