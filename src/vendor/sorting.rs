//! Classification of HTTP answers: the only place that knows the meaning of statuses.
//!
//! An incomplete answer counts as no answer, whatever its status.

use std::time::Duration;

use http::{HeaderValue, StatusCode};

use super::cursor::Pages;
use super::{
    Canceled, Cause, LookedUp, Page, Refusal, Remaining, Submitted, Unread, Unreadable,
    ValidationPage, Whole, wire,
};
use crate::domain::uuid::Uuid;
use crate::domain::vendor_id::VendorId;

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    fn refusal(&self) -> Refusal {
        refusal(self.status, &self.body)
    }

    /// The unmodified answer, for the caller.
    pub(super) fn into_whole(self) -> Whole {
        // Every HTTP status has three digits.
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        Whole { status, content_type: self.content_type, body: self.body.into() }
    }

    pub(super) fn undecided(&self) -> Cause {
        Cause::Status { status: self.status, retry_after: self.retry_after }
    }
}

/// An answer as a refusal, with the errors of the vendor's envelope if it is one.
pub(super) fn refusal(status: u16, body: &[u8]) -> Refusal {
    Refusal { status, errors: wire::errors(body) }
}

/// The vendor's code for a person that was not found.
const PERSON_NOT_FOUND: &str = "person_not_found";

/// The outcome of submitting a batch.
pub(super) fn submitted(answer: Result<Answer, Cause>) -> Submitted<VendorId> {
    sorted(answer, |answer| match answer.status {
        202 => Some(wire::accepted(&answer.body)),
        _ => None,
    })
}

/// The outcome of a lookup. "Not found" and "removed" count only in the vendor's own envelope: a
/// 404 of any other form is about the URL.
pub(super) fn looked_up(answer: Result<Answer, Cause>) -> Submitted<LookedUp> {
    sorted(answer, |answer| match answer.status {
        200 => Some(wire::person(&answer.body).map(Box::new).map(LookedUp::Found)),
        404 if answer.refusal().code() == Some(PERSON_NOT_FOUND) => Some(Ok(LookedUp::NotFound)),
        451 if answer.refusal().code().is_some() => Some(Ok(LookedUp::Removed)),
        _ => None,
    })
}

/// The outcome of a priced request, where `accepted` parses the answer of an accepted one.
fn sorted<T>(
    answer: Result<Answer, Cause>,
    accepted: impl FnOnce(&Answer) -> Option<Result<T, Unreadable>>,
) -> Submitted<T> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(cause @ Cause::Unreachable(_)) => return Submitted::NotSent(cause),
        Err(cause) => return Submitted::NoAnswer(cause),
    };
    match accepted(&answer) {
        Some(Ok(accepted)) => return Submitted::Accepted(accepted),
        Some(Err(unreadable)) => return Submitted::NoAnswer(unreadable.into()),
        None => {}
    }
    match answer.status {
        400 | 402 | 413 | 415 | 422 => Submitted::Refused(answer.refusal()),
        status @ (401 | 403 | 404 | 405) => Submitted::Misaddressed { status },
        429 => Submitted::Wait { retry_after: answer.retry_after },
        _ => Submitted::NoAnswer(answer.undecided()),
    }
}

/// The content of a page of this batch.
pub(super) fn page(
    id: VendorId,
    pages: Pages<'_>,
    remaining: Remaining,
    answer: Result<Answer, Cause>,
) -> Result<Page, Unread> {
    let answer = readable(answer?)?;
    Ok(wire::page(id, pages, remaining, &answer).map_err(Cause::from)?)
}

/// The content of a page of this validation.
pub(super) fn validation_page(
    id: Uuid,
    pages: Pages<'_>,
    remaining: Remaining,
    answer: Result<Answer, Cause>,
) -> Result<ValidationPage, Unread> {
    let answer = readable(answer?)?;
    Ok(wire::validation_page(id, pages, remaining, &answer).map_err(Cause::from)?)
}

/// The answer to a read, if it can be parsed.
fn readable(answer: Answer) -> Result<Answer, Unread> {
    match answer.status {
        200 => Ok(answer),
        404 => Err(Unread::Gone),
        status @ (401 | 403 | 405) => Err(Unread::Misaddressed { status }),
        429 => Err(Unread::Wait { retry_after: answer.retry_after }),
        _ => Err(answer.undecided().into()),
    }
}

/// The outcome of a cancellation.
pub(super) fn canceled(answer: Result<Answer, Cause>) -> Canceled {
    let answer = match answer {
        Ok(answer) => answer,
        Err(cause) => return Canceled::NoAnswer(cause),
    };
    match answer.status {
        200 | 202 | 204 => Canceled::Agreed,
        404 => Canceled::Gone,
        status @ (401 | 403 | 405) => Canceled::Misaddressed { status },
        429 => Canceled::Wait { retry_after: answer.retry_after },
        400..=499 => Canceled::Refused(answer.refusal()),
        _ => Canceled::NoAnswer(answer.undecided()),
    }
}
