//! Persons: whom the vendor found, what of them costs, and what of them a batch may see.
//!
//! Nothing here parses JSON: a person arrives cut into [`Sections`], and leaves joined from them.

mod packing;
mod sections;

pub use packing::Unpackable;
pub use sections::{Sections, Undocumented};

use std::fmt;

/// A person as the vendor told of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The vendor's id of the person, a uuid in its documents, kept as it was written.
    pub id: String,
    /// The LinkedIn profile, as the vendor wrote it. Its document promises one; a person without
    /// is a person all the same.
    pub linkedin_url: Option<String>,
    /// The full name, as the vendor wrote it.
    pub name: Option<String>,
    /// The email address, where it was revealed and there is one.
    pub email: Option<String>,
    /// The phone numbers, where they were revealed and there are any.
    pub phones: Vec<Phone>,
    /// Everything the vendor sent, to be shown again.
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
    /// Whence the vendor has it, where it says so.
    pub source: Option<PhoneSource>,
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(<redacted>, {:?})", self.source)
    }
}

/// Whence the vendor has a phone number; it charges for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneSource {
    /// `amplemarket`: the vendor's own.
    Amplemarket,
    /// `crm`: from the account's own customer records.
    Crm,
    /// `user_uploaded`: from the account's own uploads.
    UserUploaded,
    /// A source that the vendor's document does not name.
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
