//! The kinds of swept rows, and how often they are swept.

use std::time::Duration;

use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::gateway::caller::random;
use crate::ledger::ids::{BatchId, JobId, ResultRef};
use crate::ledger::record::validation::AddressKey;
use crate::ledger::transition::sweep::SweepFrom;

/// How many rows of a kind ordered by age are read in a slice.
const ROWS: usize = 500;

/// How many rows of a kind ordered by hashes are read in a slice: most of them are kept.
const ROWS_BY_HASH: usize = 2000;

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::gateway) enum Kind {
    /// Batches and their slots.
    Batches,
    /// Jobs with their leads and answers.
    Jobs,
    /// Chunks of batches and jobs that were too large for one slice.
    Remnants,
    /// Records for recognising retries.
    Replays,
    /// Validations.
    Validations,
    /// Aliases, and answers without a person.
    Leads,
    /// Results that were superseded.
    Superseded,
    /// Addresses that were validated.
    Addresses,
    /// Counters of past periods.
    Tallies,
    /// Revoked keys.
    Keys,
    /// Jobs that a wrong clock scheduled too far ahead.
    Due,
    /// Journal entries.
    Journal,
    /// Encrypted leads and results.
    Vault,
}

/// The schedule of a kind's rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// A round begins this long after the previous one, and runs without pauses.
    Every(Duration),
    /// A round is spread over this time, and the next one follows it.
    Over(Duration),
}

impl Kind {
    /// All kinds.
    pub(super) const ALL: [Self; 13] = [
        Self::Batches,
        Self::Jobs,
        Self::Remnants,
        Self::Replays,
        Self::Validations,
        Self::Leads,
        Self::Superseded,
        Self::Addresses,
        Self::Tallies,
        Self::Keys,
        Self::Due,
        Self::Journal,
        Self::Vault,
    ];

    /// Its name in metrics and remarks.
    pub(in crate::gateway) const fn name(self) -> &'static str {
        match self {
            Self::Batches => "batches",
            Self::Jobs => "jobs",
            Self::Remnants => "remnants",
            Self::Replays => "replays",
            Self::Validations => "validations",
            Self::Leads => "leads",
            Self::Superseded => "superseded",
            Self::Addresses => "addresses",
            Self::Tallies => "tallies",
            Self::Keys => "keys",
            Self::Due => "due",
            Self::Journal => "journal",
            Self::Vault => "vault",
        }
    }

    /// The schedule of its rounds. The cost of a round by age depends on the expired rows; all
    /// others read every row of their kind.
    pub(super) const fn pace(self) -> Pace {
        match self {
            Self::Batches
            | Self::Jobs
            | Self::Remnants
            | Self::Replays
            | Self::Validations
            | Self::Due
            | Self::Journal => Pace::Every(Duration::from_mins(5)),
            Self::Vault => Pace::Every(Duration::from_hours(1)),
            Self::Tallies | Self::Keys => Pace::Every(Duration::from_hours(6)),
            Self::Leads | Self::Superseded | Self::Addresses => Pace::Over(Duration::from_hours(6)),
        }
    }

    /// How many rows are read in a slice.
    pub(super) const fn rows(self) -> usize {
        match self.pace() {
            Pace::Every(_) => ROWS,
            Pace::Over(_) => ROWS_BY_HASH,
        }
    }

    /// Where a round begins; `None` for kinds that store their position elsewhere.
    pub(super) const fn beginning(self) -> Option<SweepFrom> {
        Some(match self {
            Self::Batches => SweepFrom::Batches(None),
            Self::Jobs => SweepFrom::Jobs(None),
            Self::Remnants => SweepFrom::Remnants,
            Self::Replays => SweepFrom::Replays,
            Self::Validations => SweepFrom::Validations(None),
            Self::Leads => SweepFrom::Leads(None),
            Self::Superseded => SweepFrom::Superseded(None),
            Self::Addresses => SweepFrom::Addresses(None),
            Self::Tallies => SweepFrom::Tallies,
            Self::Keys => SweepFrom::Keys,
            Self::Due => SweepFrom::Due(None),
            Self::Journal | Self::Vault => return None,
        })
    }

    /// Where the first round of a process begins. A round over hashes begins at a random position:
    /// otherwise a process that is restarted before such a round ends would never reach the last
    /// rows.
    pub(super) fn first_beginning(self) -> Option<SweepFrom> {
        match self {
            Self::Leads => Some(SweepFrom::Leads(Some(LeadKey::from_bytes(random())))),
            Self::Superseded => {
                let job = JobId { batch: BatchId::FIRST, ordinal: 0 };
                let key = (PersonKey::from_bytes(random()), ResultRef { job, index: 0 });
                Some(SweepFrom::Superseded(Some(key)))
            }
            Self::Addresses => {
                let address = LeadKey::from_bytes(random());
                Some(SweepFrom::Addresses(Some(AddressKey { address, kept_for: None })))
            }
            _ => self.beginning(),
        }
    }
}
