//! Teams, their quotas and their keys.

use crate::domain::credits::Unit;
use crate::domain::period::PeriodId;
use crate::domain::pricing::Charges;
use crate::domain::quota::Quota;
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::entry::{Change, Entry, Fact};
use crate::ledger::record::job::Part;
use crate::ledger::record::tally::{Tally, TallyKey};
use crate::ledger::record::team::{Key, NewTeam, Standing, Team};
use crate::ledger::step::Refused;
use crate::ledger::table::{Jobs, Keys, Tallies, Teams};
use crate::ledger::transition::close::is_new;
use crate::ledger::transition::post::{entries_since, post};
use crate::ledger::transition::schedule::put_job;

/// Whether a team was made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new, or was closed before.
    Created,
    /// It was there.
    Replaced,
}

/// Whether a team may ask for anything new.
pub(super) fn may_ask(team: &Team) -> Result<(), Refused> {
    match team.standing {
        Standing::Open => Ok(()),
        Standing::Paused => Err(Refused::Paused),
        Standing::Closed => Err(Refused::NoTeam),
    }
}

/// Makes a team or changes it. A quota that is new, or changes its period or zone, starts at what
/// the journal says was used since its period began.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn put_team(draft: &mut Draft<'_>, id: &TeamId, new: &NewTeam) -> Result<(Put, Team), Fault> {
    let before = draft.find::<Teams>(id)?;
    let counted = before.as_ref().map_or(&[][..], |team| team.quotas.as_slice());
    for quota in new.quotas.iter().filter(|quota| is_new(quota, counted)) {
        open_quota(draft, id, quota)?;
    }
    let (put, opening) = match &before {
        Some(team) if team.standing != Standing::Closed => (Put::Replaced, team.opening),
        Some(team) => (Put::Created, team.opening.saturating_add(1)),
        None => (Put::Created, 1),
    };
    let team = Team {
        id: id.clone(),
        version: before.map_or(0, |team| team.version).saturating_add(1),
        name: new.name.clone(),
        quotas: new.quotas.clone(),
        policies: new.policies,
        standing: new.standing,
        opening,
    };
    draft.put::<Teams>(id, &team);
    Ok((put, team))
}

/// Closes a team: its keys die at once, its open work still settles on its books.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn close_team(draft: &mut Draft<'_>, id: &TeamId) -> Result<Option<Team>, Fault> {
    let Some(mut team) = draft.find::<Teams>(id)? else { return Ok(None) };
    if team.standing == Standing::Closed {
        return Ok(None);
    }
    for key in keys_of(draft, id)? {
        revoke_key(draft, id, &key.id)?;
    }
    let before = team.clone();
    team.standing = Standing::Closed;
    team.version = team.version.saturating_add(1);
    draft.put::<Teams>(id, &team);
    Ok(Some(before))
}

/// Makes a quota's tally say what was used since its period began, and lets what is open since
/// then count in it, too.
fn open_quota(draft: &mut Draft<'_>, team: &TeamId, quota: &Quota) -> Result<(), Fault> {
    let span = quota.span(draft.now());
    if span.ends.is_none() {
        // All time is always counted.
        return Ok(());
    }
    let period = (quota.unit, span.id.clone());
    // Whatever moves a team's credits moves this tally, too: nothing is posted beside this step.
    let all_time = TallyKey { team: team.clone(), unit: quota.unit, period: PeriodId::total() };
    draft.find::<Tallies>(&all_time)?;
    let mut used = Tally::default();
    entries_since(draft, span.starts, |entry| {
        let counts = entry.team == *team && entry.counts_in_all_time();
        if counts && span.contains(entry.dated) {
            used = used.plus(entry.change.in_unit(quota.unit));
        }
    })?;
    let key = TallyKey { team: team.clone(), unit: quota.unit, period: span.id.clone() };
    let stands = draft.find::<Tallies>(&key)?.unwrap_or_default();
    post(draft, &opening(draft.now(), team, quota.unit, &period.1, used, stands));
    let mut open = Vec::new();
    draft.each::<Jobs>(|id, job| open.extend(Some(id).filter(|_| job.may_move_credits())))?;
    for id in &open {
        draft.foresee::<Jobs>(id);
    }
    for id in &open {
        let Some(mut job) = draft.find::<Jobs>(id)? else { continue };
        let counts = |part: &&mut Part| part.team == *team && part.counts_in_all_time();
        for part in job.parts.iter_mut().filter(counts) {
            if span.contains(part.admitted_at) && !part.periods.contains(&period) {
                part.periods.push(period.clone());
            }
        }
        put_job(draft, &job)?;
    }
    Ok(())
}

/// The entry that moves a tally from what it stands at to what was used.
fn opening(
    now: Timestamp,
    team: &TeamId,
    unit: Unit,
    period: &crate::domain::period::PeriodId,
    used: Tally,
    stands: Tally,
) -> Entry {
    use crate::domain::credits::{Amounts, Credits};
    let of = |to: Credits, from: Credits| Amounts::of(unit, to.minus(from));
    let change = Change {
        spent: of(used.spent, stands.spent),
        reserved: of(used.reserved, stands.reserved),
        unresolved: of(used.unresolved, stands.unresolved),
        avoided: of(used.avoided, stands.avoided),
    };
    Entry {
        at: now,
        team: team.clone(),
        fact: Fact::Opened,
        batch: None,
        job: None,
        dated: now,
        periods: vec![(unit, period.clone())],
        change,
        charges: Charges::ZERO,
        note: None,
    }
}

/// Stores a new key of a team that is not closed. Asked again, it changes nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn put_key(draft: &mut Draft<'_>, key: &Key) -> Result<Option<Key>, Fault> {
    let is_open = |team: &Team| team.standing != Standing::Closed;
    if !draft.find::<Teams>(&key.team)?.as_ref().is_some_and(is_open) {
        return Ok(None);
    }
    if let Some(known) = draft.find::<Keys>(&key.id)? {
        let is_same =
            Key { created_at: known.created_at, revoked_at: None, ..key.clone() } == known;
        if is_same {
            return Ok(Some(known));
        }
    }
    let key = Key { created_at: draft.now(), revoked_at: None, ..key.clone() };
    draft.put::<Keys>(&key.id, &key);
    Ok(Some(key))
}

/// Ends a key of a team. Answers whether there was such a key.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn revoke_key(draft: &mut Draft<'_>, team: &TeamId, id: &str) -> Result<bool, Fault> {
    let id = id.to_owned();
    let Some(mut key) = draft.find::<Keys>(&id)?.filter(|key| key.team == *team) else {
        return Ok(false);
    };
    key.revoked_at = key.revoked_at.or(Some(draft.now()));
    draft.put::<Keys>(&id, &key);
    Ok(true)
}

/// All keys of a team, ended ones too.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn keys_of(draft: &Draft<'_>, team: &TeamId) -> Result<Vec<Key>, Fault> {
    let keys = draft.all::<Keys>()?;
    Ok(keys.into_iter().map(|(_, key)| key).filter(|key| key.team == *team).collect())
}

/// The key with this public half and the team it speaks for, if both are good.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn find_key(draft: &Draft<'_>, id: &str) -> Result<Option<(Key, Team)>, Fault> {
    let Some(key) = draft.peek::<Keys>(&id.to_owned())?.filter(|key| key.revoked_at.is_none())
    else {
        return Ok(None);
    };
    let team = draft.peek::<Teams>(&key.team)?;
    Ok(team.filter(|team| team.standing != Standing::Closed).map(|team| (key, team)))
}

/// All teams that are not closed, by name.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn teams(draft: &Draft<'_>) -> Result<Vec<Team>, Fault> {
    let teams = draft.all::<Teams>()?;
    let open = teams.into_iter().map(|(_, team)| team);
    Ok(open.filter(|team| team.standing != Standing::Closed).collect())
}

/// A team that is not closed.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn find_team(draft: &Draft<'_>, id: &TeamId) -> Result<Option<Team>, Fault> {
    Ok(draft.find::<Teams>(id)?.filter(|team| team.standing != Standing::Closed))
}
