//! An operator's reason, which a body gives.

use super::fault::Faults;
use super::given::Given;
use crate::domain::note::Note;

/// Reads the reason of a body that must have one.
pub(super) fn required(
    body: &Given<'_>,
    given: Option<&Given<'_>>,
    faults: &mut Faults,
) -> Option<Note> {
    if given.is_none() {
        body.miss("reason", faults);
    }
    given?.named(faults)
}
