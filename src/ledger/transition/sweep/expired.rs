//! Rows that say themselves until when they are of use.

use std::time::Duration;

use super::slice::{Cost, Slice, after, count_within_bounds};
use super::{SweepFrom, Swept};
use crate::domain::identity::keys::PersonKey;
use crate::domain::team_limits::Measure;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, ResultRef};
use crate::ledger::record::usage::UseKey;
use crate::ledger::record::validation::{AddressKey, AddressRow, Validation};
use crate::ledger::table::{Addresses, ReplayEnds, Replays, Superseded, Table, Validations};

/// In which order the rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// The oldest first: a page without any that is over ends the round.
    Age,
    /// By a hash.
    Hash,
}

/// Removes superseded results that the vault has forgotten.
pub(super) fn sweep_superseded(
    draft: &mut Draft<'_>,
    from: Option<(PersonKey, ResultRef)>,
    rows: usize,
) -> Result<Swept, Fault> {
    let (slice, is_more) =
        sweep::<Superseded>(draft, from, rows, Order::Hash, |until: &Timestamp| *until)?;
    Ok(slice.end(is_more, SweepFrom::Superseded))
}

/// Removes addresses that count as validated no more.
pub(super) fn sweep_addresses(
    draft: &mut Draft<'_>,
    from: Option<AddressKey>,
    rows: usize,
    ttl: Duration,
) -> Result<Swept, Fault> {
    let until = |row: &AddressRow| row.asked_at.after(ttl);
    let (slice, is_more) = sweep::<Addresses>(draft, from, rows, Order::Hash, until)?;
    Ok(slice.end(is_more, SweepFrom::Addresses))
}

/// Removes validations that nothing points at any more.
pub(super) fn sweep_validations(
    draft: &mut Draft<'_>,
    from: Option<BatchId>,
    rows: usize,
    ttl: Duration,
) -> Result<Swept, Fault> {
    // One that the vendor has stays until it has ended.
    let until = |row: &Validation| {
        if row.is_under_way() { Timestamp::from_millis(i64::MAX) } else { row.asked_at.after(ttl) }
    };
    let (slice, is_more) = sweep::<Validations>(draft, from, rows, Order::Age, until)?;
    Ok(slice.end(is_more, SweepFrom::Validations))
}

/// Removes what is over of the next rows. Answers whether there are more to look at.
fn sweep<T: Table>(
    draft: &mut Draft<'_>,
    from: Option<T::Key>,
    rows: usize,
    order: Order,
    until: impl Fn(&T::Row) -> Timestamp,
) -> Result<(Slice<T::Key>, bool), Fault>
where
    T::Key: Clone,
    T::Row: PartialEq,
{
    let now = draft.now();
    let page = draft.from::<T>(after(from.as_ref()), rows)?;
    let is_over = |row: &T::Row| until(row) <= now;
    let count = count_within_bounds(page.iter().map(|(_, row)| usize::from(is_over(row))));
    let has_over = page.iter().any(|(_, row)| is_over(row));
    for (key, _) in page.iter().take(count).filter(|(_, row)| is_over(row)) {
        draft.foresee::<T>(key);
    }
    let mut slice = Slice::after(from);
    for (key, row) in page.iter().take(count) {
        if is_over(row) && draft.find::<T>(key)?.as_ref() == Some(row) {
            if !slice.has_room_for(Cost::rows(1)) {
                return Ok((slice, true));
            }
            draft.delete::<T>(key);
            slice.remove(Cost::rows(1));
        }
        slice.pass(key.clone());
    }
    let goes_on = match order {
        Order::Age => has_over,
        Order::Hash => true,
    };
    let is_more = count < page.len() || (page.len() >= rows && goes_on);
    Ok((slice, is_more))
}

/// Removes requests that are new ones from now on, by when they became so. One that was asked anew
/// since is found by its later end.
pub(super) fn sweep_replays(draft: &mut Draft<'_>, rows: usize) -> Result<Swept, Fault> {
    let now = draft.now();
    let page = draft.from::<ReplayEnds>(after(None), rows)?;
    let over = page.iter().map(|(key, ())| key).take_while(|(until, _)| *until <= now);
    let over: Vec<_> = over.collect();
    let count = count_within_bounds(over.iter().map(|_| 1));
    for (_, replay) in over.iter().take(count) {
        draft.foresee::<Replays>(replay);
    }
    let mut slice = Slice::<()>::after(None);
    let mut passed: usize = 0;
    for (until, replay) in over.iter().take(count) {
        if !slice.has_room_for(Cost::rows(2)) {
            break;
        }
        if let Some(row) = draft.find::<Replays>(replay)?.filter(|row| row.until <= now) {
            draft.delete::<Replays>(replay);
            if let Some(team) = &row.counts_for {
                draft.use_less(UseKey::lasting(team, Measure::IdempotencyKeys), 1);
            }
        }
        draft.delete::<ReplayEnds>(&(*until, *replay));
        slice.remove(Cost::rows(2));
        passed = passed.saturating_add(1);
    }
    let is_more = passed < over.len() || (over.len() == page.len() && page.len() >= rows);
    Ok(slice.end(is_more, |_| SweepFrom::Replays))
}
