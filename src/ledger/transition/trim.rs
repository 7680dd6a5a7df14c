//! Trimming: entries that are old, and exported, leave the journal. What they moved is carried, so
//! that the journal's fold still is the tallies.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::entry::Entry;
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::table::{Carried, Journal};

/// Which entries may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// How long an entry stays at least. Never shorter than the longest period but all time: a
    /// quota that is new in its midst is reckoned from the entries since it began.
    pub keep: Duration,
    /// The number of the first entry that is not safely exported yet.
    pub exported: u64,
    /// How many entries to look at.
    pub limit: usize,
}

/// Trims the oldest entries, as far as they may go. Answers how many went.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn trim(draft: &mut Draft<'_>, trim: &Trim) -> Result<usize, Fault> {
    let before = draft.now().before(trim.keep);
    // Whoever trims moves it, so that no two of them carry the same entry.
    let first = draft.first_entry_relied()?;
    let mut next = first;
    let mut moved = BTreeMap::new();
    let mut trimmed: usize = 0;
    for (number, entry) in draft.from::<Journal>(Bound::Included(&first), trim.limit)? {
        if number != next || number >= trim.exported || entry.at >= before {
            break;
        }
        fold(&entry, &mut moved);
        draft.delete::<Journal>(&number);
        next = number.saturating_add(1);
        trimmed = trimmed.saturating_add(1);
    }
    if trimmed == 0 {
        return Ok(0);
    }
    for key in moved.keys() {
        draft.foresee::<Carried>(key);
    }
    for (key, more) in moved {
        let carried = draft.find::<Carried>(&key)?.unwrap_or_default();
        draft.put::<Carried>(&key, &carried.plus(more));
    }
    draft.put_first_entry(next);
    Ok(trimmed)
}

/// Adds what an entry moves.
pub fn fold(entry: &Entry, moved: &mut BTreeMap<TallyKey, Tally>) {
    for (unit, period) in &entry.periods {
        let key = TallyKey { team: entry.team.clone(), unit: *unit, period: period.clone() };
        let tally = moved.entry(key).or_default();
        *tally = tally.plus(entry.change.in_unit(*unit));
    }
}
