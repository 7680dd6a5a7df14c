//! Removing a person: payments stay, everything else goes, and the person is never asked for again.

use std::collections::HashSet;

use crate::domain::identity::keys::{LeadKey, NameMarks, PersonKey};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId, KeptResult, Lease, ResultRef};
use crate::ledger::record::batch::{Batch, Slot};
use crate::ledger::record::lead::LeadRow;
use crate::ledger::step::{Holders, Holding, Removal};
use crate::ledger::table::{
    Addresses, Answers, Batches, CHUNK, Leads, Persons, SETTLED_AT_ONCE, Slots, Superseded,
};

/// Marks keys, and the persons they lead to, as removed. Keys never seen before are marked, too.
/// Answers where sealed results of theirs are, to be erased. Asked again, it answers the same for as
/// long as results may be there: an earlier caller may have crashed before it erased them.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn erase(
    draft: &mut Draft<'_>,
    keys: &[LeadKey],
    person: Option<PersonKey>,
) -> Result<Removal, Fault> {
    let known = look_up(draft, keys, person)?;
    let now = draft.now();
    for (key, row) in known.leads {
        if row.removed_at.is_none() {
            // Claims stay until their jobs settle; the mark decides what becomes of the answer.
            let (removed_at, touched_at) = (Some(now), Some(now));
            let row = LeadRow { not_found: Vec::new(), removed_at, touched_at, ..row };
            draft.put::<Leads>(&key, &row);
        }
    }
    for person in known.persons {
        let mut row = draft.find::<Persons>(&person)?.unwrap_or_default();
        if row.removed_at.is_none() {
            row.removed_at = Some(now);
            row.name = NameMarks::default();
            draft.put::<Persons>(&person, &row);
        }
    }
    Ok(known.removal)
}

/// What [`erase`] would answer. It changes nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn removal(
    draft: &Draft<'_>,
    keys: &[LeadKey],
    person: Option<PersonKey>,
) -> Result<Removal, Fault> {
    Ok(look_up(draft, keys, person)?.removal)
}

/// Prefetches the rows that marking these keys and persons reads, so that a step that marks many
/// makes as few round trips as one that marks one.
pub(super) fn foresee(
    draft: &Draft<'_>,
    removed: &[(Vec<LeadKey>, Option<PersonKey>)],
) -> Result<(), Fault> {
    let keys = || removed.iter().flat_map(|(keys, _)| keys);
    for key in keys() {
        draft.foresee::<Leads>(key);
        draft.foresee_under::<Addresses>(key);
    }
    let mut persons: Vec<PersonKey> = removed.iter().filter_map(|(_, person)| *person).collect();
    for key in keys() {
        persons.extend(draft.peek::<Leads>(key)?.and_then(|row| row.alias.person()));
    }
    for person in &persons {
        draft.foresee::<Persons>(person);
        draft.foresee_under::<Superseded>(person);
    }
    for person in &persons {
        foresee_answers(draft, &results_of(draft, person)?);
    }
    Ok(())
}

/// What the books know under some keys.
struct Known {
    leads: Vec<(LeadKey, LeadRow)>,
    persons: Vec<PersonKey>,
    removal: Removal,
}

fn look_up(draft: &Draft<'_>, keys: &[LeadKey], person: Option<PersonKey>) -> Result<Known, Fault> {
    let now = draft.now();
    let mut leads: Vec<(LeadKey, LeadRow)> = Vec::new();
    let mut persons: Vec<PersonKey> = person.into_iter().collect();
    let mut removal = Removal::default();
    foresee(draft, &[(keys.to_vec(), person)])?;
    for key in keys {
        let row = draft.find::<Leads>(key)?.unwrap_or_default();
        persons.extend(row.alias.person());
        removal.answers.extend(row.claims.iter().map(|claim| claim.at));
        leads.push((*key, row));
        for (_, row) in draft.under::<Addresses>(key)? {
            // The verdict on an address is kept by no turn.
            removal.results.push(KeptResult { at: row.at, turn: Lease::default() });
        }
    }
    persons.sort_unstable();
    persons.dedup();
    let mut shown = Vec::new();
    for person in &persons {
        let row = draft.find::<Persons>(person)?.unwrap_or_default();
        let known = row.results.iter().map(|known| (known.at, known.expires_at));
        let superseded = draft.under::<Superseded>(person)?;
        let all = known.chain(superseded.into_iter().map(|((_, at), until)| (at, until)));
        shown.extend(all.filter(|(_, until)| now < *until).map(|(at, _)| at));
    }
    removal.results.extend(kept(draft, &shown)?);
    removal.answers.extend(removal.results.iter().map(|result| result.at).collect::<Vec<_>>());
    Ok(Known { leads, persons, removal })
}

/// Marks what a settlement shows to be removed, and answers where sealed results are, to be erased.
pub(super) fn mark(
    draft: &mut Draft<'_>,
    keys: &[LeadKey],
    person: Option<PersonKey>,
) -> Result<Vec<KeptResult>, Fault> {
    Ok(erase(draft, keys, person)?.results)
}

/// The results of a person, also those that were superseded.
fn results_of(draft: &Draft<'_>, person: &PersonKey) -> Result<Vec<ResultRef>, Fault> {
    let row = draft.peek::<Persons>(person)?.unwrap_or_default();
    let superseded = draft.pieces::<Superseded>(person)?;
    let current = row.results.iter().map(|known| known.at);
    Ok(current.chain(superseded.iter().map(|((_, at), _)| *at)).collect())
}

/// The row that holds the answer of a result.
fn answer_of(at: &ResultRef) -> (JobId, u32) {
    (at.job, at.index.div_euclid(SETTLED_AT_ONCE))
}

fn foresee_answers(draft: &Draft<'_>, results: &[ResultRef]) {
    for at in results {
        draft.foresee::<Answers>(&answer_of(at));
    }
}

/// Where sealed results are. A job's answers outlive its results.
fn kept(draft: &Draft<'_>, results: &[ResultRef]) -> Result<Vec<KeptResult>, Fault> {
    foresee_answers(draft, results);
    let mut kept = Vec::with_capacity(results.len());
    for at in results {
        let answered = draft.peek::<Answers>(&answer_of(at))?;
        kept.extend(answered.map(|answered| KeptResult { at: *at, turn: answered.turn }));
    }
    Ok(kept)
}

/// The most leads that one look at the holders of a person goes through.
const LEADS_MAX: u32 = 20_000;

/// The teams whose batches name a person or point at an answer about the person, some batches at a
/// time.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn holders(draft: &Draft<'_>, holding: &Holding) -> Result<Holders, Fault> {
    use std::ops::Bound::{Excluded, Unbounded};
    let from = holding.after.as_ref().map_or(Unbounded, Excluded);
    let page = draft.from::<Batches>(from, holding.batches)?;
    let mut leads: u32 = 0;
    let fits = |(_, batch): &&(BatchId, Batch)| {
        let is_first = leads == 0;
        leads = leads.saturating_add(batch.dispositions.submitted);
        is_first || leads <= LEADS_MAX
    };
    let some: Vec<_> = page.iter().take_while(fits).collect();
    let chunks = |batch: &Batch| 0..batch.dispositions.submitted.div_ceil(CHUNK);
    for (id, batch) in &some {
        chunks(batch).for_each(|chunk| draft.foresee::<Slots>(&(*id, chunk)));
    }
    let keys: HashSet<_> = holding.keys.iter().copied().collect();
    let holds = |slot: &Slot| {
        let is_named = slot.ask().removal_keys().any(|key| keys.contains(&key));
        is_named || slot.source.points_at().is_some_and(|at| holding.answers.contains(&at))
    };
    let mut holders = Holders::default();
    for (id, batch) in &some {
        for chunk in chunks(batch) {
            if draft.peek::<Slots>(&(*id, chunk))?.unwrap_or_default().iter().any(holds) {
                holders.teams.insert(batch.team.clone());
            }
        }
    }
    let is_all = some.len() == page.len() && page.len() < holding.batches;
    holders.next = some.last().map(|(id, _)| *id).filter(|_| !is_all);
    Ok(holders)
}
