//! Appraisal: what admission would say and reserve now. Writes nothing.

use crate::domain::credits::Amounts;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::step::{Appraisal, Question, Refused};
use crate::ledger::table::Teams;
use crate::ledger::transition::admit::{foresee_leads, judge, room_for};
use crate::ledger::transition::plan::{Frame, Plan};
use crate::ledger::transition::quota::{quotas_now, remaining};
use crate::ledger::transition::replay::{Recalled, recall};

/// What a batch would cost now.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn appraise(draft: &Draft<'_>, question: &Question) -> Result<Option<Appraisal>, Fault> {
    foresee_leads(draft, &question.leads);
    let Some(team) = draft.find::<Teams>(&question.team)? else { return Ok(None) };
    let Some(nobodys) = BatchId::new(BatchId::MAX) else { return Ok(None) };
    let (replays, other_request) = match &question.retry {
        None => (None, None),
        Some(retry) => match recall(draft, &team.id, retry)? {
            Recalled::Nothing => (None, None),
            Recalled::Batch(id, _) => (Some(id), None),
            Recalled::OtherRequest => (None, Some(Refused::OtherRequest)),
        },
    };
    let quotas = quotas_now(draft, &team)?;
    let frame = Frame {
        batch: nobodys,
        jobs_made: 0,
        reveals: question.reveals,
        room: room_for(&quotas, question.limits),
        terms: &question.terms,
    };
    let plan = Plan::make(draft, frame, (0_u32..).zip(question.leads.iter().copied()))?;
    let prices = &question.terms.prices;
    let worst = plan.worst(prices);
    let expected = plan.own.iter().map(|own| question.rates.expected(prices, own.lead.worst)).sum();
    let refused = other_request.or_else(|| judge(&quotas, &team, question.limits, worst).err());
    Ok(Some(Appraisal {
        dispositions: plan.dispositions,
        worst,
        expected,
        refused,
        replays,
        remaining: remaining(&quotas, Amounts::ZERO),
    }))
}
