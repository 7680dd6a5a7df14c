//! Reading a validation: where it stands, and where each address's verdict is. Reading writes nothing.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{AddressReading, ValidationReading, call_of};
use crate::domain::credits::Amounts;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, ResultRef};
use crate::ledger::record::batch::{Batch, Slot, Source};
use crate::ledger::record::job::{Cause, Job, State, Way};
use crate::ledger::record::team::{Standing, Team};
use crate::ledger::record::validation::Validation;
use crate::ledger::table::{Batches, CHUNK, Jobs, Slots, Teams, Validations};
use crate::ledger::transition::alias::{self, is_removed};
use crate::ledger::transition::read::{Failure, Status};

/// A validation of `team`, with the addresses in `range`.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn read_validation(
    draft: &Draft<'_>,
    team: &TeamId,
    id: BatchId,
    range: &Range<u32>,
) -> Result<Option<ValidationReading>, Fault> {
    let is_its = |batch: &Batch| {
        batch.team == *team && batch.way == Way::Call && batch.dispositions.submitted > 0
    };
    let Some(batch) = draft.find::<Batches>(&id)?.filter(is_its) else { return Ok(None) };
    let is_open = |team: Team| team.standing != Standing::Closed && team.owns(&batch);
    if !draft.find::<Teams>(team)?.is_some_and(is_open) {
        return Ok(None);
    }
    let mut reader = Reader { draft, batch: &batch, calls: BTreeMap::new() };
    let (mut next_look, mut sealed_until) = (None::<Timestamp>, batch.sealed_until);
    let (mut goes_on, mut is_answered) = (false, batch.dispositions.cached > 0);
    for job in &batch.jobs {
        let call = reader.call(job.batch)?;
        goes_on |= call.goes_on();
        is_answered |= call.validation.is_some_and(|validation| validation.answered > 0);
        next_look = next_look.into_iter().chain(call.due).min();
        let results_until = call.validation.and_then(|validation| validation.results_until);
        sealed_until = sealed_until.into_iter().chain(results_until).min();
    }
    let status = match batch.canceled_at {
        Some(_) => Status::Canceled,
        None if goes_on => Status::Processing,
        None if is_answered => Status::Completed,
        None => Status::Error,
    };
    let spent = spent(draft, id, &batch)?;
    let addresses = reader.addresses(id, range)?;
    Ok(Some(ValidationReading { batch, status, spent, sealed_until, next_look, addresses }))
}

/// How far the vendor is with what a batch has sent; none where it has sent no addresses.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn validation(draft: &Draft<'_>, batch: BatchId) -> Result<Option<Validation>, Fault> {
    draft.find::<Validations>(&batch)
}

/// Whether a job is a validation's call, and the vendor may still say something of it.
pub(in crate::ledger::transition) fn has_verdicts_to_come(
    draft: &Draft<'_>,
    job: &Job,
) -> Result<bool, Fault> {
    if job.way != Way::Call {
        return Ok(false);
    }
    Ok(validation(draft, job.id.batch)?.is_some_and(|validation| validation.is_under_way()))
}

/// What a batch's own call was charged, once nothing of it is open.
fn spent(draft: &Draft<'_>, id: BatchId, batch: &Batch) -> Result<Option<Amounts>, Fault> {
    if batch.jobs_made == 0 {
        return Ok(Some(Amounts::ZERO));
    }
    let job = draft.find::<Jobs>(&call_of(id))?;
    let is_settled =
        |job: &Job| matches!(job.state, State::Done | State::Void(_) | State::Resolved);
    let charged = |job: Job| job.parts.iter().map(|part| part.charged.amounts()).sum();
    Ok(job.filter(is_settled).map(charged))
}

/// A call that addresses travel by, and what the vendor has said of it.
#[derive(Clone, Copy)]
struct Call {
    validation: Option<Validation>,
    state: Option<State>,
    due: Option<Timestamp>,
}

impl Call {
    fn goes_on(self) -> bool {
        self.state == Some(State::Sending)
            || self.validation.is_some_and(|validation| validation.is_under_way())
    }
}

struct Reader<'a, 'b> {
    draft: &'a Draft<'b>,
    batch: &'a Batch,
    calls: BTreeMap<BatchId, Call>,
}

impl Reader<'_, '_> {
    fn call(&mut self, batch: BatchId) -> Result<Call, Fault> {
        if let Some(call) = self.calls.get(&batch) {
            return Ok(*call);
        }
        let validation = self.draft.find::<Validations>(&batch)?;
        let job = self.draft.find::<Jobs>(&call_of(batch))?;
        let due = job.as_ref().and_then(|job| job.worth_a_look_at(self.draft.now()));
        let state = job.map(|job| job.state);
        let call = Call { validation, state, due };
        self.calls.insert(batch, call);
        Ok(call)
    }

    fn addresses(&mut self, id: BatchId, range: &Range<u32>) -> Result<Vec<AddressReading>, Fault> {
        let mut addresses = Vec::new();
        let end = range.end.min(self.batch.dispositions.submitted);
        for chunk in range.start.div_euclid(CHUNK)..end.div_ceil(CHUNK) {
            let slots = self.draft.peek::<Slots>(&(id, chunk))?.unwrap_or_default();
            alias::foresee(self.draft, slots.iter().map(|slot| slot.key))?;
            let first = chunk.saturating_mul(CHUNK);
            for (_, slot) in (first..).zip(slots).filter(|(place, _)| range.contains(place)) {
                addresses.push(self.address(slot)?);
            }
        }
        Ok(addresses)
    }

    fn address(&mut self, slot: Slot) -> Result<AddressReading, Fault> {
        if is_removed(self.draft, slot.key)? {
            return Ok(AddressReading::Removed);
        }
        match slot.source {
            Source::Removed => Ok(AddressReading::Removed),
            Source::Refused => Ok(AddressReading::Failed(Failure::InsufficientCredits)),
            Source::NotFound => Ok(AddressReading::Failed(Failure::VendorError)),
            Source::Cached(at) => Ok(AddressReading::Kept(at)),
            Source::Joined(at) | Source::Own(at) | Source::Repeated(at) => self.by_call(at),
        }
    }

    fn by_call(&mut self, at: ResultRef) -> Result<AddressReading, Fault> {
        let Call { validation, state, .. } = self.call(at.job.batch)?;
        let Some(validation) = validation else {
            // The books have forgotten it: the vault has the last word.
            return Ok(AddressReading::Kept(at));
        };
        Ok(match (validation.named, state) {
            (Some(_), _) if validation.ended_at.is_some() => AddressReading::Kept(at),
            _ if self.batch.canceled_at.is_some() => AddressReading::Failed(Failure::Canceled),
            (Some(_), _) | (None, Some(State::Sending)) => AddressReading::Pending,
            (None, Some(State::Void(Cause::VendorCredits))) => {
                AddressReading::Failed(Failure::VendorCredits)
            }
            (None, Some(State::Void(_))) => AddressReading::Failed(Failure::VendorError),
            (None, _) => AddressReading::Failed(Failure::Unresolved),
        })
    }
}
