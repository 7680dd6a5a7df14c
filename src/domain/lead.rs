//! A lead: the fields that a caller submitted, as written.
//!
//! Nothing here is trimmed, folded or corrected: an answer echoes exactly these texts.
//! [`super::identity`] decides which person is meant.

use std::fmt;
use std::ops::{Index, IndexMut};

/// The maximum length of a field that can be configured, in characters.
pub const FIELD_CHARS_LIMIT: usize = 10_000;

/// One lead that conforms to the vendor's schema. Every field is optional, even all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lead(Fields);

impl Lead {
    /// The lead with these fields.
    ///
    /// # Errors
    /// Every fault of every field, in the order of the fields.
    pub fn new(fields: Fields) -> Result<Self, Vec<FieldFault>> {
        Self::within(fields, FIELD_CHARS_LIMIT)
    }

    /// The lead with these fields, each with at most this many characters.
    ///
    /// # Errors
    /// Every fault of every field, in the order of the fields.
    pub fn within(fields: Fields, chars_max: usize) -> Result<Self, Vec<FieldFault>> {
        let faults: Vec<_> =
            Field::ALL.into_iter().flat_map(|field| fields.faults(field, chars_max)).collect();
        if faults.is_empty() { Ok(Self(fields)) } else { Err(faults) }
    }

    /// The text of one field.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&str> {
        self.0[field].as_deref()
    }

    /// All fields.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.0
    }
}

/// The name of a field of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// An email address of the person.
    Email,
    /// The address of the person's LinkedIn profile.
    LinkedinUrl,
    /// The domain of the company where the person works.
    CompanyDomain,
    /// The name of the company where the person works.
    CompanyName,
    /// The person's name.
    Name,
    /// What the person does at the company.
    Title,
}

impl Field {
    /// Every field, in the order of the vendor's document.
    pub const ALL: [Self; 6] = [
        Self::Email,
        Self::LinkedinUrl,
        Self::CompanyDomain,
        Self::CompanyName,
        Self::Name,
        Self::Title,
    ];

    /// The field's name in bodies and queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::LinkedinUrl => "linkedin_url",
            Self::CompanyDomain => "company_domain",
            Self::CompanyName => "company_name",
            Self::Name => "name",
            Self::Title => "title",
        }
    }

    /// The field of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The texts of a lead by field, not yet validated.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Fields {
    email: Option<String>,
    linkedin_url: Option<String>,
    company_domain: Option<String>,
    company_name: Option<String>,
    name: Option<String>,
    title: Option<String>,
}

impl Fields {
    fn faults(&self, field: Field, chars_max: usize) -> impl Iterator<Item = FieldFault> + use<> {
        let text = self[field].as_deref();
        let is_long = |text: &str| text.len() > chars_max && text.chars().count() > chars_max;
        let too_long = text.is_some_and(is_long);
        let no_email = field == Field::Email && !text.is_none_or(is_email);
        let faults = [
            (too_long, FieldFault::TooLong { field, chars_max }),
            (no_email, FieldFault::NotAnEmail(field)),
        ];
        faults.into_iter().filter_map(|(holds, fault)| holds.then_some(fault))
    }
}

/// Whether the vendor's `format: email` may accept the text. Less strict than an identity, so that
/// no address that the vendor accepts is refused here.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@')
        .is_some_and(|(local, domain)| !local.trim().is_empty() && !domain.trim().is_empty())
}

impl Index<Field> for Fields {
    type Output = Option<String>;

    fn index(&self, field: Field) -> &Option<String> {
        match field {
            Field::Email => &self.email,
            Field::LinkedinUrl => &self.linkedin_url,
            Field::CompanyDomain => &self.company_domain,
            Field::CompanyName => &self.company_name,
            Field::Name => &self.name,
            Field::Title => &self.title,
        }
    }
}

impl IndexMut<Field> for Fields {
    fn index_mut(&mut self, field: Field) -> &mut Option<String> {
        match field {
            Field::Email => &mut self.email,
            Field::LinkedinUrl => &mut self.linkedin_url,
            Field::CompanyDomain => &mut self.company_domain,
            Field::CompanyName => &mut self.company_name,
            Field::Name => &mut self.name,
            Field::Title => &mut self.title,
        }
    }
}

impl FromIterator<(Field, String)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Field, String)>>(texts: I) -> Self {
        let mut fields = Self::default();
        for (field, text) in texts {
            fields[field] = Some(text);
        }
        fields
    }
}

impl fmt::Debug for Fields {
    /// Only which fields are present, never their text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = Field::ALL.into_iter().filter(|field| self[*field].is_some());
        f.debug_map().entries(present.map(|f| (f, format_args!("<redacted>")))).finish()
    }
}

/// Why a text is not valid for a field. Names the field, never the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    /// Longer than allowed.
    #[error("{field} is longer than {chars_max} characters")]
    TooLong {
        /// The field.
        field: Field,
        /// The maximum number of characters.
        chars_max: usize,
    },
    /// Lacks an `@`, or anything before or after it.
    #[error("{0} is not an email address")]
    NotAnEmail(Field),
}

impl FieldFault {
    /// The invalid field.
    #[must_use]
    pub const fn field(self) -> Field {
        match self {
            Self::TooLong { field, .. } | Self::NotAnEmail(field) => field,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(field: Field, text: &str) -> Result<Lead, Vec<FieldFault>> {
        Lead::new([(field, text.to_owned())].into_iter().collect())
    }

    #[test]
    fn a_lead_keeps_its_texts_exactly() {
        for text in ["", "  Ada\u{0}\n", "İß\u{301}", &"あ".repeat(FIELD_CHARS_LIMIT)] {
            for field in Field::ALL.into_iter().filter(|field| *field != Field::Email) {
                assert_eq!(lead(field, text).unwrap().field(field), Some(text));
            }
        }
        assert!(Lead::new(Fields::default()).is_ok(), "the vendor's schema requires no field");
    }

    #[test]
    fn every_field_has_its_own_name_and_value() {
        let named = |field: Field| (field, field.name().to_owned());
        let fields: Fields = Field::ALL.into_iter().map(named).collect();
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(field));
            assert_eq!(fields[field].as_deref(), Some(field.name()));
        }
        assert_eq!(Field::named("Email"), None);
    }

    #[test]
    fn an_email_needs_something_on_both_sides_of_an_at_sign() {
        for text in ["", "ada", "@", "@x.io", " @x.io", "ada@", "ada@ "] {
            assert_eq!(lead(Field::Email, text), Err(vec![FieldFault::NotAnEmail(Field::Email)]));
        }
        for text in ["ada@x.io", "ada@localhost", "\"a@b\"@x.io", " ADA@x.io "] {
            assert!(lead(Field::Email, text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn every_fault_is_reported() {
        let fields: Fields =
            [(Field::Title, "あ".repeat(8)), (Field::Email, "x".repeat(8))].into_iter().collect();
        assert!(Lead::within(fields.clone(), 8).unwrap_err().len() == 1, "eight are eight");
        let faults = Lead::within(fields, 7).unwrap_err();
        let too_long = |field| FieldFault::TooLong { field, chars_max: 7 };
        let expected =
            [too_long(Field::Email), FieldFault::NotAnEmail(Field::Email), too_long(Field::Title)];
        assert_eq!(faults, expected);
        assert_eq!(faults[2].to_string(), "title is longer than 7 characters");
    }

    #[test]
    fn debug_shows_no_text_of_a_lead() {
        let shown = format!("{:?}", lead(Field::Name, "Ada Lovelace").unwrap());
        assert_eq!(shown, "Lead({Name: <redacted>})");
    }
}
