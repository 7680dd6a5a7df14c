//! Adoption: books that were exported go on in a store that has none.
//!
//! The tallies are taken as they stood before the first entry that is given, the entries are posted
//! anew under their numbers, and only the last step lets anybody in. Jobs are lost with the store: what was
//! reserved for them may have been sent, so it is unresolved until an operator says. Facts of
//! payment, batches and persons are not in the books that leave a store, and are not restored.

use std::collections::BTreeMap;

use crate::domain::credits::{Amounts, Credits};
use crate::domain::epoch::Epoch;
use crate::domain::pricing::{Charges, Prices};
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault, Rows};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::entry::{Change, Entry, Fact};
use crate::ledger::record::job::{Job, Part, Reason, State, Way};
use crate::ledger::record::tally::TallyKey;
use crate::ledger::table::{Carried, Keys, Tallies, Teams};
use crate::ledger::transition::checkpoint::Roster;
use crate::ledger::transition::close::negative;
use crate::ledger::transition::epoch::{
    Holdings, adopting, epoch, holdings, put_adopted, put_adopting, put_epoch,
};
use crate::ledger::transition::numbering;
use crate::ledger::transition::post::{post, post_part};
use crate::ledger::transition::schedule::put_job;

/// Books to be adopted, as they stood before one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// Their epoch.
    pub epoch: Epoch,
    /// The number of that entry.
    pub next_entry: u64,
    /// Every tally.
    pub tallies: Rows<Tallies>,
}

/// Whether books can be adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoptable {
    /// They can: the entries are to be given from this number on.
    From(u64),
    /// They cannot: the store has books.
    Occupied(Holdings),
}

/// The rest of the books to be adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inheritance {
    /// Their epoch.
    pub epoch: Epoch,
    /// Who pays.
    pub roster: Roster,
    /// What jobs had open.
    pub open: BTreeMap<JobId, Vec<Part>>,
    /// A number above those of all batches that their entries name.
    pub next_batch: u64,
}

/// Begins to adopt books. Asked again, it answers where to go on.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn begin(draft: &mut Draft<'_>, legacy: &Legacy) -> Result<Adoptable, Fault> {
    let found = holdings(draft)?;
    if found.adopting == Some(legacy.epoch) {
        return Ok(Adoptable::From(found.next_entry));
    }
    if found.adopting.is_some() || !found.is_empty() {
        return Ok(Adoptable::Occupied(found));
    }
    put_adopting(draft, legacy.epoch);
    draft.put_first_entry(legacy.next_entry);
    draft.put_next_entry(legacy.next_entry);
    for (key, tally) in &legacy.tallies {
        draft.put::<Carried>(key, tally);
        draft.move_tally(key.clone(), *tally);
    }
    Ok(Adoptable::From(legacy.next_entry))
}

/// Posts exported entries anew, the first of them under `first`; those that are there already are
/// passed over. Answers the number of the next.
///
/// # Errors
/// [`Fault::Invariant`] where no books are being adopted, or entries are missing before these.
pub fn entries(draft: &mut Draft<'_>, first: u64, entries: &[Entry]) -> Result<u64, Fault> {
    if adopting(draft)?.is_none() {
        return Err(Fault::Invariant("no books are being adopted".into()));
    }
    let mut next = draft.next_entry_relied()?;
    if first > next {
        return Err(Fault::Invariant(format!("entry {next} is missing before entry {first}")));
    }
    for (number, entry) in (first..).zip(entries) {
        if number == next {
            post(draft, entry);
            next = next.saturating_add(1);
        }
    }
    Ok(next)
}

/// Ends the adoption. What was reserved or unresolved stands unresolved, under the jobs that are
/// known to have had it; the rest is each team's under a job of its own. Asked again, it changes
/// nothing.
///
/// # Errors
/// [`Fault::Invariant`] where other books are being adopted, or none.
pub fn end(draft: &mut Draft<'_>, inheritance: &Inheritance) -> Result<(), Fault> {
    let Inheritance { epoch: of, roster, open, next_batch } = inheritance;
    match (adopting(draft)?, epoch(draft)?) {
        (Some(found), _) if found == *of => {}
        (None, Some(found)) if found == *of => return Ok(()),
        _ => return Err(Fault::Invariant(format!("no books of epoch {of} are being adopted"))),
    }
    for team in &roster.teams {
        draft.put::<Teams>(&team.id, team);
    }
    for key in &roster.keys {
        draft.put::<Keys>(&key.id, key);
    }
    let mut told = BTreeMap::new();
    for (id, parts) in open {
        lose(draft, *id, parts, &mut told)?;
    }
    let next_batch = lose_the_rest(draft, &told, *next_batch)?;
    numbering::adopt(draft, next_batch);
    put_epoch(draft, *of);
    put_adopted(draft);
    Ok(())
}

/// Makes what the parts of a job had reserved unresolved, and notes what is told of each tally.
fn lose(
    draft: &mut Draft<'_>,
    id: JobId,
    parts: &[Part],
    told: &mut BTreeMap<TallyKey, Credits>,
) -> Result<(), Fault> {
    let mut job = lost(draft, id, parts.to_vec());
    for n in 0..job.parts.len() {
        let Some(part) = job.parts.get_mut(n) else { break };
        let reserved = std::mem::take(&mut part.reserved);
        part.unresolved = part.unresolved.plus(reserved);
        let part = part.clone();
        for (unit, period) in &part.periods {
            let (team, unit, period) = (part.team.clone(), *unit, period.clone());
            let sum = told.entry(TallyKey { team, unit, period }).or_default();
            *sum = sum.plus(part.unresolved.in_unit(unit));
        }
        if !reserved.is_zero() {
            let change =
                Change { reserved: negative(reserved), unresolved: reserved, ..Change::default() };
            post_part(draft, &mut job, &part, Fact::Lost, change, Charges::ZERO);
        }
    }
    put_job(draft, &job)
}

/// What tallies have open and no job is known to have: each by itself, since nothing says which of
/// them are of the same credits. It is each team's under a batch that there never was, from this number
/// on; answers the next one.
fn lose_the_rest(
    draft: &mut Draft<'_>,
    told: &BTreeMap<TallyKey, Credits>,
    mut next_batch: u64,
) -> Result<u64, Fault> {
    let mut rest: BTreeMap<TeamId, Vec<Part>> = BTreeMap::new();
    for (key, _) in draft.all::<Tallies>()? {
        let tally = draft.tally(&key)?;
        let known = told.get(&key).copied().unwrap_or_default();
        let unresolved = tally.unresolved.minus(known);
        if tally.reserved.is_zero() && unresolved.is_zero() {
            continue;
        }
        let parts = rest.entry(key.team.clone()).or_default();
        parts.push(Part {
            batch: BatchId::FIRST,
            team: key.team,
            request: None,
            kept_for: None,
            leads: 0,
            admitted_at: draft.now(),
            periods: vec![(key.unit, key.period)],
            prices: Prices::PUBLISHED,
            reserved: Amounts::of(key.unit, tally.reserved),
            unresolved: Amounts::of(key.unit, unresolved),
            charged: Charges::ZERO,
            word: None,
        });
    }
    for mut parts in rest.into_values() {
        let batch = BatchId::new(next_batch)
            .ok_or_else(|| Fault::Invariant(format!("{next_batch} is no batch")))?;
        next_batch = next_batch.saturating_add(1);
        for part in &mut parts {
            part.batch = batch;
        }
        lose(draft, JobId { batch, ordinal: 0 }, &parts, &mut BTreeMap::new())?;
    }
    Ok(next_batch)
}

/// What is left of a job that was lost with its store.
fn lost(draft: &Draft<'_>, id: JobId, parts: Vec<Part>) -> Job {
    Job {
        state: State::Unresolved(Reason::StoreLost),
        parts,
        ended_at: Some(draft.now()),
        ..Job::new(id, Way::Batch)
    }
}
