//! What steps are asked with, and what they answer.

use std::num::NonZeroU32;
use std::time::Duration;

use super::ids::{BatchId, JobId, KeptResult, Lease, Token};
use super::record::batch::{Batch, Dispositions};
use super::record::job::{Cause, Job, Reason};
use crate::domain::avoided::Avoided;
use crate::domain::budget::{Allowance, Errand, Rate};
use crate::domain::charge::Shown;
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::estimate::HitRates;
use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::domain::period::Period;
use crate::domain::pricing::{Charges, Prices};
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::domain::vendor_id::VendorId;

/// One lead, by the keys that name its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadAsk {
    /// The strongest: it is looked up and claimed.
    pub key: LeadKey,
    /// The second strong one: it is read only to find a conflict.
    pub other: Option<LeadKey>,
}

/// What the operator's settings say about answering and paying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the vendor charges.
    pub prices: Prices,
    /// How long a person found is answered from what is known.
    pub person_ttl: Duration,
    /// How long nobody found is.
    pub not_found_ttl: Duration,
    /// By when a job admitted now has surely ended or become unresolved.
    pub horizon: Duration,
    /// How many leads the vendor takes at once.
    pub job_leads_max: u32,
}

/// A batch to be admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Its id, made beforehand.
    pub batch: BatchId,
    /// The same where the same admission is asked again.
    pub token: Token,
    /// Who asks and pays.
    pub team: TeamId,
    /// What is asked of each person.
    pub reveals: Reveals,
    /// The leads, in order.
    pub leads: Vec<LeadAsk>,
    /// The settings in force.
    pub terms: Terms,
}

/// A batch that was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The batch as it stands in the books.
    pub batch: Batch,
    /// Avoided by this admission; empty where it was asked again.
    pub avoided: Vec<Avoided>,
    /// Whether this very call admitted it.
    pub is_first: bool,
    /// What is left of the tightest quota of each unit.
    pub remaining: Remaining,
    /// Quotas that only warn and were passed.
    pub passed: Vec<QuotaShort>,
}

/// What is left of the tightest quota of each unit; none where there is no quota of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// Email credits.
    pub email: Option<Credits>,
    /// Phone credits.
    pub phone: Option<Credits>,
}

/// Why a batch was not admitted. No balance changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its worst case does not fit a quota.
    Quota(Box<QuotaShort>),
    /// There is no such team, or it was closed.
    NoTeam,
    /// An operator paused the team.
    Paused,
    /// Another batch has this id.
    Collision,
}

/// A quota that a worst case does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaShort {
    /// Whose.
    pub team: TeamId,
    /// Of what.
    pub unit: Unit,
    /// Over which period.
    pub period: Period,
    /// The quota.
    pub limit: Credits,
    /// Charged in the period.
    pub spent: Credits,
    /// Set aside in the period.
    pub reserved: Credits,
    /// Unresolved in the period.
    pub unresolved: Credits,
    /// The worst case.
    pub needed: Credits,
    /// When the period ends; none for all time.
    pub resets_at: Option<Timestamp>,
}

/// What a batch would cost now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appraisal {
    /// How its leads stand.
    pub dispositions: Dispositions,
    /// The most it costs: what admission would reserve.
    pub worst: Amounts,
    /// What it is likely to cost.
    pub expected: Amounts,
    /// What it does not fit, if anything.
    pub short: Option<Box<QuotaShort>>,
    /// What is left of the tightest quota of each unit.
    pub remaining: Remaining,
}

/// A batch to be appraised, with the hit rates to expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub team: TeamId,
    /// What is asked of each person.
    pub reveals: Reveals,
    /// The leads, in order.
    pub leads: Vec<LeadAsk>,
    /// The settings in force.
    pub terms: Terms,
    /// How often something comes back.
    pub rates: HitRates,
}

/// A turn with one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The job as it stands.
    pub job: Job,
    /// The turn's lease.
    pub lease: Lease,
    /// Batches that had joined the job, where it died: each is to be driven again.
    pub stranded: Vec<BatchId>,
}

/// Leave to ask the vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// What for.
    pub errand: Errand,
    /// How often at most.
    pub wanted: NonZeroU32,
    /// How often all replicas together may ask in a minute.
    pub rate: Rate,
    /// What it is spent from besides, where the path has an allowance of its own.
    pub allowance: Option<Allowance>,
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
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It may: it is on the books, and bytes may leave.
    Attempt(u32),
    /// No further attempt is safe inside the charge window, or allowed.
    Exhausted,
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
    /// A person came back, shown under these keys.
    Found {
        /// Who.
        person: PersonKey,
        /// The keys that the result itself shows.
        aliases: Vec<LeadKey>,
        /// What of the person came back.
        shown: Shown,
    },
    /// Nobody came back.
    NotFound,
    /// The person was removed, under the keys that the result shows.
    Removed,
    /// What came back could not be told to be this lead's.
    Unmatched,
    /// Nothing came back, and nothing was charged for this attempt.
    Unanswered,
}

/// A job's answer, to be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The job.
    pub job: JobId,
    /// The turn that brought it home and kept its results.
    pub turn: Lease,
    /// What the answer says of each lead, in order.
    pub evidence: Vec<Evidence>,
    /// When the vault forgets the results that were put for it.
    pub results_expire_at: Timestamp,
}

/// What a settlement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Whether this very call settled it.
    pub is_first: bool,
    /// The turn that settled it, whose results count.
    pub turn: Lease,
    /// What each part was charged.
    pub parts: Vec<PartSettled>,
    /// What others were spared, by team.
    pub avoided: Vec<(TeamId, Avoided)>,
    /// Results that must be erased: their persons were removed.
    pub removed: Vec<KeptResult>,
    /// Finds charged that the vendor may not have charged.
    pub perhaps_free: u32,
}

/// What one part was charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartSettled {
    /// The batch.
    pub batch: BatchId,
    /// Who paid.
    pub team: TeamId,
    /// How much, by kind.
    pub charged: Charges,
    /// How much of it went beyond the reservation.
    pub exceeded: Amounts,
    /// How much nobody could learn.
    pub unresolved: Amounts,
}

/// A batch to be driven again, off a job that died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The batch.
    pub batch: BatchId,
    /// The job that died.
    pub job: JobId,
    /// The settings in force.
    pub terms: Terms,
}

/// What became of a batch driven again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// Leads that are now sent by a job of the batch's own.
    pub fresh: u32,
    /// Leads that its team's quota refused.
    pub refused: u32,
    /// Reserved anew.
    pub reserved: Amounts,
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
}

/// An operator's word on what a batch has unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The batch.
    pub batch: BatchId,
    /// How much of it was charged; the rest is released.
    pub charged: Charged,
}

/// How much of what is unresolved was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// All of it.
    All,
    /// So much.
    Some(Amounts),
    /// Nothing.
    Nothing,
}

/// A correction of a team's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Whose.
    pub team: TeamId,
    /// Of what.
    pub unit: Unit,
    /// More spent, or less where it is below zero.
    pub amount: Credits,
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
