//! What a job's answers spare those who joined it: each gets for nothing what it asked for.

use crate::domain::avoided::{Avoided, AvoidedReason};
use crate::domain::credits::Amounts;
use crate::domain::pricing::{PhoneBasis, Prices, WorstCase};
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::JobId;
use crate::ledger::step::Evidence;
use crate::ledger::table::{Batches, Joins};
use crate::ledger::transition::post::post_avoided;

/// Tells every batch that waited for a job what it was spared; nothing is left waiting. Answers who
/// was spared what.
pub(super) fn spare_joiners(
    draft: &mut Draft<'_>,
    job: JobId,
    worth: &[Worth],
) -> Result<Vec<(TeamId, Avoided)>, Fault> {
    let mut avoided = Vec::new();
    let joins = draft.under::<Joins>(&job)?;
    for ((_, waiting), _) in &joins {
        draft.foresee::<Batches>(waiting);
    }
    for (key, join) in joins {
        let lists =
            [(AvoidedReason::Joined, &join.joined), (AvoidedReason::Repeated, &join.repeated)];
        let mut sum = Amounts::ZERO;
        for (reason, indexes) in lists {
            let worth = |index: &u32| {
                let place = usize::try_from(*index).unwrap_or(usize::MAX);
                worth.get(place).map(|worth| worth.price(join.reveals))
            };
            let amounts: Amounts = indexes.iter().filter_map(worth).sum();
            sum = sum.plus(amounts);
            post_avoided(draft, &join.team, draft.now(), amounts);
            if !amounts.is_zero() {
                avoided.push((join.team.clone(), Avoided { reason, amounts }));
            }
        }
        let (_, waiting) = key;
        if let Some(mut batch) = draft.find::<Batches>(&waiting)? {
            batch.avoided = batch.avoided.plus(sum);
            draft.put::<Batches>(&waiting, &batch);
        }
        draft.delete::<Joins>(&key);
    }
    Ok(avoided)
}

/// List price of one lead's answer, by what of it can be asked.
#[derive(Clone, Copy)]
pub(super) struct Worth {
    prices: Prices,
    is_found: bool,
    email: bool,
    phones: u32,
}

impl Worth {
    pub(super) fn of(evidence: &Evidence, prices: Prices) -> Self {
        let Evidence::Found { shown, .. } = evidence else {
            return Self { prices, is_found: false, email: false, phones: 0 };
        };
        let numbers = u32::try_from(shown.phones.len()).unwrap_or(u32::MAX);
        let phones = match prices.phone_basis {
            PhoneBasis::Person => numbers.min(1),
            PhoneBasis::Number => numbers,
        };
        Self { prices, is_found: true, email: shown.email, phones }
    }

    /// List price of what a batch that asked `reveals` gets of it.
    fn price(&self, reveals: Reveals) -> Amounts {
        if !self.is_found {
            return Amounts::ZERO;
        }
        let phones = if reveals.phone { self.phones } else { 0 };
        self.prices.price_of(WorstCase { find: true, email: reveals.email && self.email, phones })
    }
}
