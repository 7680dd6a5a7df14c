//! What is known under a lead key, and of a person.

use crate::domain::charge::Facts;
use crate::domain::identity::keys::{NameMarks, PersonKey};
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::domain::time::{Since, Timestamp};
use crate::ledger::ids::{JobId, KeptResult, Lease, ResultRef};

/// What a lead key leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadRow {
    /// The person it is an alias of.
    pub alias: Alias,
    /// The teams that alone may know of the alias, since only answers kept for them have proven it.
    /// Empty where everybody may.
    pub alias_kept_for: Vec<TeamId>,
    /// The jobs under way that carry it.
    pub claims: Vec<Claim>,
    /// It was asked and named nobody: the latest answer of each kind.
    pub not_found: Vec<NotFound>,
    /// The person was removed.
    pub removed_at: Option<Timestamp>,
    /// When this row last changed.
    pub touched_at: Option<Timestamp>,
}

/// Whose alias a lead key is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alias {
    /// No answer has shown.
    #[default]
    Unproven,
    /// This person's, as every answer so far has shown.
    Of(PersonKey),
    /// Answers have shown two persons. The key names no one from then on.
    Contradicted,
}

impl Alias {
    /// The person.
    #[must_use]
    pub const fn person(self) -> Option<PersonKey> {
        match self {
            Self::Of(person) => Some(person),
            Self::Unproven | Self::Contradicted => None,
        }
    }

    /// What it is once an answer has shown this person, as proof or by the way.
    #[must_use]
    pub fn shown(self, person: PersonKey, is_proof: bool) -> Self {
        match self {
            Self::Unproven if is_proof => Self::Of(person),
            Self::Unproven => Self::Unproven,
            Self::Of(known) if known == person => self,
            Self::Of(_) | Self::Contradicted => Self::Contradicted,
        }
    }
}

/// A job that carries a lead. It holds as long as the job lives; the job's record decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The job and the lead's place in it.
    pub at: ResultRef,
    /// What the job asks.
    pub reveals: Reveals,
    /// Whose alone the answer will be; none where it is everybody's.
    pub kept_for: Option<TeamId>,
}

/// An answer that named nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// When it was settled.
    pub settled_at: Timestamp,
    /// Whose alone it is; none where it is everybody's.
    pub kept_for: Option<TeamId>,
}

/// What is known of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonRow {
    /// What was paid; kept for good.
    pub facts: Facts,
    /// The person's name in the latest result.
    pub name: NameMarks,
    /// The sealed results that show the person, the latest last, but for those that were superseded.
    pub results: Vec<Known>,
    /// The person was removed; kept for good.
    pub removed_at: Option<Timestamp>,
}

/// A sealed result that shows a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Where it is.
    pub at: ResultRef,
    /// The turn that sealed it.
    pub turn: Lease,
    /// What was asked, and so answered, even where it came back empty.
    pub covers: Reveals,
    /// When it was settled.
    pub settled_at: Timestamp,
    /// When the vault forgets it.
    pub expires_at: Timestamp,
    /// Whose alone it is; none where it is everybody's.
    pub kept_for: Option<TeamId>,
}

/// What a result must be to answer a request.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// It answers so much.
    pub reveals: Reveals,
    /// It was settled in this time.
    pub settled_since: Since,
    /// The vault holds it until then at least.
    pub readable_until: Timestamp,
    /// The team that it is kept for; none where it is everybody's.
    pub kept_for: Option<&'a TeamId>,
}

/// What a team may know was paid for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchases {
    /// When the last of them was settled.
    pub last_settled_at: Timestamp,
    /// What was asked in any of them.
    pub covers: Reveals,
}

impl Known {
    /// Its name in the vault.
    #[must_use]
    pub const fn kept(&self) -> KeptResult {
        KeptResult { at: self.at, turn: self.turn }
    }
}

impl PersonRow {
    /// The results that answer a request, the latest first.
    pub fn results_for<'a>(&'a self, wanted: Wanted<'a>) -> impl Iterator<Item = &'a Known> {
        let answers = move |known: &&Known| {
            known.kept_for.as_ref() == wanted.kept_for
                && known.covers.covers(wanted.reveals)
                && wanted.settled_since.has(known.settled_at)
                && known.expires_at >= wanted.readable_until
        };
        self.results.iter().rev().filter(answers)
    }

    /// Adds the latest result, and gives back those that it supersedes: nobody is answered with them
    /// any more, but whoever was may read them still.
    pub fn learn(&mut self, known: Known) -> Vec<Known> {
        let (kept_for, covers) = (known.kept_for.clone(), known.covers);
        let is_superseded = |old: &mut Known| old.kept_for == kept_for && covers.covers(old.covers);
        let superseded = self.results.extract_if(.., is_superseded).collect();
        self.results.push(known);
        superseded
    }

    /// What a team may know was paid for the person: by itself, or for everybody. None where it may
    /// know of no result that was settled at `since` or later.
    #[must_use]
    pub fn purchases_shown_to(&self, team: &TeamId, since: Since) -> Option<Purchases> {
        let is_shown = |known: &&Known| {
            let is_its = known.kept_for.as_ref().is_none_or(|kept_for| kept_for == team);
            is_its && since.has(known.settled_at)
        };
        let purchases = self
            .results
            .iter()
            .filter(is_shown)
            .map(|known| Purchases { last_settled_at: known.settled_at, covers: known.covers });
        purchases.reduce(|one, other| Purchases {
            last_settled_at: one.last_settled_at.max(other.last_settled_at),
            covers: one.covers.with(other.covers),
        })
    }
}

impl LeadRow {
    /// The alias, as far as a team may know of it.
    #[must_use]
    pub fn alias_shown_to(&self, team: &TeamId) -> Alias {
        match self.alias {
            Alias::Of(_) if !self.is_alias_shown_to(team) => Alias::Unproven,
            alias => alias,
        }
    }

    fn is_alias_shown_to(&self, team: &TeamId) -> bool {
        self.alias_kept_for.is_empty() || self.alias_kept_for.contains(team)
    }

    /// Learns of an answer that has shown this person, as proof or by the way. An answer that is kept
    /// for a team proves the alias to that team alone. A contradiction counts for all teams, so
    /// that no team is given the data of another person.
    pub fn learn(&mut self, person: PersonKey, is_proof: bool, kept_for: Option<&TeamId>) {
        let before = self.alias;
        self.alias = before.shown(person, is_proof);
        match (self.alias, kept_for) {
            (Alias::Of(_), Some(team)) if is_proof => {
                if before == Alias::Unproven || !self.is_alias_shown_to(team) {
                    self.alias_kept_for.push(team.clone());
                }
            }
            (Alias::Of(_), _) if !is_proof => {}
            _ => self.alias_kept_for.clear(),
        }
        self.not_found.retain(|gone| gone.kept_for.as_ref() != kept_for);
    }

    /// The answer that named nobody, of those that are kept for this team, or for everybody.
    #[must_use]
    pub fn not_found_for(&self, kept_for: Option<&TeamId>) -> Option<&NotFound> {
        self.not_found.iter().find(|gone| gone.kept_for.as_ref() == kept_for)
    }

    /// The row without what `job` had claimed.
    pub fn concede(&mut self, job: JobId) {
        self.claims.retain(|claim| claim.at.job != job);
    }
}
