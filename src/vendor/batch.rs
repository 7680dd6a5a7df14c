//! A batch of the vendor, as read: pages, results and errors.

use std::fmt;
use std::time::Duration;

use super::{Cursor, Echo};
use crate::domain::person::Person;

/// One page of a batch.
#[derive(Debug)]
pub enum Page {
    /// The batch is queued or in progress. Its results so far are not read, since nothing is
    /// settled before the end.
    Running {
        /// The vendor's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The batch has ended.
    Ended(EndedPage),
}

/// One page of a batch that has ended.
#[derive(Debug)]
pub struct EndedPage {
    /// The part of the batch on this page.
    pub batch: Batch,
    /// The cursor of the next page, if there is one.
    pub next: Option<Cursor>,
    /// The size of the page in bytes.
    pub bytes: usize,
}

/// A batch that has ended, or one page of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its final status.
    pub ending: Ending,
    /// Usually one result per lead; `None` if the vendor sent no list, so that the charges are
    /// unknown.
    pub results: Option<Vec<VendorResult>>,
    /// The vendor's errors.
    pub errors: Vec<VendorError>,
}

/// The final status of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `completed`
    Completed,
    /// `canceled`: the results until then are valid and charged.
    Canceled,
    /// `error`
    Error,
}

/// The vendor's result of one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorResult {
    /// The result's `id`, if it can be a position, counted from 1.
    pub position: Option<u32>,
    /// The vendor's echo of the lead.
    pub echo: Echo,
    /// The finding.
    pub finding: Finding,
}

/// The finding for one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// `enriched`: this person.
    Found(Box<Person>),
    /// `not_found`
    NotFound,
    /// `gdpr_removed`: the person requested erasure. A person in the result is discarded unread.
    Removed,
    /// No status and no person: the batch ended before the vendor processed this lead.
    Unanswered,
    /// Invalid, so the charges are unknown. Has the reason, and never quotes a value.
    Unreadable(&'static str),
}

/// One entry of the vendor's `_errors`.
#[derive(Clone, PartialEq, Eq)]
pub struct VendorError {
    /// The code, such as `insufficient_credits`.
    pub code: Option<String>,
    /// The title of the code.
    pub title: Option<String>,
    /// The vendor's explanation; may quote fields of a lead.
    pub detail: Option<String>,
    /// The JSON pointer to the fault in the request.
    pub pointer: Option<String>,
}

impl fmt::Debug for VendorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VendorError({:?} at {:?}, <redacted>)", self.code, self.pointer)
    }
}
