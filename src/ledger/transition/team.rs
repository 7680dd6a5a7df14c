//! Teams, their quotas and their keys.

use crate::domain::credits::Amounts;
use crate::domain::team::TeamId;
use crate::ledger::draft::{Draft, Fault};
use crate::ledger::record::entry::Change;
use crate::ledger::record::opening::Counted;
use crate::ledger::record::team::{Becomes, Key, KeyChange, NewTeam, Standing, Team};
use crate::ledger::step::Refused;
use crate::ledger::table::{Keys, Openings, Teams};
use crate::ledger::transition::opening::{count, opened};
use crate::ledger::transition::post::post;

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

/// Makes a team or changes it; none where there is more to do first, in further steps of the same. A
/// quota that is new, or changes its period or zone, starts at what was used since its period began:
/// that is counted in steps, and nothing changes before the last of them.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn put_team(
    draft: &mut Draft<'_>,
    id: &TeamId,
    new: &NewTeam,
) -> Result<Option<(Put, Team)>, Fault> {
    draft.foresee::<Openings>(id);
    let before = draft.find::<Teams>(id)?;
    if let Some(team) = &before {
        let Some(counted) = count(draft, team, &new.quotas)? else { return Ok(None) };
        for Counted { unit, period, spent } in counted.into_iter().filter(|c| !c.spent.is_zero()) {
            let change = Change { spent: Amounts::of(unit, spent), ..Change::default() };
            post(draft, &opened(draft, id, (unit, period), change));
        }
    }
    if draft.find::<Openings>(id)?.is_some() {
        draft.delete::<Openings>(id);
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
        counting: Vec::new(),
    };
    draft.put::<Teams>(id, &team);
    Ok(Some((put, team)))
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
        let becomes = Becomes::Revoked;
        change_key(draft, &KeyChange { team: id.clone(), id: key.id, becomes })?;
    }
    let before = team.clone();
    team.standing = Standing::Closed;
    team.version = team.version.saturating_add(1);
    draft.put::<Teams>(id, &team);
    Ok(Some(before))
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

/// Changes or revokes a key of a team; none where there is no such key, or it was revoked before and is
/// to be changed. Asked again, it changes nothing.
///
/// # Errors
/// [`Fault`] where the books cannot be read.
pub fn change_key(draft: &mut Draft<'_>, change: &KeyChange) -> Result<Option<Key>, Fault> {
    let KeyChange { team, id, becomes } = change;
    let Some(key) = draft.find::<Keys>(id)?.filter(|key| key.team == *team) else {
        return Ok(None);
    };
    let key = match becomes {
        Becomes::Revoked => Key { revoked_at: key.revoked_at.or(Some(draft.now())), ..key },
        Becomes::Changed(_) if key.revoked_at.is_some() => return Ok(None),
        Becomes::Changed(change) => Key { terms: key.terms.changed(change.clone()), ..key },
    };
    draft.put::<Keys>(id, &key);
    Ok(Some(key))
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
