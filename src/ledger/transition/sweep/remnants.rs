//! Chunks of batches and jobs that were too large for the slice that removed them.

use super::jobs::delete_chunk;
use super::slice::{CHUNKS_MAX, number};
use super::{SweepFrom, Swept};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::remnant::Remnant;
use crate::ledger::table::{Remnants, Slots};

/// Removes as many chunks as go in one slice, of one owner after the other.
pub(super) fn sweep(draft: &mut Draft<'_>) -> Result<Swept, Fault> {
    draft.foresee_under::<Remnants>(&());
    let all = draft.glance_at_all::<Remnants>()?;
    for (remnant, _) in all.iter().take(number(CHUNKS_MAX)) {
        draft.foresee::<Remnants>(remnant);
    }
    let mut room = CHUNKS_MAX;
    let (mut removed, mut is_more) = (0_usize, false);
    for (remnant, chunks) in &all {
        if room == 0 || draft.find::<Remnants>(remnant)? != Some(*chunks) {
            is_more = true;
            break;
        }
        let left = chunks.saturating_sub(room);
        for chunk in left..*chunks {
            match remnant {
                Remnant::Slots(batch) => draft.delete::<Slots>(&(*batch, chunk)),
                Remnant::Leads(job) => delete_chunk(draft, *job, chunk),
            }
        }
        room = room.saturating_sub(*chunks);
        if left > 0 {
            draft.put::<Remnants>(remnant, &left);
            is_more = true;
        } else {
            draft.delete::<Remnants>(remnant);
        }
        removed = removed.saturating_add(1);
    }
    Ok(Swept { next: is_more.then_some(SweepFrom::Remnants), removed })
}
