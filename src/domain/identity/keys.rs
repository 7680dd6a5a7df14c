//! Keys: fingerprints that identify persons in the ledger, so that no store contains a name.
//!
//! They are keyed, so that an email address cannot be looked up in a stolen store.

use std::fmt;

use super::{Identity, name};
use crate::domain::idempotency_key::IdempotencyKey;
use crate::domain::team::TeamId;

macro_rules! fingerprint {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The key with these stored bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The stored bytes of the key.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            /// Lower-case hexadecimal.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

fingerprint! {
    /// Identifies a lead: two leads with the same key are the same person.
    LeadKey
}

fingerprint! {
    /// Identifies a person by the vendor's id; facts of payment belong to it.
    PersonKey
}

/// The words of a name as hashes of a few bits: enough to see that two names share none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameMarks([u32; NameMarks::MAX]);

impl NameMarks {
    /// The maximum number of words.
    const MAX: usize = 6;

    /// The marks from these numbers. The first eight bits of each are of a word's first letter, the
    /// rest of the whole word; zero for a word of one letter.
    #[must_use]
    pub fn from_stored(numbers: impl IntoIterator<Item = u32>) -> Self {
        let mut marks = [0; Self::MAX];
        for (mark, number) in marks.iter_mut().zip(numbers) {
            *mark = number;
        }
        Self(marks)
    }

    /// The stored form of the marks.
    pub fn stored(&self) -> impl Iterator<Item = u32> {
        self.0.iter().copied().filter(|mark| *mark != 0)
    }

    /// Whether there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stored().next().is_none()
    }

    /// Whether two names share a word, or one has the initial of a word of the other. The order
    /// does not matter.
    #[must_use]
    pub fn agree(&self, other: &Self) -> bool {
        let word = |mark: u32| mark & 0x00ff_ffff;
        let is_initial = |mark| word(mark) == 0;
        let agree = |one: u32, other: u32| {
            let is_by_initial = is_initial(one) || is_initial(other);
            one == other || (is_by_initial && one >> 24 == other >> 24)
        };
        self.stored().any(|one| other.stored().any(|other| agree(one, other)))
    }
}

fingerprint! {
    /// Identifies a phone number.
    PhoneKey
}

fingerprint! {
    /// Identifies the content of a request: equal if the same is requested again.
    RequestKey
}

fingerprint! {
    /// Identifies the batch of a team's request that may be retried.
    ReplayKey
}

/// Creates keys with a secret.
#[derive(Clone)]
pub struct Keyer([u8; 32]);

impl Keyer {
    /// A keyer for this secret. With another secret, every key differs.
    #[must_use]
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The key of an identity.
    #[must_use]
    pub fn lead_key(&self, identity: &Identity) -> LeadKey {
        let (kind, forms) = match identity {
            Identity::Fields(forms) => ("lead/fields", forms),
            Identity::Verbatim(forms) => ("lead/verbatim", forms),
        };
        LeadKey(self.fingerprint(kind, &forms.texts().collect::<Vec<_>>()))
    }

    /// The marks of a person's name.
    #[must_use]
    pub fn name_marks(&self, name: &str) -> NameMarks {
        NameMarks::from_stored(name::telling_words(name).iter().map(|word| {
            let hashed = |kind, text: &str| {
                let [a, b, c, ..] = self.fingerprint(kind, &[Some(text)]);
                [a, b, c]
            };
            let initial = word.chars().next().map(String::from).unwrap_or_default();
            let [first, ..] = hashed("name/initial", &initial);
            let [a, b, c] = if *word == initial { [0; 3] } else { hashed("name/word", word) };
            u32::from_be_bytes([first.max(1), a, b, c])
        }))
    }

    /// The key of a person. The case of the vendor's id does not matter.
    #[must_use]
    pub fn person_key(&self, vendor_uuid: &str) -> PersonKey {
        PersonKey(self.fingerprint("person", &[Some(&vendor_uuid.to_ascii_lowercase())]))
    }

    /// The key of a phone number, whatever its punctuation. An extension counts.
    #[must_use]
    pub fn phone_key(&self, number: &str) -> PhoneKey {
        let is_punctuation = |c: char| c.is_whitespace() || "-.()".contains(c);
        let number: String = number.chars().filter(|c| !is_punctuation(*c)).collect();
        PhoneKey(self.fingerprint("phone", &[Some(&number)]))
    }

    /// The key of a request, over all the texts that define it.
    #[must_use]
    pub fn request_key(&self, texts: &[Option<&str>]) -> RequestKey {
        RequestKey(self.fingerprint("request", texts))
    }

    /// The key of a team's request that has an Idempotency-Key.
    #[must_use]
    pub fn replay_key_named(&self, team: &TeamId, name: &IdempotencyKey) -> ReplayKey {
        ReplayKey(self.fingerprint("replay/named", &[Some(team.as_str()), Some(name.as_str())]))
    }

    /// The key of a team's request that has none: it is identified by its content.
    #[must_use]
    pub fn replay_key_unnamed(&self, team: &TeamId, request: RequestKey) -> ReplayKey {
        let request = request.to_string();
        ReplayKey(self.fingerprint("replay/unnamed", &[Some(team.as_str()), Some(&request)]))
    }

    /// The key of an operator's adjustment, from its Idempotency-Key.
    #[must_use]
    pub fn adjustment_key(&self, name: &IdempotencyKey) -> ReplayKey {
        ReplayKey(self.fingerprint("replay/adjustment", &[Some(name.as_str())]))
    }

    /// Prefixed with the kind, and each text with its length, so that different kinds and different
    /// splits never collide. These bytes are stored and must never change.
    fn fingerprint(&self, kind: &str, texts: &[Option<&str>]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for text in std::iter::once(&Some(kind)).chain(texts) {
            match text {
                Some(text) => {
                    let length = u64::try_from(text.len()).expect("a length fits 64 bits");
                    hasher.update(&[1]).update(&length.to_le_bytes()).update(text.as_bytes());
                }
                None => {
                    hasher.update(&[0]);
                }
            }
        }
        let mut fingerprint = [0; 16];
        hasher.finalize_xof().fill(&mut fingerprint);
        fingerprint
    }
}

impl fmt::Debug for Keyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyer(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::identity::Reading;
    use crate::domain::lead::{Field, Fields, Lead};

    const KEYER: Keyer = Keyer::new([7; 32]);

    fn lead_key(texts: &[(Field, &str)]) -> LeadKey {
        let fields: Fields = texts.iter().map(|(field, text)| (*field, (*text).into())).collect();
        KEYER.lead_key(&Reading::of(&Lead::new(fields).unwrap()).whole)
    }

    #[test]
    fn keys_of_different_kinds_or_splits_never_collide() {
        use Field::{CompanyDomain, CompanyName, LinkedinUrl, Name, Title};
        let keys = [
            lead_key(&[(LinkedinUrl, "linkedin.com/in/ACoAAx")]),
            lead_key(&[(LinkedinUrl, "linkedin.com/in/acoaax")]),
            lead_key(&[(Name, "ab"), (CompanyName, "c.io")]),
            lead_key(&[(Name, "a"), (CompanyName, "bc.io")]),
            lead_key(&[(Name, "ab"), (CompanyDomain, "c.io")]),
            lead_key(&[(Name, "a"), (CompanyDomain, "bc.io")]),
            lead_key(&[(Name, "ab")]),
            lead_key(&[(Title, "ab")]),
            lead_key(&[(Name, "a"), (Title, "b")]),
            lead_key(&[(CompanyName, "a\u{1}b")]),
            lead_key(&[(CompanyName, "a"), (Name, "b\u{0}")]),
            lead_key(&[]),
        ];
        let mut bytes: HashSet<_> = keys.iter().map(|key| *key.as_bytes()).collect();
        bytes.insert(*KEYER.person_key("ab").as_bytes());
        bytes.insert(*KEYER.phone_key("ab").as_bytes());
        bytes.insert(*KEYER.request_key(&[Some("ab")]).as_bytes());
        for team in ["ab", "b"].map(|team| team.parse().unwrap()) {
            bytes.insert(*KEYER.replay_key_named(&team, &"ab".parse().unwrap()).as_bytes());
            let request = KEYER.request_key(&[Some("ab")]);
            bytes.insert(*KEYER.replay_key_unnamed(&team, request).as_bytes());
        }
        assert_eq!(bytes.len(), keys.len() + 7);
    }

    #[test]
    fn the_bytes_of_a_key_never_change() {
        let key = lead_key(&[(Field::Email, "ada@x.io")]);
        assert_eq!(key.to_string(), "8195410f28e01576ec7eb4c59a1fd367");
        assert_eq!(KEYER.person_key("ab").to_string(), "4d32303539903220c4bde667161e79f7");
        assert_eq!(LeadKey::from_bytes(*key.as_bytes()), key);
        assert_eq!(format!("{key:?}"), format!("LeadKey({key})"));
    }

    #[test]
    fn another_secret_creates_other_keys() {
        let person = "0f1e2d3c-0000-4000-8000-000000000001";
        assert_ne!(Keyer::new([8; 32]).person_key(person), KEYER.person_key(person));
        assert!(!format!("{KEYER:?}").contains('7'));
    }

    #[test]
    fn the_case_of_a_vendors_id_does_not_matter() {
        let person = "0f1e2d3c-0000-4000-8000-00000000000a";
        assert_eq!(KEYER.person_key(&person.to_uppercase()), KEYER.person_key(person));
    }

    #[test]
    fn the_punctuation_of_a_phone_number_does_not_matter() {
        let number = KEYER.phone_key("+15550123456");
        assert_eq!(KEYER.phone_key("+1 (555) 012-34.56"), number);
        assert_ne!(KEYER.phone_key("+15550123456 x7"), number);
        assert_ne!(KEYER.phone_key("+15550123457"), number);
    }
}
