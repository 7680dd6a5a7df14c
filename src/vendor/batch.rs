//! A batch of the vendor's, as read: pages, results, and what the vendor says went wrong.

use std::fmt;
use std::time::Duration;

use super::{Cursor, Echo};
use crate::domain::person::Person;

/// One page of a batch.
#[derive(Debug)]
pub enum Page {
    /// The batch is queued or under way; results so far are left unread, since nothing is settled
    /// before the end.
    Running {
        /// How long the vendor asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The batch has ended.
    Ended(EndedPage),
}

/// One page of a batch that has ended.
#[derive(Debug)]
pub struct EndedPage {
    /// What it holds of the batch.
    pub batch: Batch,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// How many bytes the page had.
    pub bytes: usize,
}

/// A batch that has ended, or one page of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// How it ended.
    pub ending: Ending,
    /// One result a lead, if all went well; `None` where the vendor sent no list at all, which
    /// tells nothing about what it charged.
    pub results: Option<Vec<VendorResult>>,
    /// What the vendor says went wrong.
    pub errors: Vec<VendorError>,
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `completed`
    Completed,
    /// `canceled`: what was gathered until then stands and is charged.
    Canceled,
    /// `error`
    Error,
}

/// The vendor's answer to one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorResult {
    /// The result's `id`, where it can be a position, counted from 1.
    pub position: Option<u32>,
    /// The lead it answers, as the vendor repeats it.
    pub echo: Echo,
    /// Who was found.
    pub finding: Finding,
}

/// What came of one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// `enriched`: this person.
    Found(Box<Person>),
    /// `not_found`
    NotFound,
    /// `gdpr_removed`: nobody may know. A person sent along all the same is dropped unread.
    Removed,
    /// No status and no person: the batch ended before the vendor came to this lead.
    Unanswered,
    /// Not to be made sense of, so nobody knows what it cost. Says why, and never repeats a value.
    Unreadable(&'static str),
}

/// One entry of the vendor's `_errors`.
#[derive(Clone, PartialEq, Eq)]
pub struct VendorError {
    /// The code, such as `insufficient_credits`.
    pub code: Option<String>,
    /// The code for people.
    pub title: Option<String>,
    /// What the vendor says about it; may repeat what a lead said.
    pub detail: Option<String>,
    /// The JSON pointer into the request that was at fault.
    pub pointer: Option<String>,
}

impl fmt::Debug for VendorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VendorError({:?} at {:?}, <redacted>)", self.code, self.pointer)
    }
}
