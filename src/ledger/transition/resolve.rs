//! An operator's word on what a batch has unresolved.

use crate::domain::credits::{Amounts, Unit};
use crate::domain::pricing::Charges;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Charged, Job, State, Word};
use crate::ledger::step::{Booked, Resolution, Resolved};
use crate::ledger::table::{Batches, Jobs, SETTLED_AT_ONCE, Settlements};
use crate::ledger::transition::close::negative;
use crate::ledger::transition::post::post_part;
use crate::ledger::transition::schedule::put_job;

/// Ends what a batch has unresolved. Asked again, it changes nothing and answers what was booked the
/// first time.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn resolve(draft: &mut Draft<'_>, resolution: &Resolution) -> Result<Resolved, Fault> {
    let Some(jobs) = jobs_of(draft, resolution.batch)? else { return Ok(Resolved::NoSuchBatch) };
    let Some(team) = jobs.iter().flat_map(|job| &job.parts).map(|part| part.team.clone()).next()
    else {
        return Ok(Resolved::NothingUnresolved);
    };
    let open: Amounts = jobs.iter().flat_map(|job| &job.parts).map(|part| part.unresolved).sum();
    if open.is_zero() {
        return Ok(said_before(team, &jobs, resolution.charged));
    }
    let is_more = |said: Amounts| Unit::ALL.iter().any(|u| said.in_unit(*u) > open.in_unit(*u));
    let mut left = match resolution.charged {
        Charged::Some(said) if is_more(said) => return Ok(Resolved::MoreThanUnresolved(open)),
        Charged::Some(said) => said,
        Charged::All | Charged::Nothing => Amounts::ZERO,
    };
    draft.annotate(resolution.note.clone());
    let (spent, released) = (Amounts::ZERO, Amounts::ZERO);
    let mut booked = Booked { team, is_first: true, spent, released };
    for mut job in jobs {
        for n in 0..job.parts.len() {
            let Some(part) = job.parts.get_mut(n) else { break };
            if part.unresolved.is_zero() {
                continue;
            }
            let open = std::mem::take(&mut part.unresolved);
            let spent = match resolution.charged {
                Charged::All => open,
                Charged::Nothing => Amounts::ZERO,
                Charged::Some(_) => left.at_most(open),
            };
            left = left.minus(spent.at_most(left));
            let spent = with_settled(draft, &job, n, spent)?.at_most(open);
            let released = open.minus(spent);
            let Some(part) = job.parts.get_mut(n) else { break };
            let charges = Charges::of_other(spent);
            part.charged = part.charged.plus(charges);
            part.word =
                Some(Word { at: draft.now(), charged: resolution.charged, spent, released });
            booked.spent = booked.spent.plus(spent);
            booked.released = booked.released.plus(released);
            let part = part.clone();
            let change = Change { spent, unresolved: negative(open), ..Change::default() };
            post_part(draft, &mut job, &part, Fact::Resolved, change, charges);
        }
        if matches!(job.state, State::Unresolved(_)) {
            job.state = State::Resolved;
            job.ended_at = Some(draft.now());
        }
        put_job(draft, &job)?;
    }
    Ok(Resolved::Booked(booked))
}

/// What an earlier word came to, where the same was said.
fn said_before(team: TeamId, jobs: &[Job], charged: Charged) -> Resolved {
    let words = || jobs.iter().flat_map(|job| &job.parts).filter_map(|part| part.word);
    let same = || words().filter(|word| word.charged == charged);
    let Some(latest) = same().map(|word| word.at).max() else {
        let other = words().max_by_key(|word| word.at);
        return other.map_or(Resolved::NothingUnresolved, Resolved::SaidOtherwise);
    };
    let (spent, released) = (Amounts::ZERO, Amounts::ZERO);
    let mut booked = Booked { team, is_first: false, spent, released };
    for word in same().filter(|word| word.at == latest) {
        booked.spent = booked.spent.plus(word.spent);
        booked.released = booked.released.plus(word.released);
    }
    Resolved::Booked(booked)
}

/// An operator's word on a part, and on top of it what its leads cost that are settled already: from
/// their step on other jobs get these persons for nothing.
fn with_settled(
    draft: &mut Draft<'_>,
    job: &Job,
    n: usize,
    word: Amounts,
) -> Result<Amounts, Fault> {
    if job.leads <= SETTLED_AT_ONCE {
        return Ok(word);
    }
    let Some(mut progress) = draft.find::<Settlements>(&job.id)? else { return Ok(word) };
    let Some(sums) = progress.parts.get_mut(n) else { return Ok(word) };
    sums.word = Some(word);
    let with_settled = word.plus(sums.charged.amounts());
    draft.put::<Settlements>(&job.id, &progress);
    Ok(with_settled)
}

/// The jobs that a batch pays for; of one that was lost with its store, those that still have anything
/// open. None where there is no such batch.
pub(super) fn jobs_of(draft: &Draft<'_>, batch: BatchId) -> Result<Option<Vec<Job>>, Fault> {
    let Some(known) = draft.find::<Batches>(&batch)? else {
        let jobs: Vec<_> = draft.under::<Jobs>(&batch)?.into_iter().map(|(_, job)| job).collect();
        return Ok(Some(jobs).filter(|jobs| !jobs.is_empty()));
    };
    let own = || (0..known.jobs_made).map(|ordinal| JobId { batch, ordinal });
    for id in own() {
        draft.foresee::<Jobs>(&id);
        draft.foresee::<Settlements>(&id);
    }
    let jobs: Result<Vec<_>, _> =
        own().filter_map(|id| draft.find::<Jobs>(&id).transpose()).collect();
    Ok(Some(jobs?))
}
