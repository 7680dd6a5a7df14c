//! From an HTTP answer to what the gateway may do about it: the one place that knows what a status
//! means.
//!
//! An answer that did not come whole is no answer, whatever its status was.

use std::time::Duration;

use http::{HeaderValue, StatusCode};

use super::cursor::Pages;
use super::{
    Canceled, Cause, LookedUp, Page, Refusal, Remaining, Submitted, Unread, Unreadable,
    ValidationPage, Whole, wire,
};
use crate::domain::uuid::Uuid;
use crate::domain::vendor_id::VendorId;

/// An answer that came whole.
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

    /// The answer as it came, for whoever asked.
    pub(super) fn into_whole(self) -> Whole {
        // Whatever came over HTTP has a status of three digits.
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

/// The vendor's code for: nobody was found.
const PERSON_NOT_FOUND: &str = "person_not_found";

/// What came of submitting a batch.
pub(super) fn submitted(answer: Result<Answer, Cause>) -> Submitted<VendorId> {
    sorted(answer, |answer| match answer.status {
        202 => Some(wire::accepted(&answer.body)),
        _ => None,
    })
}

/// What came of looking a person up. That nobody was found, or that nobody may know, is an answer
/// only in the vendor's own envelope: whoever else writes a 404 speaks of the address.
pub(super) fn looked_up(answer: Result<Answer, Cause>) -> Submitted<LookedUp> {
    sorted(answer, |answer| match answer.status {
        200 => Some(wire::person(&answer.body).map(Box::new).map(LookedUp::Found)),
        404 if answer.refusal().code() == Some(PERSON_NOT_FOUND) => Some(Ok(LookedUp::NotFound)),
        451 if answer.refusal().code().is_some() => Some(Ok(LookedUp::Removed)),
        _ => None,
    })
}

/// What came of asking for something that costs, where `accepted` reads what says that it was taken.
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

/// What a page of this batch says.
pub(super) fn page(
    id: VendorId,
    pages: Pages<'_>,
    remaining: Remaining,
    answer: Result<Answer, Cause>,
) -> Result<Page, Unread> {
    let answer = readable(answer?)?;
    Ok(wire::page(id, pages, remaining, &answer).map_err(Cause::from)?)
}

/// What a page of this validation says.
pub(super) fn validation_page(
    id: Uuid,
    pages: Pages<'_>,
    remaining: Remaining,
    answer: Result<Answer, Cause>,
) -> Result<ValidationPage, Unread> {
    let answer = readable(answer?)?;
    Ok(wire::validation_page(id, pages, remaining, &answer).map_err(Cause::from)?)
}

/// The answer to a read, if there is something to be read.
fn readable(answer: Answer) -> Result<Answer, Unread> {
    match answer.status {
        200 => Ok(answer),
        404 => Err(Unread::Gone),
        status @ (401 | 403 | 405) => Err(Unread::Misaddressed { status }),
        429 => Err(Unread::Wait { retry_after: answer.retry_after }),
        _ => Err(answer.undecided().into()),
    }
}

/// What came of asking to cancel.
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
