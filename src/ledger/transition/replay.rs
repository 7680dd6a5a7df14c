//! Replays: a request that is asked again is answered with the batch that it became.

use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::record::replay::{Replay, Retry, ToldBy};
use crate::ledger::table::Replays;
use crate::ledger::transition::read::{Reading, Status, read};

/// What is known of a request.
pub(super) enum Recalled {
    /// Nothing: it is a new one.
    Nothing,
    /// It became this batch.
    Batch(BatchId, Box<Reading>),
    /// Its caller's key is that of another request.
    OtherRequest,
}

/// Looks whether a request was admitted before. It is forgotten with its batch: what cannot be read
/// answers nobody.
pub(super) fn recall(draft: &Draft<'_>, team: &TeamId, retry: &Retry) -> Result<Recalled, Fault> {
    let now = draft.now();
    let found = draft.find::<Replays>(&retry.key)?.filter(|replay| now < replay.until);
    let Some(Replay { request, batch, .. }) = found else { return Ok(Recalled::Nothing) };
    let is_readable =
        |reading: &Reading| reading.ended_at.is_none_or(|at| now < at.after(retry.batch_ttl));
    let Some(reading) = read(draft, team, batch, 0..0)?.filter(is_readable) else {
        return Ok(Recalled::Nothing);
    };
    let came_to_nothing = matches!(reading.status, Status::Error | Status::Canceled);
    Ok(match retry.by {
        _ if request != retry.request => Recalled::OtherRequest,
        ToldBy::Content if came_to_nothing => Recalled::Nothing,
        ToldBy::Caller | ToldBy::Content => Recalled::Batch(batch, Box::new(reading)),
    })
}

/// Writes down what an admitted request became.
pub(super) fn remember(draft: &mut Draft<'_>, retry: &Retry, batch: BatchId) {
    let until = draft.now().after(retry.window);
    draft.put::<Replays>(&retry.key, &Replay { request: retry.request, batch, until });
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
