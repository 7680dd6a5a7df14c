//! Removing a person: payments stay, everything else goes, and the person is never asked for again.

use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{KeptResult, Lease, ResultRef};
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
    mark(draft, keys, person)
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

/// Where sealed results are. A job's answers outlive its results.
fn kept(draft: &Draft<'_>, results: &[ResultRef]) -> Result<Vec<KeptResult>, Fault> {
    let row = |at: &ResultRef| (at.job, at.index.div_euclid(SETTLED_AT_ONCE));
    for at in results {
        draft.foresee::<Answers>(&row(at));
    }
    let mut kept = Vec::with_capacity(results.len());
    for at in results {
        let answered = draft.peek::<Answers>(&row(at))?;
        kept.extend(answered.map(|answered| KeptResult { at: *at, turn: answered.turn }));
    }
    Ok(kept)
}
