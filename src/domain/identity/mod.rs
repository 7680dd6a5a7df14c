//! Identity: when two leads are one person.
//!
//! A wrong merge hands one person's data to somebody who asked for another; a missed one costs
//! half a credit. So whatever could be read in two ways identifies nobody here, nothing is
//! guessed, and a text in its one form is only ever compared for equality.
//!
//! What a person's vendor id, LinkedIn profile, email or name *says* is settled here; which person
//! it points to is on the books.

mod address;
mod canonical;
mod email;
mod host;
pub mod keys;
mod linkedin;
mod name;
#[cfg(test)]
mod properties;
mod shared_hosts;

pub use canonical::Canonical;

use super::lead::{Field, Lead};

/// What makes two leads the same person, strongest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A LinkedIn member by the opaque id in place of a slug. Case counts, and no slug is equal.
    Member(Canonical),
    /// A LinkedIn profile by its slug.
    Profile(Canonical),
    /// An email address.
    Email(Canonical),
    /// A name at the company of a domain.
    NameAtDomain {
        /// The person's name.
        name: Canonical,
        /// The company's domain, never one that hosts mail for everybody.
        domain: Canonical,
    },
    /// A name at the company of a name.
    NameAtCompany {
        /// The person's name.
        name: Canonical,
        /// The company's name.
        company: Canonical,
    },
    /// All that the caller wrote, where none of it identifies: equal only to the very same.
    Verbatim(Box<Lead>),
}

impl Identity {
    /// Whom a LinkedIn address shows; `None` for companies, schools and whatever is not certain.
    #[must_use]
    pub fn of_linkedin_url(url: &str) -> Option<Self> {
        linkedin::person_at(url)
    }

    /// Whom an email address shows.
    #[must_use]
    pub fn of_email(address: &str) -> Option<Self> {
        email::canonical(address).map(Self::Email)
    }

    fn of_names(lead: &Lead) -> Option<Self> {
        let name = name::canonical(lead.field(Field::Name)?)?;
        if let Some(domain) = lead.field(Field::CompanyDomain).and_then(host::of_company) {
            return Some(Self::NameAtDomain { name, domain });
        }
        let company = lead.field(Field::CompanyName).and_then(name::canonical)?;
        Some(Self::NameAtCompany { name, company })
    }
}

/// Whom a lead names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identities {
    /// What the lead is looked up and claimed by.
    pub strongest: Identity,
    /// The second LinkedIn or email identity, read only to find that it points to another person.
    pub other: Option<Identity>,
}

/// Reads whom a lead names. A title never identifies.
#[must_use]
pub fn identities(lead: &Lead) -> Identities {
    let profile = lead.field(Field::LinkedinUrl).and_then(Identity::of_linkedin_url);
    let email = lead.field(Field::Email).and_then(Identity::of_email);
    match (profile, email) {
        (Some(strongest), other) => Identities { strongest, other },
        (None, Some(strongest)) => Identities { strongest, other: None },
        (None, None) => Identities {
            strongest: Identity::of_names(lead)
                .unwrap_or_else(|| Identity::Verbatim(Box::new(lead.clone()))),
            other: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Field::{CompanyDomain, CompanyName, Email, LinkedinUrl, Name, Title};

    fn named_by(texts: &[(Field, &str)]) -> Identities {
        let fields = texts.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        identities(&Lead::new(fields).unwrap())
    }

    const ALL: [(Field, &str); 6] = [
        (LinkedinUrl, "linkedin.com/in/ada"),
        (Email, "Ada@X.io"),
        (CompanyDomain, "https://www.x.io/about"),
        (CompanyName, "X  Limited"),
        (Name, "Ada LOVELACE"),
        (Title, "Countess"),
    ];

    #[test]
    fn a_lead_is_known_by_the_strongest_it_says() {
        let profile = Identity::of_linkedin_url("linkedin.com/in/ada").unwrap();
        let email = Identity::of_email("ada@x.io").unwrap();
        let both = named_by(&ALL);
        assert_eq!((both.strongest, both.other), (profile, Some(email.clone())));
        let without_profile = named_by(&ALL[1..]);
        assert_eq!((without_profile.strongest, without_profile.other), (email, None));
        let by_domain = named_by(&ALL[2..]).strongest;
        assert!(matches!(by_domain, Identity::NameAtDomain { name, domain }
            if name.as_str() == "ada lovelace" && domain.as_str() == "x.io"));
        let by_company = named_by(&ALL[3..]).strongest;
        assert!(matches!(by_company, Identity::NameAtCompany { name, company }
            if name.as_str() == "ada lovelace" && company.as_str() == "x limited"));
        assert!(matches!(named_by(&ALL[4..]).strongest, Identity::Verbatim(_)));
    }

    #[test]
    fn what_identifies_nobody_leaves_it_to_the_next_strongest() {
        for url in ["https://linkedin.com.evil.io/in/ada", "linkedin.com/company/x", "ada", ""] {
            let identities = named_by(&[(LinkedinUrl, url), (Email, "ada@x.io")]);
            assert_eq!(identities.strongest, Identity::of_email("ada@x.io").unwrap());
            assert_eq!(identities.other, None);
        }
        let free_mail = [(CompanyDomain, "gmail.com"), (Name, "Ada"), (CompanyName, "X")];
        assert!(matches!(named_by(&free_mail).strongest, Identity::NameAtCompany { .. }));
        let blank = [(Name, "  "), (CompanyDomain, "x.io")];
        assert!(matches!(named_by(&blank).strongest, Identity::Verbatim(_)));
    }

    #[test]
    fn a_title_never_identifies() {
        let named = [(Name, "Ada"), (CompanyDomain, "x.io")];
        let titled = [(Name, "Ada"), (CompanyDomain, "x.io"), (Title, "Countess")];
        assert_eq!(named_by(&named), named_by(&titled));
    }

    #[test]
    fn leads_that_identify_nobody_are_one_only_when_the_same_to_the_letter() {
        assert_eq!(named_by(&[]), named_by(&[]));
        assert_eq!(named_by(&[(Name, "Ada")]), named_by(&[(Name, "Ada")]));
        assert_ne!(named_by(&[(Name, "Ada")]), named_by(&[(Name, "ada")]));
        assert_ne!(named_by(&[(Name, "Ada")]), named_by(&[(CompanyName, "Ada")]));
        assert_ne!(named_by(&[]), named_by(&[(Name, "")]));
    }

    #[test]
    fn debug_shows_the_kind_and_no_person() {
        let shown = format!("{:?} {:?}", named_by(&ALL), named_by(&ALL[4..]));
        assert!(shown.contains("Profile(<redacted>)"), "{shown}");
        for secret in ["ada", "Ada", "x.io", "Countess"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
