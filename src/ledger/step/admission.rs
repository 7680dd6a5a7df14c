//! What an admission and an appraisal are asked with, and what they answer.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::avoided::Avoided;
use crate::domain::budget::NoRoom;
use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::estimate::{Basis, HitRates};
use crate::domain::identity::Parts;
use crate::domain::identity::keys::{LeadKey, NameMarks};
use crate::domain::limits::{Excess, Limits};
use crate::domain::needs::Needs;
use crate::domain::period::Period;
use crate::domain::pricing::Prices;
use crate::domain::request_id::RequestId;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::team_limits::TeamLimits;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, KeptResult, Token};
use crate::ledger::record::batch::{Batch, Dispositions};
use crate::ledger::record::job::Way;
use crate::ledger::record::replay::Retry;
use crate::ledger::step::{LimitExceeded, Remaining};

/// One lead, by its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadAsk {
    /// Of all that it gives: it is claimed, joined, folded and answered under this key.
    pub key: LeadKey,
    /// Of its identifying fields by themselves, where it gives more than one: a lead that is not known
    /// by its key is answered with the person that one of them is proven to name.
    pub parts: Parts<LeadKey>,
    /// Whether it carries an email itself, which a policy then may not have revealed.
    pub has_email: bool,
    /// The name that it gives. A person found by a weaker key than a profile must agree with it.
    pub name: NameMarks,
}

impl LeadAsk {
    /// The keys under which a removal is a removal of the lead. A name may be that of two persons.
    pub fn removal_keys(self) -> impl Iterator<Item = LeadKey> + Clone {
        [Some(self.key), self.parts.profile, self.parts.email].into_iter().flatten()
    }

    /// Whether a name with a company is all that it gives to know it by.
    #[must_use]
    pub fn is_by_name_alone(self) -> bool {
        self.parts == Parts::default() && !self.name.is_empty()
    }

    /// All its keys.
    pub fn keys(self) -> impl Iterator<Item = LeadKey> + Clone {
        std::iter::once(self.key).chain(self.parts.each())
    }
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
    /// How long a batch is readable from its end.
    pub batch_ttl: Duration,
    /// By when a job admitted now has surely ended or become unresolved.
    pub horizon: Duration,
    /// How many leads the vendor takes at once.
    pub job_leads_max: u32,
    /// How long a small job waits for others to travel with; zero where each travels alone.
    pub gather_window: Duration,
    /// The limits of a team whose policies do not say.
    pub team_limits: TeamLimits,
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
    /// The id of the request that asks, where it has one.
    pub request: Option<RequestId>,
    /// How what is to be sent travels.
    pub way: Way,
    /// What is asked of each person.
    pub reveals: Reveals,
    /// The leads, in order.
    pub leads: Vec<LeadAsk>,
    /// How many bytes their fields have.
    pub field_bytes: usize,
    /// How old an answer from what is known may be; of no age at all, and the vendor is asked.
    pub max_age: Option<Duration>,
    /// What its caller allows it to cost.
    pub limits: Limits,
    /// How it is told whether it is a retry; none where it is none in any case.
    pub retry: Option<Retry>,
    /// The settings in force.
    pub terms: Terms,
    /// What the vault lacks of the results that it would be answered with.
    pub lost: Lost,
    /// When the vault forgets the leads; none where it keeps none, which is enough for a batch that is
    /// trimmed to nothing.
    pub leads_expire_at: Option<Timestamp>,
}

/// What the vault lacks of the results that a plan would point at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Lost {
    /// Nobody has looked: the step only judges. It names the results that it would point at, and changes
    /// nothing.
    #[default]
    Unknown,
    /// These results: they answer nobody. All others are there.
    Known(BTreeSet<KeptResult>),
}

impl Lost {
    /// Nothing is lost.
    pub const NOTHING: Self = Self::Known(BTreeSet::new());

    /// Whether a result is known to be lost.
    #[must_use]
    pub fn has(&self, result: KeptResult) -> bool {
        match self {
            Self::Unknown => false,
            Self::Known(lost) => lost.contains(&result),
        }
    }
}

/// A batch that was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Its id: the one made beforehand, but for a replay.
    pub id: BatchId,
    /// The batch as it stands in the books.
    pub batch: Batch,
    /// Whether this very call admitted it.
    pub novelty: Novelty,
    /// Avoided by this admission; empty where it was asked again by its id.
    pub avoided: Vec<Avoided>,
    /// What is left of each quota.
    pub remaining: Remaining,
    /// Quotas that only warn and were passed.
    pub passed: Vec<QuotaShort>,
}

/// Whether an admission made a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// It did.
    New,
    /// It had made this batch before: it was asked again by its id.
    AskedAgain,
    /// It is a retry, and the batch is what the request became before. What this avoided is on no
    /// books: it is the list price of all that the batch was answered with, once it has ended.
    Replayed,
}

/// Why a batch was not admitted. No balance changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its worst case does not fit a quota.
    Quota(Box<QuotaShort>),
    /// Its worst case is above what its caller allows.
    Beyond(Excess),
    /// It would exceed a limit of its team.
    Limit(Box<LimitExceeded>),
    /// Its caller's key for it is that of another request.
    OtherRequest,
    /// There is no such team, or it was closed.
    NoTeam,
    /// An operator paused the team.
    Paused,
    /// It asks for phone numbers, which a policy of its team's does not allow.
    PhonesNotAllowed,
    /// Another batch has this id.
    Collision,
    /// The vendor does not answer, and what is made once is not made before this moment.
    NoAnswers(Timestamp),
    /// It would exceed what the vendor validates in an hour.
    TooManyValidations(NoRoom),
    /// It would be admitted, and answered with these results. Nothing was kept: it is asked again once
    /// the vault was looked at.
    Unchecked(Vec<KeptResult>),
    /// It would be admitted, and the vault does not keep its leads.
    NeedsLeads,
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
    /// The units that what is sent for it needs.
    pub needs: Needs,
    /// What it is likely to cost.
    pub expected: Amounts,
    /// What that rests on.
    pub basis: Basis,
    /// Why it would be refused, if it would.
    pub refused: Option<Refused>,
    /// The batch that it became before, where it is a retry.
    pub replays: Option<BatchId>,
    /// What is left of each quota.
    pub remaining: Remaining,
}

/// A batch to be appraised, with the hit rates to assume where few were observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub team: TeamId,
    /// What is asked of each person.
    pub reveals: Reveals,
    /// The leads, in order.
    pub leads: Vec<LeadAsk>,
    /// How old an answer from what is known may be; of no age at all, and the vendor is asked.
    pub max_age: Option<Duration>,
    /// What its caller allows it to cost.
    pub limits: Limits,
    /// How it is told whether it is a retry.
    pub retry: Option<Retry>,
    /// The settings in force.
    pub terms: Terms,
    /// What the vault lacks of the results that it would be answered with.
    pub lost: Lost,
    /// How often something comes back.
    pub rates: HitRates,
}
