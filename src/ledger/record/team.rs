//! Teams and their keys.

use crate::domain::key_terms::{KeyTerms, TermsChange};
use crate::domain::policy::Policies;
use crate::domain::quota::Quota;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::record::batch::Batch;

/// Who pays, and how much at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// The team.
    pub id: TeamId,
    /// Grows with every change, so that an admission planned on older terms is noticed.
    pub version: u64,
    /// A name for people.
    pub name: String,
    /// Its bounds; none of a unit means no bound.
    pub quotas: Vec<Quota>,
    /// What it may ask, and which answers it may be given.
    pub policies: Policies,
    /// Whether it is answered, refused for now, or closed.
    pub standing: Standing,
    /// How often a team of the name was made: what an earlier one asked is not its to read.
    pub opening: u32,
    /// Quotas that are not in force yet. What is admitted counts in their periods already, while what
    /// was spent before is being counted.
    pub counting: Vec<Quota>,
}

impl Team {
    /// Whether a batch is this team's to read, and not that of an earlier team of the name.
    #[must_use]
    pub fn owns(&self, batch: &Batch) -> bool {
        batch.team == self.id && batch.opening == self.opening
    }

    /// Whose alone the answers are that it pays for, and the only ones it takes from what is known;
    /// none where it shares with all that share.
    #[must_use]
    pub fn keeps_to(&self) -> Option<&TeamId> {
        if self.policies.shared_cache { None } else { Some(&self.id) }
    }
}

/// What an operator says a team is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTeam {
    /// A name for people.
    pub name: String,
    /// Its bounds.
    pub quotas: Vec<Quota>,
    /// What it may ask, and which answers it may be given.
    pub policies: Policies,
    /// Open or paused.
    pub standing: Standing,
}

impl NewTeam {
    /// An open team of this name, which nothing bounds.
    #[must_use]
    pub fn open(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            quotas: Vec::new(),
            policies: Policies::default(),
            standing: Standing::Open,
        }
    }
}

/// Whether a team is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Open,
    /// An operator paused it.
    Paused,
    /// It was closed: its keys are dead and its batches unreadable, its open work still settles.
    Closed,
}

impl Standing {
    /// `open`, `paused` or `closed`, as in exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Closed => "closed",
        }
    }
}

/// A change of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// Whose key.
    pub team: TeamId,
    /// Which one.
    pub id: String,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What becomes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// It is no longer good.
    Revoked,
    /// Its terms change, unless it was revoked.
    Changed(TermsChange),
}

/// One secret of a team's callers; only its digest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The public half, which names it.
    pub id: String,
    /// Whose it is.
    pub team: TeamId,
    /// A name for people.
    pub name: String,
    /// SHA-256 of the secret half.
    pub digest: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped being good.
    pub revoked_at: Option<Timestamp>,
    /// What it may be used for.
    pub terms: KeyTerms,
}
