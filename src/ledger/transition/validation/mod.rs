//! Email validations: addresses that are known or under way cost nothing, the rest travel as one
//! call.
//!
//! A validation is a batch that travels by [`Way::Call`](crate::ledger::record::job::Way::Call) and
//! has a slot for each address. Nothing joins a call that is still being made: whoever shares an
//! address with one waits until the vendor has taken it or has not, so nobody is ever stranded.

mod end;
mod open;
mod plan;
mod read;

use std::num::NonZeroU32;
use std::time::Duration;

use crate::domain::avoided::Avoided;
use crate::domain::credits::Amounts;
use crate::domain::identity::keys::LeadKey;
use crate::domain::limits::UpTo;
use crate::domain::pricing::Prices;
use crate::domain::share::Share;
use crate::domain::team::TeamId;
use crate::domain::team_limits::TeamLimits;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, JobId, Lease, ResultRef, Token};
use crate::ledger::record::batch::Batch;
use crate::ledger::record::replay::Retry;
use crate::ledger::step::{Lost, QuotaShort, Remaining};
use crate::ledger::transition::call::call_of;
use crate::ledger::transition::read::{Failure, Status};

pub use end::{cancel_validation, end_validation};
pub use open::open_validation;
pub use read::{read_validation, validation};

pub(super) use end::name;
pub(super) use read::has_verdicts_to_come;

/// A validation to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationOrder {
    /// Its id, made beforehand.
    pub batch: BatchId,
    /// The same where the same validation is opened again.
    pub token: Token,
    /// Who asks and pays.
    pub team: TeamId,
    /// The addresses, in order.
    pub addresses: Vec<LeadKey>,
    /// How it is told whether it is a retry; none where it is none in any case.
    pub retry: Option<Retry>,
    /// What one address costs.
    pub price: Amounts,
    /// The most that its caller allows it to cost.
    pub most: UpTo,
    /// The prices in force.
    pub prices: Prices,
    /// How long an address counts as validated.
    pub ttl: Duration,
    /// How old a verdict from what is known may be; of no age at all, and the vendor is asked.
    pub max_age: Option<Duration>,
    /// How long a validation is readable, and how long one that has not ended is waited for.
    pub readable_for: Duration,
    /// How long the turn of whoever opens it lasts, unless it is renewed.
    pub lease_for: Duration,
    /// What the vault lacks of the verdicts that it would be answered with.
    pub lost: Lost,
    /// When the vault forgets the addresses.
    pub addresses_expire_at: Timestamp,
    /// How many bytes the addresses have.
    pub field_bytes: usize,
    /// The limits of a team whose policies do not say.
    pub limits: TeamLimits,
    /// How many addresses the vendor validates in an hour.
    pub per_hour: NonZeroU32,
    /// How much of that one team may have validated.
    pub share: Share,
}

/// What became of a validation that was to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValidationOpened {
    /// It is on the books.
    Opened(Box<OpenedValidation>),
    /// It is on the books already, under this batch.
    Replayed(BatchId),
    /// An address of it, or the same request, is just being sent: come again soon.
    Busy,
}

/// A validation on the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedValidation {
    /// The batch.
    pub batch: Batch,
    /// The call to be made for its fresh addresses, if there are any.
    pub call: Option<(JobId, Lease)>,
    /// The places of its fresh addresses, from 0: what is sent, in order.
    pub fresh: Vec<u32>,
    /// Avoided by this very step.
    pub avoided: Vec<Avoided>,
    /// What is left of the tightest quota of each unit.
    pub remaining: Remaining,
    /// Quotas that only warn and were passed.
    pub passed: Vec<QuotaShort>,
}

/// What the vendor has said of a validation, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationEnd {
    /// The batch whose call it was.
    pub batch: BatchId,
    /// Of how many addresses it says something.
    pub answered: u32,
    /// The places in the call of those that it says nothing of: they are not validated.
    pub missing: Vec<u32>,
    /// When the vault forgets what was put for it.
    pub results_until: Timestamp,
}

/// A validation as its team sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationReading {
    /// The batch.
    pub batch: Batch,
    /// Where it stands.
    pub status: Status,
    /// What it was charged, once that is settled.
    pub spent: Option<Amounts>,
    /// When the vault forgets the first of what it is read from.
    pub sealed_until: Option<Timestamp>,
    /// When the soonest of the calls that it waits for is looked at again.
    pub next_look: Option<Timestamp>,
    /// The addresses of the range that was asked for, in order.
    pub addresses: Vec<AddressReading>,
}

/// How one address reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressReading {
    /// No verdict yet.
    Pending,
    /// A verdict; it is in the vault.
    Kept(ResultRef),
    /// Its person was removed: the echo is erased, too.
    Removed,
    /// No verdict, for good.
    Failed(Failure),
}

impl AddressReading {
    /// Where its verdict is in the vault.
    #[must_use]
    pub const fn kept(&self) -> Option<ResultRef> {
        match self {
            Self::Kept(at) => Some(*at),
            Self::Pending | Self::Removed | Self::Failed(_) => None,
        }
    }
}
