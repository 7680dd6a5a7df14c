//! Callers' keys: `tg_<public id>_<secret>`. Only a digest of the secret is kept.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Caller, Gateway, Refusal, Team, UnderWay};
use crate::domain::policy::Policies;
use crate::ledger::Ledger;

const PREFIX: &str = "tg";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A key just made.
pub(super) struct Fresh {
    pub(super) id: String,
    pub(super) whole: String,
    pub(super) digest: [u8; 32],
}

/// Makes a key of random bytes.
pub(super) fn make() -> Fresh {
    let (id, secret) = (hex_of::<ID_BYTES>(), hex_of::<SECRET_BYTES>());
    let digest = digest(&secret);
    Fresh { whole: format!("{PREFIX}_{id}_{secret}"), id, digest }
}

/// So many random bytes.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
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

/// The public and the secret half; none where a text is no key.
fn halves(key: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = key.split_once('_')?;
    let (id, secret) = rest.split_once('_')?;
    (prefix == PREFIX && id.len() == 2 * ID_BYTES && secret.len() == 2 * SECRET_BYTES)
        .then_some((id, secret))
}

impl Gateway {
    /// Whom a key speaks for, with the request counted among those of its team.
    ///
    /// # Errors
    /// [`Refusal::BadKey`], [`Refusal::TooManyRequests`], or the store is away.
    pub async fn authenticate(&self, key: &str) -> Result<Caller, Refusal> {
        let (caller, policies) = self.identify(key).await?;
        let counted = self.throttle.admit(&caller.team, &policies);
        let (under_way, requests) =
            counted.map_err(|refusal| self.turn_away(&caller.team, refusal))?;
        Ok(Caller { requests, under_way, ..caller })
    }

    /// Whom a key speaks for, however many requests its team makes.
    ///
    /// # Errors
    /// [`Refusal::BadKey`], or the store is away.
    pub async fn authenticate_uncounted(&self, key: &str) -> Result<Caller, Refusal> {
        Ok(self.identify(key).await?.0)
    }

    async fn identify(&self, key: &str) -> Result<(Caller, Policies), Refusal> {
        let (id, secret) = halves(key).ok_or(Refusal::BadKey)?;
        let found = self.ledger.key(id.to_owned()).await?;
        // A key that is not there takes as long to refuse as one with a wrong secret.
        let kept = found.as_ref().map_or([0; 32], |(key, _)| key.digest);
        let is_same = bool::from(kept.ct_eq(&digest(secret)));
        match found {
            Some((key, team)) if is_same => {
                let (key_id, under_way) = (key.id, UnderWay::default());
                let Team { id: team, standing, policies, .. } = team;
                let (request, requests) = (None, None);
                Ok((Caller { team, standing, key_id, request, requests, under_way }, policies))
            }
            _ => Err(Refusal::BadKey),
        }
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
