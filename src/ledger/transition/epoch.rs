//! Whose life the books are in: the epoch of a store, and what it holds.

use crate::domain::epoch::Epoch;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::table::{Numbers, Teams};
use crate::ledger::transition::numbering;

/// The row of the epoch, and that of an epoch whose books are not wholly adopted yet.
const EPOCH: &str = "epoch";
const ADOPTING: &str = "adopting";

/// The row of when the books were last adopted, in milliseconds.
pub(in crate::ledger) const ADOPTED_AT: &str = "adopted_at";

/// Of which epoch the books are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// They have just begun.
    Begun(Epoch),
    /// They had begun before.
    Found(Epoch),
    /// They are being adopted, and not whole.
    Adopting(Epoch),
}

/// What a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// The epoch of its books.
    pub epoch: Option<Epoch>,
    /// The epoch of books that are not wholly adopted yet.
    pub adopting: Option<Epoch>,
    /// How many teams there are, closed ones too.
    pub teams: usize,
    /// The number of the oldest entry that was not trimmed.
    pub first_entry: u64,
    /// The number of the next entry.
    pub next_entry: u64,
}

impl Holdings {
    /// Whether there are no books: nobody to pay, and nothing paid.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.teams == 0 && self.next_entry == 0
    }
}

/// Has the books of a store that was never used begin as `fresh`. Asked again, also with another
/// epoch, it changes nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn begin(draft: &mut Draft<'_>, fresh: Epoch) -> Result<Beginning, Fault> {
    if let Some(epoch) = adopting(draft)? {
        return Ok(Beginning::Adopting(epoch));
    }
    if let Some(epoch) = epoch(draft)? {
        return Ok(Beginning::Found(epoch));
    }
    put_epoch(draft, fresh);
    numbering::begin(draft);
    Ok(Beginning::Begun(fresh))
}

/// What the store holds.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn holdings(draft: &Draft<'_>) -> Result<Holdings, Fault> {
    foresee_epoch(draft);
    draft.foresee_bounds();
    Ok(Holdings {
        epoch: epoch(draft)?,
        adopting: adopting(draft)?,
        teams: draft.all::<Teams>()?.len(),
        first_entry: draft.first_entry_relied()?,
        next_entry: draft.next_entry_relied()?,
    })
}

/// Prefetches what says of which epoch the books are.
pub(super) fn foresee_epoch(draft: &Draft<'_>) {
    for row in [EPOCH, ADOPTING] {
        draft.foresee::<Numbers>(&row.to_owned());
    }
}

pub(super) fn epoch(draft: &Draft<'_>) -> Result<Option<Epoch>, Fault> {
    Ok(draft.find::<Numbers>(&EPOCH.to_owned())?.map(Epoch::from_number))
}

/// The epoch of books that are not wholly adopted yet.
pub(super) fn adopting(draft: &Draft<'_>) -> Result<Option<Epoch>, Fault> {
    Ok(draft.find::<Numbers>(&ADOPTING.to_owned())?.map(Epoch::from_number))
}

/// The books are those of this epoch, and whole.
pub(super) fn put_epoch(draft: &mut Draft<'_>, epoch: Epoch) {
    draft.delete::<Numbers>(&ADOPTING.to_owned());
    draft.put::<Numbers>(&EPOCH.to_owned(), &epoch.as_number());
}

/// An operator has had these books adopted: what the store held before counts no more.
pub(super) fn put_adopted(draft: &mut Draft<'_>) {
    let at = u64::try_from(draft.now().as_millis()).unwrap_or_default();
    draft.put::<Numbers>(&ADOPTED_AT.to_owned(), &at);
}

/// The books are going to be those of this epoch.
pub(super) fn put_adopting(draft: &mut Draft<'_>, epoch: Epoch) {
    draft.delete::<Numbers>(&EPOCH.to_owned());
    draft.put::<Numbers>(&ADOPTING.to_owned(), &epoch.as_number());
}
