//! The journal's entries: append-only facts about credits. Their fold is the tallies.

use crate::domain::credits::{Amounts, Unit};
use crate::domain::note::Note;
use crate::domain::period::PeriodId;
use crate::domain::pricing::Charges;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::tally::Tally;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was written.
    pub at: Timestamp,
    /// Whose credits.
    pub team: TeamId,
    /// What happened.
    pub fact: Fact,
    /// For which batch.
    pub batch: Option<BatchId>,
    /// For which job.
    pub job: Option<JobId>,
    /// The date of what is spent: when it was admitted.
    pub dated: Timestamp,
    /// The periods whose tallies it moves, all time included.
    pub periods: Vec<(Unit, PeriodId)>,
    /// How it moves them.
    pub change: Change,
    /// What was charged, by kind; its amounts are what `change` spends.
    pub charges: Charges,
    /// Why an operator had it written.
    pub note: Option<Note>,
}

/// What an entry says of the job that it is about. A job keeps a copy of its entries, so that nobody
/// has to look for them in the whole journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
    /// How it moved the tallies.
    pub change: Change,
    /// What was charged, by kind.
    pub charges: Charges,
    /// Why an operator had it written.
    pub note: Option<Note>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A part was admitted: its worst case is reserved.
    Reserved,
    /// A reservation ended: charged, the rest released.
    Settled,
    /// A reservation ended: nothing was charged.
    Released,
    /// Nobody could learn a charge: reserved became unresolved.
    GivenUp,
    /// An unresolved charge became known, by evidence or by an operator.
    Resolved,
    /// A charge went beyond its reservation.
    Exceeded,
    /// An operator corrected the books.
    Adjusted,
    /// A lead was answered without the vendor.
    Avoided,
    /// A quota began to be counted in the midst of its period: its opening balance.
    Opened,
    /// Its job was lost with the store, and may have been sent: reserved became unresolved.
    Lost,
}

impl Fact {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Reserved,
        Self::Settled,
        Self::Released,
        Self::GivenUp,
        Self::Resolved,
        Self::Exceeded,
        Self::Adjusted,
        Self::Avoided,
        Self::Opened,
        Self::Lost,
    ];

    /// The fact in one word, as in exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Settled => "settled",
            Self::Released => "released",
            Self::GivenUp => "given_up",
            Self::Resolved => "resolved",
            Self::Exceeded => "exceeded",
            Self::Adjusted => "adjusted",
            Self::Avoided => "avoided",
            Self::Opened => "opened",
            Self::Lost => "lost",
        }
    }
}

impl Entry {
    /// Whether it moves the tallies of all time, as each does that says of credits what was not
    /// said before. The others only bring the tally of one period up to date.
    #[must_use]
    pub fn counts_in_all_time(&self) -> bool {
        let total = PeriodId::total();
        self.periods.iter().any(|(_, period)| *period == total)
    }
}

/// How an entry moves the tallies of its periods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// More spent.
    pub spent: Amounts,
    /// More reserved; below zero where a reservation ends.
    pub reserved: Amounts,
    /// More unresolved; below zero where it is resolved.
    pub unresolved: Amounts,
    /// More avoided.
    pub avoided: Amounts,
}

impl Change {
    /// The change of one unit's tallies.
    #[must_use]
    pub fn in_unit(&self, unit: Unit) -> Tally {
        Tally {
            spent: self.spent.in_unit(unit),
            reserved: self.reserved.in_unit(unit),
            unresolved: self.unresolved.in_unit(unit),
            avoided: self.avoided.in_unit(unit),
        }
    }
}
