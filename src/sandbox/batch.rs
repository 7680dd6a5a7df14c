//! One batch of the vendor: its leads, its progress, and its representation.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Answer, INTERNAL};
use super::fault::ErrorEnding;
use super::lead::Lead;
use super::page::Page;
use super::person::{self, Found};
use super::submission::{Reveals, Submission};
use super::tally::Delivery;

/// The longest `Retry-After`.
const RETRY_AFTER_SECONDS_MAX: u64 = 30;

/// An accepted batch.
pub(super) struct Batch {
    id: u64,
    submission: Submission,
    ending: Ending,
    taken_at: i64,
    processing_ms: i64,
    finished: usize,
    canceled: bool,
}

/// How a batch will end, unless it is cancelled.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    /// With every lead answered.
    Completed,
    /// With an error, after some leads or none.
    Error(ErrorEnding),
    /// Never: its last lead stays unfinished.
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Queued,
    Processing,
    Completed,
    Canceled,
    Error,
}

impl Batch {
    pub(super) fn take(
        id: u64,
        submission: Submission,
        ending: Ending,
        now: i64,
        processing_ms: i64,
    ) -> Self {
        let (finished, canceled) = (0, false);
        Self { id, submission, ending, taken_at: now, processing_ms, finished, canceled }
    }

    /// When the next lead finishes; `None` if none will.
    pub(super) fn next_finish_at(&self) -> Option<i64> {
        if self.canceled || self.finished >= self.leads_to_finish() {
            return None;
        }
        let position = i64::try_from(self.finished + 1).expect("few leads");
        let count = i64::try_from(self.leads().len()).expect("few leads");
        let queued_ms = self.queued_ms();
        Some(self.taken_at + queued_ms + (self.processing_ms - queued_ms) * position / count)
    }

    /// Finishes the next lead; returns the delivery if a person is found.
    pub(super) fn finish_next(&mut self, at: i64) -> Option<Delivery> {
        let lead = &self.submission.leads[self.finished];
        self.finished += 1;
        let named = lead.named()?;
        let Found::Person(person) = person::find(Some(&named)) else { return None };
        let reveals = self.submission.reveals;
        Some(Delivery {
            batch: Some(self.id),
            batch_taken_at: self.taken_at,
            lead: self.finished,
            ..Delivery::at_once(named, *person, reveals, at)
        })
    }

    /// Stops the unfinished leads; a batch that has ended does not change.
    pub(super) fn cancel(&mut self, now: i64) {
        self.canceled |= matches!(self.status(now), Status::Queued | Status::Processing);
    }

    /// The response to its submission: queued, however soon it will end.
    pub(super) fn accepted(&self) -> Answer {
        Answer {
            status: StatusCode::ACCEPTED,
            retry_after_seconds: Some(self.retry_after_seconds(self.taken_at)),
            body: self.object(Status::Queued, Page::first(1), 0),
        }
    }

    /// Its current representation: the results so far, and `Retry-After`.
    pub(super) fn answer(&self, page: Page, now: i64) -> Answer {
        let status = self.status(now);
        let is_running = matches!(status, Status::Queued | Status::Processing);
        let retry_after_seconds = is_running.then(|| self.retry_after_seconds(now));
        let body = self.object(status, page, self.listed());
        Answer { retry_after_seconds, ..Answer::ok(body) }
    }

    pub(super) fn leads(&self) -> &[Lead] {
        &self.submission.leads
    }

    fn status(&self, now: i64) -> Status {
        let elapsed_ms = now - self.taken_at;
        match self.ending {
            _ if self.canceled => Status::Canceled,
            _ if elapsed_ms < self.queued_ms() => Status::Queued,
            _ if elapsed_ms < self.processing_ms => Status::Processing,
            Ending::Completed => Status::Completed,
            Ending::Error(_) => Status::Error,
            Ending::Never => Status::Processing,
        }
    }

    fn queued_ms(&self) -> i64 {
        self.processing_ms / 10
    }

    fn leads_to_finish(&self) -> usize {
        let count = self.leads().len();
        match self.ending {
            Ending::Completed | Ending::Error(ErrorEnding::ChargedWithoutResults) => count,
            Ending::Error(ErrorEnding::WithResults) => count.div_ceil(2),
            Ending::Error(ErrorEnding::WithoutResults) => 0,
            Ending::Never => count - 1,
        }
    }

    fn listed(&self) -> usize {
        match self.ending {
            Ending::Error(ErrorEnding::ChargedWithoutResults) => 0,
            _ => self.finished,
        }
    }

    fn retry_after_seconds(&self, now: i64) -> u64 {
        let left_ms = u64::try_from(self.taken_at + self.processing_ms - now).unwrap_or_default();
        left_ms.div_ceil(1_000).clamp(1, RETRY_AFTER_SECONDS_MAX)
    }

    /// The vendor's batch object with one page of the first `listed` results.
    fn object(&self, status: Status, page: Page, listed: usize) -> Value {
        let results: Vec<Value> = page.range(listed).map(|index| self.result(index)).collect();
        let path = format!("/people/enrichment-requests/{}", self.id);
        let mut object = Map::new();
        object.insert("id".to_owned(), json!(self.id));
        object.insert("object".to_owned(), json!("person_enrichment"));
        object.insert("status".to_owned(), json!(status.as_str()));
        object.insert("results".to_owned(), json!(results));
        object.insert("_links".to_owned(), page.links(&path, listed));
        if status == Status::Error {
            let error = INTERNAL.says("The enrichment ended before every lead was answered.");
            object.insert("_errors".to_owned(), json!([error.entry()]));
        }
        Value::Object(object)
    }

    /// The vendor's result object of a lead, with its echo.
    fn result(&self, index: usize) -> Value {
        let lead = &self.leads()[index];
        let Submission { reveals, .. } = self.submission;
        let (status, person) = shown(&person::find(lead.named().as_ref()), reveals);
        let mut result = lead.echo();
        result.insert("id".to_owned(), json!(index + 1));
        result.insert("status".to_owned(), json!(status));
        result.insert("result".to_owned(), person);
        Value::Object(result)
    }
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::Error => "error",
        }
    }
}

fn shown(found: &Found, reveals: Reveals) -> (&'static str, Value) {
    match found {
        Found::Person(person) => ("enriched", person.shown(reveals)),
        Found::Nobody => ("not_found", Value::Null),
        Found::Removed => ("gdpr_removed", Value::Null),
    }
}
