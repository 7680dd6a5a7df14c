//! Quotas that are new in the middle of a period: what was used since it began is counted, a bounded
//! piece in each step, before they are in force.
//!
//! 1. The team's row lists the quotas as being counted. What is admitted from then on counts in their
//!    periods.
//! 2. The jobs are walked in the order of their ids. Parts of the team that were admitted in a period
//!    and may still move credits count in it from then on, with what they have open now.
//! 3. Every later entry of the team counts in the periods. The entries before are walked backwards to
//!    the beginning of the longest period: what those spent that do not count in a period is missing
//!    from its tally.
//! 4. The step that ends the count adds what is missing and puts the quotas in force.
//!
//! Until then the quotas of before are in force, unchanged. A count that was abandoned goes on when
//! the same quotas are put again, and harms nothing if they never are.

use std::ops::Bound;

use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::period::Span;
use crate::domain::pricing::Charges;
use crate::domain::quota::Quota;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::JobId;
use crate::ledger::record::entry::{Change, Entry, Fact};
use crate::ledger::record::job::{Job, Part};
use crate::ledger::record::opening::{Counted, Cursor, Opening};
use crate::ledger::record::team::Team;
use crate::ledger::table::{Jobs, Journal, Openings, Teams};
use crate::ledger::transition::close::{is_new, negative};
use crate::ledger::transition::post::{LATE_AT_MOST, post};
use crate::ledger::transition::schedule::put_job;

/// How many jobs are read in one step.
const JOBS: usize = 500;

/// How many jobs are changed in one step. Each may have a step of its own at the same time, and one of
/// the two runs again.
const JOBS_CHANGED: usize = 100;

/// How many entries are read in one step.
const ENTRIES: u64 = 500;

/// How many quotas of a team are counted at once, those of abandoned counts included.
const QUOTAS: usize = 64;

/// A period that is counted, in one unit.
type Period = (Unit, Span);

/// Takes the next step of counting those of a team's new quotas that begin in the middle of a period.
/// Answers what is missing from their tallies; none where there is more to count.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub(super) fn count(
    draft: &mut Draft<'_>,
    team: &Team,
    quotas: &[Quota],
) -> Result<Option<Vec<Counted>>, Fault> {
    let new: Vec<_> = quotas.iter().filter(|quota| is_new(quota, &team.quotas)).collect();
    let wanted = periods(draft, new.iter().copied());
    if wanted.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let known = draft.find::<Openings>(&team.id)?;
    let covers = |opening: &Opening| wanted.iter().all(|period| opening.counts(period));
    let Some(mut opening) = known.filter(covers) else {
        begin(draft, team, &new);
        return Ok(None);
    };
    let spans = opening.spans();
    match opening.cursor {
        Cursor::Jobs(after) => opening.cursor = count_jobs(draft, &team.id, &spans, after)?,
        Cursor::Entries(below) => {
            let Some(below) = count_entries(draft, &team.id, &mut opening, below)? else {
                opening.periods.retain(|counted| wanted.iter().any(|period| counted.is_of(period)));
                return Ok(Some(opening.periods));
            };
            opening.cursor = Cursor::Entries(below);
        }
    }
    draft.put::<Openings>(&team.id, &opening);
    Ok(None)
}

/// The present periods of quotas, without all time, which is always counted.
fn periods<'a>(draft: &Draft<'_>, quotas: impl Iterator<Item = &'a Quota>) -> Vec<Period> {
    let mut periods: Vec<Period> =
        quotas.map(|quota| (quota.unit, quota.span(draft.now()))).collect();
    periods.retain(|(_, span)| span.ends.is_some());
    periods.sort_by(|(unit, span), (other, than)| (unit, &span.id).cmp(&(other, &than.id)));
    periods.dedup();
    periods
}

/// Begins a count, of these quotas and of those that are being counted already.
fn begin(draft: &mut Draft<'_>, team: &Team, new: &[&Quota]) {
    let mut team = team.clone();
    if team.counting.len().saturating_add(new.len()) > QUOTAS {
        team.counting.clear();
    }
    for quota in new {
        if is_new(quota, &team.counting) {
            team.counting.push((*quota).clone());
        }
    }
    let counted = |(unit, span): Period| Counted { unit, period: span.id, spent: Credits::ZERO };
    let periods = periods(draft, team.counting.iter()).into_iter().map(counted).collect();
    draft.put::<Openings>(&team.id, &Opening { periods, cursor: Cursor::Jobs(None) });
    draft.put::<Teams>(&team.id, &team);
}

/// Has the next jobs count in the periods. Answers where to go on.
fn count_jobs(
    draft: &mut Draft<'_>,
    team: &TeamId,
    periods: &[Period],
    after: Option<JobId>,
) -> Result<Cursor, Fault> {
    let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let page = draft.from::<Jobs>(from, JOBS)?;
    let has_to_change = |job: &Job| {
        let of_team = |part: &&Part| part.team == *team;
        let is_to_change =
            |part: &Part| periods.iter().any(|period| change_of(part, period).is_some());
        job.may_move_credits() && job.parts.iter().filter(of_team).any(is_to_change)
    };
    let changed = page.iter().filter(|(_, job)| has_to_change(job)).map(|(id, _)| *id);
    let changed: Vec<_> = changed.take(JOBS_CHANGED).collect();
    for id in &changed {
        draft.foresee::<Jobs>(id);
    }
    for id in &changed {
        let Some(mut job) = draft.find::<Jobs>(id)?.filter(has_to_change) else { continue };
        count_parts(draft, &mut job, team, periods);
        put_job(draft, &job)?;
    }
    if changed.is_empty() && page.len() < JOBS {
        // Jobs that are new since the count began count in the periods, and all others were changed by
        // steps before this one: from this number on every entry does.
        return Ok(Cursor::Entries(draft.next_entry()?));
    }
    let last_read = page.last().map(|(id, _)| *id);
    let last = if changed.len() < JOBS_CHANGED { last_read } else { changed.last().copied() };
    Ok(Cursor::Jobs(last))
}

/// How a part has to change to be counted right in a period.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PartChange {
    /// It counts in it from now on.
    Joins,
    /// It counts in it no more: adoption could not tell it to be a job's, and counted the same credits
    /// in all time.
    Leaves,
}

fn change_of(part: &Part, (unit, span): &Period) -> Option<PartChange> {
    let is_listed = part.periods.iter().any(|(of, period)| of == unit && *period == span.id);
    match (part.counts_in_all_time(), is_listed) {
        (true, false) if span.contains(part.admitted_at) => Some(PartChange::Joins),
        (false, true) => Some(PartChange::Leaves),
        _ => None,
    }
}

/// Has a job's parts count in the periods, with an entry for what they have open.
fn count_parts(draft: &mut Draft<'_>, job: &mut Job, team: &TeamId, periods: &[Period]) {
    let id = job.id;
    for part in job.parts.iter_mut().filter(|part| part.team == *team) {
        for period in periods {
            let Some(change) = change_of(part, period) else { continue };
            let (unit, span) = period;
            let listed = (*unit, span.id.clone());
            let [reserved, unresolved] = [part.reserved, part.unresolved]
                .map(|open| Amounts::of(*unit, open.in_unit(*unit)))
                .map(|open| if change == PartChange::Joins { open } else { negative(open) });
            match change {
                PartChange::Joins => part.periods.push(listed.clone()),
                PartChange::Leaves => part.periods.retain(|period| *period != listed),
            }
            if reserved.is_zero() && unresolved.is_zero() {
                continue;
            }
            let change = Change { reserved, unresolved, ..Change::default() };
            let opened = opened(draft, team, (*unit, span.id.clone()), change);
            post(draft, &Entry { batch: Some(part.batch), job: Some(id), ..opened });
        }
    }
}

/// Counts what was spent by the entries below a number. Answers below which one to go on; none where
/// no older one is in any of the periods.
fn count_entries(
    draft: &Draft<'_>,
    team: &TeamId,
    opening: &mut Opening,
    below: u64,
) -> Result<Option<u64>, Fault> {
    let first = draft.first_entry()?;
    let from = below.saturating_sub(ENTRIES).max(first);
    let page =
        draft.from::<Journal>(Bound::Included(&from), usize_of(below.saturating_sub(from)))?;
    let entries = || page.iter().filter(|(number, _)| *number < below).map(|(_, entry)| entry);
    let spans = opening.spans();
    for (counted, (unit, span)) in opening.periods.iter_mut().zip(&spans) {
        for entry in entries().filter(|entry| entry.team == *team) {
            let is_listed = entry.periods.iter().any(|(of, id)| of == unit && *id == span.id);
            let counts = entry.counts_in_all_time() && span.contains(entry.dated);
            let spent = entry.change.spent.in_unit(*unit);
            counted.spent = match (counts, is_listed) {
                (true, false) => counted.spent.plus(spent),
                // An earlier count of the same period, or one that was not a job's.
                (false, true) => counted.spent.minus(spent),
                _ => counted.spent,
            };
        }
    }
    let begins = spans.iter().map(|(_, span)| span.starts.before(LATE_AT_MOST)).min();
    // Entries are dated when their step began or earlier, and are in this order but for the time that
    // a step may take.
    let is_before = |entry: &Entry| begins.is_none_or(|begins| entry.at < begins);
    let is_last = from == first || entries().next().is_none_or(is_before);
    Ok(if is_last { None } else { Some(from) })
}

fn usize_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// An entry that moves the tally of one period only.
pub(super) fn opened(
    draft: &Draft<'_>,
    team: &TeamId,
    period: (Unit, crate::domain::period::PeriodId),
    change: Change,
) -> Entry {
    Entry {
        at: draft.now(),
        team: team.clone(),
        fact: Fact::Opened,
        batch: None,
        job: None,
        dated: draft.now(),
        periods: vec![period],
        change,
        charges: Charges::ZERO,
        note: None,
    }
}

impl Opening {
    fn counts(&self, period: &Period) -> bool {
        self.periods.iter().any(|counted| counted.is_of(period))
    }

    /// The periods that are counted, in the same order.
    fn spans(&self) -> Vec<Period> {
        let span = |counted: &Counted| Some((counted.unit, counted.period.span()?));
        self.periods.iter().filter_map(span).collect()
    }
}

impl Counted {
    fn is_of(&self, (unit, span): &Period) -> bool {
        self.unit == *unit && self.period == span.id
    }
}
