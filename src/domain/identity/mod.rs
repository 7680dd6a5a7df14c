//! Identity: when two leads are the same person.
//!
//! A wrong merge gives one person's data to a caller who asked for another; a missed merge costs
//! half a credit. Ambiguous text, and text that does not identify one person, is therefore not an
//! identity here. Nothing is guessed, and canonical texts are only compared for equality.
//!
//! This module decides what a lead *says*, and in which form it is sent. The vendor's answers show
//! which person it is; the ledger records them.

mod address;
mod canonical;
mod email;
mod fold;
mod host;
pub mod keys;
mod linkedin;
mod lists;
mod mailbox;
mod name;
#[cfg(test)]
mod properties;
mod reading;
mod shared_hosts;
mod slug;
#[cfg(test)]
mod tests;
mod wrapper;

pub use canonical::Canonical;
pub use reading::{Parts, Reading};

use super::lead::Field;
use linkedin::profile_at;

/// The identity of a lead: two leads with equal identities are the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The fields of a lead in canonical form: equal if each field is.
    Fields(Box<Forms>),
    /// The fields as written, if one of them does not identify one person, or none does.
    Verbatim(Box<Forms>),
}

/// A text for each field of a lead, in the order of [`Field::ALL`]; `None` for omitted fields.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Forms([Option<Canonical>; 6]);

impl Forms {
    fn of(forms: impl IntoIterator<Item = (Field, Canonical)>) -> Self {
        let mut all = Self::default();
        for (field, form) in forms {
            *all.form_mut(field) = Some(form);
        }
        all
    }

    /// The texts, in the order of the fields.
    pub(super) fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|form| form.as_ref().map(Canonical::as_str))
    }

    fn form_mut(&mut self, field: Field) -> &mut Option<Canonical> {
        let mut forms = Field::ALL.into_iter().zip(&mut self.0);
        forms.find(|(name, _)| *name == field).expect("every field has a place").1
    }

    /// The fields that are given.
    fn fields(&self) -> impl Iterator<Item = Field> {
        Field::ALL
            .into_iter()
            .zip(&self.0)
            .filter(|(_, form)| form.is_some())
            .map(|(field, _)| field)
    }
}

impl Identity {
    /// The person that a LinkedIn address identifies; `None` for companies, schools and ambiguous
    /// addresses.
    #[must_use]
    pub fn of_linkedin_url(url: &str) -> Option<Self> {
        Some(Self::of_field(Field::LinkedinUrl, profile_at(url)?.url()))
    }

    /// An email address of a person or a role.
    #[must_use]
    pub fn of_address(address: &str) -> Option<Self> {
        email::canonical(address).map(|address| Self::of_field(Field::Email, address))
    }

    /// The person that an email address identifies; `None` for role mailboxes and placeholders.
    #[must_use]
    pub fn of_email(address: &str) -> Option<Self> {
        match mailbox::read(address)? {
            mailbox::Mailbox::Person(address) => Some(Self::of_field(Field::Email, address)),
            mailbox::Mailbox::Role(_) | mailbox::Mailbox::Placeholder => None,
        }
    }

    fn of_field(field: Field, form: Canonical) -> Self {
        Self::Fields(Box::new(Forms::of([(field, form)])))
    }
}

/// The canonical form of an address field, as it is sent.
#[must_use]
pub fn canonical_address(address: &str) -> Option<String> {
    email::canonical(address).map(|address| address.as_str().to_owned())
}

/// Whether two LinkedIn addresses certainly belong to two persons.
#[must_use]
pub fn are_two_profiles(one: &str, other: &str) -> bool {
    let both = profile_at(one).zip(profile_at(other));
    both.is_some_and(|(one, other)| one.contradicts(&other))
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, forms) = match self {
            Self::Fields(forms) => ("Fields", forms),
            Self::Verbatim(forms) => ("Verbatim", forms),
        };
        write!(f, "{kind} ")?;
        f.debug_list().entries(forms.fields()).finish()
    }
}
