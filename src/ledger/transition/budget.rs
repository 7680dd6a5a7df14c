//! The request budget: one row that every replica spends from, and one for each allowance in it.

use crate::domain::budget::{Budget, Leave, Reach};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::step::{Asking, Spending};
use crate::ledger::table::Budgets;

/// The one budget that there is.
const VENDOR: &str = "vendor";

/// Takes leave to ask the vendor, as often as is wanted and allowed now, by the allowance as well
/// where there is one. Whoever has to wait changes nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn ask_leave(draft: &mut Draft<'_>, asking: &Asking) -> Result<Leave, Fault> {
    let &Asking { errand, mut wanted, rates, ref allowance, closed_for_max } = asking;
    let now = draft.now();
    let allowed = match allowance {
        Some(allowance) => {
            let row = row_of(Some(&allowance.name));
            let left = budget(draft, &row)?.closed_for_at_most(closed_for_max, now);
            match left.spend_allowance(wanted, allowance.rate, now) {
                (_, Leave::Given(given)) => wanted = given,
                (_, wait) => return Ok(wait),
            }
            Some((row, left, allowance.rate))
        }
        None => None,
    };
    let whole = row_of(None);
    let left = budget(draft, &whole)?.closed_for_at_most(closed_for_max, now);
    let (spent, leave) = left.spend(errand, wanted, rates, now);
    let Leave::Given(given) = leave else { return Ok(leave) };
    draft.put::<Budgets>(&whole, &spent);
    if let Some((row, left, rate)) = allowed {
        let (spent, _) = left.spend_allowance(given, rate, now);
        draft.put::<Budgets>(&row, &spent);
    }
    Ok(leave)
}

/// The vendor asked to be left alone: nobody is given leave before `until`, as far as its word reaches.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn leave_alone(draft: &mut Draft<'_>, until: Timestamp, reach: &Reach) -> Result<(), Fault> {
    let row = match reach {
        Reach::Everything | Reach::Passages => row_of(None),
        Reach::Allowance(name) => row_of(Some(name)),
    };
    let budget = budget(draft, &row)?;
    let closed = match reach {
        Reach::Everything | Reach::Allowance(_) => budget.closed_until(until),
        Reach::Passages => budget.passages_closed_until(until),
    };
    draft.put::<Budgets>(&row, &closed);
    Ok(())
}

/// Tells the store that the step will ask for what is left of the budget.
pub(super) fn foresee(draft: &Draft<'_>) {
    draft.foresee::<Budgets>(&row_of(None));
}

/// What is left of the budget, to be spent by the step.
pub(super) fn left(draft: &Draft<'_>, spending: &Spending) -> Result<Budget, Fault> {
    Ok(budget(draft, &row_of(None))?.closed_for_at_most(spending.closed_for_max, draft.now()))
}

/// What is left of the budget, only to be looked at.
pub(super) fn look(draft: &Draft<'_>, spending: &Spending) -> Result<Budget, Fault> {
    let budget = draft.peek::<Budgets>(&row_of(None))?.unwrap_or_default();
    Ok(budget.closed_for_at_most(spending.closed_for_max, draft.now()))
}

/// Writes what a step left of the budget.
pub(super) fn put_left(draft: &mut Draft<'_>, left: &Budget) {
    draft.put::<Budgets>(&row_of(None), left);
}

fn budget(draft: &Draft<'_>, row: &String) -> Result<Budget, Fault> {
    Ok(draft.find::<Budgets>(row)?.unwrap_or_default())
}

/// Where the budget is, or an allowance of it.
fn row_of(allowance: Option<&str>) -> String {
    allowance.map_or_else(|| VENDOR.to_owned(), |name| format!("{VENDOR} {name}"))
}
