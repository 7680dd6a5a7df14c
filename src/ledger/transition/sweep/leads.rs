//! Aliases, and answers that named nobody, that are of no more use.

use std::time::Duration;

use super::slice::{Cost, Slice, after, count_within_bounds, is_over};
use super::{SweepFrom, Swept};
use crate::domain::identity::keys::LeadKey;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::lead::{Alias, LeadRow};
use crate::ledger::table::{Jobs, Leads, Persons};

/// How many rows a commit has for a lead that goes: its own, and that of its person, who must not be
/// removed meanwhile.
const ROWS: usize = 2;

/// Removes the next rows that are of no more use.
pub(super) fn sweep(
    draft: &mut Draft<'_>,
    from: Option<LeadKey>,
    rows: usize,
    ttl: Duration,
) -> Result<Swept, Fault> {
    let now = draft.now();
    let page = draft.from::<Leads>(after(from.as_ref()), rows)?;
    let is_stale = |row: &LeadRow| {
        !is_kept_for_good(row) && row.touched_at.is_none_or(|at| is_over(at, ttl, now))
    };
    let fetched = page
        .iter()
        .map(|(_, row)| if is_stale(row) { row.claims.len().saturating_add(ROWS) } else { 0 });
    let count = count_within_bounds(fetched);
    for (key, row) in page.iter().take(count).filter(|(_, row)| is_stale(row)) {
        draft.foresee::<Leads>(key);
        row.claims.iter().for_each(|claim| draft.foresee::<Jobs>(&claim.at.job));
        row.alias.person().iter().for_each(|person| draft.foresee::<Persons>(person));
    }
    let mut slice = Slice::after(from);
    for (key, row) in page.iter().take(count) {
        if is_stale(row)
            && !is_claimed(draft, row)?
            && draft.find::<Leads>(key)?.as_ref() == Some(row)
        {
            if !slice.has_room_for(Cost::rows(ROWS)) {
                return Ok(slice.end(true, SweepFrom::Leads));
            }
            match removed_at(draft, row)? {
                None => draft.delete::<Leads>(key),
                // The alias goes, but whoever asks by it must still learn of the removal.
                removed_at => draft.put::<Leads>(key, &LeadRow { removed_at, ..row.clone() }),
            }
            slice.remove(Cost::rows(ROWS));
        }
        slice.pass(*key);
    }
    let is_more = count < page.len() || page.len() >= rows;
    Ok(slice.end(is_more, SweepFrom::Leads))
}

/// A removal, and an alias that answers have contradicted, must never be learned again.
const fn is_kept_for_good(row: &LeadRow) -> bool {
    row.removed_at.is_some() || matches!(row.alias, Alias::Contradicted)
}

/// When the person was removed whom a key leads to.
fn removed_at(draft: &Draft<'_>, row: &LeadRow) -> Result<Option<Timestamp>, Fault> {
    let Some(person) = row.alias.person() else { return Ok(None) };
    Ok(draft.find::<Persons>(&person)?.and_then(|row| row.removed_at))
}

/// Whether a job that lives carries the lead. One that has ended stays so, and a new claim changes
/// the row itself.
fn is_claimed(draft: &Draft<'_>, row: &LeadRow) -> Result<bool, Fault> {
    for claim in &row.claims {
        if draft.peek::<Jobs>(&claim.at.job)?.is_some_and(|job| job.is_alive()) {
            return Ok(true);
        }
    }
    Ok(false)
}
