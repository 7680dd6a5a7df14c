//! Appraisal: what admission would say and reserve now. Writes nothing.

use crate::domain::credits::Amounts;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::step::{Appraisal, Question, Refused};
use crate::ledger::table::{Observations, Teams};
use crate::ledger::transition::admit::{foresee_leads, judge, room_for};
use crate::ledger::transition::frame::Frame;
use crate::ledger::transition::observe::observed;
use crate::ledger::transition::plan::Plan;
use crate::ledger::transition::quota::{quotas_now, remaining};
use crate::ledger::transition::replay::{Recalled, recall};

/// What a batch would cost now.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn appraise(draft: &Draft<'_>, question: &Question) -> Result<Option<Appraisal>, Fault> {
    foresee_leads(draft, &question.leads);
    draft.foresee::<Observations>(&question.team);
    let Some(team) = draft.find::<Teams>(&question.team)? else { return Ok(None) };
    let Some(nobodys) = BatchId::new(BatchId::MAX) else { return Ok(None) };
    let (replays, other_request) = match &question.retry {
        None => (None, None),
        Some(retry) => match recall(draft, &team, retry)? {
            Recalled::Nothing => (None, None),
            Recalled::Batch(id, _) => (Some(id), None),
            Recalled::Call(_) | Recalled::OtherRequest => (None, Some(Refused::OtherRequest)),
        },
    };
    let quotas = quotas_now(draft, &team)?;
    let frame = Frame {
        batch: nobodys,
        jobs_made: 0,
        team: &team,
        reveals: question.reveals,
        answers_since: team.policies.answers_since(question.max_age, draft.now()),
        room: room_for(&quotas, question.limits),
        terms: &question.terms,
        lost: &question.lost,
    };
    let plan = Plan::make(draft, frame, (0_u32..).zip(question.leads.iter().copied()))?;
    let prices = &question.terms.prices;
    let worst = plan.worst(prices);
    let (rates, basis) = observed(draft, &team.id)?.rates(question.rates);
    let expected = plan.own().map(|own| rates.expected(prices, own.worst)).sum();
    let not_allowed = (!team.policies.allow(question.reveals)).then_some(Refused::PhonesNotAllowed);
    let refused = other_request
        .or(not_allowed)
        .or_else(|| unchecked(&plan))
        .or_else(|| judge(&quotas, &team, question.limits.most, worst).err());
    Ok(Some(Appraisal {
        dispositions: plan.dispositions,
        worst,
        needs: plan.needs(),
        expected,
        basis,
        refused,
        replays,
        remaining: remaining(&quotas, Amounts::ZERO),
    }))
}

fn unchecked(plan: &Plan) -> Option<Refused> {
    let unchecked: Vec<_> = plan.unchecked.iter().copied().collect();
    (!unchecked.is_empty()).then_some(Refused::Unchecked(unchecked))
}
