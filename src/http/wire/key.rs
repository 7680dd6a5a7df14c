//! Keys: the body that asks for one, and what operators are shown.

use serde::Serialize;

use super::fault::Fault;
use super::given::Given;
use super::team::name_for_people;
use crate::gateway::{KeyMade, KeyShown};

/// Reads the name for a key to be made.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8]) -> Result<String, Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let [name] = given.with_required(["name"], 1, faults)?;
        name_for_people(&name?, faults)
    })
}

/// A key just made, with its secret.
#[derive(Serialize)]
pub(in crate::http) struct KeyMadeShown {
    id: String,
    key: String,
    name: String,
    created_at: String,
}

impl From<KeyMade> for KeyMadeShown {
    fn from(made: KeyMade) -> Self {
        let KeyMade { id, secret, name, created_at } = made;
        Self { id, key: secret, name, created_at: created_at.to_string() }
    }
}

/// The keys of a team.
#[derive(Serialize)]
pub(in crate::http) struct KeysShown {
    keys: Vec<KeyListed>,
}

#[derive(Serialize)]
struct KeyListed {
    id: String,
    name: String,
    created_at: String,
    revoked_at: Option<String>,
}

impl From<Vec<KeyShown>> for KeysShown {
    fn from(keys: Vec<KeyShown>) -> Self {
        let listed = |key: KeyShown| KeyListed {
            id: key.id,
            name: key.name,
            created_at: key.created_at.to_string(),
            revoked_at: key.revoked_at.map(|moment| moment.to_string()),
        };
        Self { keys: keys.into_iter().map(listed).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_key_has_a_name_and_nothing_else() {
        assert_eq!(parse(br#"{"name":"crm sync"}"#).unwrap(), "crm sync");
        for body in ["{}", r#"{"name":""}"#, r#"{"name":null}"#, r#"{"name":"a","team":"b"}"#, "[]"]
        {
            assert_eq!(parse(body.as_bytes()).unwrap_err().len(), 1, "{body}");
        }
    }

    #[test]
    fn the_secret_of_a_key_is_shown_when_it_is_made_and_never_listed() {
        let (id, name) = ("k1".to_owned(), "crm sync".to_owned());
        let created_at = Timestamp::EPOCH;
        let made =
            KeyMade { id: id.clone(), secret: "tg_k1_x".into(), name: name.clone(), created_at };
        assert_eq!(
            serde_json::to_string(&KeyMadeShown::from(made)).unwrap(),
            r#"{"id":"k1","key":"tg_k1_x","name":"crm sync","created_at":"1970-01-01T00:00:00.000Z"}"#
        );
        let listed = KeyShown { id, name, created_at, revoked_at: None };
        assert_eq!(
            serde_json::to_string(&KeysShown::from(vec![listed])).unwrap(),
            r#"{"keys":[{"id":"k1","name":"crm sync","created_at":"1970-01-01T00:00:00.000Z","revoked_at":null}]}"#
        );
    }
}
