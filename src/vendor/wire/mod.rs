//! The vendor's JSON, confined to this module. The shapes are those of the vendor's published
//! document; undocumented members are accepted.

mod batch;
mod envelope;
mod list;
mod person;
mod request;
mod validation;

pub(super) use batch::{accepted, page};
pub(super) use envelope::errors;
pub(super) use person::person;
pub(super) use request::{cancellation, look_up, submission};
pub(super) use validation::{validation_accepted, validation_page, validation_request};

use super::Unreadable;

impl From<serde_json::Error> for Unreadable {
    /// Keeps the place and drops the message, which may quote a value.
    fn from(error: serde_json::Error) -> Self {
        Self::Shape { line: error.line(), column: error.column() }
    }
}
