//! Email validations: the body that asks for one, closed at both levels, and the vendor's object for
//! an answer.

use serde::Serialize;

use super::batch::{failure, status};
use super::envelope::{ErrorEntry, Source};
use super::fault::{Fault, Faults};
use super::given::Given;
use super::links::Links;
use crate::domain::identity::Identity;
use crate::domain::lead::{Field, Fields, Lead};
use crate::gateway::{AddressLine, PageAsk, ValidationPage, Verdict};

/// Reads `{"emails": [{"email": "…"}, …]}` of at most so many addresses.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8], addresses_max: usize) -> Result<Vec<Lead>, Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let [emails] = given.with_required(["emails"], 1, faults)?;
        let emails = emails?;
        let items = emails.items(faults)?;
        if items.is_empty() {
            emails.refuse("Expected at least one address", faults);
        } else if items.len() > addresses_max {
            emails.refuse(format!("At most {addresses_max} addresses are allowed"), faults);
            return None;
        }
        Some(items.iter().filter_map(|item| address(item, faults)).collect())
    })
}

fn address(item: &Given<'_>, faults: &mut Faults) -> Option<Lead> {
    let [email] = item.with_required(["email"], 1, faults)?;
    let email = email?;
    let mut fields = Fields::default();
    let text = email.string(faults)?;
    let is_address = Identity::of_address(&text).is_some();
    fields[Field::Email] = Some(text);
    let lead = Lead::new(fields).ok().filter(|_| is_address);
    if lead.is_none() {
        email.refuse("This is not an email address", faults);
    }
    lead
}

/// The body of an answer about a validation.
#[derive(Serialize)]
pub(in crate::http) struct ValidationShown<'a> {
    id: String,
    object: &'static str,
    status: &'static str,
    results: Vec<ResultShown<'a>>,
    #[serde(rename = "_errors", skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorEntry<'static>>,
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Serialize)]
struct ResultShown<'a> {
    object: &'static str,
    email: Option<&'a str>,
    result: Option<&'a str>,
    catch_all: Option<bool>,
}

impl<'a> ValidationShown<'a> {
    /// One page of a validation, as it was asked for.
    pub(in crate::http) fn of(page: &'a ValidationPage, ask: PageAsk) -> Self {
        let path = format!("/email-validations/{}", page.name);
        let position = |line: &AddressLine| line.position;
        let shown = page.lines.first().map(position).zip(page.lines.last().map(position));
        // What has not ended has no pages.
        let links = if page.status.has_ended() {
            Links::beside(&path, shown, page.addresses, ask)
        } else {
            Links::to(&path)
        };
        Self {
            id: page.name.to_string(),
            object: "email_validation",
            status: status(page.status),
            results: page.lines.iter().map(ResultShown::of).collect(),
            errors: page.lines.iter().filter_map(error).collect(),
            links,
        }
    }
}

impl<'a> ResultShown<'a> {
    fn of(line: &'a AddressLine) -> Self {
        let judgement = match &line.verdict {
            Verdict::Judged(judgement) => Some(judgement),
            Verdict::Pending | Verdict::Removed | Verdict::Failed(_) => None,
        };
        Self {
            object: "email_validation_result",
            email: line.echo.as_ref().and_then(|lead| lead.field(Field::Email)),
            result: judgement.map(|judgement| judgement.result.as_str()),
            catch_all: judgement.and_then(|judgement| judgement.catch_all),
        }
    }
}

/// Why an address reads null for good, at its place in the request.
fn error(line: &AddressLine) -> Option<ErrorEntry<'static>> {
    let (code, title, detail) = match line.verdict {
        Verdict::Pending | Verdict::Judged(_) => return None,
        Verdict::Removed => ("gdpr_removed", "Removed", "The person requested erasure"),
        Verdict::Failed(failed) => failure(failed),
    };
    let pointer = format!("/emails/{}", line.position.saturating_sub(1));
    Some(ErrorEntry { code, title, detail, source: Some(Source { pointer }) })
}

#[cfg(test)]
mod tests {
    use super::super::fault::places;
    use super::*;

    fn faults(body: &str) -> Vec<(&'static str, String)> {
        places(parse(body.as_bytes(), 2))
    }

    #[test]
    fn addresses_come_in_their_order_as_they_are_written() {
        let body = br#"{"emails": [{"email": " Ada@X.example "}, {"email": "b@x.example"}]}"#;
        let addresses = parse(body, 2).unwrap();
        let emails: Vec<_> = addresses.iter().map(|lead| lead.field(Field::Email)).collect();
        assert_eq!(emails, [Some(" Ada@X.example "), Some("b@x.example")]);
    }

    #[test]
    fn every_fault_is_named_at_its_place() {
        let at = |code, pointer: &str| vec![(code, pointer.to_owned())];
        assert_eq!(faults("{}"), at("missing_field", "/emails"));
        assert_eq!(faults(r#"{"emails":[]}"#), at("invalid_field", "/emails"));
        assert_eq!(faults(r#"{"emails":{}}"#), at("type_error", "/emails"));
        assert_eq!(
            faults(r#"{"emails":[{"email":"nobody"}]}"#),
            at("invalid_field", "/emails/0/email")
        );
        assert_eq!(faults(r#"{"emails":[{"email":""}]}"#), at("invalid_field", "/emails/0/email"));
        assert_eq!(faults(r#"{"emails":[{"email":7}]}"#), at("type_error", "/emails/0/email"));
        assert_eq!(faults(r#"{"emails":["a@x.io"]}"#), at("type_error", "/emails/0"));
        assert_eq!(
            faults(r#"{"emails":[{"email":"a@x.io","name":"A"},{}],"x":1}"#),
            [
                ("unknown_field", "/x".to_owned()),
                ("unknown_field", "/emails/0/name".to_owned()),
                ("missing_field", "/emails/1/email".to_owned()),
            ]
        );
        let three = r#"{"emails":[{"email":"a@x.io"},{"email":"b@x.io"},{"email":"c@x.io"}]}"#;
        assert_eq!(faults(three), at("invalid_field", "/emails"));
    }
}
