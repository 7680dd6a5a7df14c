//! One person's JSON, split so that separately charged parts can be returned separately.

use std::fmt;

use crate::domain::reveal::Reveals;

/// A person's JSON object as the vendor sent it, in sections of raw text.
///
/// `person` and `undocumented` hold members, `"key":value` with commas between and no braces;
/// `email` and `phone_numbers` hold only the value. The code that splits it guarantees valid JSON;
/// joining only concatenates.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sections {
    /// The documented members, without the contacts.
    pub person: Box<str>,
    /// The value of `email`, if the vendor sent the member.
    pub email: Option<Box<str>>,
    /// The value of `phone_numbers`, if the vendor sent the member.
    pub phone_numbers: Option<Box<str>>,
    /// The undocumented members. They may contain contacts.
    pub undocumented: Box<str>,
}

/// Whether a reader may see undocumented members: only if it requested every reveal that the job
/// requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undocumented {
    /// Returned as the vendor sent it.
    Shown,
    /// Left out.
    Hidden,
}

impl Sections {
    /// Their size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let contacts = [&self.email, &self.phone_numbers].into_iter().flatten();
        [&self.person, &self.undocumented].into_iter().chain(contacts).map(|text| text.len()).sum()
    }

    /// The person's JSON object for a reader with these reveals. A hidden contact reads null; a
    /// contact that the vendor did not send is omitted.
    #[must_use]
    pub fn join(&self, visible: Reveals, undocumented: Undocumented) -> String {
        let email = contact(self.email.as_deref(), visible.email);
        let phone_numbers = contact(self.phone_numbers.as_deref(), visible.phone);
        let undocumented = match undocumented {
            Undocumented::Shown => &*self.undocumented,
            Undocumented::Hidden => "",
        };
        let members = [
            ("", Some(&*self.person).filter(|members| !members.is_empty())),
            ("\"email\":", email),
            ("\"phone_numbers\":", phone_numbers),
            ("", Some(undocumented).filter(|members| !members.is_empty())),
        ];

        let mut json = String::from("{");
        for (key, text) in members.into_iter().filter_map(|(key, text)| Some((key, text?))) {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(key);
            json.push_str(text);
        }
        json.push('}');
        json
    }
}

fn contact(sent: Option<&str>, is_visible: bool) -> Option<&str> {
    sent.map(|value| if is_visible { value } else { "null" })
}

impl fmt::Debug for Sections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sections(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Sections {
        Sections {
            person: r#""id":"1","name":"Ada""#.into(),
            email: Some(r#""ada@x.io""#.into()),
            phone_numbers: Some("[ ]".into()),
            undocumented: r#""mood":"bright""#.into(),
        }
    }

    #[test]
    fn a_reader_sees_requested_contacts_and_null_for_the_rest() {
        let (email, phone) =
            (Reveals { email: true, phone: false }, Reveals { email: false, phone: true });
        for (visible, undocumented, json) in [
            (
                Reveals::ALL,
                Undocumented::Shown,
                r#"{"id":"1","name":"Ada","email":"ada@x.io","phone_numbers":[ ],"mood":"bright"}"#,
            ),
            (
                email,
                Undocumented::Hidden,
                r#"{"id":"1","name":"Ada","email":"ada@x.io","phone_numbers":null}"#,
            ),
            (
                phone,
                Undocumented::Hidden,
                r#"{"id":"1","name":"Ada","email":null,"phone_numbers":[ ]}"#,
            ),
            (
                Reveals::NONE,
                Undocumented::Shown,
                r#"{"id":"1","name":"Ada","email":null,"phone_numbers":null,"mood":"bright"}"#,
            ),
        ] {
            assert_eq!(ada().join(visible, undocumented), json);
        }
    }

    #[test]
    fn a_contact_that_was_not_sent_is_omitted() {
        let sections = Sections { email: None, phone_numbers: None, ..ada() };
        assert_eq!(sections.join(Reveals::ALL, Undocumented::Hidden), r#"{"id":"1","name":"Ada"}"#);
    }

    #[test]
    fn empty_sections_leave_no_comma() {
        assert_eq!(Sections::default().join(Reveals::ALL, Undocumented::Shown), "{}");
        let contact = Sections { email: Some("1".into()), ..Sections::default() };
        assert_eq!(contact.join(Reveals::NONE, Undocumented::Shown), r#"{"email":null}"#);
    }
}
