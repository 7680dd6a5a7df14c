//! Calls that cost and are no leads: one request and one answer, sorted by whether it was charged.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};

use super::client::HttpVendor;
use super::sorting::{self, Answer};
use super::{Cause, Refusal};

/// The longest answer to a call that is read, as unpacked. Nobody can say what a longer one says.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A request to a path of the vendor's, built by the gateway: nothing of it is added to.
#[derive(Clone)]
pub struct Request {
    /// How it is asked.
    pub method: Method,
    /// Which path, with its query, beginning with a slash.
    pub path_and_query: String,
    /// What the body is.
    pub content_type: Option<HeaderValue>,
    /// What the answer may be; JSON where nothing is said.
    pub accept: Option<HeaderValue>,
    /// The body.
    pub body: Bytes,
}

/// An answer of the vendor's that came whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Whole {
    /// The HTTP status.
    pub status: StatusCode,
    /// What the body is.
    pub content_type: Option<HeaderValue>,
    /// The body.
    pub body: Bytes,
}

/// What came of a call.
#[derive(Debug)]
pub enum Called<T> {
    /// The vendor did what was asked, and charges for it.
    Done(T),
    /// Definitely not done: 400, 402, 404, 405, 413, 415 or 422.
    Refused(Whole),
    /// Not done, because the gateway's key or address is wrong: an operator has to act.
    Misaddressed {
        /// 401 or 403; of a path that is certain to be the vendor's also 404 or 405.
        status: u16,
    },
    /// Not done for now (429).
    Wait {
        /// How long the vendor asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// No connection was made, so no byte of the request left.
    NotSent(Cause),
    /// Nobody knows whether the vendor did it.
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
    /// The outcome in one word, as in labels.
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

    /// The same outcome, where what was done can be read.
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
    /// Sends one request, once. Any 2xx is an answer that is charged for.
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
