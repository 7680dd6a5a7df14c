//! The gateway's answers to callers, before they are serialised.

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
pub use crate::ledger::step::{LimitExceeded, LimitLeft, QuotaLeft, QuotaShort, Remaining, Reset};
pub use crate::ledger::transition::read::{Failure, Status};

/// A batch of leads to be enriched or estimated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// The leads, in order.
    pub leads: Vec<Lead>,
    /// The reveals requested for each person.
    pub reveals: Reveals,
    /// The maximum age of cached answers; zero: the vendor is asked.
    pub max_age: Option<Duration>,
    /// The limits set by its caller.
    pub limits: Limits,
    /// The other parts of its identity, for recognising retries.
    pub marks: Marks,
}

/// What distinguishes a request from another one, besides its leads and reveals.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The caller's idempotency key.
    pub key: Option<IdempotencyKey>,
    /// Its headers that change its meaning, in the order of their names.
    pub headers: Vec<String>,
}

impl std::fmt::Debug for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marks(<redacted>)")
    }
}

/// One page of a batch, as its caller reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPage {
    /// The requested reveals.
    pub reveals: Reveals,
    /// The batch.
    pub id: BatchId,
    /// Its status.
    pub status: Status,
    /// The number of its leads.
    pub leads: u32,
    /// The leads of this page, in order.
    pub lines: Vec<Line>,
    /// When to poll again; `None` if it has ended.
    pub retry_after: Option<Duration>,
    /// Its charged and avoided credits.
    pub account: Account,
    /// Whether it answers a retry.
    pub is_replay: bool,
}

/// The charged and avoided credits of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The dispositions of its leads at admission.
    pub dispositions: Dispositions,
    /// The reserved maximum cost.
    pub reserved: Amounts,
    /// The charged credits, once everything it pays for is settled.
    pub spent: Option<Amounts>,
    /// List price of answers that were not charged, as known at admission.
    pub avoided: Amounts,
    /// The rest of the team's quotas, if it could be read.
    pub remaining: Option<Remaining>,
}

/// One lead of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its position, from 1.
    pub position: u32,
    /// The submitted fields; `None` if they were erased.
    pub echo: Option<Lead>,
    /// Its result.
    pub finding: Finding,
}

/// The result of a lead.
#[derive(Clone, PartialEq, Eq)]
pub enum Finding {
    /// Pending.
    Pending,
    /// A person: the JSON object as this batch may see it.
    Found(String),
    /// No person was found.
    NotFound,
    /// The person was erased.
    Removed,
    /// No result, finally.
    Failed(Failure),
    /// No result, finally: the vendor refused it with this error.
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

/// A page of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageAsk {
    /// Where it begins or ends.
    pub from: PageFrom,
    /// The maximum number of leads, at least 1.
    pub size: u32,
}

/// Where a page begins or ends. Cursors are positions, exclusive, and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFrom {
    /// With the first lead.
    Start,
    /// After this position.
    After(u32),
    /// Before this position.
    Before(u32),
}

/// The current cost of an enrichment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The dispositions of its leads.
    pub dispositions: Dispositions,
    /// The maximum cost.
    pub worst: Amounts,
    /// The expected cost.
    pub expected: Amounts,
    /// The observations behind the expected cost.
    pub basis: Basis,
    /// Whether the maximum cost fits every quota and the caller's limits.
    pub fits: bool,
    /// The rest of the team's quotas.
    pub remaining: Remaining,
}

/// Why a request was refused. Nothing was spent, except perhaps with [`Refusal::OutcomeUnknown`]
/// and [`Refusal::Unresolved`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key does not exist, was revoked or has expired.
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
    /// No team has this batch.
    #[error("there is no such batch")]
    UnknownBatch,
    /// The batch is a call, which cannot be cancelled, or was lost with its store.
    #[error("the batch cannot be cancelled")]
    NotCancelable,
    /// The batch has no unresolved credits, and no operator resolved it.
    #[error("the batch has no unresolved credits")]
    NothingUnresolved,
    /// An operator stated more charged credits than are unresolved.
    #[error("more credits were stated as charged than are unresolved")]
    MoreThanUnresolved {
        /// The stated credits.
        said: Amounts,
        /// The unresolved credits.
        unresolved: Amounts,
    },
    /// An operator already resolved the batch with another outcome.
    #[error("the batch was already resolved with another outcome")]
    ResolvedOtherwise {
        /// The time of that resolution.
        at: Timestamp,
        /// Its outcome.
        before: Charged,
    },
    /// An adjustment would make the spent credits of a period negative.
    #[error("the adjustment would make the spent credits negative")]
    SpentBelowZero {
        /// The team.
        team: TeamId,
        /// The unit.
        unit: Unit,
        /// The period.
        period: PeriodId,
        /// The credits spent in it.
        spent: Credits,
        /// The adjustment.
        amount: Credits,
    },
    /// The key is not allowed from the client's address.
    #[error("the key is not allowed from this address")]
    NetworkNotAllowed,
    /// An operator paused the key.
    #[error("the key is paused")]
    KeyPaused,
    /// The key may not be used for this.
    #[error("the key lacks a required scope: {0}")]
    ScopeNotAllowed(Scopes),
    /// The key does not allow requesting or reading these reveals.
    #[error("the key does not allow the reveals {0}")]
    RevealNotAllowed(Reveals),
    /// An operator paused the team.
    #[error("the team is paused")]
    TeamPaused(TeamId),
    /// A policy of the team does not allow phone numbers.
    #[error("the team is not allowed to request phone numbers")]
    PhonesNotAllowed(TeamId),
    /// The maximum cost does not fit a quota.
    #[error("the maximum cost does not fit the quota")]
    Quota(Box<QuotaShort>),
    /// The maximum cost exceeds the caller's limit.
    #[error("the maximum cost exceeds the caller's limit")]
    Beyond(Excess),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The vendor's account has no credits.
    #[error("the vendor's account has no {unit} credits")]
    VendorCredits {
        /// The unit.
        unit: Unit,
        /// When the next request may be sent as a probe.
        retry_after: Duration,
    },
    /// The gateway has no endpoint at this path.
    #[error("there is no such path")]
    NoSuchPath,
    /// The path is not forwarded.
    #[error("the path is not forwarded")]
    RouteNotAllowed {
        /// The setting that would allow it.
        setting: String,
    },
    /// The path has no route, and only a route for every path would allow it.
    #[error("no route covers the path")]
    NoRoute,
    /// The vendor's API has no path with this prefix.
    #[error("the vendor has no prefix {prefix}")]
    NoSuchPrefix {
        /// The prefix.
        prefix: String,
        /// The rest of the path, with `*` for ids.
        path: String,
    },
    /// The vendor did not answer a forwarded request.
    #[error("the vendor gave no answer")]
    VendorAway,
    /// The vendor did not answer it in time.
    #[error("the vendor gave no answer in time")]
    VendorLate,
    /// The vendor cannot be called now, so nothing was sent.
    #[error("the vendor cannot be called now")]
    VendorBusy {
        /// When to retry.
        retry_after: Duration,
    },
    /// The limit of validated addresses per hour, over all teams, is reached.
    #[error("the limit of email validations per hour is reached")]
    TooManyValidations {
        /// When to retry; `None` if the request exceeds the whole limit.
        retry_after: Option<Duration>,
    },
    /// Too many requests of this kind are in progress.
    #[error("too many requests are in progress")]
    Crowded,
    /// The team exceeded its limit of requests per minute or of concurrent requests.
    #[error("the team exceeded its request limit")]
    TooManyRequests {
        /// When to retry.
        retry_after: Duration,
        /// The rest of its requests per minute.
        left: Option<RequestsLeft>,
    },
    /// The team would exceed one of its limits.
    #[error("the team would exceed its limit of {}", .0.measure.name())]
    Limit(Box<LimitExceeded>),
    /// The store has no room for new work.
    #[error("the store has no space for new work")]
    StoreFull,
    /// The vendor refused a call, and charged nothing.
    #[error("the vendor refused the call")]
    VendorRefused {
        /// The vendor's error code.
        code: Option<String>,
    },
    /// The same request is in progress.
    #[error("the same request is in progress")]
    UnderWay {
        /// When to retry.
        retry_after: Duration,
    },
    /// A call was made and answered before, and its answer was not stored.
    #[error("the answer to call {0} was not stored")]
    AnswerNotKept(BatchId),
    /// The vendor rejected the gateway's API key or URL: an operator must act.
    #[error("the vendor rejected the gateway's API key")]
    VendorRefusesKey,
    /// A call was not answered and is never repeated; its credits stay unresolved under this batch.
    #[error("the vendor gave no answer: batch {0} is unresolved")]
    Unresolved(BatchId),
    /// The store is not available.
    #[error("the store is not available: {why}")]
    StoreAway {
        /// The cause, for operators.
        why: String,
    },
    /// The store holds a different ledger: nothing is sent or written until an operator acts.
    #[error("the store holds a different ledger (epoch mismatch)")]
    OtherStore,
    /// The request may have been admitted. Repeated, it is not paid for twice.
    #[error("the store did not answer: the request may have been admitted")]
    OutcomeUnknown,
    /// The gateway is shutting down.
    #[error("the gateway is shutting down")]
    ShuttingDown,
}

impl Refusal {
    /// The error code, as in answers and metric labels.
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
            Self::KeyPaused => "key_paused",
            Self::NetworkNotAllowed => "network_not_allowed",
            Self::ScopeNotAllowed(_) => "scope_not_allowed",
            Self::RevealNotAllowed(_) => "reveal_not_allowed",
            Self::TeamPaused(_) => "team_paused",
            Self::PhonesNotAllowed(_) => "phones_not_allowed",
            Self::VendorRefused { .. } => "vendor_refused",
            Self::Quota(_) | Self::Beyond(_) | Self::VendorCredits { .. } => "insufficient_credits",
            Self::StoreFull => "store_full",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Limit(_) => "limit_reached",
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
