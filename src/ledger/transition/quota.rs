//! Quotas against tallies: what is used, what is left, what does not fit.

use crate::domain::credits::{Amounts, Credits, Unit};
use crate::domain::limits::UpTo;
use crate::domain::period::{Period, PeriodId};
use crate::domain::quota::{Action, Quota};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::Team;
use crate::ledger::step::{QuotaLeft, QuotaShort, Remaining, Reset};
use crate::ledger::table::Tallies;

/// A quota, its present period and its counters.
pub struct QuotaNow<'a> {
    /// The quota.
    pub quota: &'a Quota,
    /// Which counters are its.
    pub key: TallyKey,
    /// When its period ends.
    pub resets_at: Option<Timestamp>,
    /// The same, as callers are told.
    pub resets: Option<Reset>,
    /// The counters of its period.
    pub tally: Tally,
}

/// Every quota of a team as it stands now.
pub(super) fn quotas_now<'a>(
    draft: &Draft<'_>,
    team: &'a Team,
) -> Result<Vec<QuotaNow<'a>>, Fault> {
    let mut now = Vec::with_capacity(team.quotas.len());
    for quota in &team.quotas {
        let span = quota.span(draft.now());
        let (resets_at, resets) = (span.ends, Reset::of(&span, draft.now()));
        let key = TallyKey { team: team.id.clone(), unit: quota.unit, period: span.id };
        draft.foresee::<Tallies>(&key);
        now.push(QuotaNow { quota, key, resets_at, resets, tally: Tally::default() });
    }
    for quota in &mut now {
        quota.tally = draft.tally(&quota.key)?;
    }
    Ok(now)
}

/// The quotas that `worst` does not fit.
pub(super) fn short(
    quotas: &[QuotaNow<'_>],
    team: &Team,
    worst: Amounts,
) -> Vec<(Action, QuotaShort)> {
    let is_short = |now: &&QuotaNow<'_>| {
        let needed = worst.in_unit(now.quota.unit);
        !needed.is_zero() && now.tally.used().plus(needed) > now.quota.limit
    };
    let describe = |now: &QuotaNow<'_>| {
        let short = QuotaShort {
            team: team.id.clone(),
            unit: now.quota.unit,
            period: now.quota.period,
            limit: now.quota.limit,
            spent: now.tally.spent,
            reserved: now.tally.reserved,
            unresolved: now.tally.unresolved,
            needed: worst.in_unit(now.quota.unit),
            resets_at: now.resets_at,
        };
        (now.quota.action, short)
    };
    quotas.iter().filter(is_short).map(describe).collect()
}

/// The step that adds `worst` is taken only if every quota that refuses still holds then.
pub(super) fn keep(draft: &mut Draft<'_>, quotas: &[QuotaNow<'_>], worst: Amounts) {
    for now in quotas.iter().filter(|now| now.quota.action == Action::Refuse) {
        let needed = worst.in_unit(now.quota.unit);
        if !needed.is_zero() {
            draft.keep_below(now.key.clone(), needed, now.quota.limit);
        }
    }
}

/// What every quota that refuses leaves; below zero where more than all of it is used.
pub(super) fn left(quotas: &[QuotaNow<'_>]) -> UpTo {
    let left = |unit: Unit| {
        let bounds =
            |now: &&QuotaNow<'_>| now.quota.unit == unit && now.quota.action == Action::Refuse;
        quotas.iter().filter(bounds).map(|now| now.quota.limit.minus(now.tally.used())).min()
    };
    UpTo { email: left(Unit::Email), phone: left(Unit::Phone) }
}

/// What is left of each quota once `more` is reserved.
pub(super) fn remaining(quotas: &[QuotaNow<'_>], more: Amounts) -> Remaining {
    let left = |now: &QuotaNow<'_>| {
        let used = now.tally.used().plus(more.in_unit(now.quota.unit));
        QuotaLeft {
            unit: now.quota.unit,
            period: now.quota.period,
            limit: now.quota.limit,
            remaining: now.quota.limit.minus(used).max(Credits::ZERO),
            resets: now.resets,
        }
    };
    Remaining { quotas: quotas.iter().map(left).collect(), limits: Vec::new() }
}

/// The periods that an admission at `moment` belongs to, all time and those of quotas that are being
/// counted included.
pub(super) fn periods(team: &Team, moment: Timestamp) -> Vec<(Unit, PeriodId)> {
    periods_of(team.quotas.iter().chain(&team.counting), moment)
}

/// The periods of these quotas that `moment` lies in, all time included.
pub(super) fn periods_of<'a>(
    quotas: impl IntoIterator<Item = &'a Quota>,
    moment: Timestamp,
) -> Vec<(Unit, PeriodId)> {
    let mut periods = super::post::all_time();
    for quota in quotas.into_iter().filter(|quota| quota.period != Period::Total) {
        let period = (quota.unit, quota.span(moment).id);
        if !periods.contains(&period) {
            periods.push(period);
        }
    }
    periods
}
