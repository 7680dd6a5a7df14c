//! What operators see of the books: usage of a team, and everything at a glance.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::domain::credits::{Credits, Unit};
use crate::domain::period::PeriodId;
use crate::domain::quota::Quota;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::ids::BatchId;
use crate::ledger::record::job::State;
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::{Standing, Team};
use crate::ledger::step::{QuotaLeft, Remaining, Reset};
use crate::ledger::table::{Due, Jobs, Teams};
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
        Remaining { quotas: self.quotas.iter().map(left).collect() }
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
    let total = |unit| {
        let key = TallyKey { team: team.id.clone(), unit, period: PeriodId::total() };
        draft.tally(&key)
    };
    let (email, phone) = (total(Unit::Email)?, total(Unit::Phone)?);
    let quotas = quotas_now(draft, &team)?
        .into_iter()
        .map(|now| QuotaUsage {
            quota: now.quota.clone(),
            tally: now.tally,
            remaining: now.quota.limit.minus(now.tally.used()).max(Credits::ZERO),
            resets_at: now.resets_at,
        })
        .collect();
    Ok(Usage { team, email, phone, quotas })
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

/// The books at a glance, for metrics and consoles.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn glance(draft: &Draft<'_>) -> Result<Glance, Fault> {
    let mut glance = Glance::default();
    for (_, team) in draft.all::<Teams>()? {
        let is_closed = team.standing == Standing::Closed;
        let usage = usage_of(draft, team)?;
        let is_open = |tally: Tally| !tally.reserved.is_zero() || !tally.unresolved.is_zero();
        if !is_closed || is_open(usage.email) || is_open(usage.phone) {
            glance.teams.push(usage);
        }
    }
    let (mut queued, mut processing) = (BTreeSet::new(), BTreeSet::new());
    let due = draft.from::<Due>(Bound::Unbounded, usize::MAX)?;
    // A job may be due in several queues.
    let due: BTreeSet<_> = due.into_iter().map(|(due_at, ())| due_at.job).collect();
    for job in &due {
        draft.foresee::<Jobs>(job);
    }
    for job in due {
        let Some(job) = draft.peek::<Jobs>(&job)? else { continue };
        job.passengers.iter().for_each(|passenger| draft.foresee::<Jobs>(passenger));
        let mut parts = job.parts.clone();
        for passenger in &job.passengers {
            parts.extend(draft.peek::<Jobs>(passenger)?.into_iter().flat_map(|job| job.parts));
        }
        for part in &parts {
            match job.state {
                State::Ready => queued.insert(part.batch),
                State::Sending | State::Unknown | State::Bound => processing.insert(part.batch),
                State::Gathered(_)
                | State::Unresolved(_)
                | State::Resolved
                | State::Done
                | State::Void(_) => false,
            };
            if job.is_alive() {
                let oldest = glance.oldest_unsettled.unwrap_or(part.admitted_at);
                glance.oldest_unsettled = Some(oldest.min(part.admitted_at));
            }
        }
    }
    queued.retain(|batch| !processing.contains(batch));
    glance.queued = count(&queued);
    glance.processing = count(&processing);
    glance.unresolved = count_unresolved(draft, &glance.teams)?;
    Ok(glance)
}

/// How many batches have a charge that nobody could learn. Most are no longer due, so all jobs are
/// looked at, but only where a tally says that there are any.
fn count_unresolved(draft: &Draft<'_>, teams: &[Usage]) -> Result<u64, Fault> {
    let has_none =
        |usage: &Usage| usage.email.unresolved.is_zero() && usage.phone.unresolved.is_zero();
    if teams.iter().all(has_none) {
        return Ok(0);
    }
    let mut unresolved = BTreeSet::new();
    draft.each::<Jobs>(|_, job| {
        let parts = job.parts.iter().filter(|part| !part.unresolved.is_zero());
        unresolved.extend(parts.map(|part| part.batch));
    })?;
    Ok(count(&unresolved))
}

fn count(batches: &BTreeSet<BatchId>) -> u64 {
    u64::try_from(batches.len()).unwrap_or(u64::MAX)
}
