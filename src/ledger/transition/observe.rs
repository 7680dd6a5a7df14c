//! How often something comes back of the leads that a team pays for: one row for each team, which its
//! settlements add to and its appraisals read. Settlements add changes and validate nothing, so two
//! settlements of a team never collide at this row.

use crate::domain::estimate::Observed;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::step::Evidence;

/// Adds what came back of a team's leads.
pub(super) fn observe(draft: &mut Draft<'_>, team: &TeamId, came: Observed) -> Result<(), Fault> {
    if came == Observed::default() {
        return Ok(());
    }
    let before = draft.observed(team)?;
    draft.move_observed(team, before.change_to(before.with(came).recent()));
    Ok(())
}

/// What came back of a team's leads until now.
pub(super) fn observed(draft: &Draft<'_>, team: &TeamId) -> Result<Observed, Fault> {
    draft.observed(team)
}

/// What an answer tells of how often something comes back.
pub(super) fn came_of(evidence: &Evidence, asked: Reveals) -> Observed {
    match evidence {
        Evidence::Found { shown, .. } => {
            let came = Reveals { email: shown.email, phone: !shown.phones.is_empty() };
            Observed::found(asked, came)
        }
        Evidence::NotFound | Evidence::Removed { .. } => Observed::NOBODY,
        Evidence::Unmatched | Evidence::Unanswered => Observed::default(),
    }
}
