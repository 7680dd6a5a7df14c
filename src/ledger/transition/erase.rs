//! Removing a person: payments stay, everything else goes, and the person is never asked for again.

use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{JobId, KeptResult, Lease, ResultRef};
use crate::ledger::record::lead::LeadRow;
use crate::ledger::table::{Addresses, Answers, Leads, Persons, SETTLED_AT_ONCE, Superseded};

/// Marks keys, and the persons they lead to, as removed. Keys never seen before are marked, too.
/// Answers where sealed results of theirs are, to be erased.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn erase(
    draft: &mut Draft<'_>,
    keys: &[LeadKey],
    person: Option<PersonKey>,
) -> Result<Vec<KeptResult>, Fault> {
    foresee(draft, &[(keys.to_vec(), person)])?;
    mark(draft, keys, person)
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
        persons.extend(draft.peek::<Leads>(key)?.and_then(|row| row.person));
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

pub(super) fn mark(
    draft: &mut Draft<'_>,
    keys: &[LeadKey],
    person: Option<PersonKey>,
) -> Result<Vec<KeptResult>, Fault> {
    let now = draft.now();
    let mut persons: Vec<PersonKey> = person.into_iter().collect();
    for key in keys {
        let row = draft.find::<Leads>(key)?.unwrap_or_default();
        persons.extend(row.person);
        if row.removed_at.is_none() {
            // Claims stay until their jobs settle; the mark decides what becomes of the answer.
            let LeadRow { person, claims, .. } = row;
            let (removed_at, touched_at) = (Some(now), Some(now));
            let row = LeadRow { person, claims, not_found: Vec::new(), removed_at, touched_at };
            draft.put::<Leads>(key, &row);
        }
    }
    persons.sort_unstable();
    persons.dedup();
    let mut results = Vec::new();
    for key in keys {
        for (address, row) in draft.under::<Addresses>(key)? {
            draft.delete::<Addresses>(&address);
            // The verdict on an address is kept by no turn.
            results.push(KeptResult { at: row.at, turn: Lease::default() });
        }
    }
    for person in persons {
        let mut row = draft.find::<Persons>(&person)?.unwrap_or_default();
        let mut known: Vec<_> = row.results.drain(..).map(|known| known.at).collect();
        for (superseded, _) in draft.under::<Superseded>(&person)? {
            known.push(superseded.1);
            draft.delete::<Superseded>(&superseded);
        }
        results.extend(kept(draft, &known)?);
        row.removed_at = row.removed_at.or(Some(now));
        draft.put::<Persons>(&person, &row);
    }
    Ok(results)
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
