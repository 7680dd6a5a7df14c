//! A batch as the vendor's object: closed, but for the person in each result, whose text is passed
//! on as it is.

#[cfg(test)]
pub(in crate::http) mod samples;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::value::RawValue;

use super::envelope::{ErrorEntry, Source};
use super::links::Links;
use crate::domain::lead::{Field, Lead};
use crate::gateway::{BatchPage, Failure, Finding, Line, Status};

/// The body of an answer about a batch.
#[derive(Serialize)]
pub(in crate::http) struct BatchShown<'a> {
    id: u64,
    object: &'static str,
    status: &'static str,
    results: Vec<ResultShown<'a>>,
    #[serde(rename = "_errors", skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ErrorEntry<'a>>,
    #[serde(rename = "_links")]
    links: Links,
}

impl<'a> BatchShown<'a> {
    /// These leads of a batch, and what went wrong with them.
    pub(in crate::http) fn of(page: &'a BatchPage, shown: &'a [Line], links: Links) -> Self {
        Self {
            id: page.id.get(),
            object: "person_enrichment",
            status: status(page.status),
            results: shown.iter().map(ResultShown::of).collect(),
            errors: shown.iter().filter_map(error).collect(),
            links,
        }
    }
}

#[derive(Serialize)]
struct ResultShown<'a> {
    id: u32,
    status: Option<&'static str>,
    result: Option<&'a RawValue>,
    email: Option<&'a str>,
    linkedin_url: Option<&'a str>,
    company_domain: Option<&'a str>,
    company_name: Option<&'a str>,
    name: Option<&'a str>,
    title: Option<&'a str>,
}

impl<'a> ResultShown<'a> {
    fn of(line: &'a Line) -> Self {
        let (status, person) = match &line.finding {
            Finding::Pending | Finding::Failed(_) | Finding::Refused(_) => (None, None),
            Finding::Found(person) => (Some("enriched"), Some(person)),
            Finding::NotFound => (Some("not_found"), None),
            Finding::Removed => (Some("gdpr_removed"), None),
        };
        let echo = |field: Field| line.echo.as_ref().and_then(|lead: &Lead| lead.field(field));
        Self {
            id: line.position,
            status,
            result: person.map(|text| as_it_is(text)),
            email: echo(Field::Email),
            linkedin_url: echo(Field::LinkedinUrl),
            company_domain: echo(Field::CompanyDomain),
            company_name: echo(Field::CompanyName),
            name: echo(Field::Name),
            title: echo(Field::Title),
        }
    }
}

/// Only scanned for being JSON, so that no page can be broken by one of its persons.
fn as_it_is(person: &str) -> &RawValue {
    serde_json::from_str(person).expect("a person was JSON when it was stored")
}

pub(super) const fn status(status: Status) -> &'static str {
    status.name()
}

/// Why a lead reads null for good, at its place in the request.
fn error(line: &Line) -> Option<ErrorEntry<'_>> {
    let (code, title, detail) = match &line.finding {
        Finding::Failed(failed) => failure(*failed),
        Finding::Refused(words) => (&*words.code, &*words.title, &*words.detail),
        _ => return None,
    };
    let pointer = format!("/leads/{}", line.position.saturating_sub(1));
    Some(ErrorEntry { code, title, detail, source: Some(Source { pointer }) })
}

/// The code, title and detail of what became of something that was not answered.
pub(super) const fn failure(failure: Failure) -> (&'static str, &'static str, &'static str) {
    match failure {
        Failure::InsufficientCredits => (
            "insufficient_credits",
            "Insufficient Credits",
            "The quotas of the team, or the limits set by the caller, did not allow this lead to \
             be sent",
        ),
        Failure::VendorCredits => (
            "insufficient_credits",
            "Insufficient Credits",
            "The vendor's account had no credits when this lead was due",
        ),
        Failure::Unresolved => (
            "unresolved",
            "Unresolved",
            "The vendor did not answer; it is not known whether this was charged",
        ),
        Failure::VendorError | Failure::Refused => {
            ("vendor_error", "Vendor Error", "The vendor refused this or failed to process it")
        }
        Failure::Lost => (
            "vendor_error",
            "Vendor Error",
            "The answer was lost. A new request for it costs at most what a new answer costs",
        ),
        Failure::Canceled => {
            ("canceled", "Canceled", "The request was canceled before this was answered")
        }
    }
}
