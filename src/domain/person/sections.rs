//! One person's JSON, cut where what is paid for apart can be shown apart.

use std::fmt;

use crate::domain::reveal::Reveals;

/// A person's JSON object as the vendor sent it, in sections of raw text.
///
/// `person` and `undocumented` hold members, `"key":value` with commas between and no braces;
/// `email` and `phone_numbers` hold the value alone. Whoever cuts answers for the text being
/// JSON: joining only puts it together.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sections {
    /// The members that the vendor's document names, without the contacts.
    pub person: Box<str>,
    /// The value of `email`, where the vendor sent the member.
    pub email: Option<Box<str>>,
    /// The value of `phone_numbers`, where the vendor sent the member.
    pub phone_numbers: Option<Box<str>>,
    /// The members that the vendor's document does not name. What they hold nobody knows, contacts
    /// perhaps.
    pub undocumented: Box<str>,
}

/// Whether a reader may see what the vendor's document does not name: only one who asked for every
/// reveal that the job asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undocumented {
    /// Shown as the vendor sent it.
    Shown,
    /// Left out.
    Hidden,
}

impl Sections {
    /// How many bytes of text they hold.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let contacts = [&self.email, &self.phone_numbers].into_iter().flatten();
        [&self.person, &self.undocumented].into_iter().chain(contacts).map(|text| text.len()).sum()
    }

    /// The person's JSON object for a reader who may see so much. A contact that is hidden reads
    /// null; one the vendor did not send stays away.
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
    fn a_reader_sees_what_was_asked_and_null_for_the_rest() {
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
    fn a_contact_that_was_not_sent_stays_away() {
        let sections = Sections { email: None, phone_numbers: None, ..ada() };
        assert_eq!(sections.join(Reveals::ALL, Undocumented::Hidden), r#"{"id":"1","name":"Ada"}"#);
    }

    #[test]
    fn empty_sections_leave_no_comma_behind() {
        assert_eq!(Sections::default().join(Reveals::ALL, Undocumented::Shown), "{}");
        let contact = Sections { email: Some("1".into()), ..Sections::default() };
        assert_eq!(contact.join(Reveals::NONE, Undocumented::Shown), r#"{"email":null}"#);
    }
}
