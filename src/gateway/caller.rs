//! Callers' keys: `tg_<public id>_<secret>`. Only a digest of the secret is stored.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::concurrency::Holder;
use super::throttle::{RequestLimits, RequestsLeft, UnderWay};
use super::{Gateway, Refusal, Standing, Team};
use crate::domain::key_terms::{KeyTerms, Scopes};
use crate::domain::policy::Policies;
use crate::domain::request_id::RequestId;
use crate::domain::reveal::Reveals;
use crate::domain::team::TeamId;
use crate::ledger::Ledger;

const PREFIX: &str = "tg";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A caller: a team, by one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The team that pays.
    pub team: TeamId,
    /// Whether the team may send requests to the vendor.
    pub standing: Standing,
    /// The public half of the key.
    pub key_id: String,
    /// The bounds of the key.
    pub terms: KeyTerms,
    /// The id of the request, if it has one.
    pub request: Option<RequestId>,
    /// The rest of the team's requests per minute, if they are limited.
    pub requests: Option<RequestsLeft>,
    /// Counts the request among those of its team.
    pub under_way: UnderWay,
}

/// A new key.
pub(super) struct Fresh {
    pub(super) id: String,
    pub(super) whole: String,
    pub(super) digest: [u8; 32],
}

/// Creates a key from random bytes.
pub(super) fn make() -> Fresh {
    let (id, secret) = (hex_of::<ID_BYTES>(), hex_of::<SECRET_BYTES>());
    let digest = digest(&secret);
    Fresh { whole: format!("{PREFIX}_{id}_{secret}"), id, digest }
}

/// This many random bytes.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    bytes
}

fn hex_of<const N: usize>() -> String {
    random::<N>().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The public and the secret half; `None` if the text is not a key.
fn halves(key: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = key.split_once('_')?;
    let (id, secret) = rest.split_once('_')?;
    (prefix == PREFIX && id.len() == 2 * ID_BYTES && secret.len() == 2 * SECRET_BYTES)
        .then_some((id, secret))
}

impl Gateway {
    /// Whom a key speaks for, used from there, with the request counted among those of its team. One that
    /// has expired is as good as none.
    ///
    /// # Errors
    /// [`Refusal::BadKey`], [`Refusal::KeyPaused`], [`Refusal::NetworkNotAllowed`],
    /// [`Refusal::TooManyRequests`], or the store is away.
    pub async fn authenticate(&self, key: &str, source: Option<IpAddr>) -> Result<Caller, Refusal> {
        let (caller, policies) = self.identify(key, source).await?;
        let (under_way, requests) = self
            .count(&caller, &policies)
            .map_err(|refusal| self.turn_away(&caller.team, refusal))?;
        Ok(Caller { requests, under_way, ..caller })
    }

    /// Counts a request among those of its key and of its team.
    fn count(
        &self,
        caller: &Caller,
        policies: &Policies,
    ) -> Result<(UnderWay, Option<RequestsLeft>), Refusal> {
        let by_key = RequestLimits::of_key(&caller.terms);
        let (of_key, of_keys) = self.key_requests.admit(&caller.key_id, by_key)?;
        let by_team = self.settings.team_limits.of(policies);
        let (of_team, of_teams) = self.team_requests.admit(&caller.team, by_team)?;
        Ok((UnderWay { of_team, of_key }, RequestsLeft::tightest(of_keys, of_teams)))
    }

    /// Whom a key speaks for, however many requests its team makes.
    ///
    /// # Errors
    /// [`Refusal::BadKey`], [`Refusal::KeyPaused`], [`Refusal::NetworkNotAllowed`], or the store is away.
    pub async fn authenticate_uncounted(
        &self,
        key: &str,
        source: Option<IpAddr>,
    ) -> Result<Caller, Refusal> {
        Ok(self.identify(key, source).await?.0)
    }

    async fn identify(
        &self,
        key: &str,
        source: Option<IpAddr>,
    ) -> Result<(Caller, Policies), Refusal> {
        let (id, secret) = halves(key).ok_or(Refusal::BadKey)?;
        let holder = self.known_keys.holder(id);
        let found = self.ledger_for(holder).key(id.to_owned()).await?;
        // A key that is not there takes as long to refuse as one with a wrong secret.
        let kept = found.as_ref().map_or([0; 32], |(key, _)| key.digest);
        let is_same = bool::from(kept.ct_eq(&digest(secret)));
        match found {
            Some((key, team)) if is_same && !key.terms.has_expired(self.clock.now()) => {
                if key.terms.is_paused {
                    return Err(Refusal::KeyPaused);
                }
                if !key.terms.allow_from(source) {
                    return Err(Refusal::NetworkNotAllowed);
                }
                let (key_id, terms, under_way) = (key.id, key.terms, UnderWay::default());
                let Team { id: team, standing, policies, .. } = team;
                self.known_keys.learn(&key_id, &team);
                let (request, requests) = (None, None);
                let caller = Caller { team, standing, key_id, terms, request, requests, under_way };
                Ok((caller, policies))
            }
            _ => Err(Refusal::BadKey),
        }
    }
}

/// Which team each good key was last of, so that a request queues with its team before its key is read.
#[derive(Debug, Default)]
pub(super) struct KnownKeys(Mutex<HashMap<String, TeamId>>);

impl KnownKeys {
    fn holder(&self, id: &str) -> Holder {
        self.teams().get(id).map_or(Holder::NoTeam, Holder::from)
    }

    fn learn(&self, id: &str, team: &TeamId) {
        let mut teams = self.teams();
        if teams.get(id) != Some(team) {
            teams.insert(id.to_owned(), team.clone());
        }
    }

    fn teams(&self) -> MutexGuard<'_, HashMap<String, TeamId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Caller {
    /// Whether the key has one of these scopes.
    ///
    /// # Errors
    /// [`Refusal::ScopeNotAllowed`] where it has none.
    pub fn allow(&self, scopes: Scopes) -> Result<(), Refusal> {
        let is_allowed = self.terms.scopes.have_any_of(scopes);
        if is_allowed { Ok(()) } else { Err(Refusal::ScopeNotAllowed(scopes)) }
    }

    /// Whether the key allows requesting and reading these reveals.
    pub(super) fn allow_reveals(&self, asked: Reveals) -> Result<(), Refusal> {
        let beyond = asked.without(self.terms.reveals);
        if beyond == Reveals::NONE { Ok(()) } else { Err(Refusal::RevealNotAllowed(beyond)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_made_is_read_back() {
        let key = make();
        let (id, secret) = halves(&key.whole).unwrap();
        assert_eq!(id, key.id);
        assert_eq!(digest(secret), key.digest);
        assert_ne!(make().whole, key.whole);
    }

    #[test]
    fn what_is_no_key_is_not_looked_up() {
        for text in ["", "tg_", "tg__", "tg_1234_5678", "xx_0011223344556677_00", "tg_é_é"] {
            assert_eq!(halves(text), None, "{text:?}");
        }
    }
}
