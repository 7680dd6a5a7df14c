//! One person, split into sections of raw text, so that the vendor's bytes are returned unchanged.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::person::{Person, Phone, PhoneSource, Sections};
use crate::vendor::Unreadable;
use crate::vendor::bounds::{PERSON_BYTES_MAX, PHONES_MAX};

/// The documented members of a person, without the two that are charged.
const DOCUMENTED: [&str; 19] = [
    "id",
    "object",
    "linkedin_url",
    "name",
    "first_name",
    "last_name",
    "title",
    "headline",
    "about",
    "current_position_start_date",
    "current_position_description",
    "location",
    "image_url",
    "gender",
    "location_details",
    "experiences",
    "educations",
    "languages",
    "company",
];

#[derive(Deserialize)]
struct PhoneNumber {
    number: String,
    source: Option<String>,
}

/// The person in a whole answer.
pub(in crate::vendor) fn person(body: &[u8]) -> Result<Person, Unreadable> {
    cut(serde_json::from_slice(body)?).map_err(Unreadable::Person)
}

/// The person in a JSON object.
///
/// # Errors
/// The reason, without quoting a value.
pub(super) fn cut(object: &RawValue) -> Result<Person, &'static str> {
    if object.get().len() > PERSON_BYTES_MAX {
        return Err("the person is too large");
    }
    let Members(members) =
        serde_json::from_str(object.get()).map_err(|_| "the person is not an object")?;

    let mut id = None;
    let (mut linkedin_url, mut full_name) = (None, None);
    let (mut documented, mut undocumented) = (String::new(), String::new());
    let (mut email, mut phone_numbers) = (None, None);
    for (key, value) in members {
        let name: String =
            serde_json::from_str(key.get()).map_err(|_| "a member's name is not a string")?;
        match name.as_str() {
            "email" => email = Some(value),
            "phone_numbers" => phone_numbers = Some(value),
            name if DOCUMENTED.contains(&name) => append(&mut documented, key, value),
            _ => append(&mut undocumented, key, value),
        }
        match name.as_str() {
            "id" => id = Some(value),
            "linkedin_url" => linkedin_url = Some(value),
            "name" => full_name = Some(value),
            _ => {}
        }
    }

    Ok(Person {
        id: text(id, "the person's id is not a string")?.ok_or("the person has no id")?,
        linkedin_url: text(linkedin_url, "the person's linkedin_url is not a string")?,
        // Used only for comparison, so a value that is not a string is ignored.
        name: text(full_name, "").unwrap_or_default(),
        email: text(email, "the person's email is not a string")?,
        phones: phones(phone_numbers)?,
        sections: Sections {
            person: documented.into(),
            email: email.map(|value| value.get().into()),
            phone_numbers: phone_numbers.map(|value| value.get().into()),
            undocumented: undocumented.into(),
        },
    })
}

fn append(members: &mut String, key: &RawValue, value: &RawValue) {
    if !members.is_empty() {
        members.push(',');
    }
    members.push_str(key.get());
    members.push(':');
    members.push_str(value.get());
}

fn text(value: Option<&RawValue>, why_not: &'static str) -> Result<Option<String>, &'static str> {
    value.map_or(Ok(None), |value| serde_json::from_str(value.get()).map_err(|_| why_not))
}

/// An invalid number may have been charged, so it is not ignored.
fn phones(value: Option<&RawValue>) -> Result<Vec<Phone>, &'static str> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let numbers: Option<Vec<PhoneNumber>> = serde_json::from_str(value.get())
        .map_err(|_| "the person's phone_numbers are not a list of numbers")?;
    let numbers = numbers.unwrap_or_default();
    if numbers.len() > PHONES_MAX {
        return Err("the person has too many phone numbers");
    }
    Ok(numbers.into_iter().map(Phone::from).collect())
}

impl From<PhoneNumber> for Phone {
    fn from(PhoneNumber { number, source }: PhoneNumber) -> Self {
        let source = source.map(|source| match source.as_str() {
            "amplemarket" => PhoneSource::Amplemarket,
            "crm" => PhoneSource::Crm,
            "user_uploaded" => PhoneSource::UserUploaded,
            _ => PhoneSource::Undocumented,
        });
        Self { number, source }
    }
}

/// The members of a JSON object in their order, keys and values as raw text.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use serde_json::Value;

    use super::*;
    use crate::domain::person::Undocumented;
    use crate::domain::reveal::Reveals;

    fn cut_text(json: &str) -> Result<Person, &'static str> {
        cut(serde_json::from_str(json).unwrap())
    }

    /// A member's key as it is written, and its value likewise.
    type Member = (String, String);

    fn member() -> impl Strategy<Value = Member> {
        let undocumented =
            ["mood", "e-mail", "Email", "emails", "", "caf\\u00e9", "a\\\"b", "id ", "work_email"];
        let keys: Vec<&str> = DOCUMENTED.iter().copied().skip(3).chain(undocumented).collect();
        let value = select(vec![
            "null",
            "1.0",
            "1e5",
            "12345678901234567890",
            "[1, 2 ]",
            "{ \"email\" : \"x\",\n\"phone_numbers\":[] }",
            r#""caf\u00e9 \/ \"}{,:""#,
            "\"é\"",
        ]);
        (select(keys).prop_map(|key| format!("\"{key}\"")), value.prop_map(String::from))
    }

    /// A person's JSON with each member once, in any order and layout.
    fn person() -> impl Strategy<Value = (String, BTreeMap<String, String>)> {
        let contacts = subsequence(
            vec![
                ("\"em\\u0061il\"".to_owned(), "\"ada@x.io\"".to_owned()),
                ("\"phone_numbers\"".to_owned(), "[ {\"number\": \"+1\"} ]".to_owned()),
            ],
            0..=2,
        );
        (proptest::collection::vec(member(), 0..12), contacts, select(vec![",", " ,\n\t"]))
            .prop_flat_map(|(members, contacts, comma)| {
                let mut members: BTreeMap<_, _> = members.into_iter().chain(contacts).collect();
                members.insert("\"id\"".into(), "\"9f\"".into());
                let shuffled = Just(members.clone().into_iter().collect::<Vec<_>>()).prop_shuffle();
                (shuffled, Just(members), Just(comma))
            })
            .prop_map(|(shuffled, members, comma)| {
                let pairs: Vec<_> = shuffled.iter().map(|(k, v)| format!("{k} : {v}")).collect();
                (format!("{{ {} }}", pairs.join(comma)), members)
            })
    }

    /// Members by name, values as raw text.
    fn raw(json: &str) -> BTreeMap<String, Box<RawValue>> {
        serde_json::from_str(json).unwrap()
    }

    proptest! {
        #[test]
        fn splitting_and_joining_a_person_changes_nothing((json, _) in person()) {
            let joined =
                cut_text(&json).unwrap().sections.join(Reveals::ALL, Undocumented::Shown);
            let (before, after) = (raw(&json), raw(&joined));
            prop_assert_eq!(
                serde_json::from_str::<Value>(&joined).unwrap(),
                serde_json::from_str::<Value>(&json).unwrap()
            );
            prop_assert_eq!(before.len(), after.len());
            for (name, value) in &before {
                prop_assert_eq!(value.get(), after[name].get());
            }
        }

        #[test]
        fn keys_keep_their_spelling_and_members_their_order((json, members) in person()) {
            let Sections { person, undocumented, .. } = cut_text(&json).unwrap().sections;
            let place = |key: &str| json.find(&format!("{key} : "));
            for section in [person, undocumented] {
                let object = format!("{{{section}}}");
                let Members(kept) = serde_json::from_str(&object).unwrap();
                let keys: Vec<_> = kept.iter().map(|(key, _)| key.get()).collect();
                prop_assert!(keys.iter().all(|key| members.contains_key(*key)));
                prop_assert!(keys.is_sorted_by_key(|key| place(key)));
            }
        }

        #[test]
        fn hidden_contacts_and_undocumented_members_leave_no_trace((json, _) in person()) {
            let joined =
                cut_text(&json).unwrap().sections.join(Reveals::NONE, Undocumented::Hidden);
            for (name, value) in raw(&joined) {
                match name.as_str() {
                    "email" | "phone_numbers" => prop_assert_eq!(value.get(), "null"),
                    name => prop_assert!(DOCUMENTED.contains(&name), "{} is shown", name),
                }
            }
        }
    }

    #[test]
    fn the_members_that_decide_the_charge_are_read() {
        let person = cut_text(
            r#"{"id":"9f","object":"person","linkedin_url":"linkedin.com/in/ada","email":"ada@x.io",
                "phone_numbers":[{"number":"+1","source":"crm"},{"number":"+2","source":"moon"},
                {"number":"+3","id":7},{"number":"+4","source":"amplemarket"},
                {"number":"+5","source":"user_uploaded"}]}"#,
        )
        .unwrap();
        assert_eq!(person.id, "9f");
        assert_eq!(person.linkedin_url.as_deref(), Some("linkedin.com/in/ada"));
        assert_eq!(person.email.as_deref(), Some("ada@x.io"));
        let sources: Vec<_> = person.phones.iter().map(|phone| phone.source).collect();
        assert_eq!(
            sources,
            [
                Some(PhoneSource::Crm),
                Some(PhoneSource::Undocumented),
                None,
                Some(PhoneSource::Amplemarket),
                Some(PhoneSource::UserUploaded),
            ]
        );
    }

    #[test]
    fn a_contact_that_is_null_is_sent_and_empty() {
        let person = cut_text(r#"{"id":"9f","email":null,"phone_numbers":null}"#).unwrap();
        assert_eq!((&person.email, &*person.phones), (&None, &[][..]));
        assert_eq!(person.sections.email.as_deref(), Some("null"));
        assert_eq!(person.sections.phone_numbers.as_deref(), Some("null"));
    }

    #[test]
    fn a_contact_sent_twice_is_hidden_twice_and_the_last_one_counts() {
        let person = cut_text(r#"{"id":"9f","email":"a@x.io","em\u0061il":"b@x.io"}"#).unwrap();
        assert_eq!(person.email.as_deref(), Some("b@x.io"));
        let joined = person.sections.join(Reveals::NONE, Undocumented::Shown);
        assert_eq!(joined, r#"{"id":"9f","email":null}"#);
    }

    #[test]
    fn a_person_with_unknown_charges_is_refused() {
        for json in [
            "7",
            "[]",
            "{}",
            r#"{"id":null}"#,
            r#"{"id":7}"#,
            r#"{"id":"9f","email":7}"#,
            r#"{"id":"9f","linkedin_url":[]}"#,
            r#"{"id":"9f","phone_numbers":"+1"}"#,
            r#"{"id":"9f","phone_numbers":[{"source":"crm"}]}"#,
            r#"{"id":"9f","phone_numbers":[null]}"#,
        ] {
            assert!(cut_text(json).is_err(), "{json}");
        }
        let numbers = |count| vec![r#"{"number":"+1"}"#; count].join(",");
        let with = |count| format!(r#"{{"id":"9f","phone_numbers":[{}]}}"#, numbers(count));
        assert!(cut_text(&with(PHONES_MAX)).is_ok() && cut_text(&with(PHONES_MAX + 1)).is_err());
        let large = |bytes| format!(r#"{{"id":"9f","about":"{}"}}"#, "a".repeat(bytes));
        assert!(cut_text(&large(10)).is_ok() && cut_text(&large(PERSON_BYTES_MAX)).is_err());
    }
}
