//! Parsing of submissions: closed objects, with one error per fault.

use serde_json::{Map, Value};

use super::answer::{Error, INVALID_TYPE, MALFORMED, MISSING_FIELD, TOO_MANY, UNKNOWN_FIELD};
use super::lead::{FIELDS, Lead};

/// The maximum number of errors in one response.
pub(super) const ERRORS_MAX: usize = 100;

/// A submitted batch.
pub(super) struct Submission {
    pub(super) leads: Vec<Lead>,
    pub(super) reveals: Reveals,
}

/// The requested reveals.
#[derive(Clone, Copy, Default)]
pub(super) struct Reveals {
    pub(super) email: bool,
    pub(super) phone: bool,
}

impl Submission {
    /// Refuses undocumented properties, at both levels.
    pub(super) fn parse(body: &[u8], leads_max: usize) -> Result<Self, Vec<Error>> {
        let mut errors = Vec::new();
        let mut fields = object(body)?;
        let leads = leads(fields.remove("leads"), leads_max, &mut errors);
        let reveals = Reveals {
            email: flag(&mut fields, "reveal_email", &mut errors),
            phone: flag(&mut fields, "reveal_phone_numbers", &mut errors),
        };
        errors.extend(fields.keys().map(|field| unknown(&format!("/{}", escaped(field)))));
        errors.truncate(ERRORS_MAX);
        if errors.is_empty() { Ok(Self { leads, reveals }) } else { Err(errors) }
    }
}

/// Whether a body requests a cancellation, the only possible change.
pub(super) fn parse_cancellation(body: &[u8]) -> Result<(), Vec<Error>> {
    let mut fields = object(body)?;
    let status = fields.remove("status");
    let mut errors: Vec<Error> =
        fields.keys().map(|field| unknown(&format!("/{}", escaped(field)))).collect();
    match status {
        Some(Value::String(status)) if status == "canceled" => {}
        Some(_) => errors.push(INVALID_TYPE.at("/status", "The status can only become: canceled")),
        None => errors.push(missing("status")),
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Vec<Error>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(vec![INVALID_TYPE.at("", "The request must be a JSON object.")]),
        Err(_) => Err(vec![MALFORMED.says("The request is not readable as JSON.")]),
    }
}

fn leads(field: Option<Value>, leads_max: usize, errors: &mut Vec<Error>) -> Vec<Lead> {
    let submitted = match field {
        Some(Value::Array(submitted)) if !submitted.is_empty() => submitted,
        Some(Value::Array(_)) | None => {
            errors.push(missing("leads"));
            return Vec::new();
        }
        Some(_) => {
            errors.push(INVALID_TYPE.at("/leads", "Must be an array."));
            return Vec::new();
        }
    };
    if submitted.len() > leads_max {
        errors.push(TOO_MANY.at("/leads", &format!("At most {leads_max} leads in one request.")));
        return Vec::new();
    }
    let lead = |(nth, value)| lead(&format!("/leads/{nth}"), value, errors);
    submitted.into_iter().enumerate().map(lead).collect()
}

fn lead(pointer: &str, value: Value, errors: &mut Vec<Error>) -> Lead {
    let Value::Object(fields) = value else {
        errors.push(INVALID_TYPE.at(pointer, "Must be an object."));
        return Lead::default();
    };
    for (field, value) in &fields {
        let pointer = format!("{pointer}/{}", escaped(field));
        if !FIELDS.contains(&field.as_str()) {
            errors.push(unknown(&pointer));
        } else if !value.is_string() {
            errors.push(INVALID_TYPE.at(&pointer, "Must be a string."));
        }
    }
    Lead::new(fields)
}

fn flag(fields: &mut Map<String, Value>, name: &str, errors: &mut Vec<Error>) -> bool {
    match fields.remove(name) {
        None => false,
        Some(Value::Bool(flag)) => flag,
        Some(_) => {
            errors.push(INVALID_TYPE.at(&format!("/{name}"), "Must be a boolean."));
            false
        }
    }
}

fn missing(field: &str) -> Error {
    MISSING_FIELD.at(&format!("/{field}"), &format!("Missing field from request: {field}"))
}

fn unknown(pointer: &str) -> Error {
    UNKNOWN_FIELD.at(pointer, "There is no such field.")
}

/// A name as a token of a JSON pointer (RFC 6901, section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn errors(body: &Value) -> Vec<(String, Option<String>)> {
        let errors = Submission::parse(body.to_string().as_bytes(), 3).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.code().to_owned(), error.pointer)).collect()
    }

    fn error(code: &str, pointer: &str) -> (String, Option<String>) {
        (code.to_owned(), Some(pointer.to_owned()))
    }

    #[test]
    fn no_leads_is_a_missing_field() {
        for body in [json!({}), json!({"leads": []})] {
            assert_eq!(errors(&body), [error("missing_field", "/leads")], "{body}");
        }
    }

    #[test]
    fn every_fault_is_reported_with_its_place() {
        let body = json!({
            "leads": [{"email": "a@x.example"}, {"mail": "b@x.example", "name": null}, "c"],
            "reveal_email": "true",
            "webhook/url": "https://x.example",
        });
        assert_eq!(
            errors(&body),
            [
                error("unknown_field", "/leads/1/mail"),
                error("invalid_type", "/leads/1/name"),
                error("invalid_type", "/leads/2"),
                error("invalid_type", "/reveal_email"),
                error("unknown_field", "/webhook~1url"),
            ]
        );
    }

    #[test]
    fn more_leads_than_the_limit_are_refused_and_as_many_are_not() {
        let leads = |count| json!({"leads": vec![json!({"email": "a@x.example"}); count]});
        assert_eq!(errors(&leads(3)), []);
        assert_eq!(errors(&leads(4)), [error("too_many_leads", "/leads")]);
    }

    #[test]
    fn only_a_cancellation_is_a_change() {
        assert!(parse_cancellation(br#"{"status":"canceled"}"#).is_ok());
        for body in ["{}", r#"{"status":"completed"}"#, r#"{"status":"canceled","x":1}"#, "[]", "{"]
        {
            assert!(parse_cancellation(body.as_bytes()).is_err(), "{body}");
        }
    }
}
