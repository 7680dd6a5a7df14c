//! A team's limits against what counts towards them: what is used, what is left, what does not fit.

use std::time::Duration;

use crate::domain::period::{Period, Span, Zone};
use crate::domain::team::TeamId;
use crate::domain::team_limits::{Measure, TeamLimits};
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::job::Job;
use crate::ledger::record::replay::{Retry, ToldBy};
use crate::ledger::record::team::Team;
use crate::ledger::record::usage::UseKey;
use crate::ledger::step::{LimitExceeded, LimitLeft, Reset};
use crate::ledger::table::{Replays, Uses};

/// How long a day's count is kept after the day.
const DAY_KEPT_FOR: Duration = Duration::from_hours(24);

/// What a request adds to what is used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    pub(super) open_batches: u64,
    pub(super) kept_bytes: u64,
    pub(super) leads: u32,
    pub(super) idempotency_keys: u64,
}

impl Added {
    fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::OpenBatches => self.open_batches,
            Measure::KeptBytes => self.kept_bytes,
            Measure::LeadsPerDay => self.leads.into(),
            Measure::IdempotencyKeys => self.idempotency_keys,
        }
    }
}

/// One measure of a team as it stands now.
pub(super) struct LimitNow {
    measure: Measure,
    key: UseKey,
    limit: Option<u64>,
    used: u64,
    resets: Option<Reset>,
}

/// Tells the store that the step will ask how a team's limits stand.
pub(super) fn foresee_limits(draft: &Draft<'_>, team: &Team) {
    for (measure, span) in spans(draft) {
        draft.foresee::<Uses>(&UseKey { team: team.id.clone(), measure, period: span.id });
    }
}

/// Every measure of a team as it stands now.
pub(super) fn limits_now(
    draft: &Draft<'_>,
    team: &Team,
    usual: &TeamLimits,
) -> Result<Vec<LimitNow>, Fault> {
    foresee_limits(draft, team);
    let limits = usual.of(&team.policies);
    let stands = |(measure, span): (Measure, Span)| {
        let resets = Reset::of(&span, draft.now());
        let key = UseKey { team: team.id.clone(), measure, period: span.id };
        let used = draft.used(&key)?;
        Ok::<_, Fault>(LimitNow { measure, key, limit: limits.get(measure), used, resets })
    };
    spans(draft).into_iter().map(stands).collect()
}

/// The measures, and over which period each is counted now.
fn spans(draft: &Draft<'_>) -> [(Measure, Span); 4] {
    Measure::ALL.map(|measure| {
        let period = match measure {
            Measure::LeadsPerDay => Period::Day,
            Measure::OpenBatches | Measure::KeptBytes | Measure::IdempotencyKeys => Period::Total,
        };
        (measure, period.span(&Zone::UTC, draft.now()))
    })
}

/// The first limit that a request would exceed.
pub(super) fn exceeded(
    limits: &[LimitNow],
    team: &TeamId,
    added: Added,
) -> Option<Box<LimitExceeded>> {
    limits.iter().find_map(|now| {
        let (limit, needed) = (now.limit?, added.of(now.measure));
        let is_exceeded = needed > 0 && now.used.saturating_add(needed) > limit;
        is_exceeded.then(|| {
            Box::new(LimitExceeded {
                team: team.clone(),
                measure: now.measure,
                limit,
                used: now.used,
                needed,
                resets: now.resets,
            })
        })
    })
}

/// Counts what a request adds. The step is taken only if every limit still holds then. Open batches are
/// counted as their jobs are written.
pub(super) fn count(draft: &mut Draft<'_>, limits: &[LimitNow], added: Added) {
    for now in limits {
        let needed = added.of(now.measure);
        if needed == 0 {
            continue;
        }
        if let Some(limit) = now.limit {
            draft.keep_used_below(now.key.clone(), needed, limit);
        }
        if now.measure != Measure::OpenBatches {
            draft.use_more(now.key.clone(), needed);
        }
    }
}

/// What is left of the limits that callers can pace themselves by, once so much more is used.
pub(super) fn left(limits: &[LimitNow], added: Added) -> Vec<LimitLeft> {
    let left = |now: &LimitNow| {
        let is_paced = matches!(now.measure, Measure::OpenBatches | Measure::LeadsPerDay);
        let limit = now.limit.filter(|_| is_paced)?;
        let used = now.used.saturating_add(added.of(now.measure));
        let remaining = limit.saturating_sub(used);
        Some(LimitLeft { measure: now.measure, limit, remaining, resets: now.resets })
    };
    limits.iter().filter_map(left).collect()
}

/// What is used of each measure by a team now.
pub(super) fn used_now(draft: &Draft<'_>, team: &Team) -> Result<Vec<(Measure, u64)>, Fault> {
    let limits = limits_now(draft, team, &TeamLimits::NONE)?;
    Ok(limits.into_iter().map(|now| (now.measure, now.used)).collect())
}

/// How many keys a retry adds to those that are remembered.
pub(super) fn keys_added(draft: &Draft<'_>, retry: Option<&Retry>) -> Result<u64, Fault> {
    let Some(retry) = retry.filter(|retry| retry.by == ToldBy::Caller) else { return Ok(0) };
    Ok(u64::from(draft.find::<Replays>(&retry.key)?.is_none()))
}

/// Counts a batch among its team's open ones while the first job that it made is open.
pub(super) fn count_open(draft: &mut Draft<'_>, job: &Job, was_open: bool, is_open: bool) {
    if was_open == is_open || job.id.ordinal > 0 {
        return;
    }
    let Some(part) = job.parts.first() else { return };
    let key = UseKey::lasting(&part.team, Measure::OpenBatches);
    if is_open { draft.use_more(key, 1) } else { draft.use_less(key, 1) }
}

/// Whether a count is that of a day that is over.
pub(super) fn is_over(key: &UseKey, now: Timestamp) -> bool {
    let ends = key.period.span().and_then(|span| span.ends);
    ends.is_some_and(|ends| ends.after(DAY_KEPT_FOR) <= now)
}
