//! What operators see of the books: usage of a team, and everything at a glance.

use std::collections::BTreeSet;

use crate::domain::credits::{Credits, Unit};
use crate::domain::period::PeriodId;
use crate::domain::quota::Quota;
use crate::domain::team::TeamId;
use crate::domain::team_limits::Measure;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::{BatchId, JobId};
use crate::ledger::record::job::{Job, JobLead};
use crate::ledger::record::stage::Stage;
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::{Standing, Team};
use crate::ledger::step::{QuotaLeft, Remaining, Reset};
use crate::ledger::table::{JobLeads, Jobs, Stages, Tallies, Teams};
use crate::ledger::transition::limit::{foresee_limits, used_now};
use crate::ledger::transition::quota::quotas_now;

/// What a team has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The team.
    pub team: Team,
    /// Email credits of all time.
    pub email: Tally,
    /// Phone credits of all time.
    pub phone: Tally,
    /// Each quota in its present period.
    pub quotas: Vec<QuotaUsage>,
    /// What counts towards its limits.
    pub uses: Vec<(Measure, u64)>,
}

impl Usage {
    /// The counters of all time in one unit.
    #[must_use]
    pub fn in_unit(&self, unit: Unit) -> Tally {
        match unit {
            Unit::Email => self.email,
            Unit::Phone => self.phone,
        }
    }

    /// What is left of each quota, as of `now`.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Remaining {
        let left = |used: &QuotaUsage| QuotaLeft {
            unit: used.quota.unit,
            period: used.quota.period,
            limit: used.quota.limit,
            remaining: used.remaining,
            resets: Reset::of(&used.quota.span(now), now),
        };
        Remaining { quotas: self.quotas.iter().map(left).collect(), limits: Vec::new() }
    }
}

/// One quota in its present period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaUsage {
    /// The quota.
    pub quota: Quota,
    /// The counters of its period.
    pub tally: Tally,
    /// What is left; zero where more was used than it now allows.
    pub remaining: Credits,
    /// When the period ends; none for all time.
    pub resets_at: Option<Timestamp>,
}

/// What a team has used; none where there is no such team.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn usage(draft: &Draft<'_>, id: &TeamId) -> Result<Option<Usage>, Fault> {
    let team = draft.find::<Teams>(id)?.filter(|team| team.standing != Standing::Closed);
    team.map(|team| usage_of(draft, team)).transpose()
}

fn usage_of(draft: &Draft<'_>, team: Team) -> Result<Usage, Fault> {
    foresee_limits(draft, &team);
    let [email, phone] = totals_of(&team);
    let (email, phone) = (draft.tally(&email)?, draft.tally(&phone)?);
    let quotas = quotas_now(draft, &team)?
        .into_iter()
        .map(|now| QuotaUsage {
            quota: now.quota.clone(),
            tally: now.tally,
            remaining: now.quota.limit.minus(now.tally.used()).max(Credits::ZERO),
            resets_at: now.resets_at,
        })
        .collect();
    let uses = used_now(draft, &team)?;
    Ok(Usage { team, email, phone, quotas, uses })
}

/// The counters of all time, of email and of phone credits.
fn totals_of(team: &Team) -> [TallyKey; 2] {
    let total = |unit| TallyKey { team: team.id.clone(), unit, period: PeriodId::total() };
    [total(Unit::Email), total(Unit::Phone)]
}

/// The books at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Every team that is not closed, or has something open.
    pub teams: Vec<Usage>,
    /// Batches of which nothing was sent.
    pub queued: u64,
    /// Batches under way.
    pub processing: u64,
    /// Batches with a charge that nobody could learn.
    pub unresolved: u64,
    /// When the oldest reservation still open was made.
    pub oldest_unsettled: Option<Timestamp>,
}

/// How many rows of a stage are looked at one by one. Where there are more, a batch of several jobs
/// counts once for each.
const COUNTED_MAX: usize = 1000;

/// The books at a glance, for metrics and consoles. It reads as much however many jobs there are.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn glance(draft: &Draft<'_>) -> Result<Glance, Fault> {
    let mut glance = Glance::default();
    let teams = draft.all::<Teams>()?;
    for (_, team) in &teams {
        for key in totals_of(team) {
            draft.foresee::<Tallies>(&key);
        }
        for quota in &team.quotas {
            let period = quota.span(draft.now()).id;
            let key = TallyKey { team: team.id.clone(), unit: quota.unit, period };
            draft.foresee::<Tallies>(&key);
        }
        foresee_limits(draft, team);
    }
    for (_, team) in teams {
        let is_closed = team.standing == Standing::Closed;
        let usage = usage_of(draft, team)?;
        let is_open = |tally: Tally| !tally.reserved.is_zero() || !tally.unresolved.is_zero();
        if !is_closed || is_open(usage.email) || is_open(usage.phone) {
            glance.teams.push(usage);
        }
    }
    let processing = at_stage(draft, Stage::Processing)?;
    let mut queued = at_stage(draft, Stage::Queued)?;
    queued.batches.retain(|batch| !processing.batches.contains(batch));
    glance.oldest_unsettled = admitted_first(draft, [queued.first, processing.first])?;
    glance.queued = queued.count();
    glance.processing = processing.count();
    glance.unresolved = at_stage(draft, Stage::Unresolved)?.count();
    Ok(glance)
}

/// The jobs at one stage.
struct AtStage {
    first: Option<JobId>,
    batches: BTreeSet<BatchId>,
    /// How many rows there are, where they were not all looked at.
    rows: Option<usize>,
}

impl AtStage {
    fn count(&self) -> u64 {
        u64::try_from(self.rows.unwrap_or(self.batches.len())).unwrap_or(u64::MAX)
    }
}

fn at_stage(draft: &Draft<'_>, stage: Stage) -> Result<AtStage, Fault> {
    let rows = draft.from_under::<Stages>(&stage, None, COUNTED_MAX)?;
    let first = rows.first().map(|((_, job), ())| *job);
    let count =
        if rows.len() < COUNTED_MAX { None } else { Some(draft.count_under::<Stages>(&stage)?) };
    let batches = rows.into_iter().map(|((_, job), ())| job.batch).collect();
    Ok(AtStage { first, batches, rows: count })
}

/// When the first of these jobs was admitted.
fn admitted_first(draft: &Draft<'_>, jobs: [Option<JobId>; 2]) -> Result<Option<Timestamp>, Fault> {
    jobs.iter().flatten().for_each(|job| draft.foresee::<Jobs>(job));
    let mut first = None;
    for job in jobs.iter().flatten() {
        let parts = draft.peek::<Jobs>(job)?.into_iter().flat_map(|job| job.parts);
        first = parts.map(|part| part.admitted_at).chain(first).min();
    }
    Ok(first)
}

/// A job and its leads; none where there is no such job.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn job(draft: &Draft<'_>, id: JobId) -> Result<Option<(Job, Vec<JobLead>)>, Fault> {
    let Some(job) = draft.find::<Jobs>(&id)? else { return Ok(None) };
    let leads = draft.pieces::<JobLeads>(&id)?.into_iter().flat_map(|(_, chunk)| chunk);
    Ok(Some((job, leads.collect())))
}
