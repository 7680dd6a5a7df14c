//! Callers ask: for anybody, under any limits, and now and then for the same once more.

use std::collections::BTreeSet;
use std::time::Duration;

use tollgate::domain::credits::Credits;
use tollgate::domain::estimate::HitRates;
use tollgate::domain::limits::{Limits, OnQuota, UpTo};
use tollgate::domain::team_limits::TeamLimits;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::Way;
use tollgate::ledger::record::replay::Retry;
use tollgate::ledger::step::{Admission, Admitted, Lost, Novelty, Question, Refused, Terms};

use super::cast::Lead;
use super::world::{Asked, World, pick};
use crate::ledger::books::{DAY, HOUR, MINUTE, terms};
use crate::ledger::named::{asking, called};
use crate::ledger::store::Store;

impl<S: Store> World<S> {
    pub(super) async fn ask(&mut self) {
        let (mut admission, leads) = self.any_request();
        if self.dice.percent(30) {
            admission.lost = self.look_for_results(&admission).await;
        }
        match self.books.admit(admission.clone()).await {
            Ok(admitted) if admitted.novelty == Novelty::Replayed => {
                self.is_a_retry(&admission, &admitted);
                self.checks.saw("replayed");
                self.stepped_in_vain().await;
            }
            Ok(admitted) => {
                assert_eq!(admitted.novelty, Novelty::New);
                let batch = admitted.batch;
                assert_eq!(batch.dispositions.submitted as usize, leads.len());
                self.jobs.insert(admission.batch, batch.jobs_made);
                self.nobody_is_sent_twice(admission.batch, &leads).await;
                assert_eq!(admission.limits.most.passed_by(batch.reserved), None);
                let team = admission.team.clone();
                let reveals = admission.reveals;
                self.batches.push(Asked { admission, leads, reveals });
                self.answers_are_allowed().await;
                self.checks.saw_standing(batch.dispositions);
                self.stepped().await;
                self.quotas_are_kept(&team, batch.reserved).await;
            }
            Err(refused) => self.was_refused(&admission, &refused).await,
        }
    }

    /// Some of the results that would answer a batch are not in the vault any more.
    async fn look_for_results(&mut self, admission: &Admission) -> Lost {
        let admission = Admission { lost: Lost::Unknown, ..admission.clone() };
        let Ok(Some(appraisal)) = self.books.ledger().appraise(question(&admission)).await else {
            panic!("the store and the team are there");
        };
        let Some(Refused::Unchecked(results)) = appraisal.refused else { return Lost::NOTHING };
        assert!(!results.is_empty());
        let lost: BTreeSet<_> = results.into_iter().filter(|_| self.dice.percent(50)).collect();
        self.checks.saw(if lost.is_empty() { "results there" } else { "results lost" });
        if self.dice.percent(50) && admission.retry.is_none() {
            let refused = self.books.admit(admission).await.err();
            assert!(!matches!(refused, None | Some(Refused::Collision)), "it has to look first");
            self.stepped_in_vain().await;
        }
        Lost::Known(lost)
    }

    /// Only what was asked before, by the same team and in the same words, is answered with a batch.
    fn is_a_retry(&self, admission: &Admission, admitted: &Admitted) {
        let first = self.batches.iter().find(|asked| asked.admission.batch == admitted.id);
        let first = &first.expect("it was admitted").admission;
        let request = |admission: &Admission| admission.retry.map(|retry| retry.request);
        assert_eq!((&first.team, request(first)), (&admission.team, request(admission)));
        assert_eq!((first.reveals, &first.leads), (admission.reveals, &admission.leads));
    }

    async fn was_refused(&mut self, admission: &Admission, refused: &Refused) {
        match refused {
            Refused::Quota(short) => {
                let used = short.spent.plus(short.reserved).plus(short.unresolved);
                assert!(used.plus(short.needed) > short.limit, "{short:?}");
                assert_eq!(admission.limits.on_quota, OnQuota::Refuse);
                self.checks.saw("refused");
            }
            Refused::Beyond(excess) => {
                assert!(excess.needed > excess.allowed, "{excess:?}");
                self.checks.saw("above what is allowed");
            }
            Refused::Limit(exceeded) => {
                assert!(exceeded.used + exceeded.needed > exceeded.limit, "{exceeded:?}");
                self.checks.saw("a limit reached");
            }
            Refused::PhonesNotAllowed => {
                assert!(!self.policies(&admission.team).await.allow(admission.reveals));
                self.checks.saw("phones not allowed");
            }
            Refused::OtherRequest => self.checks.saw("key reused"),
            other => panic!("no team is paused or closed: {other:?}"),
        }
        self.stepped_in_vain().await;
    }

    /// A new request, or one of before in the same words.
    fn any_request(&mut self) -> (Admission, Vec<Lead>) {
        if self.dice.percent(15)
            && let Some(n) = self.any_batch()
        {
            let Asked { admission: before, leads, .. } = &self.batches[n];
            let (before, leads) = (before.clone(), leads.clone());
            let new = self.books.admission(&before.team, before.reveals, vec![]);
            return (Admission { batch: new.batch, token: new.token, ..before }, leads);
        }
        let team = self.any_team();
        let is_look_up = self.dice.percent(25);
        let count = if is_look_up { 1 } else { 1 + pick(&mut self.dice, 4) };
        let leads: Vec<_> = (0..count).map(|_| Lead::any(&mut self.dice)).collect();
        let asks = leads.iter().map(|lead| lead.ask()).collect();
        let reveals = self.any_reveals();
        let admission = self.books.admission(&team, reveals, asks);
        let retry = self.any_retry(&admission);
        let (max_age, limits) = (self.any_max_age(), self.any_limits());
        let terms = self.any_terms();
        let way = if is_look_up { Way::LookUp } else { Way::Batch };
        (Admission { way, max_age, retry, limits, terms, ..admission }, leads)
    }

    /// Requests are new, and named by their batches; callers use some of their keys twice.
    fn any_retry(&mut self, admission: &Admission) -> Option<Retry> {
        let request = format!("r{}", admission.batch);
        match self.dice.below(100) {
            0..50 => Some(asking(&request)),
            50..75 => {
                let name = format!("{} {}", admission.team, self.dice.below(40));
                Some(called(&name, &request))
            }
            _ => None,
        }
    }

    fn any_limits(&mut self) -> Limits {
        let on_quota = if self.dice.percent(30) { OnQuota::Trim } else { OnQuota::Refuse };
        let mut most = UpTo::ANY;
        if self.dice.percent(15) {
            let halves = i64::try_from(self.dice.below(12)).expect("below 12");
            most.email = Some(Credits::from_thousandths(500 * halves));
        }
        Limits { most, on_quota }
    }

    fn any_terms(&mut self) -> Terms {
        let person_ttl = [Duration::ZERO, 2 * HOUR, DAY, 7 * DAY][pick(&mut self.dice, 4)];
        let job_leads_max = if self.dice.percent(15) { 1 } else { 10_000 };
        let windows = [Duration::ZERO, Duration::from_millis(200), MINUTE];
        let gather_window = windows[pick(&mut self.dice, windows.len())];
        let mut team_limits = TeamLimits::NONE;
        if self.dice.percent(15) {
            team_limits.open_batches = 1 + self.dice.below(4);
            team_limits.kept_bytes = 100_000 * self.dice.below(3);
        }
        Terms { person_ttl, job_leads_max, gather_window, team_limits, ..terms() }
    }

    pub(super) async fn ask_again(&mut self) {
        let Some(n) = self.any_batch() else { return };
        let admission = self.batches[n].admission.clone();
        let ledger = self.books.ledger();
        let read = ledger.read(admission.team.clone(), admission.batch, 0, 0).await;
        if read.expect("the store is there").is_none() {
            // It was forgotten.
            return;
        }
        let before = self.books.dump().await;
        let again = self.books.admit(admission.clone()).await.expect("it was admitted");
        assert_eq!(again.novelty, Novelty::AskedAgain);
        let other = Admission { team: "nobody".parse().expect("a name"), ..admission };
        assert_eq!(self.books.admit(other).await, Err(Refused::NoTeam));
        assert_eq!(self.books.dump().await, before);
        self.stepped_in_vain().await;
    }
}

fn question(admission: &Admission) -> Question {
    let Admission { team, reveals, leads, max_age, limits, terms, lost, .. } = admission.clone();
    let (retry, rates) = (None, HitRates::PRIOR);
    Question { team, reveals, leads, max_age, limits, retry, terms, lost, rates }
}
