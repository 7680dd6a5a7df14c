//! Checkpoints: the tallies as of one entry, and who pays, so that no exported journal has to be
//! read from its very beginning.

use std::collections::BTreeMap;

use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault, Rows};
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::{Key, Team};
use crate::ledger::table::{Keys, Tallies, Teams};

/// Who pays, and by which keys they are known. Holds digests, and no key's secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// All teams, closed ones too.
    pub teams: Vec<Team>,
    /// All keys, ended ones too.
    pub keys: Vec<Key>,
}

/// The books as of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// When it was taken.
    pub at: Timestamp,
    /// The number of the next entry: all before it are in the tallies, and none from it on.
    pub next_entry: u64,
    /// Every tally.
    pub tallies: Rows<Tallies>,
    /// Who pays.
    pub roster: Roster,
}

impl Checkpoint {
    /// The tallies as they stood before entries that have moved so much. Those of which nothing is
    /// left had not begun. A tally that was swept since counts as zero after these entries.
    #[must_use]
    pub fn tallies_before(&self, moved: &BTreeMap<TallyKey, Tally>) -> Rows<Tallies> {
        let mut tallies: BTreeMap<_, _> = self.tallies.iter().cloned().collect();
        for (key, moved) in moved {
            let tally = tallies.entry(key.clone()).or_default();
            *tally = tally.minus(*moved);
        }
        tallies.retain(|_, tally| *tally != Tally::default());
        tallies.into_iter().collect()
    }
}

/// All teams and keys.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn roster(draft: &Draft<'_>) -> Result<Roster, Fault> {
    draft.foresee_under::<Teams>(&());
    draft.foresee_under::<Keys>(&());
    let teams = draft.all::<Teams>()?.into_iter().map(|(_, team)| team).collect();
    let keys = draft.all::<Keys>()?.into_iter().map(|(_, key)| key).collect();
    Ok(Roster { teams, keys })
}

/// All tallies, teams and keys, as one look shows them.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn checkpoint(draft: &Draft<'_>) -> Result<Checkpoint, Fault> {
    draft.foresee_next_entry();
    draft.foresee_under::<Tallies>(&());
    let roster = roster(draft)?;
    let tallies = draft.all::<Tallies>()?;
    Ok(Checkpoint { at: draft.now(), next_entry: draft.next_entry()?, tallies, roster })
}
