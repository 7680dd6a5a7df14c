//! Email validations: each address is charged once while its verdict is valid.
//!
//! `validate` opens a validation and makes its one call; `collect` fetches the vendor's verdicts in
//! the background, as for a job; `read` returns the stored verdicts and sends nothing. Verdicts are
//! encrypted under the address's position in the call, so the ledger contains only keyed hashes of
//! addresses.

mod collect;
mod kept;
mod name;
mod read;
mod validate;

use std::time::Duration;

use super::{Account, Failure, Marks, Status};
use crate::domain::lead::Lead;
use crate::domain::limits::UpTo;
use crate::domain::uuid::Uuid;

/// A validation request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationAsk {
    /// The addresses, in order, each as a lead with no other field.
    pub addresses: Vec<Lead>,
    /// The maximum age of cached verdicts.
    pub max_age: Option<Duration>,
    /// The limit of its cost.
    pub most: UpTo,
    /// How a retry is recognised.
    pub marks: Marks,
}

/// One page of a validation, as its caller reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationPage {
    /// Its name.
    pub name: Uuid,
    /// Its status.
    pub status: Status,
    /// The number of its addresses.
    pub addresses: u32,
    /// The addresses of this page, in order.
    pub lines: Vec<AddressLine>,
    /// When to poll again; `None` if it has ended.
    pub retry_after: Option<Duration>,
    /// Its charged and avoided credits.
    pub account: Account,
    /// Whether it answers a retry.
    pub is_replay: bool,
}

/// One address of a validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressLine {
    /// Its position, from 1.
    pub position: u32,
    /// The submitted address; `None` if it was erased.
    pub echo: Option<Lead>,
    /// Its result.
    pub verdict: Verdict,
}

/// The result of an address.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Pending.
    Pending,
    /// The vendor's verdict.
    Judged(Judgement),
    /// Its person was erased.
    Removed,
    /// No verdict, finally.
    Failed(Failure),
}

/// The vendor's verdict of an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The vendor's text.
    pub result: String,
    /// Whether its domain accepts mail for any address.
    pub catch_all: Option<bool>,
}

impl std::fmt::Debug for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Judged(_) => f.write_str("Judged(<redacted>)"),
            Self::Removed => f.write_str("Removed"),
            Self::Failed(failure) => write!(f, "Failed({failure:?})"),
        }
    }
}

impl std::fmt::Debug for Judgement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Judgement(<redacted>)")
    }
}
