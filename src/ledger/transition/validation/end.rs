//! Ends of a validation: taken and named, brought home, cancelled.

use super::{ValidationEnd, call_of};
use crate::domain::note::Note;
use crate::domain::uuid::Uuid;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, ResultRef};
use crate::ledger::record::batch::Batch;
use crate::ledger::record::job::{Job, JobLead};
use crate::ledger::record::validation::{AddressKey, Validation};
use crate::ledger::table::{Addresses, Batches, Jobs, Validations};
use crate::ledger::transition::coach::leads_of;
use crate::ledger::transition::schedule::put_job;

/// The vendor took a validation and named it.
pub(in crate::ledger::transition) fn name(
    draft: &mut Draft<'_>,
    batch: BatchId,
    named: Uuid,
) -> Result<(), Fault> {
    let validation = draft.find::<Validations>(&batch)?.ok_or(Fault::Fenced)?;
    draft.put::<Validations>(&batch, &Validation { named: Some(named), ..validation });
    Ok(())
}

/// All that the vendor says of a validation is in the vault, and it is looked at no more. Addresses
/// that it says nothing of are not validated. Asked again, it changes nothing and answers false.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn end_validation(draft: &mut Draft<'_>, end: &ValidationEnd) -> Result<bool, Fault> {
    let Some(validation) = draft.find::<Validations>(&end.batch)? else { return Ok(false) };
    if !validation.is_under_way() {
        return Ok(false);
    }
    // Without its call nobody knows which addresses it has no verdict on: they may be sent anew.
    let Some(job) = draft.find::<Jobs>(&call_of(end.batch))? else { return Ok(false) };
    let (ended_at, answered) = (Some(draft.now()), end.answered);
    let results_until = Some(end.results_until);
    let validation = Validation { ended_at, results_until, answered, ..validation };
    draft.put::<Validations>(&end.batch, &validation);
    forget_missing(draft, &job, &end.missing)?;
    put_job(draft, &Job { due: None, ..job })?;
    Ok(true)
}

/// Forgets the addresses of a call at these places, but for what was sent since.
fn forget_missing(draft: &mut Draft<'_>, job: &Job, missing: &[u32]) -> Result<(), Fault> {
    let kept_for = job.parts.first().and_then(|part| part.kept_for.clone());
    let is_missing = |(index, _): &(u32, JobLead)| missing.binary_search(index).is_ok();
    let known = |(index, lead): (u32, JobLead)| {
        let key = AddressKey { address: lead.key, kept_for: kept_for.clone() };
        (key, ResultRef { job: job.id, index })
    };
    let missing = (0..).zip(leads_of(draft, job.id)?).filter(is_missing);
    let missing: Vec<_> = missing.map(known).collect();
    for (key, _) in &missing {
        draft.foresee::<Addresses>(key);
    }
    for (key, at) in missing {
        // Whoever has sent it since has made the row its own.
        if draft.find::<Addresses>(&key)?.is_some_and(|row| row.at == at) {
            draft.delete::<Addresses>(&key);
        }
    }
    Ok(())
}

/// Cancels a validation. Where the vendor has not ended its call and no other batch waits for that,
/// the vendor is to be told, and the call is due at once. Asked again, it changes nothing.
///
/// # Errors
/// [`Fault`] where there is no such batch.
pub fn cancel_validation(
    draft: &mut Draft<'_>,
    id: BatchId,
    note: Option<Note>,
) -> Result<(), Fault> {
    let batch = draft.need::<Batches>(&id)?;
    let mut is_under_way = false;
    for job in &batch.jobs {
        let validation = draft.find::<Validations>(&job.batch)?;
        is_under_way |= validation.is_some_and(|validation| validation.is_under_way());
    }
    if !is_under_way || batch.canceled_at.is_some() {
        return Ok(());
    }
    let now = Some(draft.now());
    draft.put::<Batches>(&id, &Batch { canceled_at: now, canceled_for: note, ..batch });
    let own = draft.find::<Validations>(&id)?;
    if let Some(own) = own.filter(|own| own.is_under_way() && !own.is_joined) {
        draft.put::<Validations>(&id, &Validation { is_canceled: true, ..own });
        let job = draft.need::<Jobs>(&call_of(id))?;
        put_job(draft, &Job { due: now, ..job })?;
    }
    Ok(())
}
