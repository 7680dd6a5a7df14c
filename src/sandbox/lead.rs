//! A submitted lead, and the person it identifies.

use serde_json::{Map, Value};

use super::handle::Handle;
use super::linkedin;

/// The properties of a lead in the vendor's spelling.
pub(super) const FIELDS: [&str; 6] =
    ["email", "linkedin_url", "company_domain", "company_name", "name", "title"];

/// The fields of one lead, unchanged, because the result echoes them. No `Debug`: it is personal
/// data.
#[derive(Clone, Default)]
pub(super) struct Lead {
    fields: Map<String, Value>,
    pub(super) read_by: ReadBy,
}

/// The rule by which the vendor identifies a lead's person. Its real rule is not published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadBy {
    /// The strongest valid field: LinkedIn, then email, then name with company.
    #[default]
    Strongest,
    /// The email if there is one, otherwise as [`ReadBy::Strongest`].
    EmailFirst,
    /// As [`ReadBy::Strongest`], also if the LinkedIn address has a port or userinfo.
    Lenient,
    /// All fields together: leads that differ in any field are different persons.
    EveryField,
}

/// The field of a lead that identifies the person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    LinkedIn,
    Email,
    Name,
}

/// The person that a lead identifies, the identifying field, and its spelling.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) handle: Handle,
    pub(super) by: Field,
    pub(super) spelled: String,
}

impl Lead {
    /// Requires strings under [`FIELDS`] and nothing else.
    pub(super) fn new(fields: Map<String, Value>) -> Self {
        Self { fields, read_by: ReadBy::default() }
    }

    /// All six fields; null for omitted ones.
    pub(super) fn echo(&self) -> Map<String, Value> {
        let field = |name: &str| self.fields.get(name).cloned().unwrap_or(Value::Null);
        FIELDS.iter().map(|name| ((*name).to_owned(), field(name))).collect()
    }

    /// The person that the lead identifies.
    pub(super) fn named(&self) -> Option<Named> {
        match self.read_by {
            ReadBy::Strongest => self.named_by_strongest(self.text("linkedin_url")),
            ReadBy::Lenient => {
                self.named_by_strongest(&linkedin::without_port(self.text("linkedin_url")))
            }
            ReadBy::EmailFirst => {
                let email = self.text("email");
                let named = Handle::from_email(email).map(|handle| Named {
                    handle,
                    by: Field::Email,
                    spelled: email.to_owned(),
                });
                named.or_else(|| self.named_by_strongest(self.text("linkedin_url")))
            }
            ReadBy::EveryField => self.named_by_all(),
        }
    }

    /// A person with the lead's name. Another field makes another person; case and spaces do not
    /// matter.
    fn named_by_all(&self) -> Option<Named> {
        let folded = |name: &str| {
            let words: Vec<_> = self.text(name).split_whitespace().map(str::to_lowercase).collect();
            words.join(" ")
        };
        let fields = FIELDS.map(folded);
        if fields.iter().all(String::is_empty) {
            return None;
        }
        let spelled = fields.join("\n");
        let digest = hex::encode(&blake3::hash(spelled.as_bytes()).as_bytes()[..8]);
        let handle = Handle::from_words(&format!("{} x{digest}", self.text("name")))?;
        Some(Named { handle, by: Field::Name, spelled })
    }

    /// By the strongest valid field.
    fn named_by_strongest(&self, linkedin: &str) -> Option<Named> {
        let name_of = |by, handle: Option<Handle>, spelled: &str| {
            handle.map(|handle| Named { handle, by, spelled: spelled.to_owned() })
        };
        let email = self.text("email");
        let name = self.text("name");
        name_of(Field::LinkedIn, linkedin::handle(linkedin), linkedin)
            .or_else(|| name_of(Field::Email, Handle::from_email(email), email))
            .or_else(|| {
                let handle = if self.has_company() { Handle::from_words(name) } else { None };
                name_of(Field::Name, handle, name)
            })
    }

    /// The strongest given field, valid or not.
    pub(super) fn label(&self) -> String {
        let given = ["linkedin_url", "email", "name"].map(|field| self.text(field));
        given.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    }

    fn has_company(&self) -> bool {
        ["company_domain", "company_name"].iter().any(|field| !self.text(field).trim().is_empty())
    }

    fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
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
    fn every_spelling_of_a_person_has_the_same_handle() {
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
    fn the_strongest_valid_field_identifies() {
        let linkedin = "https://linkedin.com/in/ada-lovelace";
        let both = json!({"linkedin_url": linkedin, "email": "grace.hopper@x.example"});
        assert_eq!(handle(&both).as_deref(), Some("ada-lovelace"));
        let unreadable =
            json!({"linkedin_url": "https://linkedin.com/company/x", "email": "grace@x.example"});
        assert_eq!(handle(&unreadable).as_deref(), Some("grace"));
    }

    #[test]
    fn a_name_without_a_company_or_a_title_identifies_no_one() {
        assert_eq!(handle(&json!({"name": "Ada Lovelace"})), None);
        assert_eq!(handle(&json!({"title": "CTO", "company_domain": "x.example"})), None);
        assert_eq!(handle(&json!({})), None);
    }

    fn read_by(rule: ReadBy, fields: &Value) -> Option<String> {
        let mut lead = Lead::new(fields.as_object().unwrap().clone());
        lead.read_by = rule;
        lead.named().map(|named| named.handle.as_str().to_owned())
    }

    #[test]
    fn a_lead_is_identified_by_the_configured_rule() {
        let linkedin = "https://linkedin.com/in/ada-lovelace";
        let both = json!({"linkedin_url": linkedin, "email": "grace.hopper@x.example"});
        assert_eq!(read_by(ReadBy::EmailFirst, &both).as_deref(), Some("grace-hopper"));
        let odd =
            json!({"linkedin_url": "https://x@linkedin.com:443/in/ada", "email": "grace@x.io"});
        assert_eq!(read_by(ReadBy::Lenient, &odd).as_deref(), Some("ada"));
        assert_eq!(read_by(ReadBy::Strongest, &odd).as_deref(), Some("grace"));
        let titled = json!({"linkedin_url": linkedin, "title": "CTO"});
        let untitled = json!({"linkedin_url": linkedin});
        let by_all = |lead: &Value| read_by(ReadBy::EveryField, lead);
        assert_ne!(by_all(&titled), by_all(&untitled));
        assert_eq!(by_all(&titled), by_all(&json!({"linkedin_url": linkedin, "title": " cto "})));
        assert_eq!(by_all(&json!({})), None);
    }
}
