//! Priced calls other than enrichment: one request and one answer, by whether it was charged.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};

use super::client::HttpVendor;
use super::sorting::{self, Answer};
use super::{Cause, Refusal};

/// The maximum size of an answer to a call, uncompressed. A larger one is not read.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A request to a path of the vendor, built by the gateway: nothing is added to it.
#[derive(Clone)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path with the query, beginning with a slash.
    pub path_and_query: String,
    /// The type of the body.
    pub content_type: Option<HeaderValue>,
    /// The accepted type of the answer; JSON if not given.
    pub accept: Option<HeaderValue>,
    /// The body.
    pub body: Bytes,
}

/// A complete answer of the vendor.
#[derive(Clone, PartialEq, Eq)]
pub struct Whole {
    /// The HTTP status.
    pub status: StatusCode,
    /// The type of the body.
    pub content_type: Option<HeaderValue>,
    /// The body.
    pub body: Bytes,
}

/// The outcome of a call.
#[derive(Debug)]
pub enum Called<T> {
    /// The vendor processed it and charges for it.
    Done(T),
    /// Definitely not processed: 400, 402, 404, 405, 413, 415 or 422.
    Refused(Whole),
    /// Not processed, because the gateway's API key or URL is wrong: an operator must act.
    Misaddressed {
        /// 401 or 403; for a path that certainly exists also 404 or 405.
        status: u16,
    },
    /// Not processed for now (429).
    Wait {
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// No connection was made, so no byte of the request was sent.
    NotSent(Cause),
    /// It is not known whether the vendor processed it.
    NoAnswer(Cause),
}

impl Whole {
    /// The answer as a refusal.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        sorting::refusal(self.status.as_u16(), &self.body)
    }
}

impl<T> Called<T> {
    /// The outcome as a metric label.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Done(_) => "accepted",
            Self::Refused(_) => "refused",
            Self::Misaddressed { .. } => "misaddressed",
            Self::Wait { .. } => "wait",
            Self::NotSent(_) => "not_sent",
            Self::NoAnswer(_) => "no_answer",
        }
    }

    /// The same outcome, if the answer can be parsed.
    pub(super) fn read<U>(self, read: impl FnOnce(T) -> Result<U, Cause>) -> Called<U> {
        match self {
            Self::Done(done) => read(done).map_or_else(Called::NoAnswer, Called::Done),
            Self::Refused(whole) => Called::Refused(whole),
            Self::Misaddressed { status } => Called::Misaddressed { status },
            Self::Wait { retry_after } => Called::Wait { retry_after },
            Self::NotSent(cause) => Called::NotSent(cause),
            Self::NoAnswer(cause) => Called::NoAnswer(cause),
        }
    }
}

impl HttpVendor {
    /// Sends one request, once. Any 2xx is a charged answer.
    pub async fn call(&self, request: Request) -> Called<Whole> {
        let Request { method, path_and_query, content_type, accept, body } = request;
        let Some(url) = self.at(&path_and_query) else {
            return Called::NotSent(Cause::Unreachable(
                "the path does not make a valid URL".into(),
            ));
        };
        let mut sending = self.request(method, url).body(body);
        if let Some(content_type) = content_type {
            sending = sending.header(CONTENT_TYPE, content_type);
        }
        if let Some(accept) = accept {
            sending = sending.header(ACCEPT, accept);
        }
        sorted(self.exchange_within(ANSWER_BYTES_MAX, sending).await)
    }
}

fn sorted(answer: Result<Answer, Cause>) -> Called<Whole> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(cause @ Cause::Unreachable(_)) => return Called::NotSent(cause),
        Err(cause) => return Called::NoAnswer(cause),
    };
    match answer.status {
        200..=299 => Called::Done(answer.into_whole()),
        400 | 402 | 404 | 405 | 413 | 415 | 422 => Called::Refused(answer.into_whole()),
        status @ (401 | 403) => Called::Misaddressed { status },
        429 => Called::Wait { retry_after: answer.retry_after },
        _ => Called::NoAnswer(answer.undecided()),
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, <redacted>)", self.method)
    }
}

impl fmt::Debug for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Whole({}, <redacted>)", self.status)
    }
}
