//! Ids of batches: numbers from a counter, which replicas take in blocks.
//!
//! Ids are never given twice, as far as the books can tell. Books that are restored from an older copy
//! have a counter that is too low, so the first block that a process takes lies further on: by a number
//! for a copy that was just taken, part of it random, since the copy knows nothing of the block that was
//! taken after it; and by a rate for the time since the copy last gave a block. A process that has given
//! ids itself says so, and is given none below them.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::table::Numbers;

/// The row of the next number that is given.
const NEXT_BATCH: &str = "next_batch";

/// The row of when numbers were last given, in milliseconds.
const GIVEN_AT: &str = "batches_given_at";

/// So many numbers are passed over by the first block of a process, and up to 65,535 by chance,
const PASSED_OVER: u64 = 10_000;

/// and so many for each second since the last block was given,
const PASSED_OVER_A_SECOND: u64 = 4;

/// of so many days at most: a clock may be wrong.
const SINCE_MAX: Duration = Duration::from_hours(7 * 24);

/// So many numbers are passed over by books that are adopted: their export may lack the last batches.
const PASSED_OVER_ADOPTED: u64 = 1 << 20;

/// Numbers to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taking {
    /// How many.
    pub count: u64,
    /// The least that may be given.
    pub least: u64,
    /// Where the process has taken none before: how many are passed over by chance.
    pub first: Option<u16>,
}

/// Takes a block of numbers; answers the first of them. Asked again, it takes the next.
///
/// # Errors
/// [`Fault::Invariant`] where no numbers are left.
pub fn take(draft: &mut Draft<'_>, taking: &Taking) -> Result<u64, Fault> {
    for row in [NEXT_BATCH, GIVEN_AT] {
        draft.foresee::<Numbers>(&row.to_owned());
    }
    let given = draft.find::<Numbers>(&NEXT_BATCH.to_owned())?;
    let mut first = given.unwrap_or(1).max(taking.least);
    if let Some(by_chance) = taking.first.filter(|_| given.is_some()) {
        let given_at = draft.peek::<Numbers>(&GIVEN_AT.to_owned())?.unwrap_or_default();
        let given_at = Timestamp::from_millis(i64::try_from(given_at).unwrap_or_default());
        let since = draft.now().since(given_at).min(SINCE_MAX).as_secs();
        let passed_over = since.saturating_mul(PASSED_OVER_A_SECOND).saturating_add(PASSED_OVER);
        first = first.saturating_add(passed_over).saturating_add(by_chance.into());
    }
    let next = first.saturating_add(taking.count);
    if next > BatchId::MAX {
        return Err(Fault::Invariant("no numbers of batches are left".to_owned()));
    }
    put_next(draft, next);
    Ok(first)
}

/// Books that begin give numbers from 1 on.
pub(super) fn begin(draft: &mut Draft<'_>) {
    put_next(draft, 1);
}

/// Books that are adopted had given numbers below this one.
pub(super) fn adopt(draft: &mut Draft<'_>, next: u64) {
    put_next(draft, next.saturating_add(PASSED_OVER_ADOPTED));
}

fn put_next(draft: &mut Draft<'_>, next: u64) {
    let at = u64::try_from(draft.now().as_millis()).unwrap_or_default();
    draft.put::<Numbers>(&NEXT_BATCH.to_owned(), &next);
    draft.put::<Numbers>(&GIVEN_AT.to_owned(), &at);
}
