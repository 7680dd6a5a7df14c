//! The end of a part: what is due is charged, the rest of its reservation released.

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Job, Part, State};
use crate::ledger::step::{PartSettled, Settled};
use crate::ledger::transition::close::negative;
use crate::ledger::transition::post::post_part;

/// What each part of a job was charged, as a call that settles nothing reports it.
pub(in crate::ledger::transition) fn settled_before(job: &Job) -> Settled {
    let part = |part: &Part| PartSettled {
        batch: part.batch,
        team: part.team.clone(),
        charged: part.charged,
        exceeded: Amounts::ZERO,
        unresolved: part.unresolved,
    };
    let parts = job.parts.iter().map(part).collect();
    Settled { parts, ..Settled::default() }
}

/// Ends one part's reservation.
pub(in crate::ledger::transition) fn close_part(
    draft: &mut Draft<'_>,
    job: &mut Job,
    n: usize,
    state: State,
    charged: Charges,
    unmatched: Amounts,
) -> Result<PartSettled, Fault> {
    let missing = || Fault::Invariant("a part vanished".into());
    let part = job.parts.get_mut(n).ok_or_else(missing)?;
    let booked = part.charged.amounts();
    let reserved = std::mem::take(&mut part.reserved);
    let open = std::mem::take(&mut part.unresolved);
    let room = reserved.plus(open);
    let due = charged.amounts();
    let (charged, spent, exceeded, unresolved) = if matches!(state, State::Resolved) {
        // Evidence is booked as the difference to an operator's word, which stands for the leads
        // that the evidence tells nothing of.
        let left = booked.minus(booked.at_most(due));
        let charged = charged.plus(Charges::of_other(unmatched.at_most(left)));
        (charged, charged.amounts().minus(booked), Amounts::ZERO, Amounts::ZERO)
    } else {
        let spent = due.at_most(room);
        (charged, spent, due.minus(spent), unmatched.at_most(room.minus(spent)))
    };
    part.unresolved = unresolved;
    part.charged = charged;
    let part = part.clone();
    let fact = match state {
        State::Unresolved(_) => Fact::Resolved,
        State::Resolved => Fact::Adjusted,
        _ => Fact::Settled,
    };
    let change = Change {
        spent,
        reserved: negative(reserved),
        unresolved: unresolved.minus(open),
        avoided: Amounts::ZERO,
    };
    // Its kinds are those of the whole charge; what this entry does not spend, another one does.
    let elsewhere = Charges::of_other(spent.minus(charged.amounts()));
    post_part(draft, job, &part, fact, change, charged.plus(elsewhere));
    if !exceeded.is_zero() {
        let change = Change { spent: exceeded, ..Change::default() };
        post_part(draft, job, &part, Fact::Exceeded, change, Charges::of_other(exceeded));
    }
    let (batch, team) = (part.batch, part.team);
    Ok(PartSettled { batch, team, charged, exceeded, unresolved })
}
