//! The vendor's email validations: the verdict depends on the words of the address, and each
//! address costs a credit.
//!
//! Words in the local part determine the verdict: `bounce` is undeliverable, `maybe` risky and at a
//! domain that accepts any mail, `mystery` unknown; all others are deliverable. The same address
//! always has the same verdict.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{
    Answer, Error, INVALID_TYPE, MALFORMED, MISSING_FIELD, TOO_MANY, UNKNOWN_FIELD,
};
use super::batch::Ending;
use super::page::Page;

/// The longest `Retry-After`.
const RETRY_AFTER_SECONDS_MAX: u64 = 30;

/// An accepted validation.
pub(super) struct Validation {
    number: u64,
    emails: Vec<String>,
    ending: Ending,
    taken_at: i64,
    processing_ms: i64,
    canceled: bool,
}

impl Validation {
    pub(super) fn take(
        number: u64,
        emails: Vec<String>,
        ending: Ending,
        now: i64,
        processing_ms: i64,
    ) -> Self {
        Self { number, emails, ending, taken_at: now, processing_ms, canceled: false }
    }

    /// The vendor's id: a UUID with a counter.
    pub(super) fn id(&self) -> String {
        format!("0e5a11da-7e00-7000-8000-{:012x}", self.number)
    }

    pub(super) fn emails(&self) -> &[String] {
        &self.emails
    }

    pub(super) fn cancel(&mut self, now: i64) {
        self.canceled |= matches!(self.status(now), "queued" | "processing");
    }

    /// The response to its submission.
    pub(super) fn accepted(&self) -> Answer {
        let body = self.object("queued", Page::first(1), 0);
        Answer {
            status: StatusCode::ACCEPTED,
            retry_after_seconds: Some(self.wait(self.taken_at)),
            body,
        }
    }

    /// Its current representation: with all verdicts, or with none yet.
    pub(super) fn answer(&self, page: Page, now: i64) -> Answer {
        let status = self.status(now);
        let is_running = matches!(status, "queued" | "processing");
        let listed = if status == "completed" { self.emails.len() } else { 0 };
        let retry_after_seconds = is_running.then(|| self.wait(now));
        Answer { retry_after_seconds, ..Answer::ok(self.object(status, page, listed)) }
    }

    fn status(&self, now: i64) -> &'static str {
        let elapsed_ms = now - self.taken_at;
        match self.ending {
            _ if self.canceled => "canceled",
            _ if elapsed_ms < self.processing_ms => "processing",
            Ending::Completed => "completed",
            Ending::Error(_) => "error",
            Ending::Never => "processing",
        }
    }

    fn wait(&self, now: i64) -> u64 {
        let left_ms = u64::try_from(self.taken_at + self.processing_ms - now).unwrap_or_default();
        left_ms.div_ceil(1_000).clamp(1, RETRY_AFTER_SECONDS_MAX)
    }

    fn object(&self, status: &str, page: Page, listed: usize) -> Value {
        let results: Vec<_> = page.range(listed).map(|index| judged(&self.emails[index])).collect();
        let path = format!("/email-validations/{}", self.id());
        json!({
            "id": self.id(),
            "object": "email_validation",
            "status": status,
            "results": results,
            "_links": page.links(&path, listed),
        })
    }
}

fn judged(email: &str) -> Value {
    let local = email.rsplit_once('@').map_or(email, |(local, _)| local).to_lowercase();
    let has = |word: &str| local.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    let (result, catch_all) = if has("bounce") {
        ("undeliverable", false)
    } else if has("maybe") {
        ("risky", true)
    } else if has("mystery") {
        ("unknown", false)
    } else {
        ("deliverable", false)
    };
    json!({
        "object": "email_validation_result",
        "email": email,
        "result": result,
        "catch_all": catch_all,
    })
}

/// Parses a submission; refuses undocumented properties.
pub(super) fn parse(body: &[u8], emails_max: usize) -> Result<Vec<String>, Vec<Error>> {
    let mut fields: Map<String, Value> = match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err(vec![INVALID_TYPE.at("", "The request must be a JSON object.")]),
        Err(_) => return Err(vec![MALFORMED.says("The request is not readable as JSON.")]),
    };
    let emails = match fields.remove("emails") {
        Some(Value::Array(emails)) if !emails.is_empty() => emails,
        Some(Value::Array(_)) | None => {
            return Err(vec![MISSING_FIELD.at("/emails", "Missing field from request: emails")]);
        }
        Some(_) => return Err(vec![INVALID_TYPE.at("/emails", "Must be an array.")]),
    };
    if emails.len() > emails_max {
        return Err(vec![TOO_MANY.at("/emails", "Too many emails in one request.")]);
    }
    let mut errors: Vec<_> = fields
        .keys()
        .map(|field| UNKNOWN_FIELD.at(&format!("/{field}"), "There is no such field."))
        .collect();
    let mut read = Vec::new();
    for (nth, email) in emails.into_iter().enumerate() {
        match email.as_object().map(|item| (item.len(), item.get("email"))) {
            Some((1, Some(Value::String(email)))) => read.push(email.clone()),
            _ => errors.push(INVALID_TYPE.at(&format!("/emails/{nth}"), "Must hold one email.")),
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(errors) }
}
