//! Names of batches and jobs. They are made by the gateway before the first write, so that a step
//! whose answer was lost can be asked again.

use std::fmt;

use crate::domain::time::Timestamp;

/// A caller's batch: an integer that any JSON reader holds exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(u64);

impl BatchId {
    /// The largest id: exact as a double.
    pub const MAX: u64 = (1 << 53) - 1;

    /// The least id.
    pub const FIRST: Self = Self(0);

    /// The id with this number; none past [`BatchId::MAX`].
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// The id as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A job: the batch that made it, and its place among that batch's jobs. A coach is named after the
/// first job that boarded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId {
    /// The batch whose admission made the job.
    pub batch: BatchId,
    /// The first is 0.
    pub ordinal: u32,
}

impl JobId {
    /// Set in the ordinals of coaches: no batch makes so many jobs.
    const COACH: u32 = 1 << 31;

    /// The coach that is named after this job. A job is the first of one coach at most, so no two
    /// coaches ever have one name.
    #[must_use]
    pub const fn coach(self) -> Self {
        Self { batch: self.batch, ordinal: self.ordinal | Self::COACH }
    }
}

impl fmt::Display for JobId {
    /// `7.0`; the coach that is named after it: `7.0+`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coach = if self.ordinal & Self::COACH == 0 { "" } else { "+" };
        write!(f, "{}.{}{coach}", self.batch, self.ordinal & !Self::COACH)
    }
}

/// One lead's answer: the job that carries the lead, and the lead's place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResultRef {
    /// The job.
    pub job: JobId,
    /// The lead's place in the job, from 0.
    pub index: u32,
}

/// A lead's result as the vault keeps it. More than one turn may bring a job's answer home; only what
/// the turn kept that settled the job is ever pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptResult {
    /// Whose.
    pub at: ResultRef,
    /// The turn that kept it.
    pub turn: Lease,
}

/// A random mark that tells an admission asked again from another with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token([u8; 16]);

impl Token {
    /// A token of random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// One turn with a job: a number that grows each time the job is leased. It is no lower than the time
/// then, in milliseconds: a store that fails over may forget that a number was given, and would give
/// it to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease(pub u64);

impl Lease {
    /// The turn after this one, taken at `now`.
    #[must_use]
    pub fn next(self, now: Timestamp) -> Self {
        let time = u64::try_from(now.as_millis()).unwrap_or_default();
        Self(self.0.saturating_add(1).max(time))
    }
}
