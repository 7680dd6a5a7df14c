//! Tallies of periods that ended long ago, and keys that were revoked long ago.

use std::collections::BTreeMap;
use std::time::Duration;

use super::slice::{Cost, Slice, is_over};
use super::{SweepFrom, Swept};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::Key;
use crate::ledger::table::{Carried, Keys, Tallies, Uses};
use crate::ledger::transition::limit;

/// How many tallies or keys go in one slice.
const AT_ONCE: usize = 300;

/// Removes tallies whose period ended long ago, once nothing is open in them and every entry that
/// moved them was trimmed: what is carried for them goes in the same step, so that the fold of the
/// journal still is the tallies.
pub(super) fn sweep_tallies(draft: &mut Draft<'_>, ttl: Duration) -> Result<Swept, Fault> {
    let now = draft.now();
    draft.foresee_under::<Tallies>(&());
    draft.foresee_under::<Carried>(&());
    draft.foresee_under::<Uses>(&());
    let tallies = draft.glance_at_all::<Tallies>()?;
    let carried: BTreeMap<_, _> = draft.glance_at_all::<Carried>()?.into_iter().collect();
    let is_over = |(key, tally): &&(TallyKey, Tally)| {
        may_go(*tally, carried.get(key).copied()) && has_ended(key, ttl, now)
    };
    let over: Vec<_> = tallies.iter().filter(is_over).map(|(key, _)| key).collect();
    for key in over.iter().take(AT_ONCE) {
        draft.foresee::<Tallies>(key);
        draft.foresee::<Carried>(key);
    }
    let mut slice = Slice::<()>::after(None);
    for key in over.iter().take(AT_ONCE) {
        let tally = draft.find::<Tallies>(key)?.unwrap_or_default();
        if may_go(tally, draft.find::<Carried>(key)?) {
            draft.delete::<Tallies>(key);
            draft.delete::<Carried>(key);
            slice.remove(Cost::rows(2));
        }
    }
    sweep_days(draft, &mut slice)?;
    Ok(slice.end(over.len() > AT_ONCE, |_| SweepFrom::Tallies))
}

/// Removes what counted towards teams' limits on days that are over.
fn sweep_days(draft: &mut Draft<'_>, slice: &mut Slice<()>) -> Result<(), Fault> {
    let now = draft.now();
    let uses = draft.glance_at_all::<Uses>()?;
    let over: Vec<_> = uses.iter().filter(|(key, _)| limit::is_over(key, now)).collect();
    for (key, _) in over.iter().take(AT_ONCE) {
        draft.foresee::<Uses>(key);
    }
    for (key, used) in over.into_iter().take(AT_ONCE) {
        if draft.find::<Uses>(key)? == Some(*used) {
            draft.delete::<Uses>(key);
            slice.remove(Cost::rows(1));
        }
    }
    Ok(())
}

/// Whether nothing is open in a tally, and no entry that is still there has moved it.
fn may_go(tally: Tally, carried: Option<Tally>) -> bool {
    let is_settled = tally.reserved.is_zero() && tally.unresolved.is_zero();
    is_settled && carried.unwrap_or_default() == tally
}

/// Whether a tally's period ended so long ago.
fn has_ended(key: &TallyKey, ttl: Duration, now: Timestamp) -> bool {
    let ends = key.period.span().and_then(|span| span.ends);
    ends.is_some_and(|ends| is_over(ends, ttl, now))
}

/// Removes keys that were revoked, or expired, long ago.
pub(super) fn sweep_keys(draft: &mut Draft<'_>, ttl: Duration) -> Result<Swept, Fault> {
    let now = draft.now();
    draft.foresee_under::<Keys>(&());
    let mut over = draft.glance_at_all::<Keys>()?;
    let ended_at = |key: &Key| key.revoked_at.or(key.terms.expires_at);
    over.retain(|(_, key)| ended_at(key).is_some_and(|at| is_over(at, ttl, now)));
    for (id, _) in over.iter().take(AT_ONCE) {
        draft.foresee::<Keys>(id);
    }
    let mut slice = Slice::<()>::after(None);
    for (id, key) in over.iter().take(AT_ONCE) {
        if draft.find::<Keys>(id)?.as_ref() == Some(key) {
            draft.delete::<Keys>(id);
            slice.remove(Cost::rows(1));
        }
    }
    Ok(slice.end(over.len() > AT_ONCE, |_| SweepFrom::Keys))
}
