//! A lead as it was submitted, and whom it names.

use serde_json::{Map, Value};

use super::handle::Handle;
use super::linkedin;

/// The properties of a lead, as the vendor spells them.
pub(super) const FIELDS: [&str; 6] =
    ["email", "linkedin_url", "company_domain", "company_name", "name", "title"];

/// What one lead said, untouched: the result echoes it. No `Debug`: it is personal.
#[derive(Clone, Default)]
pub(super) struct Lead(Map<String, Value>);

/// Which field of a lead names the person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    LinkedIn,
    Email,
    Name,
}

/// Whom a lead names, by which field, and how that field was written.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) handle: Handle,
    pub(super) by: Field,
    pub(super) spelled: String,
}

impl Lead {
    /// Expects strings under [`FIELDS`] and nothing else.
    pub(super) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// All six fields; null where the lead was silent.
    pub(super) fn echo(&self) -> Map<String, Value> {
        let field = |name: &str| self.0.get(name).cloned().unwrap_or(Value::Null);
        FIELDS.iter().map(|name| ((*name).to_owned(), field(name))).collect()
    }

    /// The strongest readable field decides.
    pub(super) fn named(&self) -> Option<Named> {
        let name_of = |by, handle: Option<Handle>, spelled: &str| {
            handle.map(|handle| Named { handle, by, spelled: spelled.to_owned() })
        };
        let linkedin = self.text("linkedin_url");
        let email = self.text("email");
        let name = self.text("name");
        name_of(Field::LinkedIn, linkedin::handle(linkedin), linkedin)
            .or_else(|| name_of(Field::Email, Handle::from_email(email), email))
            .or_else(|| {
                let handle = if self.has_company() { Handle::from_words(name) } else { None };
                name_of(Field::Name, handle, name)
            })
    }

    /// The strongest field that was given, readable or not.
    pub(super) fn label(&self) -> String {
        let given = ["linkedin_url", "email", "name"].map(|field| self.text(field));
        given.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    }

    fn has_company(&self) -> bool {
        ["company_domain", "company_name"].iter().any(|field| !self.text(field).trim().is_empty())
    }

    fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn handle(fields: &Value) -> Option<String> {
        let lead = Lead::new(fields.as_object().unwrap().clone());
        lead.named().map(|named| named.handle.as_str().to_owned())
    }

    #[test]
    fn every_spelling_of_a_person_leads_to_one_handle() {
        for lead in [
            json!({"linkedin_url": "https://uk.LinkedIn.com/in/Ada-Lovelace/en?trk=x"}),
            json!({"linkedin_url": "linkedin.com/mwlite/in/ada%2Dlovelace"}),
            json!({"linkedin_url": "https://www.linkedin.com/in/ACoAA-ada-lovelace"}),
            json!({"email": " ADA.Lovelace@Analytical.example "}),
            json!({"name": "Ada  LOVELACE", "company_domain": "analytical.example"}),
            json!({"name": "ada lovelace", "company_name": "Analytical"}),
        ] {
            assert_eq!(handle(&lead).as_deref(), Some("ada-lovelace"), "{lead}");
        }
    }

    #[test]
    fn the_strongest_readable_field_decides() {
        let linkedin = "https://linkedin.com/in/ada-lovelace";
        let both = json!({"linkedin_url": linkedin, "email": "grace.hopper@x.example"});
        assert_eq!(handle(&both).as_deref(), Some("ada-lovelace"));
        let unreadable =
            json!({"linkedin_url": "https://linkedin.com/company/x", "email": "grace@x.example"});
        assert_eq!(handle(&unreadable).as_deref(), Some("grace"));
    }

    #[test]
    fn a_name_without_a_company_or_a_title_names_nobody() {
        assert_eq!(handle(&json!({"name": "Ada Lovelace"})), None);
        assert_eq!(handle(&json!({"title": "CTO", "company_domain": "x.example"})), None);
        assert_eq!(handle(&json!({})), None);
    }
}
