//! Persons: the vendor's data about a person, what of it is charged, and what of it a batch may
//! return.
//!
//! Nothing here parses JSON: a person is stored as [`Sections`] and is returned by joining them.

mod packing;
mod sections;

pub use packing::Unpackable;
pub use sections::{Sections, Undocumented};

use std::fmt;

/// A person as returned by the vendor.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The vendor's id of the person, a UUID in its documentation, kept as written.
    pub id: String,
    /// The LinkedIn profile as the vendor wrote it. The documentation guarantees one, but persons
    /// without one are accepted.
    pub linkedin_url: Option<String>,
    /// The full name, as the vendor wrote it.
    pub name: Option<String>,
    /// The email address, if it was revealed and exists.
    pub email: Option<String>,
    /// The phone numbers, if they were revealed and exist.
    pub phones: Vec<Phone>,
    /// Everything that the vendor sent, to be returned again.
    pub sections: Sections,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(<redacted>)")
    }
}

/// One phone number of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    /// The number, as the vendor wrote it.
    pub number: String,
    /// The vendor's source, if it gives one.
    pub source: Option<PhoneSource>,
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(<redacted>, {:?})", self.source)
    }
}

/// The source of a phone number; the vendor charges only for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneSource {
    /// `amplemarket`: the vendor's own.
    Amplemarket,
    /// `crm`: from the account's own customer records.
    Crm,
    /// `user_uploaded`: from the account's own uploads.
    UserUploaded,
    /// A source that is not in the vendor's documentation.
    Undocumented,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_in_a_debug_print_is_redacted() {
        let person = Person {
            id: "uuid-of-ada".into(),
            linkedin_url: Some("linkedin.com/in/ada".into()),
            name: Some("ada".into()),
            email: Some("ada@x.io".into()),
            phones: vec![Phone { number: "+44 20".into(), source: Some(PhoneSource::Crm) }],
            sections: Sections { person: "\"name\":\"ada\"".into(), ..Sections::default() },
        };
        let printed = format!("{person:?} {:?} {:?}", person.phones, person.sections);
        assert!(printed.contains("<redacted>"));
        assert!(!printed.contains("ada") && !printed.contains("+44"), "{printed}");
    }
}
