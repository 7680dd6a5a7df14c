//! The secrets in force: what seals, what still opens, and what people are recognised by.

use secrecy::{ExposeSecret, SecretSlice};

use crate::config::Security;
use crate::export::{CheckKey, CheckKeys};
use crate::vault::derive::{Purpose, derive};
use crate::vault::sealing::{KeyRing, Sealer};

/// A secret, and those that were in force before it.
pub(super) struct Secrets {
    active: SecretSlice<u8>,
    retired: Vec<SecretSlice<u8>>,
}

impl Secrets {
    /// Those of the settings; none where they name none.
    pub(super) fn of(security: &Security) -> Option<Self> {
        Some(Self { active: security.secret.clone()?, retired: security.retired.clone() })
    }

    /// One alone.
    pub(super) fn alone(secret: Vec<u8>) -> Self {
        Self { active: secret.into(), retired: Vec::new() }
    }

    /// What leads, persons and phone numbers are recognised by: the first secret that there was. What
    /// was paid for and who is to be forgotten is kept for good, and by fingerprints alone, so under
    /// another secret nobody would be recognised and all would be paid again.
    pub(super) fn root(&self) -> &[u8] {
        self.retired.last().unwrap_or(&self.active).expose_secret()
    }

    /// What seals with the secret in force, and opens what the others have sealed.
    pub(super) fn sealer(&self) -> Sealer {
        let retired: Vec<_> = self.retired.iter().map(ExposeSecret::expose_secret).collect();
        Sealer::new(KeyRing::new(self.active.expose_secret(), &retired))
    }

    /// The keys of the checks of exported files: files are written under the secret in force, and read
    /// under any.
    pub(super) fn check_keys(&self) -> CheckKeys {
        let retired = self.retired.iter().map(check_key).collect();
        CheckKeys::new(check_key(&self.active), retired)
    }
}

fn check_key(secret: &SecretSlice<u8>) -> CheckKey {
    let secret = secret.expose_secret();
    let fingerprint = derive(secret, Purpose::ExportChecksKeyId);
    CheckKey::new(derive(secret, Purpose::ExportChecks), &fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_recognised_by_the_first_secret() {
        let secret = |byte: u8| SecretSlice::from(vec![byte; 32]);
        let secrets = |retired: &[u8]| Secrets {
            active: secret(9),
            retired: retired.iter().map(|byte| secret(*byte)).collect(),
        };
        assert_eq!(secrets(&[]).root(), [9; 32]);
        assert_eq!(secrets(&[8, 7]).root(), [7; 32]);
    }
}
