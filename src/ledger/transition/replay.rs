//! Replays: a request that is asked again is answered with the batch that it became.

use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::record::batch::Batch;
use crate::ledger::record::job::{Job, State, Way};
use crate::ledger::record::replay::{Became, Replay, Retry, ToldBy};
use crate::ledger::record::team::Team;
use crate::ledger::table::{Batches, Jobs, ReplayEnds, Replays};
use crate::ledger::transition::call::call_of;
use crate::ledger::transition::read::{Reading, Status, read};

/// What is known of a request.
pub(super) enum Recalled {
    /// Nothing: it is a new one.
    Nothing,
    /// It became this batch of leads.
    Batch(BatchId, Box<Reading>),
    /// It became this call, or this validation.
    Call(Box<CallBefore>),
    /// Its caller's key is that of another request.
    OtherRequest,
}

/// A call that was opened before, or a validation.
pub(super) struct CallBefore {
    pub(super) id: BatchId,
    pub(super) batch: Batch,
    /// How the call stands; none of a validation that needed none.
    pub(super) job: Option<Job>,
}

/// Looks whether a request was admitted before. It is forgotten with its batch: what cannot be read
/// answers nobody. A call is forgotten, too, where it was certainly not made.
pub(super) fn recall(draft: &Draft<'_>, team: &Team, retry: &Retry) -> Result<Recalled, Fault> {
    let now = draft.now();
    let found = draft.find::<Replays>(&retry.key)?.filter(|replay| now < replay.until);
    let Some(Replay { request, became: Became::Batch(id), .. }) = found else {
        return Ok(Recalled::Nothing);
    };
    let Some(batch) = draft.find::<Batches>(&id)?.filter(|batch| team.owns(batch)) else {
        return Ok(Recalled::Nothing);
    };
    let before = match batch.way {
        Way::Batch | Way::LookUp => batch_before(draft, team, retry, id)?,
        Way::Call => call_before(draft, id, batch)?,
    };
    Ok(match before {
        Recalled::Batch(..) | Recalled::Call(_) if request != retry.request => {
            Recalled::OtherRequest
        }
        before => before,
    })
}

fn batch_before(
    draft: &Draft<'_>,
    team: &Team,
    retry: &Retry,
    id: BatchId,
) -> Result<Recalled, Fault> {
    let now = draft.now();
    let is_readable =
        |reading: &Reading| reading.readable_until(retry.batch_ttl).is_none_or(|until| now < until);
    let Some(reading) = read(draft, &team.id, id, 0..0)?.filter(is_readable) else {
        return Ok(Recalled::Nothing);
    };
    let came_to_nothing =
        matches!(reading.status, Status::Error | Status::Canceled) || retry.lost == Some(id);
    Ok(match retry.by {
        ToldBy::Content if came_to_nothing => Recalled::Nothing,
        ToldBy::Caller | ToldBy::Content => Recalled::Batch(id, Box::new(reading)),
    })
}

fn call_before(draft: &Draft<'_>, id: BatchId, batch: Batch) -> Result<Recalled, Fault> {
    let job = draft.find::<Jobs>(&call_of(id))?;
    let was_not_made = job.as_ref().is_some_and(|job| matches!(job.state, State::Void(_)));
    Ok(if was_not_made {
        Recalled::Nothing
    } else {
        Recalled::Call(Box::new(CallBefore { id, batch, job }))
    })
}

/// Writes down what an admitted request of a team became.
pub(super) fn remember(draft: &mut Draft<'_>, team: &TeamId, retry: &Retry, batch: BatchId) {
    let until = draft.now().after(retry.window);
    let counts_for = (retry.by == ToldBy::Caller).then(|| team.clone());
    let became = Became::Batch(batch);
    draft.put::<Replays>(&retry.key, &Replay { request: retry.request, became, until, counts_for });
    draft.put::<ReplayEnds>(&(until, retry.key), &());
}

/// Writes down once more what is written down. A store that confirms to several replicas what it
/// writes so confirms the admission: it may not have been when it was first answered.
pub(super) fn affirm(draft: &mut Draft<'_>, retry: &Retry) -> Result<(), Fault> {
    let replay = draft.need::<Replays>(&retry.key)?;
    draft.put::<Replays>(&retry.key, &replay);
    Ok(())
}

/// List price of all that a batch was answered with, once it has ended and that is known.
pub(super) fn avoided_by(reading: &Reading) -> Vec<Avoided> {
    let Some(spent) = reading.ended_at.and(reading.spent) else { return Vec::new() };
    let amounts = spent.plus(reading.batch.avoided);
    vec![Avoided { reason: AvoidedReason::Replayed, amounts }]
}
