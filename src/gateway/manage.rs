//! Teams and their keys, as operators change them.

pub use crate::ledger::record::team::{NewTeam, Standing, Team};
pub use crate::ledger::transition::team::Put;

use tracing::info;

use super::caller::make;
use super::{Gateway, Refusal};
use crate::domain::key_terms::{KeyTerms, TermsChange};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::Ledger;
use crate::ledger::record::team::{Becomes, Key, KeyChange};

/// A new key, the only time that its secret is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyMade {
    /// Its public half.
    pub id: String,
    /// The whole key, as callers send it.
    pub secret: String,
    /// A display name.
    pub name: String,
    /// Its creation time.
    pub created_at: Timestamp,
    /// Its bounds.
    pub terms: KeyTerms,
}

impl std::fmt::Debug for KeyMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyMade({}, <redacted>)", self.id)
    }
}

/// A listed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShown {
    /// Its public half.
    pub id: String,
    /// A display name.
    pub name: String,
    /// Its creation time.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Its bounds.
    pub terms: KeyTerms,
}

impl From<Key> for KeyShown {
    fn from(key: Key) -> Self {
        let Key { id, name, created_at, revoked_at, terms, .. } = key;
        Self { id, name, created_at, revoked_at, terms }
    }
}

impl Gateway {
    /// Creates a team or changes it.
    ///
    /// # Errors
    /// [`Refusal`] if the store is not available.
    pub async fn put_team(&self, team: &TeamId, new: NewTeam) -> Result<(Put, Team), Refusal> {
        let put = self.ledger.put_team(team.clone(), new).await?;
        info!(%team, "team {team} was created or changed");
        Ok(put)
    }

    /// Closes a team; its keys are revoked at once.
    ///
    /// # Errors
    /// [`Refusal::NoSuchTeam`], or the store is not available.
    pub async fn close_team(&self, team: &TeamId) -> Result<(), Refusal> {
        self.ledger.close_team(team.clone()).await?.ok_or(Refusal::NoSuchTeam)?;
        info!(%team, "team {team} was closed");
        Ok(())
    }

    /// A team.
    ///
    /// # Errors
    /// [`Refusal::NoSuchTeam`], or the store is not available.
    pub async fn team(&self, team: &TeamId) -> Result<Team, Refusal> {
        self.ledger.team(team.clone()).await?.ok_or(Refusal::NoSuchTeam)
    }

    /// All teams, by name.
    ///
    /// # Errors
    /// [`Refusal`] if the store is not available.
    pub async fn teams(&self) -> Result<Vec<Team>, Refusal> {
        Ok(self.ledger.teams().await?)
    }

    /// Creates a key for a team.
    ///
    /// # Errors
    /// [`Refusal::NoSuchTeam`], or the store is not available.
    pub async fn make_key(
        &self,
        team: &TeamId,
        name: String,
        terms: KeyTerms,
    ) -> Result<KeyMade, Refusal> {
        let fresh = make();
        let key = Key {
            id: fresh.id,
            team: team.clone(),
            name,
            digest: fresh.digest,
            created_at: self.clock.now(),
            revoked_at: None,
            terms,
        };
        let key = self.ledger.put_key(key).await?.ok_or(Refusal::NoSuchTeam)?;
        info!(%team, key.id = key.id, "created key {} for {team}", key.id);
        let Key { id, name, created_at, terms, .. } = key;
        Ok(KeyMade { id, secret: fresh.whole, name, created_at, terms })
    }

    /// The keys of a team.
    ///
    /// # Errors
    /// [`Refusal::NoSuchTeam`], or the store is not available.
    pub async fn keys(&self, team: &TeamId) -> Result<Vec<KeyShown>, Refusal> {
        self.team(team).await?;
        let keys = self.ledger.keys(team.clone()).await?;
        Ok(keys.into_iter().map(KeyShown::from).collect())
    }

    /// Changes the terms of a key of a team; none where it has no such key, or it was revoked.
    ///
    /// # Errors
    /// [`Refusal`] where the store is away.
    pub async fn change_key(
        &self,
        team: &TeamId,
        id: String,
        change: TermsChange,
    ) -> Result<Option<KeyShown>, Refusal> {
        let becomes = Becomes::Changed(change);
        let change = KeyChange { team: team.clone(), id, becomes };
        let changed = self.ledger.change_key(change).await?;
        if let Some(Key { id, .. }) = &changed {
            info!(%team, key.id = id, "changed the terms of key {id} of {team}");
        }
        Ok(changed.map(KeyShown::from))
    }

    /// Revokes a key of a team; false if it has no such key.
    ///
    /// # Errors
    /// [`Refusal`] if the store is not available.
    pub async fn revoke_key(&self, team: &TeamId, id: &str) -> Result<bool, Refusal> {
        let becomes = Becomes::Revoked;
        let change = KeyChange { team: team.clone(), id: id.to_owned(), becomes };
        let was_there = self.ledger.change_key(change).await?.is_some();
        if was_there {
            info!(%team, key.id = id, "revoked key {id} of {team}");
        }
        Ok(was_there)
    }
}
