//! The query of a look-up, as the vendor's clients write it: one lead, and what is asked of it.
//!
//! Closed, as bodies are: a parameter that nobody knows, or one written twice, would have the query
//! mean less than its writer thinks, so it is refused by its name. One that is empty says nothing.

use url::form_urlencoded;

use super::fault::{Fault, Faults, token};
use crate::domain::lead::{Field, Fields, Lead};
use crate::domain::reveal::Reveals;

const REVEAL_EMAIL: &str = "reveal_email";
const REVEAL_PHONE_NUMBERS: &str = "reveal_phone_numbers";

/// What stands in place of bytes that are no UTF-8.
const REPLACEMENT: char = '\u{fffd}';

/// Reads a query, percent-encoded or with `+` for spaces, whose fields have so many characters at most.
///
/// # Errors
/// Every fault, each at its parameter's name as a pointer.
pub(in crate::http) fn parse(
    query: &str,
    field_chars_max: usize,
) -> Result<(Lead, Reveals), Vec<Fault>> {
    let mut faults = Faults::default();
    let mut fields = Fields::default();
    let (mut email, mut phone) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let pointer = || format!("/{}", token(&name));
        match (Field::named(&name), &*name) {
            _ if value.contains(REPLACEMENT) => {
                faults.note(|| Fault::invalid_field(pointer(), "Expected UTF-8".to_owned()));
            }
            (Some(field), _) if fields[field].is_some() => {
                faults.note(|| Fault::duplicate_field(pointer()));
            }
            (Some(_), _) if given(&value).is_none() => {}
            (Some(field), _) => fields[field] = Some(value.into_owned()),
            (None, REVEAL_EMAIL) => read_reveal(&mut email, &value, pointer, &mut faults),
            (None, REVEAL_PHONE_NUMBERS) => read_reveal(&mut phone, &value, pointer, &mut faults),
            (None, _) => faults.note(|| Fault::unknown_field(pointer())),
        }
    }
    if !names_somebody(&fields) {
        faults.note(Fault::names_nobody);
    }
    let lead = Lead::within(fields, field_chars_max);
    for fault in lead.as_ref().err().into_iter().flatten() {
        let pointer = format!("/{}", fault.field());
        faults.note(|| Fault::invalid_field(pointer, fault.to_string()));
    }
    faults.unless_any(())?;
    let reveals = Reveals { email: email.unwrap_or_default(), phone: phone.unwrap_or_default() };
    Ok((lead.expect("its faults would have been reported"), reveals))
}

/// What a field of a lead says; none where it is blank, which is as if it were left out.
pub(super) fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}

fn read_reveal(
    reveal: &mut Option<bool>,
    text: &str,
    pointer: impl Fn() -> String,
    faults: &mut Faults,
) {
    match truth(text) {
        _ if reveal.is_some() => faults.note(|| Fault::duplicate_field(pointer())),
        Some(truth) => *reveal = Some(truth),
        None => {
            let detail = "Expected true, false, 1 or 0".to_owned();
            faults.note(|| Fault::invalid_field(pointer(), detail));
        }
    }
}

/// `true`, `True`, `TRUE` and `1` are all written by clients out there.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether anything is given that can name a person, be it by guess: a title or a company cannot.
fn names_somebody(fields: &Fields) -> bool {
    let naming = [Field::Email, Field::LinkedinUrl, Field::Name];
    naming.iter().any(|field| fields[*field].as_ref().is_some_and(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::fault::places;
    use super::*;

    const CHARS_MAX: usize = 20;

    fn read(query: &str) -> Result<(Lead, Reveals), Vec<Fault>> {
        parse(query, CHARS_MAX)
    }

    fn lead(query: &str) -> Lead {
        read(query).unwrap().0
    }

    fn reveals(query: &str) -> (bool, bool) {
        let (_, Reveals { email, phone }) = read(&format!("email=ada@x.io&{query}")).unwrap();
        (email, phone)
    }

    /// Code and place of every fault.
    fn faults(query: &str) -> Vec<(&'static str, String)> {
        places(read(query))
    }

    #[test]
    fn every_field_is_read_however_it_is_encoded() {
        let query = "email=ada%2Bx%40x.io&linkedin_url=linkedin.com%2Fin/ada\
                     &company_domain=x.io&company_name=A+%26+B&name=Ada%20Lovelace&title=R%C3%B6&";
        let lead = lead(query);
        let read = Field::ALL.map(|field| lead.field(field).unwrap());
        let given = ["ada+x@x.io", "linkedin.com/in/ada", "x.io", "A & B", "Ada Lovelace", "Rö"];
        assert_eq!(read, given);
    }

    #[test]
    fn a_reveal_is_asked_for_in_every_spelling_that_clients_use() {
        for yes in ["true", "True", "TRUE", "1", "%74rue"] {
            assert_eq!(reveals(&format!("reveal_email={yes}")), (true, false), "{yes}");
            assert_eq!(reveals(&format!("reveal_phone_numbers={yes}")), (false, true), "{yes}");
        }
        for no in ["false", "False", "FALSE", "0"] {
            assert_eq!(
                reveals(&format!("reveal_email={no}&reveal_phone_numbers=1")),
                (false, true)
            );
        }
        assert_eq!(reveals(""), (false, false));
    }

    #[test]
    fn what_would_change_the_meaning_is_refused_by_its_name() {
        for (query, code, pointer) in [
            ("email=ada@x.io&reveal_email=yes", "invalid_field", "/reveal_email"),
            ("email=ada@x.io&reveal_phone_numbers=", "invalid_field", "/reveal_phone_numbers"),
            ("email=ada@x.io&reveal_emails=true", "unknown_field", "/reveal_emails"),
            ("email=ada@x.io&Name=Ada", "unknown_field", "/Name"),
            ("email=ada@x.io&a/b~c=1", "unknown_field", "/a~1b~0c"),
            ("email=ada@x.io&email=bob@x.io", "duplicate_field", "/email"),
            ("email=ada@x.io&reveal_email=1&reveal_email=1", "duplicate_field", "/reveal_email"),
            ("name=%FF&email=ada@x.io", "invalid_field", "/name"),
            ("email=ada", "invalid_field", "/email"),
        ] {
            assert_eq!(faults(query), [(code, pointer.to_owned())], "{query}");
        }
        let long = "あ".repeat(CHARS_MAX + 1);
        assert_eq!(faults(&format!("name={long}")), [("invalid_field", "/name".to_owned())]);
    }

    #[test]
    fn somebody_has_to_be_named() {
        for query in ["", "title=CTO&company_domain=x.io", "name=+&email=", "reveal_email=true"] {
            assert_eq!(faults(query), [("missing_field", String::new())], "{query}");
        }
        assert!(read("name=Ada").is_ok(), "the vendor may find her all the same");
        assert!(read("email=+&linkedin_url=linkedin.com/in/a").is_ok(), "a blank says nothing");
    }

    #[test]
    fn every_fault_is_told_at_once() {
        assert_eq!(faults("x=1&reveal_email=2").len(), 3);
    }
}
