//! The reading of a lead: its identity, the parts that identify one person on their own, and the
//! form in which it is sent.

use super::linkedin::profile_at;
use super::mailbox::{self, Mailbox};
use super::{Canonical, Forms, Identity, fold, host, name};
use crate::domain::lead::{Field, Fields, Lead};

/// A parsed lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The identity under which the lead is claimed, joined, folded and cached: all of its fields.
    pub whole: Identity,
    /// If the lead has more than one identifying field, each of them on its own. Answers to the
    /// lead do not prove them; they are used to find what other answers have proven.
    pub parts: Parts<Identity>,
    /// The fields sent to the vendor: in canonical form, or the lead as written.
    pub sent: Fields,
    /// The name in the lead, which must agree with an answer that was found by another key.
    pub name: Option<Canonical>,
    /// Whether the lead has only identifying fields, so that a removal of the lead is a removal of
    /// the person that all of them are proven to identify.
    pub is_only_parts: bool,
}

/// A value for each identifying field of a lead, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parts<T> {
    /// The LinkedIn profile.
    pub profile: Option<T>,
    /// The email address.
    pub email: Option<T>,
    /// The name with the company.
    pub names: Option<T>,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self { profile: None, email: None, names: None }
    }
}

impl<T> Parts<T> {
    /// All present values, strongest first.
    pub fn each(self) -> impl Iterator<Item = T> + Clone
    where
        T: Clone,
    {
        [self.profile, self.email, self.names].into_iter().flatten()
    }

    /// Each borrowed.
    #[must_use]
    pub const fn as_ref(&self) -> Parts<&T> {
        let Self { profile, email, names } = self;
        Parts { profile: profile.as_ref(), email: email.as_ref(), names: names.as_ref() }
    }

    /// The same with another type.
    #[must_use]
    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> Parts<U> {
        Parts {
            profile: self.profile.map(&mut change),
            email: self.email.map(&mut change),
            names: self.names.map(&mut change),
        }
    }
}

impl Reading {
    /// Parses a lead.
    #[must_use]
    pub fn of(lead: &Lead) -> Self {
        Self::by_fields(lead).unwrap_or_else(|| Self::verbatim(lead))
    }

    /// `None` if one of the given fields is invalid or does not identify one person, and if none
    /// identifies.
    fn by_fields(lead: &Lead) -> Option<Self> {
        let read = Given::read(lead)?;
        let forms = Forms::of(read.forms());
        let parts = read.parts();
        let count = parts.clone().each().count();
        let is_role = matches!(read.email, Some(Mailbox::Role(_)));
        let name = read.name.as_ref().map(|(name, _)| name.clone());
        // A role's mailbox is one key together with all other fields.
        if count == 0 && !is_role {
            return None;
        }
        let is_covered = forms.fields().all(|field| match field {
            Field::LinkedinUrl => parts.profile.is_some(),
            Field::Email => parts.email.is_some(),
            Field::Name | Field::CompanyDomain | Field::CompanyName | Field::Title => {
                parts.names.is_some()
            }
        });
        let is_lone = count == 1 && is_covered;
        Some(Self {
            whole: Identity::Fields(Box::new(forms)),
            parts: if is_lone { Parts::default() } else { parts },
            sent: read.sent(),
            name,
            is_only_parts: is_covered,
        })
    }

    /// The identities that together prove the lead's person, if all of them are proven to be the
    /// same person; empty if nothing would.
    #[must_use]
    pub fn proof(&self) -> Vec<&Identity> {
        let parts: Vec<_> = self.parts.as_ref().each().collect();
        match (self.is_only_parts, parts.is_empty()) {
            (false, _) => Vec::new(),
            (true, true) => vec![&self.whole],
            (true, false) => parts,
        }
    }

    /// Whether the lead has exactly one identifying field and nothing else, so that an answer
    /// proves it.
    #[must_use]
    pub fn is_lone(&self) -> bool {
        self.is_only_parts && self.parts == Parts::default()
    }

    fn verbatim(lead: &Lead) -> Self {
        let given: Vec<_> = given(lead).collect();
        let forms = given.iter().map(|(field, text)| (*field, as_written(*field, text)));
        let forms = Forms::of(forms);
        Self {
            whole: Identity::Verbatim(Box::new(forms)),
            parts: Parts::default(),
            sent: given.into_iter().map(|(field, text)| (field, text.to_owned())).collect(),
            name: None,
            is_only_parts: false,
        }
    }
}

/// The fields with a value; a blank field counts as omitted.
fn given(lead: &Lead) -> impl Iterator<Item = (Field, &str)> {
    let text = |field| lead.field(field).filter(|text| !fold::trimmed(text).is_empty());
    Field::ALL.into_iter().filter_map(move |field| Some((field, text(field)?)))
}

/// A text that is sent as written. Only differences that no reader can see are folded: surrounding
/// spaces, and in words also the case and the spaces between.
fn as_written(field: Field, text: &str) -> Canonical {
    match field {
        Field::Email | Field::LinkedinUrl | Field::CompanyDomain => Canonical::new(text.trim()),
        Field::CompanyName | Field::Name | Field::Title => {
            let lower: String = text.chars().map(lower_in_a_pair).collect();
            Canonical::new(lower.split_whitespace().collect::<Vec<_>>().join(" "))
        }
    }
}

/// The lower-case letter of a capital that is its only capital: `K` is `k`, but the Kelvin sign is
/// not.
fn lower_in_a_pair(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(small), None) if small.to_uppercase().eq([c]) => small,
        _ => c,
    }
}

/// A form for comparison and the text that is sent.
type Named = (Canonical, String);

/// The fields of a lead that can all be parsed.
struct Given {
    profile: Option<Canonical>,
    email: Option<Mailbox>,
    domain: Option<Canonical>,
    company: Option<Named>,
    name: Option<Named>,
    title: Option<Named>,
}

impl Given {
    fn read(lead: &Lead) -> Option<Self> {
        let mut read = Self {
            profile: None,
            email: None,
            domain: None,
            company: None,
            name: None,
            title: None,
        };
        for (field, text) in given(lead) {
            let named = |form| Some((form, name::tidied(text)));
            match field {
                Field::LinkedinUrl => read.profile = Some(profile_at(text)?.url()),
                Field::Email => {
                    let mailbox = mailbox::read(text).filter(|m| *m != Mailbox::Placeholder);
                    read.email = Some(mailbox?);
                }
                Field::CompanyDomain => read.domain = Some(host::of_company(text)?),
                Field::CompanyName => read.company = named(name::of_company(text)?),
                Field::Name => read.name = named(name::of_person(text)?),
                // A title is not an identity, so every title is accepted.
                Field::Title => read.title = named(name::title(text)),
            }
        }
        Some(read)
    }

    fn address(&self) -> Option<&Canonical> {
        match self.email.as_ref()? {
            Mailbox::Person(address) | Mailbox::Role(address) => Some(address),
            Mailbox::Placeholder => None,
        }
    }

    fn forms(&self) -> impl Iterator<Item = (Field, Canonical)> {
        let named = |named: &Option<Named>| named.as_ref().map(|(form, _)| form.clone());
        [
            (Field::Email, self.address().cloned()),
            (Field::LinkedinUrl, self.profile.clone()),
            (Field::CompanyDomain, self.domain.clone()),
            (Field::CompanyName, named(&self.company)),
            (Field::Name, named(&self.name)),
            (Field::Title, named(&self.title)),
        ]
        .into_iter()
        .filter_map(|(field, form)| Some((field, form?)))
    }

    fn parts(&self) -> Parts<Identity> {
        let email = match &self.email {
            Some(Mailbox::Person(address)) => Some(address.clone()),
            _ => None,
        };
        let has_company = self.domain.is_some() || self.company.is_some();
        let names = || {
            let of_names = |(field, _): &(Field, Canonical)| {
                !matches!(field, Field::Email | Field::LinkedinUrl)
            };
            Identity::Fields(Box::new(Forms::of(self.forms().filter(of_names))))
        };
        let field = |field| move |form| Identity::of_field(field, form);
        Parts {
            profile: self.profile.clone().map(field(Field::LinkedinUrl)),
            email: email.map(field(Field::Email)),
            names: (self.name.is_some() && has_company).then(names),
        }
    }

    fn sent(&self) -> Fields {
        let text = |form: &Canonical| form.as_str().to_owned();
        let named = |named: &Option<Named>| named.as_ref().map(|(_, sent)| sent.clone());
        let texts = [
            (Field::Email, self.address().map(text)),
            (Field::LinkedinUrl, self.profile.as_ref().map(text)),
            (Field::CompanyDomain, self.domain.as_ref().map(text)),
            (Field::CompanyName, named(&self.company)),
            (Field::Name, named(&self.name)),
            (Field::Title, named(&self.title)),
        ];
        texts.into_iter().filter_map(|(field, text)| Some((field, text?))).collect()
    }
}
