//! What steps are asked with, and what they answer.

mod admission;
mod gathering;
mod operators;
mod refusing;
mod remaining;
mod room;
mod settlement;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

pub use admission::{
    Admission, Admitted, Appraisal, LeadAsk, Lost, Novelty, Question, QuotaShort, Refused, Terms,
};
pub use gathering::{Gathered, Gathering, Load, Split, Splitting};
pub use operators::{
    Adjusted, Adjustment, Booked, Holders, Holding, Removal, Resolution, Resolved,
};
pub use refusing::{AfterRefusal, Detached, Refusing};
pub use remaining::{LimitExceeded, LimitLeft, QuotaLeft, Remaining, Reset};
pub use room::{PageReader, Room, Spending};
pub use settlement::settlement_steps;

use super::ids::{BatchId, JobId, KeptResult, Lease};
pub use super::record::job::Charged;
use super::record::job::{Cause, Job, Reason};
use super::record::lane::Lane;
use crate::domain::avoided::Avoided;
use crate::domain::budget::{Allowance, Errand, Rates};
use crate::domain::charge::Shown;
use crate::domain::credits::Amounts;
use crate::domain::identity::keys::{LeadKey, NameMarks, PersonKey};
use crate::domain::needs::ByUnit;
use crate::domain::outage::{Order, Outage, Probing};
use crate::domain::pricing::Charges;
use crate::domain::request_id::RequestId;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::domain::vendor_id::VendorId;

/// A turn with one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The job as it stands.
    pub job: Job,
    /// The turn's lease.
    pub lease: Lease,
    /// The lane of the queue that it was taken from.
    pub lane: Lane,
    /// The team whose queue that is.
    pub team: TeamId,
    /// Batches that had joined the job, where it died: each is to be driven again.
    pub stranded: Vec<BatchId>,
    /// How many requests it may make at once: they are spent of the request budget.
    pub requests: u32,
}

/// Leave to ask the vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// What for.
    pub errand: Errand,
    /// How often at most.
    pub wanted: NonZeroU32,
    /// How often all replicas together may ask in a minute.
    pub rates: Rates,
    /// What it is spent from besides, where the path has an allowance of its own.
    pub allowance: Option<Allowance>,
    /// The longest that the vendor is left alone by its own word.
    pub closed_for_max: Duration,
}

/// Whether something that costs may be sent to a vendor whose credits may be out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// It has credits, as far as anybody knows.
    Needless,
    /// It may, to see.
    Given,
    /// Not before this moment.
    NotBefore(Timestamp),
}

/// An attempt to be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// The turn.
    pub lease: Lease,
    /// How many attempts there have been.
    pub after: u32,
    /// How many unanswered ones there may be.
    pub unanswered_max: u32,
    /// How long the vendor may take over it.
    pub horizon: Duration,
    /// How long the turn lasts from now.
    pub lease_for: Duration,
    /// How often a vendor that does not answer is tried.
    pub probing: Probing,
}

impl Attempt {
    /// Whether another attempt may follow this one, where so many before it were not answered.
    #[must_use]
    pub fn order(&self, unanswered: u32) -> Order {
        let is_last = unanswered.saturating_add(1) >= self.unanswered_max;
        if is_last { Order::Last } else { Order::Repeatable }
    }
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It may: it is on the books, and bytes may leave.
    Attempt(u32),
    /// It may, to see whether the vendor answers again.
    Probe(u32),
    /// The vendor does not answer: not before this moment.
    NotBefore(Timestamp),
    /// The last submission was not answered, and no attempt may follow this one: the vendor is to be
    /// asked something free first.
    AskFirst,
    /// No further attempt is safe inside the charge window, or allowed.
    Exhausted,
    /// It is in doubt, and it or some of what travels in it was cancelled: that is not sent again.
    Canceled,
}

/// What the books say of whether the vendor sells and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitState {
    /// Of which units the vendor's credits are out, and when the next probe is due.
    pub probe_at: ByUnit<Option<Timestamp>>,
    /// Whether it answers.
    pub outage: Outage,
}

/// Whether a refused or cancelled job is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voided {
    /// It is: everything reserved for it was released.
    Void,
    /// An earlier attempt was not answered, so the vendor may have it all the same.
    StillUnknown,
}

/// What ends a job that was certainly not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voiding {
    /// The job.
    pub job: JobId,
    /// The turn.
    pub lease: Lease,
    /// Why.
    pub cause: Cause,
    /// When to look again where an earlier attempt was not answered.
    pub quiet_until: Timestamp,
}

/// What makes a job unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivingUp {
    /// The job.
    pub job: JobId,
    /// The turn.
    pub lease: Lease,
    /// Why.
    pub reason: Reason,
    /// When to look for late evidence.
    pub look_again_at: Timestamp,
}

/// What the vendor's answer says about one lead of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A person came back.
    Found {
        /// Who.
        person: PersonKey,
        /// The keys that the answer proves to be the person's: those that the result itself shows,
        /// and the lead's own where it is that of one identifying field.
        aliases: Vec<LeadKey>,
        /// Whether the lead, asked again, may be answered with the person: not where the result shows
        /// another profile than was asked for.
        answers_key: bool,
        /// What of the person came back.
        shown: Shown,
        /// The person's name.
        name: NameMarks,
    },
    /// Nobody came back.
    NotFound,
    /// The person was removed.
    Removed {
        /// The keys of all that the lead gives: where they are all proven to be one person's, it is
        /// that person who was removed. None where that would be no proof.
        proof: Vec<LeadKey>,
    },
    /// What came back could not be told to be this lead's.
    Unmatched,
    /// Nothing came back, and nothing was charged for this attempt.
    Unanswered,
}

/// Some of a job's answer, to be settled in one step: see [`settlement_steps`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The job.
    pub job: JobId,
    /// The turn that read the answer and kept its results.
    pub turn: Lease,
    /// The place, among all leads that travel with the job, of the first one to be settled.
    pub first: u32,
    /// What the answer says of the leads from there on, in order.
    pub evidence: Vec<Evidence>,
    /// When the vault forgets the results that were put for it.
    pub results_expire_at: Timestamp,
}

/// What a settlement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Whether this very call settled these leads.
    pub is_first: bool,
    /// The turn that settled these leads, whose results count.
    pub turn: Lease,
    /// The place of the next lead to be settled; none once the job has ended.
    pub next: Option<u32>,
    /// What each part was charged, once the job has ended.
    pub parts: Vec<PartSettled>,
    /// What joiners were credited, by team.
    pub avoided: Vec<(TeamId, Avoided)>,
    /// Results that must be erased: their persons were removed.
    pub removed: Vec<KeptResult>,
    /// Finds charged that the vendor may not have charged.
    pub perhaps_free: u32,
    /// How many leads of each team came to what.
    pub outcomes: BTreeMap<(TeamId, Outcome), u64>,
}

/// What a lead came to, as far as it is worth to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A person.
    Found,
    /// Nobody.
    NotFound,
    /// Somebody who was removed, before or by this very answer.
    Removed,
    /// Another person than a key of the lead was known to lead to.
    Contradicted,
}

impl Outcome {
    /// As in labels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not_found",
            Self::Removed => "removed",
            Self::Contradicted => "contradicted",
        }
    }
}

/// What joiners of a settled job were credited in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credited {
    /// How much, by team.
    pub avoided: Vec<(TeamId, Avoided)>,
    /// Whether no joiner is left.
    pub is_all: bool,
}

/// What one part was charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSettled {
    /// The batch.
    pub batch: BatchId,
    /// Who paid.
    pub team: TeamId,
    /// The id of the request that asked, where it had one.
    pub request: Option<RequestId>,
    /// How much, by kind.
    pub charged: Charges,
    /// How much of it went beyond the reservation.
    pub exceeded: Amounts,
    /// How much nobody could learn.
    pub unresolved: Amounts,
}

/// A batch to be driven again, off a job that died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The batch.
    pub batch: BatchId,
    /// The job that died.
    pub job: JobId,
    /// The settings in force.
    pub terms: Terms,
    /// What the vault lacks of the results that its leads would be answered with.
    pub lost: Lost,
}

/// What became of a batch driven again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Whether more of the batch's leads are still to be driven off the job, by a further step.
    pub is_partial: bool,
    /// Leads that are now sent by a job of the batch's own.
    pub fresh: u32,
    /// Leads that did not fit its team's quotas, or what its caller allows.
    pub refused: u32,
    /// Reserved anew.
    pub reserved: Amounts,
    /// Its leads would be answered with these results, and it is not known whether the vault holds
    /// them: nothing was changed.
    pub unchecked: Vec<KeptResult>,
}

/// What became of a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Canceled {
    /// The batch is cancelled.
    Now,
    /// It was cancelled before.
    Already,
    /// It had ended before.
    Ended,
    /// There is no such batch.
    NoSuchBatch,
}

/// The vendor's word that it took a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The job.
    pub job: JobId,
    /// The vendor's id for it.
    pub vendor_id: VendorId,
    /// When to ask for its answer.
    pub poll_at: Timestamp,
}
