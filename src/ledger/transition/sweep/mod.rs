//! Sweeping: rows that no caller can read any more leave the books, a slice at a time. Payments
//! and removed persons stay, and so does the journal, which only `trim` shortens. Jobs that a wrong
//! clock put off too far are brought forward by the same rounds.
//!
//! A slice is of one kind of rows. It reads them in bulk and changes a bounded number of rows, so
//! that it takes a few round trips and is never staged, whatever the rows belong to. Batches, jobs,
//! validations and ends of replays are in the order of their age: a slice that finds nothing old
//! ends the round, so a round costs what has expired and not what is there. The other kinds are
//! ordered by hashes, and a round passes all of their rows.

mod accounts;
mod batches;
mod due;
mod expired;
mod jobs;
mod leads;
mod remnants;
mod slice;

use std::time::Duration;

use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, ResultRef};
use crate::ledger::record::lane::DueAt;
use crate::ledger::record::validation::AddressKey;

/// A slice of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Which rows, and where the slice begins.
    pub from: SweepFrom,
    /// The most rows that are read of that kind.
    pub rows: usize,
    /// How long rows are kept.
    pub lifetimes: Lifetimes,
}

/// A kind of rows, and the key after which a slice begins; none for the first row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepFrom {
    /// Batches and their slots.
    Batches(Option<BatchId>),
    /// Jobs with their leads and answers.
    Jobs(Option<JobId>),
    /// Slots, leads and answers of batches and jobs that were too large for one slice.
    Remnants,
    /// Requests that may be asked again.
    Replays,
    /// How far the vendor is with validations.
    Validations(Option<BatchId>),
    /// Aliases and answers that named nobody.
    Leads(Option<LeadKey>),
    /// Results that were superseded.
    Superseded(Option<(PersonKey, ResultRef)>),
    /// Addresses that were validated.
    Addresses(Option<AddressKey>),
    /// Tallies of periods that have ended.
    Tallies,
    /// Keys that were revoked.
    Keys,
    /// Jobs that are due further ahead than any job may be: they are not removed, but due now.
    Due(Option<DueAt>),
}

impl SweepFrom {
    /// How far into a table that is ordered by hashes this is: so many of 65,536 parts. None for
    /// other kinds.
    #[must_use]
    pub fn passed(&self) -> Option<u16> {
        let front = |key: Option<&[u8; 16]>| match key {
            Some([first, second, ..]) => u16::from_be_bytes([*first, *second]),
            None => 0,
        };
        Some(match self {
            Self::Leads(after) => front(after.as_ref().map(LeadKey::as_bytes)),
            Self::Superseded(after) => front(after.as_ref().map(|(person, _)| person.as_bytes())),
            Self::Addresses(after) => front(after.as_ref().map(|key| key.address.as_bytes())),
            Self::Batches(_)
            | Self::Jobs(_)
            | Self::Remnants
            | Self::Replays
            | Self::Validations(_)
            | Self::Tallies
            | Self::Keys
            | Self::Due(_) => return None,
        })
    }
}

/// How long rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// A batch, from its end.
    pub batch: Duration,
    /// A job and its answers, from the job's end.
    pub results: Duration,
    /// An alias or an answer that named nobody, from its last change.
    pub leads: Duration,
    /// A validated address, from when it was asked.
    pub addresses: Duration,
    /// A validation, from when it was asked.
    pub validations: Duration,
    /// A tally, from the end of its period, and a key, from when it was revoked.
    pub accounts: Duration,
    /// How far ahead a job may be due.
    pub due_within: Duration,
}

/// What a slice came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Where the next slice begins; none where the round is complete.
    pub next: Option<SweepFrom>,
    /// How many rows of the kind were removed.
    pub removed: usize,
}

/// Sweeps one slice.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn sweep(draft: &mut Draft<'_>, sweep: &Sweep) -> Result<Swept, Fault> {
    let Sweep { from, rows, lifetimes } = sweep;
    match from {
        SweepFrom::Batches(after) => batches::sweep(draft, *after, *rows, lifetimes.batch),
        SweepFrom::Jobs(after) => jobs::sweep(draft, *after, *rows, lifetimes.results),
        SweepFrom::Remnants => remnants::sweep(draft),
        SweepFrom::Replays => expired::sweep_replays(draft, *rows),
        SweepFrom::Validations(after) => {
            expired::sweep_validations(draft, *after, *rows, lifetimes.validations)
        }
        SweepFrom::Leads(after) => leads::sweep(draft, *after, *rows, lifetimes.leads),
        SweepFrom::Superseded(after) => expired::sweep_superseded(draft, *after, *rows),
        SweepFrom::Addresses(after) => {
            expired::sweep_addresses(draft, after.clone(), *rows, lifetimes.addresses)
        }
        SweepFrom::Tallies => accounts::sweep_tallies(draft, lifetimes.accounts),
        SweepFrom::Keys => accounts::sweep_keys(draft, lifetimes.accounts),
        SweepFrom::Due(after) => due::sweep(draft, after.clone(), *rows, lifetimes.due_within),
    }
}
