//! An outage of the vendor, in one row that all replicas share. There is no row while it answers.

use crate::domain::outage::{Claim, Gate, Heard, Outage, Probing, Trial};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::table::Outages;

/// The one row that there is.
const VENDOR: &str = "vendor";

/// Has the store make ready what is known of an outage.
pub(super) fn foresee(draft: &Draft<'_>) {
    draft.foresee::<Outages>(&VENDOR.to_owned());
}

/// What is known of an outage.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn outage(draft: &Draft<'_>) -> Result<Outage, Fault> {
    Ok(draft.find::<Outages>(&VENDOR.to_owned())?.unwrap_or_default())
}

/// Notes what was heard of the vendor.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn hear(draft: &mut Draft<'_>, heard: Heard) -> Result<(), Fault> {
    let before = outage(draft)?;
    let after = before.hear(heard, draft.now());
    put(draft, before, after);
    Ok(())
}

/// Takes this probe interval for a question that costs nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn claim_question(draft: &mut Draft<'_>, probing: Probing) -> Result<Claim, Fault> {
    let before = outage(draft)?;
    let (after, claim) = before.claim(probing, draft.now());
    put(draft, before, after);
    Ok(claim)
}

/// Whether an attempt may be made.
pub(super) fn pass(draft: &mut Draft<'_>, trial: Trial, probing: Probing) -> Result<Gate, Fault> {
    let before = outage(draft)?;
    let (after, gate) = before.pass(trial, probing, draft.now());
    put(draft, before, after);
    Ok(gate)
}

/// Lets a call pass, which is made once: `Err` with when the next probe may go where the circuit is
/// open and the vendor has answered no question.
pub(super) fn pass_once(draft: &mut Draft<'_>) -> Result<Result<(), Timestamp>, Fault> {
    let before = outage(draft)?;
    if let Some(probe_at) = before.shuts_out(draft.now()) {
        return Ok(Err(probe_at));
    }
    put(draft, before, Outage { answer_counts_until: None, ..before });
    Ok(Ok(()))
}

fn put(draft: &mut Draft<'_>, before: Outage, after: Outage) {
    if before == after {
        return;
    }
    if after == Outage::default() {
        draft.delete::<Outages>(&VENDOR.to_owned());
    } else {
        draft.put::<Outages>(&VENDOR.to_owned(), &after);
    }
}
