//! The end of a part: what is due is charged, the rest of its reservation released.

use crate::domain::credits::Amounts;
use crate::domain::pricing::Charges;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::entry::{Change, Fact};
use crate::ledger::record::job::{Job, Part, State};
use crate::ledger::record::settlement::PartProgress;
use crate::ledger::step::{PartSettled, Settled};
use crate::ledger::transition::close::negative;
use crate::ledger::transition::post::post_part;

/// What each part of a job was charged, as a call that settles nothing reports it.
pub(in crate::ledger::transition) fn settled_before(job: &Job) -> Settled {
    let part = |part: &Part| PartSettled {
        batch: part.batch,
        team: part.team.clone(),
        request: part.request.clone(),
        charged: part.charged,
        exceeded: Amounts::ZERO,
        unresolved: part.unresolved,
    };
    let parts = job.parts.iter().map(part).collect();
    Settled { parts, ..Settled::default() }
}

fn part_of(job: &mut Job, n: usize) -> Result<&mut Part, Fault> {
    job.parts.get_mut(n).ok_or_else(|| Fault::Invariant("a part vanished".into()))
}

/// Books what is known so far of a part that an operator has spoken of, while more of its leads are to
/// be settled.
///
/// Nothing is reserved for it any more, so what its leads turn out to cost must be on the books with
/// the step that passes the charge gate: from then on other jobs get these persons for nothing. The
/// operator's word is kept for the leads to come, as far as they can still cost so much. The last step
/// books the exact charge.
pub(super) fn book_early(
    draft: &mut Draft<'_>,
    job: &mut Job,
    n: usize,
    due: Amounts,
    sums: &mut PartProgress,
    leads_left: u32,
) -> Result<(), Fault> {
    let reveals = job.reveals;
    let part = part_of(job, n)?;
    let booked = part.charged.amounts();
    sums.word = sums.word.or(Some(booked));
    let full = part.prices.price_of(part.prices.worst_case(reveals));
    let of_rest = Amounts {
        email: full.email.times(leads_left.into()),
        phone: full.phone.times(leads_left.into()),
    };
    let known = booked.plus(due).at_most(sums.charged.amounts().plus(of_rest));
    let spent = known.minus(booked);
    if spent.is_zero() {
        return Ok(());
    }
    let charges = Charges::of_other(spent);
    part.charged = part.charged.plus(charges);
    let part = part.clone();
    let change = Change { spent, ..Change::default() };
    post_part(draft, job, &part, Fact::Adjusted, change, charges);
    Ok(())
}

/// Ends one part's reservation.
pub(in crate::ledger::transition) fn close_part(
    draft: &mut Draft<'_>,
    job: &mut Job,
    n: usize,
    state: State,
    sums: PartProgress,
) -> Result<PartSettled, Fault> {
    let PartProgress { charged, unmatched, word } = sums;
    let part = part_of(job, n)?;
    let booked = part.charged.amounts();
    let reserved = std::mem::take(&mut part.reserved);
    let open = std::mem::take(&mut part.unresolved);
    let room = reserved.plus(open);
    let due = charged.amounts();
    let (charged, spent, exceeded, unresolved) = if matches!(state, State::Resolved) {
        // Evidence is booked as the difference to an operator's word, which stands for the leads
        // that the evidence tells nothing of.
        let word = word.unwrap_or(booked);
        let left = word.minus(word.at_most(due));
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
    let Part { batch, team, request, .. } = part;
    Ok(PartSettled { batch, team, request, charged, exceeded, unresolved })
}
