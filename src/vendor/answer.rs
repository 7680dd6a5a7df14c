//! The vendor's answers, by what the gateway may do next.
//!
//! The criterion is whether the vendor may have accepted the request, since that is what costs
//! credits. Only three outcomes are certain: an id, a definite refusal, and a request of which no
//! byte was sent.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{Batch, VendorError};
use crate::domain::person::Person;

/// The outcome of a submission: of a batch, for which the vendor returns an id, or of a lookup,
/// which it answers.
#[derive(Debug)]
pub enum Submitted<T> {
    /// The vendor accepted it and charges for it.
    Accepted(T),
    /// Definitely not accepted, and it would be refused again: void, unless an earlier attempt is
    /// unanswered.
    Refused(Refusal),
    /// Not accepted, because the gateway's API key or URL is wrong: the leads are not the cause,
    /// and an operator must act.
    Misaddressed {
        /// 401, 403, 404 or 405.
        status: u16,
    },
    /// Not accepted for now (429).
    Wait {
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// No connection was made, so no byte of the request was sent.
    NotSent(Cause),
    /// It is not known whether the vendor accepted it.
    NoAnswer(Cause),
}

impl<T> Submitted<T> {
    /// The outcome as a metric label.
    #[must_use]
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Refused(_) => "refused",
            Self::Misaddressed { .. } => "misaddressed",
            Self::Wait { .. } => "wait",
            Self::NotSent(_) => "not_sent",
            Self::NoAnswer(_) => "no_answer",
        }
    }
}

/// The result of a lookup.
#[derive(Debug)]
pub enum LookedUp {
    /// This person.
    Found(Box<Person>),
    /// No person.
    NotFound,
    /// A person who requested erasure.
    Removed,
}

/// A request that the vendor definitely did not process.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The errors of the vendor's envelope, if the answer was one.
    pub errors: Vec<VendorError>,
}

impl Refusal {
    /// The first code in the vendor's envelope.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.errors.first()?.code.as_deref()
    }

    /// The leads that the refusal names, by their positions among those sent, each with its first
    /// error.
    #[must_use]
    pub fn leads(&self, sent: usize) -> BTreeMap<usize, &VendorError> {
        let mut leads = BTreeMap::new();
        for error in &self.errors {
            let place = error.pointer.as_deref().and_then(lead_at).filter(|place| *place < sent);
            if let Some(place) = place {
                leads.entry(place).or_insert(error);
            }
        }
        leads
    }
}

/// The position of the lead in a pointer: `/leads/7`, or below it.
fn lead_at(pointer: &str) -> Option<usize> {
    let path = pointer.strip_prefix('#').unwrap_or(pointer).strip_prefix("/leads/")?;
    let digits =
        path.split('/').next().filter(|token| token.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok()
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({}, {:?})", self.status, self.errors)
    }
}

/// The content of a completely read batch.
#[derive(Debug)]
pub enum Read {
    /// It is queued or in progress.
    Running {
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// It has ended, with all its pages.
    Ended(Batch),
}

/// Why a batch could not be read. Reading is free and changes nothing, so it may always be
/// repeated.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The vendor does not know the batch (404).
    #[error("the vendor does not know the batch")]
    Gone,
    /// The gateway's API key or URL is wrong.
    #[error("the vendor answered with status {status}: the API key or the URL is wrong")]
    Misaddressed {
        /// 401, 403 or 405.
        status: u16,
    },
    /// Too many requests (429).
    #[error("the vendor limits the rate")]
    Wait {
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// No answer, or an invalid one.
    #[error("no answer")]
    NoAnswer(#[from] Cause),
}

/// The outcome of a cancellation.
#[derive(Debug)]
pub enum Canceled {
    /// The vendor cancelled it.
    Agreed,
    /// The vendor refused, most likely because the batch has ended.
    Refused(Refusal),
    /// The vendor does not know the batch (404).
    Gone,
    /// The gateway's API key or URL is wrong.
    Misaddressed {
        /// 401, 403 or 405.
        status: u16,
    },
    /// Too many requests (429).
    Wait {
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// It is not known whether the vendor cancelled it; the request may be repeated.
    NoAnswer(Cause),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No connection: name resolution, the network or the TLS handshake failed. No byte of the
    /// request was sent.
    #[error("the vendor cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// The timeout.
    #[error("the vendor did not answer in time")]
    Late,
    /// The connection broke before the answer was complete.
    #[error("the connection broke before the answer was complete")]
    Cut(#[source] Box<dyn Error + Send + Sync>),
    /// The answer exceeds the size limit.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLong {
        /// The limit, uncompressed.
        bytes_max: usize,
    },
    /// A status without a certain meaning: any 5xx, a redirect, an undocumented one.
    #[error("the vendor answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The answer is complete but invalid.
    #[error("the answer cannot be parsed: {0}")]
    Unreadable(#[from] Unreadable),
}

impl Cause {
    /// Whether an answer was complete but undocumented.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::Unreadable(_) => true,
            Self::Status { status, .. } => *status < 500,
            Self::Unreachable(_) | Self::Late | Self::Cut(_) => false,
        }
    }

    /// Whether the answer exceeds the size limits. Reading it again would not help.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        matches!(
            self,
            Self::TooLong { .. }
                | Self::Unreadable(Unreadable::TooMany | Unreadable::Endless { .. })
        )
    }

    /// The vendor's `Retry-After`.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Unreachable(_)
            | Self::Late
            | Self::Cut(_)
            | Self::TooLong { .. }
            | Self::Unreadable(_) => None,
        }
    }
}

/// What is wrong with an answer. Quotes no value of it except a word that cannot be personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, or not of the documented shape.
    #[error("not the documented JSON at line {line}, column {column}")]
    Shape {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A person whose charges cannot be determined.
    #[error("{0}")]
    Person(&'static str),
    /// An undocumented status of the batch.
    #[error("an undocumented status, {0}")]
    Status(Word),
    /// Another batch than the requested one.
    #[error("another batch than the requested one")]
    OtherBatch,
    /// An id that is not a UUID.
    #[error("an id that is not a UUID")]
    Name,
    /// A link to the next page with another path or host, or without a cursor.
    #[error("a link to the next page with another path or host")]
    Link,
    /// A link to a page that was already read.
    #[error("a loop of links to the next page")]
    Circle,
    /// Pages of one batch with different statuses.
    #[error("pages that contradict each other")]
    Contradiction,
    /// More results than the requested leads or addresses can have.
    #[error("more results than there are leads or addresses")]
    TooMany,
    /// More pages than any batch can have.
    #[error("more than {pages_max} pages")]
    Endless {
        /// The limit.
        pages_max: usize,
    },
}

/// An undocumented status of the vendor, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(Option<Box<str>>);

impl Word {
    /// The longest word that is shown.
    const BYTES_MAX: usize = 32;

    /// A text that looks like a status; nothing of any other text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let is_name = (1..=Self::BYTES_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-');
        Self(is_name.then(|| text.into()))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(word) => write!(f, "`{word}`"),
            None => f.write_str("which is not a word"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leads_of_a_refusal_are_those_at_its_pointers() {
        let error = |code: &str, pointer: &str| VendorError {
            code: Some(code.to_owned()),
            title: None,
            detail: None,
            pointer: Some(pointer.to_owned()),
        };
        let pointers = [
            ("first", "/leads/2/email"),
            ("second", "/leads/2/name"),
            ("alone", "#/leads/0"),
            ("beyond", "/leads/3"),
            ("list", "/leads"),
            ("sign", "/leads/+1"),
            ("other", "/reveal_email"),
        ];
        let errors = pointers.map(|(code, pointer)| error(code, pointer)).to_vec();
        let refusal = Refusal { status: 400, errors };
        let leads = refusal.leads(3);
        let named: Vec<_> = leads.iter().map(|(at, error)| (*at, error.code.as_deref())).collect();
        assert_eq!(named, [(0, Some("alone")), (2, Some("first"))]);
    }

    #[test]
    fn only_text_that_looks_like_a_status_is_shown() {
        let failed = Unreadable::Status(Word::of("failed"));
        assert_eq!(failed.to_string(), "an undocumented status, `failed`");
        for text in ["", "Ada Lovelace", "ada@x.example", "5551234", &"a".repeat(33)] {
            assert_eq!(Word::of(text).to_string(), "which is not a word", "{text}");
        }
    }
}
