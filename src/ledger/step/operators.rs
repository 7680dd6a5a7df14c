//! What operators' steps are asked with, and what they answer.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::identity::keys::{LeadKey, ReplayKey, RequestKey};
use crate::domain::note::Note;
use crate::domain::period::PeriodId;
use crate::domain::team::TeamId;
use crate::ledger::ids::{BatchId, KeptResult, ResultRef};
use crate::ledger::record::job::{Charged, Word};

/// An operator's word on what a batch has unresolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The batch.
    pub batch: BatchId,
    /// How much of it was charged; the rest is released.
    pub charged: Charged,
    /// Why.
    pub note: Option<Note>,
}

/// What became of an operator's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It is booked, by this step or by an earlier one that was asked for the same.
    Booked(Booked),
    /// It says more than is unresolved. Nothing changed.
    MoreThanUnresolved(Amounts),
    /// Nothing is unresolved, and nothing was said before.
    NothingUnresolved,
    /// Nothing is unresolved, and something else was said before.
    SaidOtherwise(Word),
    /// There is no such batch.
    NoSuchBatch,
}

/// What an operator's word came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Whose credits.
    pub team: TeamId,
    /// Whether this very step booked it.
    pub is_first: bool,
    /// Booked as spent.
    pub spent: Amounts,
    /// Released.
    pub released: Amounts,
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
    /// Why.
    pub note: Option<Note>,
    /// The same where the same correction is asked for again.
    pub key: ReplayKey,
    /// What is asked.
    pub request: RequestKey,
    /// For how long it is known by its key.
    pub window: Duration,
}

/// What became of a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adjusted {
    /// It is booked, by this step or by an earlier one that was asked for the same.
    Booked {
        /// The number of its entry.
        entry: u64,
        /// Whether this very step booked it.
        is_first: bool,
    },
    /// Its key is that of another one.
    OtherRequest,
    /// It would bring what was spent in a period below zero.
    BelowZero {
        /// The period.
        period: PeriodId,
        /// What was spent in it.
        spent: Credits,
    },
    /// There was never such a team.
    NoTeam,
}

/// What the books hold of a person who is to be removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// The sealed results that show the person, which are to be erased.
    pub results: Vec<KeptResult>,
    /// Where answers about the person are, or will be.
    pub answers: BTreeSet<ResultRef>,
}

/// Which teams hold a person, asked for some batches at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The keys that name the person.
    pub keys: Vec<LeadKey>,
    /// Where answers about the person are.
    pub answers: BTreeSet<ResultRef>,
    /// The batch after which to go on; none for the first.
    pub after: Option<BatchId>,
    /// How many batches are looked at.
    pub batches: usize,
}

/// Teams that hold a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// The teams whose batches were answered with the person, or asked for it.
    pub teams: BTreeSet<TeamId>,
    /// The batch after which to go on; none where all were looked at.
    pub next: Option<BatchId>,
}
