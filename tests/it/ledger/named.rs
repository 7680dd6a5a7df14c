//! Leads, persons and evidence by name, so that a case reads as data.

use tollgate::domain::charge::Shown;
use tollgate::domain::credits::Unit;
use tollgate::domain::identity::Parts;
use tollgate::domain::identity::keys::{
    Keyer, LeadKey, NameMarks, PersonKey, PhoneKey, ReplayKey, RequestKey,
};
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::record::replay::{Retry, ToldBy};
use tollgate::ledger::step::{Adjustment, Evidence, LeadAsk};

use super::books::{DAY, MINUTE};

pub(super) const NONE: Reveals = Reveals::NONE;
pub(super) const EMAIL: Reveals = Reveals { email: true, phone: false };
pub(super) const PHONE: Reveals = Reveals { email: false, phone: true };
pub(super) const ALL: Reveals = Reveals::ALL;

fn fingerprint(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes
}

/// The lead key called `name`.
pub(super) fn key(name: &str) -> LeadKey {
    LeadKey::from_bytes(fingerprint(name))
}

/// The person called `name`.
pub(super) fn person(name: &str) -> PersonKey {
    PersonKey::from_bytes(fingerprint(name))
}

/// The phone number called `name`.
pub(super) fn phone(name: &str) -> PhoneKey {
    PhoneKey::from_bytes(fingerprint(name))
}

/// A lead with one identifying field.
pub(super) fn lead(name: &str) -> LeadAsk {
    let (parts, name_given) = (Parts::default(), NameMarks::default());
    LeadAsk { key: key(name), parts, has_email: false, name: name_given }
}

/// The key of a lead with two identifying fields.
pub(super) fn key_of_both(name: &str, other: &str) -> LeadKey {
    let hash = blake3::hash(format!("{name} and {other}").as_bytes());
    LeadKey::from_bytes(*hash.as_bytes().first_chunk().expect("a hash is longer"))
}

/// A lead with a profile and an email.
pub(super) fn lead_with(profile: &str, email: &str) -> LeadAsk {
    let parts = Parts { profile: Some(key(profile)), email: Some(key(email)), names: None };
    LeadAsk { key: key_of_both(profile, email), parts, ..lead(profile) }
}

/// The marks of a person's name.
pub(super) fn marks(name: &str) -> NameMarks {
    Keyer::new([7; 32]).name_marks(name)
}

/// A lead with one identifying field, which carries an email.
pub(super) fn lead_with_email(name: &str) -> LeadAsk {
    LeadAsk { has_email: true, ..lead(name) }
}

/// Leads with one identifying field each.
pub(super) fn leads(names: &[&str]) -> Vec<LeadAsk> {
    names.iter().map(|name| lead(name)).collect()
}

/// The person came back with what is shown, under no further key.
pub(super) fn found(name: &str, shown: Reveals) -> Evidence {
    found_under(name, shown, &[])
}

/// The person came back with what is shown, and the result shows these keys.
pub(super) fn found_under(name: &str, shown: Reveals, aliases: &[&str]) -> Evidence {
    let phones: &[&str] = if shown.phone { &[name] } else { &[] };
    let shown = Shown { email: shown.email, ..numbers(phones) };
    let aliases = aliases.iter().map(|alias| key(alias)).collect();
    let name_shown = NameMarks::default();
    Evidence::Found { person: person(name), aliases, answers_key: true, shown, name: name_shown }
}

/// The person whom all these keys name was removed, if they are proven to name one.
pub(super) fn removed(keys: &[&str]) -> Evidence {
    Evidence::Removed { proof: keys.iter().map(|name| key(name)).collect() }
}

/// Phone numbers came back.
pub(super) fn numbers(names: &[&str]) -> Shown {
    Shown { email: false, phones: names.iter().map(|name| phone(name)).collect() }
}

/// How a request called `request` is told, whose caller called it `name`.
pub(super) fn called(name: &str, request: &str) -> Retry {
    Retry { by: ToldBy::Caller, window: DAY, ..retry(name, request) }
}

/// How a request called `request` is told, whose caller gave it no name.
pub(super) fn asking(request: &str) -> Retry {
    Retry { by: ToldBy::Content, window: MINUTE * 5, ..retry(request, request) }
}

fn retry(name: &str, request: &str) -> Retry {
    Retry {
        key: ReplayKey::from_bytes(fingerprint(name)),
        request: RequestKey::from_bytes(fingerprint(request)),
        by: ToldBy::Caller,
        window: DAY,
        batch_ttl: DAY * 7,
        lost: None,
    }
}

/// A correction that is asked for under a name.
pub(super) fn adjustment(name: &str, team: &TeamId, unit: Unit, amount: &str) -> Adjustment {
    Adjustment {
        team: team.clone(),
        unit,
        amount: amount.parse().unwrap(),
        note: "as invoiced".parse().ok(),
        key: ReplayKey::from_bytes(fingerprint(name)),
        request: RequestKey::from_bytes(fingerprint(amount)),
        window: DAY,
    }
}
