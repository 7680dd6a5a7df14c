//! An episode's world: the books, the vendor, the dice, and what was asked so far.

use std::collections::{BTreeMap, BTreeSet};

use tollgate::domain::credits::Unit;
use tollgate::domain::period::Period;
use tollgate::domain::quota::{Action, Quota};
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, JobId, Lease, ResultRef};
use tollgate::ledger::record::job::{Job, JobLead};
use tollgate::ledger::record::team::NewTeam;
use tollgate::ledger::step::Admission;

use super::calls::Made;
use super::cast::Lead;
use super::checks::Checks;
use super::vendor::Vendor;
use crate::ledger::books::{Books, quota};
use crate::ledger::store::Store;
use crate::support::faulty_disk::Dice;

/// An episode's world.
pub(super) struct World<S> {
    pub(super) books: Books<S>,
    pub(super) dice: Dice,
    pub(super) vendor: Vendor,
    pub(super) checks: Checks,
    pub(super) teams: Vec<TeamId>,
    pub(super) batches: Vec<Asked>,
    /// How many jobs each batch was seen to have made.
    pub(super) jobs: BTreeMap<BatchId, u32>,
    /// As which job each was sent that was ever with the vendor: as itself, or as its coach.
    pub(super) sent_as: BTreeMap<JobId, JobId>,
    /// Turns that were given once; most of them are over.
    pub(super) turns: Vec<(JobId, Lease)>,
    /// Calls that were made, and what the vendor truly made of them.
    pub(super) calls: Vec<Made>,
    /// What teams are being given, and were not to the end.
    begun: BTreeMap<TeamId, NewTeam>,
    /// How many steps the ledger took.
    pub(super) steps: usize,
}

/// A batch as it was asked.
pub(super) struct Asked {
    pub(super) admission: Admission,
    pub(super) leads: Vec<Lead>,
    /// What is asked of its leads at least, some of which were driven again under later policies.
    pub(super) reveals: Reveals,
}

impl<S: Store> World<S> {
    /// A new world, with one to three teams.
    pub(super) async fn begin(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let names = ["sales", "growth", "labs"];
        let count = 1 + pick(&mut dice, names.len());
        let teams = names[..count].iter().map(|name| name.parse().expect("a name"));
        let mut world = Self {
            books: Books::open().await,
            teams: teams.collect(),
            dice,
            vendor: Vendor::new(),
            checks: Checks::default(),
            batches: Vec::new(),
            jobs: BTreeMap::new(),
            sent_as: BTreeMap::new(),
            turns: Vec::new(),
            calls: Vec::new(),
            begun: BTreeMap::new(),
            steps: 0,
        };
        for team in world.teams.clone() {
            world.put_team(&team).await;
        }
        world
    }

    /// Gives a team other quotas, goes on with that, or takes only some steps of it.
    pub(super) async fn put_team(&mut self, team: &TeamId) {
        let (quotas, policies) = (self.any_quotas(), self.any_policies());
        let new = NewTeam { quotas, policies, ..NewTeam::open(team.as_str()) };
        let new = self.begun.remove(team).filter(|_| self.dice.percent(80)).unwrap_or(new);
        let steps = if self.dice.percent(50) { 1 + self.dice.below(3) } else { u64::MAX };
        for _ in 0..steps {
            let put = self.books.ledger().put_team_step(team.clone(), new.clone());
            let is_put = put.await.expect("the store is there").is_some();
            self.stepped().await;
            if is_put {
                return;
            }
        }
        self.checks.saw("a count that was left");
        self.begun.insert(team.clone(), new);
    }

    fn any_quotas(&mut self) -> Vec<Quota> {
        let mut quotas = Vec::new();
        for (unit, most) in [(Unit::Email, 40), (Unit::Phone, 15)] {
            for period in Period::ALL {
                if self.dice.percent(65) {
                    continue;
                }
                let action = if self.dice.percent(85) { Action::Refuse } else { Action::Warn };
                let limit = (1 + self.dice.below(most)).to_string();
                let zones = ["Europe/Lisbon", "UTC", "America/New_York"];
                let zone = zones[pick(&mut self.dice, zones.len())].parse().expect("a zone");
                quotas.push(Quota { unit, action, zone, ..quota(period, &limit) });
            }
        }
        quotas
    }

    pub(super) fn any_reveals(&mut self) -> Reveals {
        Reveals { email: self.dice.percent(50), phone: self.dice.percent(35) }
    }

    pub(super) fn any_team(&mut self) -> TeamId {
        let n = pick(&mut self.dice, self.teams.len());
        self.teams[n].clone()
    }

    /// A batch that was asked, the later the likelier.
    pub(super) fn any_batch(&mut self) -> Option<usize> {
        let count = self.batches.len().checked_sub(1)?;
        let back = self.dice.below(1 + self.dice.clone().below(20));
        Some(count.saturating_sub(usize::try_from(back).expect("a few")))
    }

    /// Some job, the later the likelier.
    pub(super) fn any_job(&mut self) -> Option<JobId> {
        let n = self.any_batch()?;
        let batch = self.batches[n].admission.batch;
        let made = u64::from(*self.jobs.get(&batch)?);
        let ordinal = u32::try_from(self.dice.below(made.max(1))).expect("few jobs");
        (made > 0).then_some(JobId { batch, ordinal })
    }

    /// A job as it stands, with its leads; none where it was forgotten.
    pub(super) async fn job(&self, job: JobId) -> Option<(Job, Vec<JobLead>)> {
        self.books.ledger().job(job).await.expect("the store is there")
    }

    /// The leads that travel with a job: whose they are, and how they were called.
    pub(super) async fn aboard(&self, job: JobId) -> Vec<(ResultRef, Lead)> {
        let mut aboard = Vec::new();
        for load in self.books.ledger().load(job).await.expect("it is on its way") {
            let called = self.called(load.job, &load.leads);
            let places = (load.first..).map(|index| ResultRef { job: load.job, index });
            aboard.extend(places.zip(called));
        }
        aboard
    }

    /// The vendor takes a job, and names it.
    pub(super) async fn arrive(&mut self, job: &Job) -> u64 {
        let aboard = self.aboard(job.id).await;
        self.sent_as.extend(aboard.iter().map(|(at, _)| (at.job, job.id)));
        self.vendor.take(job.id, aboard, job.reveals, self.books.now())
    }

    /// As which job the vendor knows a job, if it does.
    pub(super) fn sent_as(&self, job: JobId) -> JobId {
        self.sent_as.get(&job).copied().unwrap_or(job)
    }

    /// How a job's leads were called.
    pub(super) fn called(&self, job: JobId, leads: &[JobLead]) -> Vec<Lead> {
        let asked = self.batches.iter().find(|asked| asked.admission.batch == job.batch);
        let asked = asked.expect("every job has a batch");
        let place = |lead: &JobLead| usize::try_from(lead.position).expect("few leads");
        leads.iter().map(|lead| asked.leads[place(lead)]).collect()
    }

    /// Every job that was ever made.
    pub(super) fn all_jobs(&self) -> BTreeSet<JobId> {
        let ids = |(batch, made): (&BatchId, &u32)| {
            let batch = *batch;
            (0..*made).map(move |ordinal| JobId { batch, ordinal }).collect::<Vec<_>>()
        };
        self.jobs.iter().flat_map(ids).collect()
    }

    /// Notes how many jobs a batch has made.
    pub(super) async fn note_jobs(&mut self, n: usize) {
        let Asked { admission, .. } = &self.batches[n];
        let read = self.books.ledger().read(admission.team.clone(), admission.batch, 0, 0).await;
        if let Some(reading) = read.expect("the store is there") {
            self.jobs.insert(admission.batch, reading.batch.jobs_made);
        }
    }
}

/// A place below `bound`.
pub(super) fn pick(dice: &mut Dice, bound: usize) -> usize {
    let bound = u64::try_from(bound).expect("a place fits 64 bits");
    usize::try_from(dice.below(bound)).expect("below a place")
}
