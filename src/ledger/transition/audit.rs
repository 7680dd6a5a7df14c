//! The audit: the books made anew from the journal, over what its trimmed entries had moved, and
//! held against what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};

use crate::domain::credits::Credits;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::stage::StageAt;
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::table::{Carried, Jobs, Journal, Tallies};
use crate::ledger::transition::stage::Expected;
use crate::ledger::transition::trim::fold;

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many entries the journal has, without those that were trimmed.
    pub entries: u64,
    /// How many tallies were compared.
    pub tallies: u64,
    /// Where they do not agree.
    pub mismatches: Vec<Mismatch>,
    /// Jobs that the index of open jobs lists at a stage where they are not, or does not list where
    /// they are.
    pub misplaced: Vec<StageAt>,
}

/// A counter that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Which tally.
    pub tally: TallyKey,
    /// What it says.
    pub stands: Tally,
    /// What it should say.
    pub should: Tally,
    /// According to what.
    pub by: Witness,
}

/// What a tally was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The fold of the journal.
    Journal,
    /// The reservations and unresolved charges of jobs.
    Jobs,
}

impl Witness {
    /// `journal` or `jobs`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Jobs => "jobs",
        }
    }
}

/// Recomputes every tally from the journal, and what is open from the jobs. A tally that moves
/// meanwhile is held against the journal alone.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn audit(draft: &Draft<'_>) -> Result<Audit, Fault> {
    let mut audit = Audit::default();
    // One look, so that the tallies stand where these entries left them.
    draft.foresee_bounds();
    draft.foresee_under::<Carried>(&());
    let stands: BTreeMap<TallyKey, Tally> = draft.glance_at_all::<Tallies>()?.into_iter().collect();
    let (first, end) = (draft.first_entry()?, draft.next_entry()?);
    let mut should: BTreeMap<TallyKey, Tally> =
        draft.glance_at_all::<Carried>()?.into_iter().collect();
    audit.entries = fold_journal(draft, first..end, &mut should)?;
    let mut stages = Expected::default();
    let open = open(draft, &mut stages)?;
    audit.misplaced = stages.compare(draft)?;
    let moved = moved_since(draft, end)?;
    let mut keys: Vec<_> = stands.keys().chain(should.keys()).chain(open.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        audit.tallies = audit.tallies.saturating_add(1);
        let said = stands.get(key).copied().unwrap_or_default();
        let folded = should.get(key).copied().unwrap_or_default();
        if said != folded {
            audit.note(key, said, folded, Witness::Journal);
        }
        if moved.contains(key) {
            continue;
        }
        let of_jobs = open.get(key).copied().unwrap_or_default();
        let counted = Tally { reserved: of_jobs.reserved, unresolved: of_jobs.unresolved, ..said };
        if said != counted {
            audit.note(key, said, counted, Witness::Jobs);
        }
    }
    Ok(audit)
}

impl Audit {
    /// How many differences there are of either kind.
    #[must_use]
    pub fn differences(&self) -> usize {
        self.mismatches.len().saturating_add(self.misplaced.len())
    }

    /// How far the books are off: the sum of all differences, whichever way.
    #[must_use]
    pub fn drift(&self) -> Credits {
        let off = |mismatch: &Mismatch| {
            let (is, should) = (mismatch.stands, mismatch.should);
            let apart = |a: Credits, b: Credits| a.max(b).minus(a.min(b));
            apart(is.spent, should.spent)
                .plus(apart(is.reserved, should.reserved))
                .plus(apart(is.unresolved, should.unresolved))
                .plus(apart(is.avoided, should.avoided))
        };
        self.mismatches.iter().map(off).sum()
    }

    fn note(&mut self, key: &TallyKey, stands: Tally, should: Tally, by: Witness) {
        self.mismatches.push(Mismatch { tally: key.clone(), stands, should, by });
    }
}

/// Folds the journal over what the entries before it have moved; answers how many entries it has.
fn fold_journal(
    draft: &Draft<'_>,
    entries: Range<u64>,
    folded: &mut BTreeMap<TallyKey, Tally>,
) -> Result<u64, Fault> {
    let mut next = entries.start;
    let mut missing = None;
    draft.each::<Journal>(|number, entry| {
        if number >= entries.end {
            return;
        }
        if number != next {
            missing = missing.or(Some(next));
        }
        next = number.saturating_add(1);
        fold(&entry, folded);
    })?;
    match missing.or(Some(next).filter(|next| *next < entries.end)) {
        Some(number) => Err(Fault::Store(format!(
            "entry {number} is missing from the journal, unless it was just trimmed: audit again"
        ))),
        None => Ok(entries.end.saturating_sub(entries.start)),
    }
}

/// The tallies that moved while they were audited: the jobs may already say more than they did.
fn moved_since(draft: &Draft<'_>, end: u64) -> Result<BTreeSet<TallyKey>, Fault> {
    let mut moved = BTreeSet::new();
    for (_, entry) in draft.from::<Journal>(Bound::Included(&end), usize::MAX)? {
        for (unit, period) in entry.periods {
            moved.insert(TallyKey { team: entry.team.clone(), unit, period });
        }
    }
    Ok(moved)
}

/// What jobs have reserved and unresolved, in every period that counts it, and where the index should
/// list them.
fn open(draft: &Draft<'_>, stages: &mut Expected) -> Result<BTreeMap<TallyKey, Tally>, Fault> {
    let mut open: BTreeMap<TallyKey, Tally> = BTreeMap::new();
    draft.each::<Jobs>(|_, job| {
        stages.note(&job);
        for part in job.parts {
            for (unit, period) in part.periods {
                let key = TallyKey { team: part.team.clone(), unit, period };
                let more = Tally {
                    reserved: part.reserved.in_unit(unit),
                    unresolved: part.unresolved.in_unit(unit),
                    ..Tally::default()
                };
                let tally = open.entry(key).or_default();
                *tally = tally.plus(more);
            }
        }
    })?;
    Ok(open)
}
