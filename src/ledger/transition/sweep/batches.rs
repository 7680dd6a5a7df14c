//! Batches that nobody reads any more.

use std::time::Duration;

use super::slice::{Chunks, Cost, Slice, after, count_within_bounds, is_over};
use super::{SweepFrom, Swept};
use crate::domain::team_limits::Measure;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::record::batch::Batch;
use crate::ledger::record::remnant::Remnant;
use crate::ledger::record::usage::UseKey;
use crate::ledger::table::{Batches, CHUNK, Jobs, Remnants, Slots};
use crate::ledger::transition::read::has_ended_for;

/// Removes the next batches whose time is over. The round is complete where a page shows none that
/// was admitted as long ago as a batch lives: those that follow are younger still.
pub(super) fn sweep(
    draft: &mut Draft<'_>,
    from: Option<BatchId>,
    rows: usize,
    ttl: Duration,
) -> Result<Swept, Fault> {
    let now = draft.now();
    let page = draft.from::<Batches>(after(from.as_ref()), rows)?;
    // Its end is not before its admission.
    let is_old = |batch: &Batch| is_over(batch.admitted_at, ttl, now);
    let fetched = page
        .iter()
        .map(|(_, batch)| if is_old(batch) { batch.jobs.len().saturating_add(1) } else { 0 });
    let count = count_within_bounds(fetched);
    let has_old = page.iter().any(|(_, batch)| is_old(batch));
    for (id, batch) in page.iter().take(count).filter(|(_, batch)| is_old(batch)) {
        draft.foresee::<Batches>(id);
        batch.jobs.iter().for_each(|job| draft.foresee::<Jobs>(job));
    }
    let mut slice = Slice::after(from);
    for (id, batch) in page.iter().take(count) {
        let ended_at = if is_old(batch) { ended_at(draft, *id, batch)? } else { None };
        if ended_at.is_some_and(|at| is_over(at, ttl, now))
            && draft.find::<Batches>(id)?.as_ref() == Some(batch)
        {
            let chunks = Chunks::of(batch.dispositions.submitted);
            let cost = Cost::with_chunks(chunks, 1);
            if !slice.has_room_for(cost) {
                return Ok(slice.end(true, SweepFrom::Batches));
            }
            let kept = UseKey::lasting(&batch.team, Measure::KeptBytes);
            draft.use_less(kept, batch.kept_bytes);
            remove(draft, *id, chunks);
            slice.remove(cost);
        }
        slice.pass(*id);
    }
    let is_more = count < page.len() || (page.len() >= rows && has_old);
    Ok(slice.end(is_more, SweepFrom::Batches))
}

/// When a batch ended; none where it has not, or anything of it is reserved or unresolved. A job
/// that has ended stays ended, so nothing of it has to stand still.
fn ended_at(draft: &Draft<'_>, id: BatchId, batch: &Batch) -> Result<Option<Timestamp>, Fault> {
    let mut ended_at = batch.canceled_at.unwrap_or(batch.admitted_at);
    for job in &batch.jobs {
        let Some(job) = draft.peek::<Jobs>(job)? else { continue };
        let has_ended = batch.canceled_at.is_some() || has_ended_for(&job, id);
        if !has_ended || job.has_open_charge() {
            return Ok(None);
        }
        ended_at = job.ended_at.map_or(ended_at, |at| at.max(ended_at));
    }
    Ok(Some(ended_at))
}

fn remove(draft: &mut Draft<'_>, id: BatchId, chunks: Chunks) {
    draft.delete::<Batches>(&id);
    match chunks {
        Chunks::Together(leads) => {
            for chunk in 0..leads.div_ceil(CHUNK) {
                draft.delete::<Slots>(&(id, chunk));
            }
        }
        Chunks::Later(leads) => {
            draft.put::<Remnants>(&Remnant::Slots(id), &leads.div_ceil(CHUNK));
        }
    }
}
