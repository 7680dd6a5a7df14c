//! What a batch is answered from what is known: young enough, and its team's to take. What is sent
//! asks no more than the team's policies let it.

use std::time::Duration;

use tollgate::domain::policy::Policies;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{JobId, KeptResult};
use tollgate::ledger::transition::read::LeadReading;

use super::cast::Lead;
use super::world::{Asked, World, pick};
use crate::ledger::books::{HOUR, MINUTE};
use crate::ledger::store::Store;

impl<S: Store> World<S> {
    /// Most requests take whatever is known.
    pub(super) fn any_max_age(&mut self) -> Option<Duration> {
        let some = self.dice.percent(20);
        some.then(|| [Duration::ZERO, 10 * MINUTE, 5 * HOUR][pick(&mut self.dice, 3)])
    }

    /// Policies of any kind; most are none.
    pub(super) fn any_policies(&mut self) -> Policies {
        Policies {
            strip_email_reveal: self.dice.percent(20),
            phones: self.dice.percent(85),
            max_age: self.dice.percent(20).then_some(3 * HOUR),
            shared_cache: self.dice.percent(75),
            ..Policies::default()
        }
    }

    pub(super) async fn policies(&self, team: &TeamId) -> Policies {
        let team = self.books.ledger().team(team.clone()).await.expect("the store is there");
        team.expect("no team is closed").policies
    }

    /// The latest batch, as it was just admitted, keeps to the policies of its team.
    pub(super) async fn answers_are_allowed(&mut self) {
        let Asked { admission, leads, .. } = self.batches.last().expect("it was just admitted");
        let (team, batch) = (&admission.team, admission.batch);
        let policies = self.policies(team).await;
        let kept_for = (!policies.shared_cache).then_some(team);
        let max_age = policies.max_age.into_iter().chain(admission.max_age).min();
        let stripped = policies.of_lead_with_email(admission.reveals);
        let asked_of =
            |lead: &Lead| if lead.ask().has_email { stripped } else { admission.reveals };
        let read = self.books.ledger().read(team.clone(), batch, 0, 100).await;
        let reading = read.expect("the store is there").expect("it was just admitted");
        let mut seen = Vec::new();
        for (lead, reads) in leads.iter().zip(&reading.leads) {
            let LeadReading::Found(KeptResult { at, .. }) = reads else { continue };
            let Some((job, _)) = self.job(at.job).await else { continue };
            let age = self.books.now().since(job.ended_at.expect("it has an answer"));
            assert!(max_age.is_none_or(|max_age| age < max_age), "{lead:?}: {age:?} is too old");
            assert_eq!(job.parts[0].kept_for.as_ref(), kept_for, "{lead:?}");
            assert!(job.reveals.covers(asked_of(lead)), "{lead:?} is shown too little");
            seen.extend(max_age.map(|_| "young enough"));
        }
        for ordinal in 0..reading.batch.jobs_made {
            let (job, sent) = self.job(JobId { batch, ordinal }).await.expect("it was just made");
            assert_eq!(job.parts[0].kept_for.as_ref(), kept_for);
            for lead in sent {
                let same = leads.iter().filter(|other| other.ask().key == lead.key);
                let asked = same.map(asked_of).fold(Reveals::NONE, Reveals::with);
                assert!(asked.covers(job.reveals), "{:?} is asked too much", lead.key);
            }
            seen.extend((job.reveals != admission.reveals).then_some("stripped"));
            seen.extend(kept_for.map(|_| "kept apart"));
            seen.extend((max_age == Some(Duration::ZERO)).then_some("asked anew"));
        }
        for what in seen {
            self.checks.saw(what);
        }
    }
}
