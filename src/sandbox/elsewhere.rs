//! The vendor's other paths. Free ones answer with small constant objects; paths that can spend
//! credits charge for each request.
//!
//! The vendor publishes no price for the latter. For tests of a gateway it matters that each
//! request is charged; the amount does not matter.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use http::{Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::Sandbox;
use super::answer::Answer;
use super::bill::EntryKind;
use super::fault::Operation;
use super::routes::under_faults;

const FREE: [&str; 23] = [
    "/account-info",
    "/accounts",
    "/accounts/{id}",
    "/mailboxes",
    "/mailboxes/{id}",
    "/users",
    "/users/{id}",
    "/contacts",
    "/contacts/{id}",
    "/contacts/{id}/notes",
    "/sequences",
    "/sequences/{id}",
    "/sequences/{id}/leads",
    "/tasks",
    "/tasks/{id}",
    "/tasks/{id}/complete",
    "/calls",
    "/calls/{id}",
    "/calls/{id}/recording",
    "/excluded-domains",
    "/excluded-domains/{id}",
    "/excluded-emails",
    "/excluded-emails/{id}",
];

/// Paths that can spend credits with any method.
const SPENDING: [&str; 6] = [
    "/companies/find",
    "/companies/enrichment-requests",
    "/companies/enrichment-requests/{id}",
    "/people/search",
    "/companies/search",
    REVIEW,
];

/// Paths that are free to read, and can spend credits otherwise.
const SPENDING_UNLESS_READ: [&str; 2] = ["/lead-lists", "/lead-lists/{id}"];

/// The path that spends phone credits; the others spend email credits.
const REVIEW: &str = "/phone-numbers/review";

pub(super) fn router() -> Router<Sandbox> {
    let free = FREE.iter().fold(Router::new(), |router, path| router.route(path, any(free)));
    let read = SPENDING_UNLESS_READ
        .iter()
        .fold(free, |router, path| router.route(path, any(spending).get(self::free)));
    SPENDING.iter().fold(read, |router, path| router.route(path, any(spending)))
}

async fn free(State(sandbox): State<Sandbox>, method: Method, target: Uri) -> Response {
    let act = |_| Ok(answer(&method, &target));
    under_faults(&sandbox, Operation::Elsewhere, act).await
}

async fn spending(State(sandbox): State<Sandbox>, method: Method, target: Uri) -> Response {
    let act = |_| {
        let is_review = target.path() == REVIEW;
        let kind = if is_review { EntryKind::PhoneElsewhere } else { EntryKind::EmailElsewhere };
        sandbox.at_desk(|desk, now| desk.charge_elsewhere(kind, now));
        Ok(answer(&method, &target))
    };
    under_faults(&sandbox, Operation::Elsewhere, act).await
}

/// An object for whatever was created or changed, or else a page of a list, with a link to its own
/// URL.
fn answer(method: &Method, target: &Uri) -> Answer {
    let links = json!({"self": {"href": target.to_string()}});
    match *method {
        Method::GET | Method::HEAD => Answer::ok(json!({
            "object": "list",
            "results": [{"id": "00000000-0000-4000-8000-000000000001", "name": "Ada Lovelace"}],
            "_links": links,
        })),
        Method::DELETE => Answer { status: StatusCode::NO_CONTENT, ..Answer::ok(Value::Null) },
        _ => Answer {
            status: StatusCode::CREATED,
            ..Answer::ok(json!({"object": "made", "_links": links}))
        },
    }
}
