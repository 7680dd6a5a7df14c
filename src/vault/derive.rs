//! Key derivation: each purpose has its own key, from which neither another key nor the secret can
//! be computed.

/// The purpose of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Fingerprints of leads, persons and phone numbers.
    LeadKeys,
    /// Encryption of stored items.
    Sealing,
    /// Identification of encryption keys.
    SealingKeyId,
    /// Checks of exported lines.
    ExportChecks,
    /// Identification of check keys.
    ExportChecksKeyId,
}

impl Purpose {
    /// The derivation context. It must never change, or stored data could not be found or
    /// decrypted.
    const fn context(self) -> &'static str {
        match self {
            Self::LeadKeys => "tollgate 2026-11 lead keys",
            Self::Sealing => "tollgate 2026-11 vault sealing",
            Self::SealingKeyId => "tollgate 2026-11 vault sealing key id",
            Self::ExportChecks => "tollgate 2026-12 export checks",
            Self::ExportChecksKeyId => "tollgate 2026-12 export checks key id",
        }
    }
}

/// The key for this purpose. It is always the same for the same secret.
#[must_use]
pub fn derive(secret: &[u8], purpose: Purpose) -> [u8; 32] {
    blake3::derive_key(purpose.context(), secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_and_every_secret_has_its_own_key() {
        let purposes = [
            Purpose::LeadKeys,
            Purpose::Sealing,
            Purpose::SealingKeyId,
            Purpose::ExportChecks,
            Purpose::ExportChecksKeyId,
        ];
        let secrets: [&[u8]; 2] = [b"one secret of thirty-two bytes..", b"another"];
        let keys: std::collections::BTreeSet<_> = secrets
            .iter()
            .flat_map(|secret| purposes.map(|purpose| derive(secret, purpose)))
            .collect();
        assert_eq!(keys.len(), 10);
    }

    #[test]
    fn a_derived_key_never_changes() {
        let secret = b"one secret of thirty-two bytes..";
        let start = |purpose| hex::encode(&derive(secret, purpose)[..8]);
        assert_eq!(start(Purpose::LeadKeys), "14ed398753e9ddc0");
        assert_eq!(start(Purpose::Sealing), "8a9f738f8484ee90");
        assert_eq!(start(Purpose::SealingKeyId), "ac85bb7e055cf98e");
    }
}
