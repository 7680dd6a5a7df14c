//! Corrections of a team's books by an operator.

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::entry::{Change, Entry, Fact};
use crate::ledger::record::replay::{Became, Replay};
use crate::ledger::record::tally::TallyKey;
use crate::ledger::step::{Adjusted, Adjustment};
use crate::ledger::table::{ReplayEnds, Replays, Teams};
use crate::ledger::transition::post::post;
use crate::ledger::transition::quota::{periods, periods_of};

/// Corrects a team's books by one more entry. Asked again under the same key, it answers the same
/// number and books nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn adjust(draft: &mut Draft<'_>, adjustment: &Adjustment) -> Result<Adjusted, Fault> {
    let Adjustment { team, unit, amount, note, key, request, window } = adjustment;
    let now = draft.now();
    draft.foresee::<Replays>(key);
    draft.foresee_next_entry();
    let Some(team) = draft.find::<Teams>(team)? else { return Ok(Adjusted::NoTeam) };
    if let Some(known) = draft.find::<Replays>(key)?.filter(|known| now < known.until) {
        return Ok(match known {
            Replay { request: before, became: Became::Entry(number), .. } if before == *request => {
                // Written once more, so that a store that confirms what it writes confirms it.
                draft.put::<Replays>(key, &known);
                Adjusted::Booked { entry: number, is_first: false }
            }
            _ => Adjusted::OtherRequest,
        });
    }
    // No tally moves without an entry: what stands now still stands when the step is kept.
    let number = draft.next_entry_relied()?;
    let periods = periods(&team, now);
    if amount.is_negative() {
        // What was spent in the period of a quota that is still being counted is not known yet.
        for (_, period) in periods_of(&team.quotas, now).into_iter().filter(|(of, _)| of == unit) {
            let tally = TallyKey { team: team.id.clone(), unit: *unit, period };
            let spent = draft.tally(&tally)?.spent;
            if spent.plus(*amount).is_negative() {
                return Ok(Adjusted::BelowZero { period: tally.period, spent });
            }
        }
    }
    let spent = Amounts::of(*unit, *amount);
    let entry = Entry {
        at: now,
        team: team.id.clone(),
        fact: Fact::Adjusted,
        batch: None,
        job: None,
        dated: now,
        periods,
        change: Change { spent, ..Change::default() },
        charges: Charges::of_other(spent),
        note: note.clone(),
    };
    post(draft, &entry);
    let until = now.after(*window);
    let known =
        Replay { request: *request, became: Became::Entry(number), until, counts_for: None };
    draft.put::<Replays>(key, &known);
    draft.put::<ReplayEnds>(&(until, *key), &());
    Ok(Adjusted::Booked { entry: number, is_first: true })
}
