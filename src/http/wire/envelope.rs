//! The vendor's error object, alone in a list or inside its envelope. Closed: nothing of the
//! gateway's own is ever added.

use serde::Serialize;

use super::fault::Fault;

/// The envelope of everything that went wrong with a request.
#[derive(Serialize)]
pub(in crate::http) struct ErrorEnvelope<'a> {
    object: &'static str,
    #[serde(rename = "_errors")]
    errors: Vec<ErrorEntry<'a>>,
}

impl<'a> ErrorEnvelope<'a> {
    /// The envelope of these.
    pub(in crate::http) fn of(errors: Vec<ErrorEntry<'a>>) -> Self {
        Self { object: "error", errors }
    }
}

/// One thing that went wrong.
#[derive(Serialize)]
pub(in crate::http) struct ErrorEntry<'a> {
    pub(in crate::http) code: &'a str,
    pub(in crate::http) title: &'a str,
    pub(in crate::http) detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) source: Option<Source>,
}

/// Where it went wrong.
#[derive(Serialize)]
pub(in crate::http) struct Source {
    pub(in crate::http) pointer: String,
}

impl<'a> From<&'a Fault> for ErrorEntry<'a> {
    fn from(fault: &'a Fault) -> Self {
        let pointer = Some(&fault.pointer).filter(|pointer| !pointer.is_empty());
        Self {
            code: fault.code,
            title: fault.title,
            detail: &fault.detail,
            source: pointer.map(|pointer| Source { pointer: pointer.clone() }),
        }
    }
}
