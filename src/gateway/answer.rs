//! What callers are told, before it is written on the wire.

use std::time::Duration;

use super::throttle::RequestsLeft;
use super::words::Words;
use crate::domain::credits::{Amounts, Credits, Unit};
pub use crate::domain::estimate::Basis;
use crate::domain::idempotency_key::IdempotencyKey;
use crate::domain::key_terms::Scopes;
use crate::domain::lead::Lead;
use crate::domain::limits::{Excess, Limits};
use crate::domain::period::PeriodId;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
pub use crate::ledger::ids::BatchId;
pub use crate::ledger::record::batch::Dispositions;
use crate::ledger::record::job::Charged;
pub use crate::ledger::step::{QuotaLeft, QuotaShort, Remaining, Reset};
pub use crate::ledger::transition::read::{Failure, Status};

/// A batch of leads to be enriched, or to be estimated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// The leads, in order.
    pub leads: Vec<Lead>,
    /// What is asked of each person.
    pub reveals: Reveals,
    /// How old an answer from what is known may be; of no age at all, and the vendor is asked.
    pub max_age: Option<Duration>,
    /// What its caller allows it to cost.
    pub limits: Limits,
    /// What else tells it from other requests.
    pub marks: Marks,
}

/// What tells a request, asked again, from another, beside its leads and reveals.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Its caller's own name for it.
    pub key: Option<IdempotencyKey>,
    /// Its headers that change what is asked, in the order of their names.
    pub headers: Vec<String>,
}

impl std::fmt::Debug for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marks(<redacted>)")
    }
}

/// A batch as its caller reads it: one page of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPage {
    /// What was asked of each person.
    pub reveals: Reveals,
    /// The batch.
    pub id: BatchId,
    /// Where it stands.
    pub status: Status,
    /// How many leads it has.
    pub leads: u32,
    /// The leads of this page, in order; positions follow one another.
    pub lines: Vec<Line>,
    /// How soon it pays to read again; none once it has ended.
    pub retry_after: Option<Duration>,
    /// What it costs and spares.
    pub account: Account,
    /// Whether it answers a request that was admitted before.
    pub is_replay: bool,
}

/// What a batch costs and spares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// How its leads stood at admission.
    pub dispositions: Dispositions,
    /// What was set aside for it.
    pub reserved: Amounts,
    /// What it was charged, once all it pays for is settled.
    pub spent: Option<Amounts>,
    /// List price of what was answered without the vendor, as known at admission.
    pub avoided: Amounts,
    /// What is left of the team's quotas, where that could be told.
    pub remaining: Option<Remaining>,
}

/// One lead of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place, from 1.
    pub position: u32,
    /// What was submitted; none where it was erased.
    pub echo: Option<Lead>,
    /// What came of it.
    pub finding: Finding,
}

/// What came of a lead.
#[derive(Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nothing yet.
    Pending,
    /// A person: the JSON object as this batch may see it.
    Found(String),
    /// Nobody.
    NotFound,
    /// The person was removed.
    Removed,
    /// Nothing, for good.
    Failed(Failure),
    /// Nothing, for good: the vendor refused it in these words.
    Refused(Box<Words>),
}

impl std::fmt::Debug for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Found(_) => f.write_str("Found(<redacted>)"),
            Self::Pending => f.write_str("Pending"),
            Self::NotFound => f.write_str("NotFound"),
            Self::Removed => f.write_str("Removed"),
            Self::Failed(failure) => write!(f, "Failed({failure:?})"),
            Self::Refused(words) => write!(f, "Refused({words:?})"),
        }
    }
}

/// Which page of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageAsk {
    /// Where it begins or ends.
    pub from: PageFrom,
    /// How many leads at most, at least 1.
    pub size: u32,
}

/// Where a page begins or ends. Cursors are positions, exclusive, and never move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFrom {
    /// With the first lead.
    Start,
    /// After this position.
    After(u32),
    /// Before this position.
    Before(u32),
}

/// What an enrichment would cost now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// How its leads stand.
    pub dispositions: Dispositions,
    /// The most it costs.
    pub worst: Amounts,
    /// What it is likely to cost.
    pub expected: Amounts,
    /// What that rests on.
    pub basis: Basis,
    /// Whether the worst case fits every quota, and what its caller allows.
    pub fits: bool,
    /// What is left of the team's quotas.
    pub remaining: Remaining,
}

/// Why a request was not served. Nothing was spent, but perhaps for [`Refusal::OutcomeUnknown`] and
/// [`Refusal::Unresolved`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such key, or it is not good any more.
    #[error("the key is not valid")]
    BadKey,
    /// The team has no such batch.
    #[error("the team has no such batch")]
    NoSuchBatch,
    /// The team has no such validation.
    #[error("the team has no such validation")]
    NoSuchValidation,
    /// There is no such team.
    #[error("there is no such team")]
    NoSuchTeam,
    /// No team has such a batch.
    #[error("there is no such batch")]
    UnknownBatch,
    /// A call is made at once and cannot be cancelled; of a batch that was lost with its store there is
    /// nothing to be cancelled.
    #[error("the batch cannot be cancelled")]
    NotCancelable,
    /// The batch has nothing unresolved, and had nothing that an operator resolved.
    #[error("the batch has no unresolved credits")]
    NothingUnresolved,
    /// An operator says that more was charged than is unresolved.
    #[error("more credits were stated as charged than are unresolved")]
    MoreThanUnresolved {
        /// What was said.
        said: Amounts,
        /// What is unresolved.
        unresolved: Amounts,
    },
    /// An operator said something else before, and it is booked.
    #[error("the batch was already resolved with another outcome")]
    ResolvedOtherwise {
        /// When.
        at: Timestamp,
        /// What was said.
        before: Charged,
    },
    /// A correction would bring what was spent in a period below zero.
    #[error("the adjustment would make the spent credits negative")]
    SpentBelowZero {
        /// Whose.
        team: TeamId,
        /// Of what.
        unit: Unit,
        /// In which period.
        period: PeriodId,
        /// What was spent in it.
        spent: Credits,
        /// The correction.
        amount: Credits,
    },
    /// The key may not be used from where the request comes from.
    #[error("the key is not allowed from this address")]
    NetworkNotAllowed,
    /// The key may not be used for this.
    #[error("the key lacks a required scope: {0}")]
    ScopeNotAllowed(Scopes),
    /// The key may not be used to ask for these reveals, or to read them.
    #[error("the key does not allow the reveals {0}")]
    RevealNotAllowed(Reveals),
    /// An operator paused the team.
    #[error("the team is paused")]
    TeamPaused(TeamId),
    /// A policy of the team's does not let it ask for phone numbers.
    #[error("the team is not allowed to request phone numbers")]
    PhonesNotAllowed(TeamId),
    /// The worst case does not fit a quota.
    #[error("the maximum cost does not fit the quota")]
    Quota(Box<QuotaShort>),
    /// The worst case is above what its caller allows.
    #[error("the maximum cost exceeds the caller's limit")]
    Beyond(Excess),
    /// The caller's key for the request is that of another.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The vendor says that its own credits are out.
    #[error("the vendor's account has no {unit} credits")]
    VendorCredits {
        /// Which credits.
        unit: Unit,
        /// When the next request may go through to see.
        retry_after: Duration,
    },
    /// There is nothing of the gateway's at this path.
    #[error("there is no such path")]
    NoSuchPath,
    /// The path is not passed on.
    #[error("the path is not forwarded")]
    RouteNotAllowed {
        /// What would allow it.
        setting: String,
    },
    /// No route covers the path, and none but one for every path would.
    #[error("no route covers the path")]
    NoRoute,
    /// The vendor's API has no path with such a prefix.
    #[error("the vendor has no prefix {prefix}")]
    NoSuchPrefix {
        /// The prefix.
        prefix: String,
        /// What follows it, with `*` for ids.
        path: String,
    },
    /// The vendor gave no answer to what was passed on.
    #[error("the vendor gave no answer")]
    VendorAway,
    /// It gave none in time.
    #[error("the vendor gave no answer in time")]
    VendorLate,
    /// The vendor cannot be asked now, so nothing was sent.
    #[error("the vendor cannot be called now")]
    VendorBusy {
        /// When it pays to come again.
        retry_after: Duration,
    },
    /// The vendor validates only so many addresses in an hour, over all teams.
    #[error("the limit of email validations per hour is reached")]
    TooManyValidations {
        /// When there is room; none where there never is, for so many at once.
        retry_after: Option<Duration>,
    },
    /// Too many requests of this kind are under way.
    #[error("too many requests are in progress")]
    Crowded,
    /// The team has made too many requests lately, or has too many under way.
    #[error("the team exceeded its request limit")]
    TooManyRequests {
        /// When it pays to come again.
        retry_after: Duration,
        /// How many of the minute are left.
        left: Option<RequestsLeft>,
    },
    /// The store has no room for new work.
    #[error("the store has no space for new work")]
    StoreFull,
    /// The vendor refused a call, and charged nothing.
    #[error("the vendor refused the call")]
    VendorRefused {
        /// The vendor's code for it.
        code: Option<String>,
    },
    /// The same request is just being made.
    #[error("the same request is in progress")]
    UnderWay {
        /// When it pays to come again.
        retry_after: Duration,
    },
    /// A call was made and answered before, and its answer was not kept.
    #[error("the answer to call {0} was not stored")]
    AnswerNotKept(BatchId),
    /// The vendor takes the gateway's own key or address for wrong: an operator has to act.
    #[error("the vendor rejected the gateway's API key")]
    VendorRefusesKey,
    /// A call was not answered and is never made again; its credits stay unresolved under this batch.
    #[error("the vendor gave no answer: batch {0} is unresolved")]
    Unresolved(BatchId),
    /// The books cannot be kept now.
    #[error("the store is not available: {why}")]
    StoreAway {
        /// What is wrong, for operators.
        why: String,
    },
    /// The store is not the one whose books these are: nothing is sent or written until an operator
    /// has seen to it.
    #[error("the store holds a different ledger (epoch mismatch)")]
    OtherStore,
    /// The request may have been admitted; asked again, nobody is paid for twice.
    #[error("the store did not answer: the request may have been admitted")]
    OutcomeUnknown,
    /// The gateway is shutting down.
    #[error("the gateway is shutting down")]
    ShuttingDown,
}

impl Refusal {
    /// The refusal in one word, as in answers and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadKey => "unauthorized",
            Self::NoSuchBatch
            | Self::NoSuchValidation
            | Self::NoSuchTeam
            | Self::UnknownBatch
            | Self::NoSuchPath => "not_found",
            Self::NotCancelable => "not_cancelable",
            Self::NothingUnresolved => "nothing_unresolved",
            Self::MoreThanUnresolved { .. } => "more_than_unresolved",
            Self::ResolvedOtherwise { .. } => "resolved_otherwise",
            Self::SpentBelowZero { .. } => "spent_below_zero",
            Self::RouteNotAllowed { .. } | Self::NoRoute | Self::NoSuchPrefix { .. } => {
                "route_not_allowed"
            }
            Self::VendorAway => "vendor_unreachable",
            Self::VendorLate => "vendor_timeout",
            Self::NetworkNotAllowed => "network_not_allowed",
            Self::ScopeNotAllowed(_) => "scope_not_allowed",
            Self::RevealNotAllowed(_) => "reveal_not_allowed",
            Self::TeamPaused(_) => "team_paused",
            Self::PhonesNotAllowed(_) => "phones_not_allowed",
            Self::VendorRefused { .. } => "vendor_refused",
            Self::Quota(_) | Self::Beyond(_) | Self::VendorCredits { .. } => "insufficient_credits",
            Self::StoreFull => "store_full",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::KeyReused => "idempotency_key_reused",
            Self::AnswerNotKept(_) => "answer_not_kept",
            Self::VendorRefusesKey => "vendor_refuses_key",
            Self::Unresolved(_) => "unresolved",
            Self::TooManyValidations { retry_after: None } => "payload_too_large",
            Self::TooManyValidations { retry_after: Some(_) }
            | Self::VendorBusy { .. }
            | Self::Crowded
            | Self::UnderWay { .. }
            | Self::StoreAway { .. }
            | Self::OtherStore
            | Self::OutcomeUnknown
            | Self::ShuttingDown => "service_unavailable",
        }
    }
}
