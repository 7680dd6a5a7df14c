//! Adoption: books that were exported go on in a store that has none.
//!
//! The tallies are taken as they stood before the first entry that is given, the entries are posted
//! anew under their numbers, then teams, keys and open jobs are adopted, a bounded number in each step,
//! and only the last step lets anybody in. Jobs are lost with the store: what was reserved for them may
//! have been sent, so it is unresolved until an operator says. Facts of payment, batches and persons are
//! not in the books that leave a store, and are not restored.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::domain::credits::{Amounts, Credits};
use crate::domain::epoch::Epoch;
use crate::domain::pricing::{Charges, Prices};
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault, Rows};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::entry::{Change, Entry, Fact};
use crate::ledger::record::job::{Job, Part, Reason, State, Way};
use crate::ledger::record::tally::TallyKey;
use crate::ledger::table::{Carried, Jobs, Keys, Numbers, Tallies, Teams};
use crate::ledger::transition::checkpoint::Roster;
use crate::ledger::transition::close::negative;
use crate::ledger::transition::epoch::{
    Holdings, adopting, epoch, foresee_epoch, holdings, put_adopted, put_adopting, put_epoch,
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

impl Inheritance {
    /// What jobs are known to have open, tally by tally.
    #[must_use]
    pub fn known(&self) -> BTreeMap<TallyKey, Credits> {
        let mut known: BTreeMap<_, Credits> = BTreeMap::new();
        for part in self.open.values().flatten() {
            for (unit, period) in &part.periods {
                let (team, unit, period) = (part.team.clone(), *unit, period.clone());
                let open = part.reserved.plus(part.unresolved).in_unit(unit);
                let sum = known.entry(TallyKey { team, unit, period }).or_default();
                *sum = sum.plus(open);
            }
        }
        known
    }
}

/// How many rows of one kind are adopted in one step.
pub const ADOPTED_AT_ONCE: usize = 500;

/// Which tallies are looked at for what no job is known to have open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remainder {
    /// How many steps were taken before this one.
    pub steps: u64,
    /// The tally after which to go on; none for the first.
    pub after: Option<TallyKey>,
    /// What jobs are known to have open.
    pub known: BTreeMap<TallyKey, Credits>,
    /// A number above those of all batches that the entries name.
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

/// Adopts teams and keys. Asked again, it changes nothing.
///
/// # Errors
/// [`Fault::Invariant`] where other books are being adopted, or none.
pub fn roster(draft: &mut Draft<'_>, of: Epoch, roster: &Roster) -> Result<(), Fault> {
    if is_whole(draft, of)? {
        return Ok(());
    }
    for team in &roster.teams {
        draft.put::<Teams>(&team.id, team);
    }
    for key in &roster.keys {
        draft.put::<Keys>(&key.id, key);
    }
    Ok(())
}

/// Adopts jobs by what they had open: it stands unresolved. Asked again, it changes nothing.
///
/// # Errors
/// [`Fault::Invariant`] where other books are being adopted, or none.
pub fn jobs(draft: &mut Draft<'_>, of: Epoch, open: &[(JobId, Vec<Part>)]) -> Result<(), Fault> {
    if is_whole(draft, of)? {
        return Ok(());
    }
    for (id, _) in open {
        draft.foresee::<Jobs>(id);
    }
    for (id, parts) in open {
        if draft.find::<Jobs>(id)?.is_none() {
            lose(draft, *id, parts.clone())?;
        }
    }
    Ok(())
}

/// The row of how many steps of [`remainder`] were taken.
const REMAINDER: &str = "remainder";

/// Adopts what tallies have open and no job is known to have, under one job of each team: each tally by
/// itself, since nothing says which of them are of the same credits. Answers after which tally to go on;
/// none after the last. Asked again, it changes nothing.
///
/// # Errors
/// [`Fault::Invariant`] where other books are being adopted, or none.
pub fn remainder(
    draft: &mut Draft<'_>,
    of: Epoch,
    remainder: &Remainder,
) -> Result<Option<TallyKey>, Fault> {
    draft.foresee::<Numbers>(&REMAINDER.to_owned());
    draft.foresee_under::<Teams>(&());
    if is_whole(draft, of)? {
        return Ok(None);
    }
    let taken = draft.find::<Numbers>(&REMAINDER.to_owned())?.unwrap_or_default();
    let after = remainder.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let page = draft.from::<Tallies>(after, ADOPTED_AT_ONCE)?;
    let next = page.last().filter(|_| page.len() == ADOPTED_AT_ONCE).map(|(key, _)| key.clone());
    if remainder.steps < taken {
        return Ok(next);
    }
    let mut rest: BTreeMap<TeamId, Vec<Part>> = BTreeMap::new();
    for (key, tally) in page {
        let known = remainder.known.get(&key).copied().unwrap_or_default();
        let unresolved = tally.unresolved.minus(known);
        if tally.reserved.is_zero() && unresolved.is_zero() {
            continue;
        }
        rest.entry(key.team.clone()).or_default().push(Part {
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
    let teams = draft.glance_at_all::<Teams>()?;
    let place =
        |team: &TeamId| first_job(remainder.next_batch, teams.partition_point(|(id, _)| id < team));
    for team in rest.keys() {
        draft.foresee::<Jobs>(&place(team)?);
    }
    for (team, mut parts) in rest {
        let mut id = place(&team)?;
        // Books that were adopted before may have such a job already.
        while draft.find::<Jobs>(&id)?.is_some() {
            id.ordinal = id.ordinal.saturating_add(1);
        }
        for part in &mut parts {
            part.batch = id.batch;
        }
        lose(draft, id, parts)?;
    }
    draft.put::<Numbers>(&REMAINDER.to_owned(), &taken.saturating_add(1));
    Ok(next)
}

/// The first job of the n-th batch above those that the entries name: there never was such a batch.
fn first_job(next_batch: u64, n: usize) -> Result<JobId, Fault> {
    let number = u64::try_from(n).unwrap_or(u64::MAX).saturating_add(next_batch);
    let batch = BatchId::new(number);
    let batch = batch.ok_or_else(|| Fault::Invariant(format!("{number} is not a batch")))?;
    Ok(JobId { batch, ordinal: 0 })
}

/// Ends the adoption: the books are open. Asked again, it changes nothing.
///
/// # Errors
/// [`Fault::Invariant`] where other books are being adopted, or none.
pub fn end(draft: &mut Draft<'_>, of: Epoch, next_batch: u64) -> Result<(), Fault> {
    if is_whole(draft, of)? {
        return Ok(());
    }
    numbering::adopt(draft, next_batch);
    draft.delete::<Numbers>(&REMAINDER.to_owned());
    put_epoch(draft, of);
    put_adopted(draft);
    Ok(())
}

/// Whether the books of this epoch were adopted to the end. Else they are being adopted.
fn is_whole(draft: &Draft<'_>, of: Epoch) -> Result<bool, Fault> {
    foresee_epoch(draft);
    match (adopting(draft)?, epoch(draft)?) {
        (Some(found), _) if found == of => Ok(false),
        (None, Some(found)) if found == of => Ok(true),
        _ => Err(Fault::Invariant(format!("no books of epoch {of} are being adopted"))),
    }
}

/// Makes what the parts of a job had reserved unresolved.
fn lose(draft: &mut Draft<'_>, id: JobId, parts: Vec<Part>) -> Result<(), Fault> {
    let mut job = lost(draft, id, parts);
    for n in 0..job.parts.len() {
        let Some(part) = job.parts.get_mut(n) else { break };
        let reserved = std::mem::take(&mut part.reserved);
        part.unresolved = part.unresolved.plus(reserved);
        let part = part.clone();
        if !reserved.is_zero() {
            let change =
                Change { reserved: negative(reserved), unresolved: reserved, ..Change::default() };
            post_part(draft, &mut job, &part, Fact::Lost, change, Charges::ZERO);
        }
    }
    put_job(draft, &job)
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
