//! Email validations: from addresses to verdicts, each address paid once as long as it counts.
//!
//! `validate` opens a validation and makes its one call; `collect`, in turns as with a job, brings the
//! vendor's verdicts home; `read` shows what is there, and asks nobody. Verdicts are sealed under the
//! address's place in the call, so the books know addresses by keyed hashes only.

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

/// Addresses to be validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationAsk {
    /// The addresses, in order, each a lead that has no other field.
    pub addresses: Vec<Lead>,
    /// How old a verdict may be that is known already.
    pub max_age: Option<Duration>,
    /// The most that it may cost.
    pub most: UpTo,
    /// By what a retry is told.
    pub marks: Marks,
}

/// A validation as its caller reads it: one page of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationPage {
    /// Its name.
    pub name: Uuid,
    /// Where it stands.
    pub status: Status,
    /// How many addresses it has.
    pub addresses: u32,
    /// The addresses of this page, in order; positions follow one another.
    pub lines: Vec<AddressLine>,
    /// How soon it pays to read again; none once it has ended.
    pub retry_after: Option<Duration>,
    /// What it costs and spares.
    pub account: Account,
    /// Whether an earlier request answers this one.
    pub is_replay: bool,
}

/// One address of a validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressLine {
    /// Its place, from 1.
    pub position: u32,
    /// What was submitted; none where it was erased.
    pub echo: Option<Lead>,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of an address.
#[derive(Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Pending,
    /// The vendor's judgement.
    Judged(Judgement),
    /// Its person was removed.
    Removed,
    /// Nothing, for good.
    Failed(Failure),
}

/// The vendor's judgement of an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Judgement {
    /// In the vendor's word.
    pub result: String,
    /// Whether its domain takes mail for any address.
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
