//! An email validation: its request and its pages.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::batch::Links;
use super::list;
use crate::domain::uuid::Uuid;
use crate::vendor::cursor::Pages;
use crate::vendor::sorting::Answer;
use crate::vendor::validation::{ValidationPage, Verdict};
use crate::vendor::{Ending, Remaining, Unreadable, Word};

#[derive(Serialize)]
struct Submission<'a> {
    emails: Vec<Email<'a>>,
}

#[derive(Serialize)]
struct Email<'a> {
    email: &'a str,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

#[derive(Deserialize)]
struct Validation<'a> {
    id: String,
    status: String,
    #[serde(borrow)]
    results: Option<&'a RawValue>,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Row {
    email: String,
    result: String,
    catch_all: Option<bool>,
}

/// The body of a submission of addresses.
pub(in crate::vendor) fn validation_request(emails: &[&str]) -> Vec<u8> {
    let body = Submission { emails: emails.iter().map(|email| Email { email }).collect() };
    serde_json::to_vec(&body).expect("a struct of texts is JSON")
}

/// The id of an accepted validation.
pub(in crate::vendor) fn validation_accepted(body: &[u8]) -> Result<Uuid, Unreadable> {
    let Accepted { id } = serde_json::from_slice(body)?;
    id.parse().map_err(|_| Unreadable::Name)
}

/// The content of a page of this validation. An invalid result is ignored: its address has none.
pub(in crate::vendor) fn validation_page(
    id: Uuid,
    pages: Pages<'_>,
    remaining: Remaining,
    answer: &Answer,
) -> Result<ValidationPage, Unreadable> {
    let validation: Validation<'_> = serde_json::from_slice(&answer.body)?;
    if validation.id.parse() != Ok(id) {
        return Err(Unreadable::OtherBatch);
    }
    let ending = match validation.status.as_str() {
        "queued" | "processing" => {
            return Ok(ValidationPage::Running { retry_after: answer.retry_after });
        }
        "completed" => Ending::Completed,
        "canceled" => Ending::Canceled,
        "error" => Ending::Error,
        other => return Err(Unreadable::Status(Word::of(other))),
    };
    let rows = validation.results.map(|list| list::first(list, remaining.results)).transpose()?;
    let (rows, has_more) = rows.map(|rows| (rows.entries, rows.has_more)).unwrap_or_default();
    if has_more {
        return Err(Unreadable::TooMany);
    }
    let rows = rows.into_iter().filter_map(|row| serde_json::from_str::<Row>(row.get()).ok());
    let results = rows.map(|Row { email, result, catch_all }| Verdict { email, result, catch_all });
    let results = results.collect();
    let next = validation.links.map(|links| links.next(pages)).transpose()?.flatten();
    Ok(ValidationPage::Ended { ending, results, next, bytes: answer.body.len() })
}
