//! What a lead key leads to: its own row, and the person that it is an alias of.

use crate::domain::identity::keys::{LeadKey, PersonKey};
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::step::LeadAsk;
use crate::ledger::table::{Jobs, Leads, Persons};

/// Has the store make ready what these keys lead to.
pub(super) fn foresee(
    draft: &Draft<'_>,
    keys: impl Iterator<Item = LeadKey> + Clone,
) -> Result<(), Fault> {
    for key in keys.clone() {
        draft.foresee::<Leads>(&key);
    }
    for key in keys {
        if let Some(person) = draft.peek::<Leads>(&key)?.and_then(|row| row.alias.person()) {
            draft.foresee::<Persons>(&person);
        }
    }
    Ok(())
}

/// Prefetches what placing these leads depends on.
pub(super) fn foresee_leads(
    draft: &Draft<'_>,
    asks: impl Iterator<Item = LeadAsk> + Clone,
) -> Result<(), Fault> {
    let keys = asks.flat_map(LeadAsk::keys);
    foresee(draft, keys.clone())?;
    for key in keys {
        for claim in draft.peek::<Leads>(&key)?.iter().flat_map(|row| &row.claims) {
            draft.foresee::<Jobs>(&claim.at.job);
        }
    }
    Ok(())
}

/// Whether whoever a key leads to was removed: by this key, or by any other that names the person.
pub(super) fn is_removed(draft: &Draft<'_>, key: LeadKey) -> Result<bool, Fault> {
    let Some(row) = draft.peek::<Leads>(&key)? else { return Ok(false) };
    let person =
        row.alias.person().map(|person| draft.peek::<Persons>(&person)).transpose()?.flatten();
    Ok(row.removed_at.is_some() || person.is_some_and(|person| person.removed_at.is_some()))
}

/// The person whom all these keys are proven to name; none where one of them is not.
pub(super) fn person_of_all(
    draft: &Draft<'_>,
    keys: &[LeadKey],
) -> Result<Option<PersonKey>, Fault> {
    let mut persons = Vec::new();
    for key in keys {
        persons.push(draft.find::<Leads>(key)?.and_then(|row| row.alias.person()));
    }
    persons.dedup();
    Ok(if let [person] = persons[..] { person } else { None })
}

/// Validates what a lead that is to be sent rests on, so that no other job sends it. A cached or joined
/// lead needs none of this: the slot points at a result that stays, or at a job whose row is validated,
/// and a removal is seen by every read.
pub(super) fn rely_on(draft: &Draft<'_>, key: LeadKey) -> Result<(), Fault> {
    if let Some(person) = draft.find::<Leads>(&key)?.and_then(|row| row.alias.person()) {
        draft.find::<Persons>(&person)?;
    }
    Ok(())
}
