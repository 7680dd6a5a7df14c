//! People to ask for, in all their spellings.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::faulty_disk::Dice;

const FIRST: [&str; 10] =
    ["ada", "grace", "alan", "edsger", "barbara", "donald", "jürgen", "joan", "tony", "radia"];
const LAST: [&str; 5] = ["lovelace", "hopper", "turing", "liskov", "perlman"];
/// Some are nobody, some were removed, some have no email or no number of the vendor's.
const TRAITS: [&str; 6] = ["", "reachable", "mailless", "crmphone", "nobody", "removed"];

/// The name under which the sandbox knows a person: the same for every spelling.
pub(crate) fn handle(person: usize) -> String {
    let first = FIRST[person % FIRST.len()];
    let last = LAST[person / FIRST.len() % LAST.len()];
    let trait_ = match person % 20 {
        1..=5 => TRAITS[person % 20],
        _ => "",
    };
    [first, last, trait_, &person.to_string()]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// What becomes of a person.
pub(crate) fn status_of(person: usize) -> &'static str {
    match TRAITS.get(person % 20) {
        Some(&"nobody") => "not_found",
        Some(&"removed") => "gdpr_removed",
        _ => "enriched",
    }
}

/// A person as a lead, spelled by chance.
pub(crate) fn spelled(person: usize, dice: &mut Dice) -> Value {
    let handle = handle(person);
    match dice.below(10) {
        0 => json!({"linkedin_url": format!("https://www.linkedin.com/in/{handle}")}),
        1 => json!({"linkedin_url": format!("linkedin.com/in/{handle}/")}),
        2 => {
            json!({"linkedin_url": format!("http://uk.LINKEDIN.com/in/{}/de?trk=x#top", upper(&handle))})
        }
        3 => json!({"linkedin_url": format!("https://m.linkedin.com/m/in/{}", encoded(&handle))}),
        4 => json!({"email": email(&handle)}),
        5 => json!({"email": format!(" {} ", upper(&email(&handle)))}),
        6 => json!({"name": name(&handle), "company_name": "Example"}),
        7 => {
            json!({"name": upper(&name(&handle)), "company_domain": "https://www.Example.com/about"})
        }
        8 => json!({"email": email(&handle), "linkedin_url": format!("linkedin.com/in/{handle}")}),
        _ => {
            let mut lead = Map::new();
            lead.insert("linkedin_url".into(), format!("linkedin.com/in/{handle}").into());
            lead.insert("title".into(), format!("Head of {}", dice.below(100)).into());
            lead.into()
        }
    }
}

/// A person under one key, always the same.
pub(crate) fn plain(person: usize) -> Value {
    json!({"linkedin_url": format!("https://www.linkedin.com/in/{}", handle(person))})
}

fn email(handle: &str) -> String {
    format!("{}@example.com", handle.replace('-', "."))
}

fn name(handle: &str) -> String {
    handle.replace('-', " ")
}

fn upper(text: &str) -> String {
    text.to_uppercase()
}

fn encoded(handle: &str) -> String {
    handle.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii() {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").unwrap();
        }
        path
    })
}
