//! The request budget: one row that every replica spends from.

use crate::domain::budget::{Budget, Leave};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::step::Asking;
use crate::ledger::table::Budgets;

/// The one budget that there is.
const VENDOR: &str = "vendor";

/// Takes leave to ask the vendor, as often as is wanted and allowed now. Whoever has to wait changes
/// nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn ask_leave(draft: &mut Draft<'_>, asking: &Asking) -> Result<Leave, Fault> {
    let Asking { errand, wanted, rates } = *asking;
    let (spent, leave) = budget(draft)?.spend(errand, wanted, rates, draft.now());
    if matches!(leave, Leave::Given(_)) {
        draft.put::<Budgets>(&VENDOR.to_owned(), &spent);
    }
    Ok(leave)
}

/// The vendor asked to be left alone: nobody is given leave before `until`.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn leave_alone(draft: &mut Draft<'_>, until: Timestamp) -> Result<(), Fault> {
    let closed = budget(draft)?.closed_until(until);
    draft.put::<Budgets>(&VENDOR.to_owned(), &closed);
    Ok(())
}

fn budget(draft: &Draft<'_>) -> Result<Budget, Fault> {
    Ok(draft.find::<Budgets>(&VENDOR.to_owned())?.unwrap_or_default())
}
