//! The circuit to the vendor, as far as all replicas share it: one number says that the vendor's
//! credits are out, and when somebody may next go and see.

use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::step::{CircuitState, Probe};
use crate::ledger::table::Numbers;
use crate::ledger::transition::outage::outage;

/// The row of when somebody may next go and see; there is none while the vendor has credits.
const PROBE_AT: &str = "probe_at";

/// Whether the vendor has credits and answers, as far as the books know.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn state(draft: &Draft<'_>) -> Result<CircuitState, Fault> {
    Ok(CircuitState { probe_at: probe_at(draft)?, outage: outage(draft)? })
}

/// The vendor says that its credits are out: for so long nobody asks again.
pub fn run_out(draft: &mut Draft<'_>, probe_every: Duration) {
    let probe_at = draft.now().after(probe_every);
    put_probe_at(draft, probe_at);
}

/// Whoever was let through to see was answered without a word on the vendor's credits: somebody else
/// may go at once.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn give_probe_back(draft: &mut Draft<'_>) -> Result<(), Fault> {
    let now = draft.now();
    if probe_at(draft)?.is_some_and(|at| now < at) {
        put_probe_at(draft, now);
    }
    Ok(())
}

fn put_probe_at(draft: &mut Draft<'_>, probe_at: Timestamp) {
    let millis = u64::try_from(probe_at.as_millis()).unwrap_or_default();
    draft.put::<Numbers>(&PROBE_AT.to_owned(), &millis);
}

/// The vendor took something that costs, so it has credits.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn has_credits(draft: &mut Draft<'_>) -> Result<(), Fault> {
    if probe_at(draft)?.is_some() {
        draft.delete::<Numbers>(&PROBE_AT.to_owned());
    }
    Ok(())
}

/// Lets somebody go and see, where it is time: nobody else does then for as long again.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn ask_probe(draft: &mut Draft<'_>, probe_every: Duration) -> Result<Probe, Fault> {
    let now = draft.now();
    match probe_at(draft)?.map(|at| at.not_beyond(probe_every, now)) {
        None => Ok(Probe::Needless),
        Some(at) if now < at => Ok(Probe::NotBefore(at)),
        Some(_) => {
            run_out(draft, probe_every);
            Ok(Probe::Given)
        }
    }
}

/// When somebody may next go and see; none while the vendor has credits.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn probe_at(draft: &Draft<'_>) -> Result<Option<Timestamp>, Fault> {
    let millis = draft.find::<Numbers>(&PROBE_AT.to_owned())?;
    Ok(millis.map(|millis| Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))))
}
