//! Posting an entry: one more line of the journal, and the tallies that it moves.

use std::time::Duration;

use crate::domain::credits::{Amounts, Unit};
use crate::domain::period::PeriodId;
use crate::domain::pricing::Charges;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::Draft;
use crate::ledger::record::entry::{Change, Entry, Fact, Posting};
use crate::ledger::record::job::{Job, Part};
use crate::ledger::record::tally::TallyKey;

/// Appends an entry and moves its tallies.
pub(super) fn post(draft: &mut Draft<'_>, entry: &Entry) {
    draft.append(entry);
    for (unit, period) in &entry.periods {
        let key = TallyKey { team: entry.team.clone(), unit: *unit, period: period.clone() };
        draft.move_tally(key, entry.change.in_unit(*unit));
    }
}

/// Posts what happened to one part of a job. The job is to be written after it.
pub(super) fn post_part(
    draft: &mut Draft<'_>,
    job: &mut Job,
    part: &Part,
    fact: Fact,
    change: Change,
    charges: Charges,
) {
    let entry = Entry {
        at: draft.now(),
        team: part.team.clone(),
        fact,
        batch: Some(part.batch),
        job: Some(job.id),
        dated: part.admitted_at,
        periods: part.periods.clone(),
        change,
        charges,
        note: draft.note().cloned(),
    };
    post(draft, &entry);
    let Entry { at, fact, change, charges, note, .. } = entry;
    job.postings.push(Posting { at, fact, change, charges, note });
}

/// Posts what a team was spared. It moves the tallies of all time only: no quota counts it.
pub(super) fn post_avoided(
    draft: &mut Draft<'_>,
    team: &TeamId,
    dated: Timestamp,
    avoided: Amounts,
) {
    if avoided.is_zero() {
        return;
    }
    let entry = Entry {
        at: draft.now(),
        team: team.clone(),
        fact: Fact::Avoided,
        batch: None,
        job: None,
        dated,
        periods: all_time(),
        change: Change { avoided, ..Change::default() },
        charges: Charges::ZERO,
        note: None,
    };
    post(draft, &entry);
}

/// How long the largest step may take until it is kept. Its entries are dated when it began, so the
/// journal is in the order of its dates within this time.
pub(in crate::ledger) const LATE_AT_MOST: Duration = Duration::from_secs(30);

/// All time, in both units.
pub(super) fn all_time() -> Vec<(Unit, PeriodId)> {
    Unit::ALL.map(|unit| (unit, PeriodId::total())).into()
}
