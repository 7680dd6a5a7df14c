//! Keys: the body that asks for one, and what operators are shown.

use ipnet::IpNet;
use serde::Serialize;

use super::fault::{Fault, Faults};
use super::given::Given;
use super::team::name_for_people;
use crate::domain::key_terms::{KeyTerms, Scope, Scopes, TermsChange};
use crate::domain::reveal::Reveals;
use crate::domain::time::Timestamp;
use crate::gateway::{KeyMade, KeyShown};

/// The most networks of one key.
const NETWORKS_MAX: usize = 64;

/// The fields of a key, as they are named in a body.
const FIELDS: [&str; 9] = [
    "name",
    "scopes",
    "reveals",
    "networks",
    "expires_at",
    "requests_per_minute",
    "requests_at_once",
    "paused",
    "owner",
];

/// Its terms: all of them but the name.
const TERMS: [&str; 8] = {
    let [_name, terms @ ..] = FIELDS;
    terms
};

/// Reads the name of a key to be made, and what it may be used for: what is left out is not bounded.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse(body: &[u8]) -> Result<(String, KeyTerms), Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let [name, terms @ ..] = given.with_required(FIELDS, 1, faults)?;
        let name = name.and_then(|given| name_for_people(&given, faults));
        let terms = KeyTerms::default().changed(read_terms(terms, faults));
        Some((name?, terms))
    })
}

/// Reads a change of a key's terms, as a JSON merge patch (RFC 7396): what is left out stays, and null
/// is the default.
///
/// # Errors
/// Every fault; the only one where the body is no JSON.
pub(in crate::http) fn parse_change(body: &[u8]) -> Result<TermsChange, Vec<Fault>> {
    Given::parse(body, |given, faults| {
        let terms = given.properties(TERMS, faults)?;
        Some(read_terms(terms, faults))
    })
}

fn read_terms(given: [Option<Given<'_>>; 8], faults: &mut Faults) -> TermsChange {
    let [scopes, reveals, networks, expires_at, per_minute, at_once, paused, owner] = given;
    let all = KeyTerms::default();
    TermsChange {
        scopes: or_default(scopes, all.scopes, |given| Some(read_scopes(given, faults))),
        reveals: or_default(reveals, all.reveals, |given| Some(read_reveals(given, faults))),
        networks: or_default(networks, Vec::new(), |given| Some(read_networks(given, faults))),
        expires_at: or_default(expires_at, None, |given| {
            given.named::<Timestamp>(faults).map(Some)
        }),
        requests_per_minute: or_default(per_minute, None, |given| {
            given.whole_number(u32::MAX, faults).map(Some)
        }),
        requests_at_once: or_default(at_once, None, |given| {
            given.whole_number(u32::MAX, faults).map(Some)
        }),
        is_paused: or_default(paused, false, |given| given.boolean(faults)),
        owner: or_default(owner, None, |given| name_for_people(given, faults).map(Some)),
    }
}

/// What is given, where anything is: null is the default.
fn or_default<T>(
    given: Option<Given<'_>>,
    default: T,
    read: impl FnOnce(&Given<'_>) -> Option<T>,
) -> Option<T> {
    let given = given?;
    if given.is_null() { Some(default) } else { read(&given) }
}

/// A key that may be used for nothing is a mistake.
fn read_scopes(given: &Given<'_>, faults: &mut Faults) -> Scopes {
    let items = given.items(faults);
    if items.as_ref().is_some_and(Vec::is_empty) {
        given.refuse("Expected at least one scope", faults);
    }
    let scopes = items.unwrap_or_default();
    let scopes: Vec<_> = scopes.iter().filter_map(|item| item.named::<Scope>(faults)).collect();
    Scopes::of(&scopes)
}

fn read_reveals(given: &Given<'_>, faults: &mut Faults) -> Reveals {
    let mut reveals = Reveals::NONE;
    for item in given.items(faults).unwrap_or_default() {
        match item.string(faults).as_deref() {
            Some(EMAIL) => reveals.email = true,
            Some(PHONES) => reveals.phone = true,
            Some(_) => item.refuse("a reveal is one of: email, phones", faults),
            None => {}
        }
    }
    reveals
}

/// From no network at all a key could not be used, so an empty list is a mistake, too.
fn read_networks(given: &Given<'_>, faults: &mut Faults) -> Vec<IpNet> {
    let items = given.items(faults);
    if items.as_ref().is_some_and(|items| !(1..=NETWORKS_MAX).contains(&items.len())) {
        given.refuse(format!("Expected 1 to {NETWORKS_MAX} networks"), faults);
    }
    let network = |item: &Given<'_>| {
        let text = item.string(faults)?;
        let network = text.parse::<IpNet>().map(|network| network.trunc()).ok();
        if network.is_none() {
            item.refuse("write a network as in 10.0.0.0/8 or 2001:db8::/32", faults);
        }
        network
    };
    items.unwrap_or_default().iter().filter_map(network).collect()
}

const EMAIL: &str = "email";
const PHONES: &str = "phones";

/// What a key may be used for, as it is shown.
#[derive(Serialize)]
struct TermsShown {
    scopes: Vec<&'static str>,
    reveals: Vec<&'static str>,
    networks: Option<Vec<String>>,
    expires_at: Option<String>,
    requests_per_minute: Option<u32>,
    requests_at_once: Option<u32>,
    paused: bool,
    owner: Option<String>,
}

impl From<KeyTerms> for TermsShown {
    fn from(terms: KeyTerms) -> Self {
        let KeyTerms { scopes, reveals, networks, expires_at, .. } = terms;
        let named = [(reveals.email, EMAIL), (reveals.phone, PHONES)];
        Self {
            scopes: scopes.iter().map(Scope::name).collect(),
            reveals: named.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect(),
            networks: (!networks.is_empty())
                .then(|| networks.iter().map(ToString::to_string).collect()),
            expires_at: expires_at.map(|moment| moment.to_string()),
            requests_per_minute: terms.requests_per_minute,
            requests_at_once: terms.requests_at_once,
            paused: terms.is_paused,
            owner: terms.owner,
        }
    }
}

/// A key just made, with its secret.
#[derive(Serialize)]
pub(in crate::http) struct KeyMadeShown {
    id: String,
    key: String,
    name: String,
    created_at: String,
    #[serde(flatten)]
    terms: TermsShown,
}

impl From<KeyMade> for KeyMadeShown {
    fn from(made: KeyMade) -> Self {
        let KeyMade { id, secret, name, created_at, terms } = made;
        let (created_at, terms) = (created_at.to_string(), terms.into());
        Self { id, key: secret, name, created_at, terms }
    }
}

/// The keys of a team.
#[derive(Serialize)]
pub(in crate::http) struct KeysShown {
    keys: Vec<KeyListed>,
}

/// A key as it is listed.
#[derive(Serialize)]
pub(in crate::http) struct KeyListed {
    id: String,
    name: String,
    created_at: String,
    revoked_at: Option<String>,
    #[serde(flatten)]
    terms: TermsShown,
}

impl From<KeyShown> for KeyListed {
    fn from(key: KeyShown) -> Self {
        Self {
            id: key.id,
            name: key.name,
            created_at: key.created_at.to_string(),
            revoked_at: key.revoked_at.map(|moment| moment.to_string()),
            terms: key.terms.into(),
        }
    }
}

impl From<Vec<KeyShown>> for KeysShown {
    fn from(keys: Vec<KeyShown>) -> Self {
        Self { keys: keys.into_iter().map(KeyListed::from).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_name_and_terms_where_it_is_bounded() {
        let all = ("crm sync".to_owned(), KeyTerms::default());
        assert_eq!(parse(br#"{"name":"crm sync"}"#).unwrap(), all);
        assert_eq!(parse(br#"{"name":"crm sync","expires_at":null}"#).unwrap(), all);
        let body = br#"{"name":"a","scopes":["read","find"],"reveals":["email"],
            "networks":["10.1.2.3/8"],"expires_at":"2027-01-01T00:00:00Z",
            "requests_per_minute":60,"requests_at_once":2,"paused":true,"owner":"Ada"}"#;
        let terms = KeyTerms {
            scopes: Scopes::of(&[Scope::Find, Scope::Read]),
            reveals: Reveals { email: true, phone: false },
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            expires_at: Some("2027-01-01T00:00:00Z".parse().unwrap()),
            requests_per_minute: Some(60),
            requests_at_once: Some(2),
            is_paused: true,
            owner: Some("Ada".to_owned()),
        };
        assert_eq!(parse(body).unwrap(), ("a".to_owned(), terms));
        assert_eq!(parse(br#"{"name":"a","reveals":[]}"#).unwrap().1.reveals, Reveals::NONE);
        for body in [
            "{}",
            r#"{"name":""}"#,
            r#"{"name":null}"#,
            r#"{"name":"a","team":"b"}"#,
            "[]",
            r#"{"name":"a","scopes":[]}"#,
            r#"{"name":"a","scopes":["write"]}"#,
            r#"{"name":"a","scopes":"read"}"#,
            r#"{"name":"a","reveals":["phone"]}"#,
            r#"{"name":"a","networks":[]}"#,
            r#"{"name":"a","networks":"10.0.0.0/8"}"#,
            r#"{"name":"a","networks":["10.0.0.1"]}"#,
            r#"{"name":"a","expires_at":"tomorrow"}"#,
            r#"{"name":"a","requests_per_minute":-1}"#,
            r#"{"name":"a","paused":"yes"}"#,
            r#"{"name":"a","owner":""}"#,
        ] {
            assert_eq!(parse(body.as_bytes()).unwrap_err().len(), 1, "{body}");
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_null_is_the_default() {
        let change = parse_change(br#"{"paused":true,"networks":null,"owner":"Ada"}"#).unwrap();
        let networks = vec!["10.0.0.0/8".parse().unwrap()];
        let before = KeyTerms { networks, requests_at_once: Some(3), ..KeyTerms::default() };
        let after = KeyTerms {
            networks: Vec::new(),
            is_paused: true,
            owner: Some("Ada".to_owned()),
            ..before.clone()
        };
        assert_eq!(before.clone().changed(change), after);
        assert_eq!(before.clone().changed(parse_change(b"{}").unwrap()), before);
        for body in [r#"{"name":"b"}"#, r#"{"scopes":[]}"#, r#"{"paused":1}"#, "[]", "null"] {
            assert_eq!(parse_change(body.as_bytes()).unwrap_err().len(), 1, "{body}");
        }
    }

    #[test]
    fn the_secret_of_a_key_is_shown_when_it_is_made_and_never_listed() {
        let (id, name) = ("k1".to_owned(), "crm sync".to_owned());
        let created_at = Timestamp::EPOCH;
        let made = KeyMade {
            id: id.clone(),
            secret: "tg_k1_x".into(),
            name: name.clone(),
            created_at,
            terms: KeyTerms::default(),
        };
        assert_eq!(
            serde_json::to_string(&KeyMadeShown::from(made)).unwrap(),
            r#"{"id":"k1","key":"tg_k1_x","name":"crm sync","created_at":"1970-01-01T00:00:00.000Z","scopes":["enrich","find","validate","forward","read"],"reveals":["email","phones"],"networks":null,"expires_at":null,"requests_per_minute":null,"requests_at_once":null,"paused":false,"owner":null}"#
        );
        let terms = KeyTerms {
            scopes: Scopes::of(&[Scope::Read]),
            reveals: Reveals::NONE,
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            expires_at: Some(Timestamp::EPOCH),
            requests_per_minute: Some(60),
            ..KeyTerms::default()
        };
        let listed = KeyShown { id, name, created_at, revoked_at: None, terms };
        assert_eq!(
            serde_json::to_string(&KeysShown::from(vec![listed])).unwrap(),
            r#"{"keys":[{"id":"k1","name":"crm sync","created_at":"1970-01-01T00:00:00.000Z","revoked_at":null,"scopes":["read"],"reveals":[],"networks":["10.0.0.0/8"],"expires_at":"1970-01-01T00:00:00.000Z","requests_per_minute":60,"requests_at_once":null,"paused":false,"owner":null}]}"#
        );
    }
}
