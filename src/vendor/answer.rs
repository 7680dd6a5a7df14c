//! The vendor's answers, sorted by what the gateway may do about them.
//!
//! What decides is whether the vendor may have taken the batch, since that is what costs. Certain
//! are only an id, a definite refusal, and a request of which no byte left.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{Batch, VendorError};
use crate::domain::person::Person;

/// What came of a submission: of a batch, which the vendor names, or of a look-up, which it answers.
#[derive(Debug)]
pub enum Submitted<T> {
    /// The vendor took it and charges for it.
    Accepted(T),
    /// Definitely not taken, and would not be if sent again: void, if no attempt before went
    /// unanswered.
    Refused(Refusal),
    /// Not taken, because the gateway's key or address is wrong: leads are not at fault, an
    /// operator has to act.
    Misaddressed {
        /// 401, 403, 404 or 405.
        status: u16,
    },
    /// Not taken for now (429).
    Wait {
        /// How long the vendor asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// No connection was made, so no byte of the request left.
    NotSent(Cause),
    /// Nobody knows whether the vendor took it.
    NoAnswer(Cause),
}

impl<T> Submitted<T> {
    /// The outcome in one word, as in labels.
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

/// What a look-up found.
#[derive(Debug)]
pub enum LookedUp {
    /// This person.
    Found(Box<Person>),
    /// Nobody.
    NotFound,
    /// Somebody of whom nobody may know.
    Removed,
}

/// A request that the vendor definitely did not act upon.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The errors of the vendor's envelope, if the answer was one.
    pub errors: Vec<VendorError>,
}

impl Refusal {
    /// The first code of the vendor's envelope.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.errors.first()?.code.as_deref()
    }

    /// The leads that the refusal names, by their places among those that were sent, each with the first
    /// error that names it.
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

/// The place of the lead that a pointer leads to: `/leads/7`, or below it.
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

/// What a batch read whole says.
#[derive(Debug)]
pub enum Read {
    /// It is queued or under way.
    Running {
        /// How long the vendor asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It has ended, and this is all of it.
    Ended(Batch),
}

/// Why a batch could not be read. Reading is free and changes nothing, so it may be tried again
/// whatever the reason.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The vendor does not know the batch (404).
    #[error("the vendor does not know the batch")]
    Gone,
    /// The gateway's key or address is wrong.
    #[error("the vendor answered with status {status}: the API key or the URL is wrong")]
    Misaddressed {
        /// 401, 403 or 405.
        status: u16,
    },
    /// Too many requests (429).
    #[error("the vendor limits the rate")]
    Wait {
        /// How long the vendor asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// No answer, or none that can be read.
    #[error("no answer")]
    NoAnswer(#[from] Cause),
}

/// What came of asking to cancel a batch.
#[derive(Debug)]
pub enum Canceled {
    /// The vendor agreed.
    Agreed,
    /// The vendor will not, most likely because the batch has ended.
    Refused(Refusal),
    /// The vendor does not know the batch (404).
    Gone,
    /// The gateway's key or address is wrong.
    Misaddressed {
        /// 401, 403 or 405.
        status: u16,
    },
    /// Too many requests (429).
    Wait {
        /// How long the vendor asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// Nobody knows whether the vendor agreed; asking again does no harm.
    NoAnswer(Cause),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No connection: the name, the network or the TLS handshake failed. No byte of the request
    /// left.
    #[error("the vendor cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// The time was up.
    #[error("the vendor did not answer in time")]
    Late,
    /// The connection broke before the answer was whole.
    #[error("the connection broke before the answer was complete")]
    Cut(#[source] Box<dyn Error + Send + Sync>),
    /// The answer is longer than any can be.
    #[error("the answer is longer than {bytes_max} bytes")]
    TooLong {
        /// The bound, on the answer as unpacked.
        bytes_max: usize,
    },
    /// A status that says nothing certain: any 5xx, a redirect, one the vendor does not document.
    #[error("the vendor answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// How long the vendor asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The answer came whole and makes no sense.
    #[error("the answer cannot be parsed: {0}")]
    Unreadable(#[from] Unreadable),
}

impl Cause {
    /// Whether an answer came whole and says nothing that is documented.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::Unreadable(_) => true,
            Self::Status { status, .. } => *status < 500,
            Self::Unreachable(_) | Self::Late | Self::Cut(_) => false,
        }
    }

    /// Whether the answer exceeds the bounds on its size. Reading it again would do no better.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        matches!(
            self,
            Self::TooLong { .. }
                | Self::Unreadable(Unreadable::TooMany | Unreadable::Endless { .. })
        )
    }

    /// How long the vendor asks to be left alone.
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

/// What is wrong with an answer. Repeats no value of it, but for a word that can be no person's data.
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
    /// Not a person of whom it can be told what was charged.
    #[error("{0}")]
    Person(&'static str),
    /// The status of the batch is one that the vendor does not document.
    #[error("an undocumented status, {0}")]
    Status(Word),
    /// The batch is not the one that was asked for.
    #[error("another batch than the requested one")]
    OtherBatch,
    /// An id that is no UUID.
    #[error("an id that is not a UUID")]
    Name,
    /// A link to the next page that leads elsewhere, or nowhere.
    #[error("a link to the next page with another path or host")]
    Link,
    /// A link to a page that was read before.
    #[error("a loop of links to the next page")]
    Circle,
    /// Pages of one batch that disagree on how it ended.
    #[error("pages that contradict each other")]
    Contradiction,
    /// More results than the leads or addresses that were asked for can have.
    #[error("more results than there are leads or addresses")]
    TooMany,
    /// More pages than any batch can have.
    #[error("more than {pages_max} pages")]
    Endless {
        /// The bound.
        pages_max: usize,
    },
}

/// A status of the vendor's that it does not document, as far as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(Option<Box<str>>);

impl Word {
    /// The longest word that is shown.
    const BYTES_MAX: usize = 32;

    /// What looks like the name of a status; nothing of anything else.
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
    fn the_leads_that_a_refusal_names_are_those_at_its_pointers() {
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
    fn of_a_status_only_what_looks_like_one_is_shown() {
        let failed = Unreadable::Status(Word::of("failed"));
        assert_eq!(failed.to_string(), "an undocumented status, `failed`");
        for text in ["", "Ada Lovelace", "ada@x.example", "5551234", &"a".repeat(33)] {
            assert_eq!(Word::of(text).to_string(), "which is not a word", "{text}");
        }
    }
}
