//! The vendor's email validations: submission, pages and cancellation.

use bytes::Bytes;
use http::Method;

use super::call::{Called, Request};
use super::client::{HttpVendor, JSON};
use super::{Canceled, Cursor, Ending, Remaining, Unread, sorting, wire};
use crate::domain::uuid::Uuid;

const VALIDATIONS: &str = "/email-validations";

/// A page of a validation.
#[derive(Debug)]
pub enum ValidationPage {
    /// It is queued or in progress.
    Running {
        /// The vendor's `Retry-After`.
        retry_after: Option<std::time::Duration>,
    },
    /// It has ended, and this is a part of it.
    Ended {
        /// Its final status.
        ending: Ending,
        /// The verdicts on this page.
        results: Vec<Verdict>,
        /// The cursor of the next page.
        next: Option<Cursor>,
        /// The size of the page in bytes.
        bytes: usize,
    },
}

/// The vendor's verdict for one address.
#[derive(Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The address.
    pub email: String,
    /// The documented values are `deliverable`, `risky`, `unknown` and `undeliverable`.
    pub result: String,
    /// Whether its domain accepts mail for any address.
    pub catch_all: Option<bool>,
}

impl HttpVendor {
    /// Submits addresses for validation. Costs a credit for each, every time.
    pub async fn validate(&self, emails: &[&str]) -> Called<Uuid> {
        let request = Request {
            method: Method::POST,
            path_and_query: VALIDATIONS.to_owned(),
            content_type: Some(JSON),
            accept: None,
            body: Bytes::from(wire::validation_request(emails)),
        };
        match self.call(request).await {
            // The path certainly exists, so the configured URL is wrong.
            Called::Refused(whole) if matches!(whole.status.as_u16(), 404 | 405) => {
                Called::Misaddressed { status: whole.status.as_u16() }
            }
            called => called.read(|whole| Ok(wire::validation_accepted(&whole.body)?)),
        }
    }

    /// Reads one page of a validation: the first, or the one of a cursor.
    ///
    /// # Errors
    /// [`Unread`]; reading is free and may be repeated.
    pub async fn validation_page(
        &self,
        id: Uuid,
        after: Option<&Cursor>,
        remaining: Remaining,
    ) -> Result<ValidationPage, Unread> {
        let at = self.at(&format!("{VALIDATIONS}/{id}")).ok_or(Unread::Gone)?;
        let request = self.request(Method::GET, self.page_of(at.clone(), after));
        let answer = self.exchange_within(remaining.page_bytes(), request).await;
        sorting::validation_page(id, self.pages(&at), remaining, answer)
    }

    /// Cancels a validation.
    pub async fn cancel_validation(&self, id: Uuid) -> Canceled {
        let Some(url) = self.at(&format!("{VALIDATIONS}/{id}")) else { return Canceled::Gone };
        let request = self.request(Method::PATCH, url).header(http::header::CONTENT_TYPE, JSON);
        sorting::canceled(self.exchange(request.body(wire::cancellation())).await)
    }
}

impl std::fmt::Debug for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verdict(<redacted>, {:?})", self.result)
    }
}
