//! Changes to valid answers.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::{Map, Value, json};

use super::{Failure, FaultKind, NextLink};
use crate::sandbox::answer::{Answer, ErrorKind};
use crate::sandbox::cut;
use crate::sandbox::lead::FIELDS;

/// The answer if a fault prevents the processing of the request.
pub(in crate::sandbox) fn refusal(faults: &[FaultKind]) -> Option<Response> {
    match faults.last() {
        Some(FaultKind::CutBefore) => Some(cut::before_answer()),
        Some(FaultKind::Status(failure)) if !failure.taken => {
            Some(failed(*failure).into_response())
        }
        _ => None,
    }
}

/// Writes an answer, changed by each fault in turn, completely or in part.
pub(in crate::sandbox) fn spoil(mut answer: Answer, faults: &[FaultKind]) -> Response {
    for fault in faults {
        distort(&mut answer, *fault);
    }
    if faults.contains(&FaultKind::CutAfter) {
        cut::within(answer)
    } else if faults.contains(&FaultKind::Malformed) {
        malformed(answer)
    } else {
        answer.into_response()
    }
}

fn distort(answer: &mut Answer, fault: FaultKind) {
    match fault {
        FaultKind::Status(failure) => *answer = failed(failure),
        FaultKind::NoId => {
            answer.body.as_object_mut().and_then(|object| object.remove("id"));
        }
        FaultKind::UndocumentedStatus => answer.body["status"] = json!("failed"),
        FaultKind::NextLink(next) => {
            let link = answer.body.pointer_mut("/_links/next/href");
            if let Some(href) = link.filter(|href| href.is_string()) {
                *href = relinked(href.as_str().unwrap_or_default(), next);
            }
        }
        FaultKind::ResultsEndless(count) => {
            answer.body["_links"]["next"]["href"] = next_without_end(&answer.body);
            if let Some(results) = answer.body["results"].as_array_mut() {
                let extra = extra(results);
                results.extend(std::iter::repeat_n(extra, count.try_into().unwrap_or(usize::MAX)));
            }
        }
        kind if kind.is_about_results() => {
            let results = answer.body.get_mut("results").and_then(Value::as_array_mut);
            if let Some(results) = results.filter(|results| !results.is_empty()) {
                distort_results(results, kind);
            }
        }
        _ => {}
    }
}

/// A link to the same page, which differs from all earlier links.
fn next_without_end(page: &Value) -> Value {
    static PAGES: AtomicU64 = AtomicU64::new(0);
    let page_of = page["_links"]["self"]["href"].as_str().unwrap_or_default();
    json!(format!("{page_of}?turn={}", PAGES.fetch_add(1, Ordering::Relaxed)))
}

/// A link to the next page in another form.
fn relinked(href: &str, next: NextLink) -> Value {
    match next {
        NextLink::ByNumber => {
            let (path, query) = href.split_once('?').unwrap_or((href, ""));
            let mut numbers = query.split(['=', '&']).filter_map(|part| part.parse::<usize>().ok());
            let (size, after) = (numbers.next().unwrap_or(1).max(1), numbers.next().unwrap_or(0));
            json!(format!("{path}?page[number]={}&page[size]={size}", after / size + 1))
        }
        NextLink::Elsewhere => json!(format!("https://elsewhere.example{href}")),
    }
}

/// Requires at least one result.
fn distort_results(results: &mut Vec<Value>, fault: FaultKind) {
    match fault {
        FaultKind::ResultsMissing => drop(results.remove(0)),
        FaultKind::ResultsExtra => results.push(extra(results)),
        FaultKind::ResultsOutOfOrder => results.reverse(),
        FaultKind::EchoTidied => results.iter_mut().for_each(tidy),
        FaultKind::EchoContradicts => {
            if let Some(first) = results[0].as_object_mut() {
                first.extend(stranger());
            }
        }
        _ => {}
    }
}

/// An echo with normalised fields.
fn tidy(result: &mut Value) {
    for field in FIELDS {
        let Some(text) = result[field].as_str() else { continue };
        let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let tidied = match field {
            "email" => spaced.to_lowercase(),
            "linkedin_url" | "company_domain" => {
                let bare = spaced.split(['?', '#']).next().unwrap_or_default();
                bare.trim_end_matches('/').to_lowercase()
            }
            _ => spaced,
        };
        result[field] = json!(tidied);
    }
}

/// An extra result with the same outcome, for a lead that was not submitted.
fn extra(results: &[Value]) -> Value {
    let mut extra = results[0].clone();
    let ids = results.iter().filter_map(|result| result["id"].as_u64());
    if let Some(fields) = extra.as_object_mut() {
        fields.insert("id".to_owned(), json!(ids.max().unwrap_or(0) + 1));
        fields.extend(stranger());
    }
    extra
}

/// The echo of a lead that was not submitted.
fn stranger() -> Map<String, Value> {
    let mut echo: Map<String, Value> =
        FIELDS.iter().map(|field| ((*field).to_owned(), Value::Null)).collect();
    echo.insert("email".to_owned(), json!("stranger@elsewhere.example"));
    echo
}

fn failed(failure: Failure) -> Answer {
    let error = ErrorKind::of(failure.code).says("The sandbox failed by configuration.");
    Answer { retry_after_seconds: failure.retry_after_seconds, ..Answer::from(error) }
}

/// Half of the JSON, with a matching content length.
fn malformed(answer: Answer) -> Response {
    let mut text = answer.body.to_string();
    // A character boundary at or below half: names may contain non-ASCII characters.
    text.truncate(text.floor_char_boundary(text.len() / 2));
    let (mut head, _) = answer.into_response().into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(text))
}
