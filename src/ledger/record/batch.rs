//! Batches and their slots.

use crate::domain::credits::Amounts;
use crate::domain::identity::Parts;
use crate::domain::identity::keys::{LeadKey, NameMarks};
use crate::domain::limits::UpTo;
use crate::domain::note::Note;
use crate::domain::request_id::RequestId;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{JobId, ResultRef, Token};
use crate::ledger::record::job::Way;
use crate::ledger::step::LeadAsk;

/// What one caller asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Who asked and pays.
    pub team: TeamId,
    /// Which team of the name: see [`Team::opening`](super::team::Team::opening).
    pub opening: u32,
    /// Tells this admission, asked again, from another with the same id.
    pub token: Token,
    /// How its own jobs travel.
    pub way: Way,
    /// The id of the request that asked, where it had one.
    pub request: Option<RequestId>,
    /// What was asked of each person.
    pub reveals: Reveals,
    /// The most that its caller allows it to cost.
    pub most: UpTo,
    /// When it was admitted.
    pub admitted_at: Timestamp,
    /// Since when an answer must have been settled to be taken from what is known; none where the
    /// settings alone say.
    pub answers_since: Option<Timestamp>,
    /// How its leads stood at admission.
    pub dispositions: Dispositions,
    /// What was set aside for it, at admission and when it was driven again.
    pub reserved: Amounts,
    /// List price of what was answered without the vendor, as far as known by now.
    pub avoided: Amounts,
    /// Every job that a slot points at and that had not ended when it was pointed at.
    pub jobs: Vec<JobId>,
    /// How many jobs this batch has made.
    pub jobs_made: u32,
    /// When it was cancelled, by its caller or by an operator.
    pub canceled_at: Option<Timestamp>,
    /// Why an operator cancelled it; none where its caller did.
    pub canceled_for: Option<Note>,
    /// When the vault forgets its leads, or the first of the results that it was answered with from
    /// what is known; none where it has neither.
    pub sealed_until: Option<Timestamp>,
    /// How many bytes it counts against its team's limit until it is removed.
    pub kept_bytes: u64,
}

/// How many leads of a batch are answered in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispositions {
    /// All of them.
    pub submitted: u32,
    /// The same person as an earlier lead of this batch.
    pub repeated: u32,
    /// Answered by what is known.
    pub cached: u32,
    /// Answered by a job already under way.
    pub joined: u32,
    /// Sent to the vendor.
    pub fresh: u32,
    /// Not sent, since they did not fit a quota.
    pub trimmed: u32,
}

impl Dispositions {
    /// Whether every lead was trimmed. Such a batch has no slots, and the vault keeps none of its leads.
    #[must_use]
    pub const fn is_all_trimmed(&self) -> bool {
        self.submitted > 0 && self.trimmed == self.submitted
    }
}

/// How one lead of a batch will be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Of all that the lead gives.
    pub key: LeadKey,
    /// Of its identifying fields, where it gives more than one.
    pub parts: Parts<LeadKey>,
    /// Whether the lead carries an email itself.
    pub has_email: bool,
    /// The name that it gives.
    pub name: NameMarks,
    /// Where its answer comes from.
    pub source: Source,
}

impl Slot {
    /// The lead as it was asked.
    #[must_use]
    pub const fn ask(&self) -> LeadAsk {
        let Self { key, parts, has_email, name, .. } = *self;
        LeadAsk { key, parts, has_email, name }
    }
}

/// Where a lead's answer comes from. Only `redrive` ever rewrites one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From a result already there.
    Cached(ResultRef),
    /// From a job that another batch made.
    Joined(ResultRef),
    /// From a job of this batch, which pays for it.
    Own(ResultRef),
    /// From the own job of this batch's earlier lead for the same person.
    Repeated(ResultRef),
    /// From nowhere: the person was removed, and is not asked for.
    Removed,
    /// From what was known: the lead names nobody.
    NotFound,
    /// From nowhere: it did not fit its own team's quotas, at admission or when the job that it had
    /// joined died, or then what its caller allows.
    Refused,
}

impl Source {
    /// The answer that the source points at.
    #[must_use]
    pub const fn points_at(self) -> Option<ResultRef> {
        match self {
            Self::Cached(at) | Self::Joined(at) | Self::Own(at) | Self::Repeated(at) => Some(at),
            Self::Removed | Self::NotFound | Self::Refused => None,
        }
    }
}

/// What one batch takes from a job that it neither made nor pays, or takes twice from its own.
/// Kept until the job ends, for the avoided credits and, if the job dies, for the redrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The team whose batch it is.
    pub team: TeamId,
    /// What the batch asked of each person.
    pub reveals: Reveals,
    /// The job's leads that the batch waits for.
    pub joined: Vec<u32>,
    /// The job's leads that answer a further lead of the batch, once for each.
    pub repeated: Vec<u32>,
    /// Once the job has died: the first of the batch's rows of slots that is still to be driven again.
    pub driven_to: u32,
}
