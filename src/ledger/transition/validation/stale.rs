//! Forgetting validations: what counts no more leaves the books, slice by slice.

use std::ops::Bound;
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::record::validation::AddressKey;
use crate::ledger::table::{Addresses, Table, Validations};

/// Which rows are looked at next, and by which lifetimes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Where it goes on.
    pub place: StalePlace,
    /// How many rows to look at.
    pub rows: usize,
    /// How long an address counts as validated.
    pub ttl: Duration,
    /// How long a validation can be pointed at.
    pub validation_ttl: Duration,
}

/// A place in the rows of validations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StalePlace {
    /// Among the addresses, after this one.
    Addresses(Option<AddressKey>),
    /// Among the validations, after this one.
    Validations(Option<BatchId>),
    /// Behind the last.
    End,
}

/// Looks at the next rows, forgets what is over, and answers where to go on.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn forget_validations(draft: &mut Draft<'_>, stale: &Stale) -> Result<Stale, Fault> {
    let Stale { rows, ttl, validation_ttl, .. } = *stale;
    let place = match &stale.place {
        StalePlace::Addresses(after) => {
            match forget::<Addresses>(draft, after.as_ref(), rows, ttl, |row| row.asked_at)? {
                Some(last) => StalePlace::Addresses(Some(last)),
                None => StalePlace::Validations(None),
            }
        }
        StalePlace::Validations(after) => {
            match forget::<Validations>(draft, after.as_ref(), rows, validation_ttl, |row| {
                row.asked_at
            })? {
                Some(last) => StalePlace::Validations(Some(last)),
                None => StalePlace::End,
            }
        }
        StalePlace::End => StalePlace::End,
    };
    Ok(Stale { place, ..*stale })
}

/// Forgets what began longer ago than `ttl`. The last key of a full slice; none at the end.
fn forget<T: Table>(
    draft: &mut Draft<'_>,
    after: Option<&T::Key>,
    rows: usize,
    ttl: Duration,
    began: fn(&T::Row) -> Timestamp,
) -> Result<Option<T::Key>, Fault>
where
    T::Key: Clone,
    T::Row: PartialEq,
{
    let now = draft.now();
    let slice = draft.from::<T>(after.map_or(Bound::Unbounded, Bound::Excluded), rows)?;
    for (key, row) in slice.iter().filter(|(_, row)| began(row).after(ttl) <= now) {
        if draft.find::<T>(key)?.as_ref() == Some(row) {
            draft.delete::<T>(key);
        }
    }
    let is_full = slice.len() >= rows;
    Ok(slice.last().map(|(key, _)| key.clone()).filter(|_| is_full))
}
