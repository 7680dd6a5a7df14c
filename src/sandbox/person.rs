//! The invented people: the person of a handle, the same at every start.

use serde_json::{Map, Value, json};

use super::company::Company;
use super::handle::Handle;
use super::lead::Named;
use super::submission::Reveals;

/// The result of one lead.
pub(super) enum Found {
    Person(Box<Person>),
    Nobody,
    Removed,
}

/// A person with contacts; the reveals determine which are returned.
pub(super) struct Person {
    pub(super) id: String,
    handle: Handle,
    company: Company,
    email: Option<String>,
    phones: Vec<Phone>,
}

struct Phone {
    id: String,
    number: String,
    kind: &'static str,
    source: Option<&'static str>,
}

/// The result of a lead. Handles without a marker word are always found.
pub(super) fn find(named: Option<&Named>) -> Found {
    match named.map(|named| &named.handle) {
        None => Found::Nobody,
        Some(handle) if handle.says("nobody") => Found::Nobody,
        Some(handle) if handle.says("removed") => Found::Removed,
        Some(handle) => Found::Person(Box::new(Person::invent(handle))),
    }
}

impl Person {
    fn invent(handle: &Handle) -> Self {
        let company = Company::of(handle);
        let email = has_email(handle).then(|| {
            format!("{}@{}", handle.words().collect::<Vec<_>>().join("."), company.domain())
        });
        let phones = sources(handle)
            .into_iter()
            .enumerate()
            .map(|(nth, source)| Phone::invent(handle, nth, source))
            .collect();
        Self { id: handle.uuid("person"), handle: handle.clone(), company, email, phones }
    }

    /// Whether an email would be revealed.
    pub(super) fn has_email(&self) -> bool {
        self.email.is_some()
    }

    /// Whether a charged phone number would be revealed; the customer's own are free.
    pub(super) fn has_priced_phone(&self) -> bool {
        self.phones.iter().any(|phone| matches!(phone.source, None | Some("amplemarket")))
    }

    /// The vendor's person object, with one undocumented field.
    pub(super) fn shown(&self, reveals: Reveals) -> Value {
        let (first, last) = self.names();
        let title = ["Head of Sales", "Data Engineer", "Account Executive", "Chief Technologist"]
            [pick(&self.handle, "title", 4)];
        let since = format!("20{}-0{}-01", 10 + self.draw("since", 14), 1 + self.draw("month", 9));
        let company = self.company.summary();
        let phones: Vec<Value> = self.phones.iter().map(Phone::shown).collect();
        json!({
            "id": self.id,
            "object": "person",
            "linkedin_url": self.linkedin_url(),
            "name": format!("{first} {last}").trim_end(),
            "first_name": first,
            "last_name": last,
            "email": if reveals.email { self.email.as_deref() } else { None },
            "phone_numbers": reveals.phone.then_some(phones),
            "title": title,
            "headline": format!("{title} at {}", company.name),
            "about": null,
            "current_position_start_date": since,
            "current_position_description": format!("{title}, invented by the sandbox."),
            "location": company.location,
            "location_details": company.location_details,
            "image_url": format!("https://images.example/{}.png", self.id),
            "gender": "unknown",
            "experiences": [{
                "object": "experience",
                "title": title,
                "company_name": company.name,
                "company_linkedin_url": company.linkedin_url,
                "description": null,
                "start_date": since,
                "end_date": null,
            }],
            "educations": [{
                "object": "education",
                "degree": "Bachelor's",
                "field_of_study": "Mathematics",
                "school_name": "University of Examples",
                "school_linkedin_url": null,
                "start_date": "2002-09-01",
                "end_date": null,
            }],
            "languages": [{
                "object": "language",
                "language": "English",
                "iso_code": "en",
                "proficiency": null,
            }],
            "company": self.company.shown(),
            "x_score": self.draw("score", 100),
        })
    }

    fn linkedin_url(&self) -> String {
        let slug: String = self.handle.words().map(percent_encoded).collect::<Vec<_>>().join("-");
        format!("https://www.linkedin.com/in/{slug}")
    }

    /// First and last name: the words of the handle without digits.
    fn names(&self) -> (String, String) {
        let mut words = self.handle.words().filter(|word| !word.contains(char::is_numeric));
        let first = words.next().map_or_else(|| "Unnamed".to_owned(), capitalised);
        (first, words.map(capitalised).collect::<Vec<_>>().join(" "))
    }

    fn draw(&self, about: &str, sides: usize) -> usize {
        pick(&self.handle, about, sides)
    }
}

impl Phone {
    fn invent(handle: &Handle, nth: usize, source: Option<&'static str>) -> Self {
        let about = format!("phone {nth}");
        let digits = handle.hash(&about) % 10_000_000;
        Self {
            id: handle.uuid(&about),
            number: format!("+1555{digits:07}"),
            kind: ["mobile", "office", "direct", "landline"][pick(handle, &about, 4)],
            source,
        }
    }

    fn shown(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("object".to_owned(), json!("phone_number"));
        shown.insert("id".to_owned(), json!(self.id));
        shown.insert("number".to_owned(), json!(self.number));
        shown.insert("type".to_owned(), json!(self.kind));
        if let Some(source) = self.source {
            shown.insert("source".to_owned(), json!(source));
        }
        Value::Object(shown)
    }
}

fn has_email(handle: &Handle) -> bool {
    !handle.says("mailless") && (handle.says("reachable") || pick(handle, "email", 8) != 0)
}

/// One source for each phone number; marker words take precedence over chance.
fn sources(handle: &Handle) -> Vec<Option<&'static str>> {
    let markers = [
        ("phoneless", vec![]),
        ("crmphone", vec![Some("crm")]),
        ("manyphones", vec![Some("amplemarket"); 3]),
        ("reachable", vec![Some("amplemarket")]),
    ];
    if let Some((_, sources)) = markers.into_iter().find(|(word, _)| handle.says(word)) {
        return sources;
    }
    match pick(handle, "sources", 16) {
        0..4 => vec![],
        4 => vec![Some("crm")],
        5 => vec![Some("user_uploaded")],
        6 => vec![Some("crm"), Some("amplemarket")],
        7 => vec![None],
        _ => vec![Some("amplemarket")],
    }
}

fn pick(handle: &Handle, about: &str, sides: usize) -> usize {
    let sides = u64::try_from(sides).expect("few sides");
    usize::try_from(handle.hash(about) % sides).expect("fewer than its sides")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn percent_encoded(word: &str) -> String {
    percent_encoding::utf8_percent_encode(word, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(words: &str) -> Person {
        Person::invent(&Handle::from_words(words).unwrap())
    }

    fn sources(words: &str) -> Vec<Option<&'static str>> {
        person(words).phones.iter().map(|phone| phone.source).collect()
    }

    #[test]
    fn a_person_is_the_same_at_every_start() {
        let ada = person("ada-lovelace").shown(Reveals { email: true, phone: true });
        assert_eq!(ada["id"], "16e4bded-1aa4-41c4-8a09-f595a66d65f6");
        assert_eq!(ada["name"], "Ada Lovelace");
        assert_eq!(ada["linkedin_url"], "https://www.linkedin.com/in/ada-lovelace");
    }

    #[test]
    fn a_person_is_found_again_by_the_returned_email_and_address() {
        for words in ["ada-lovelace-reachable", "jürgen-reachable", "hanz-meyer-00b31429-reachable"]
        {
            let shown = person(words).shown(Reveals { email: true, phone: false });
            let by_email = Handle::from_email(shown["email"].as_str().unwrap()).unwrap();
            let address = shown["linkedin_url"].as_str().unwrap();
            let by_address = super::super::linkedin::handle(address).unwrap();
            assert_eq!([by_email.as_str(), by_address.as_str()], [words, words]);
        }
    }

    #[test]
    fn unrevealed_contacts_are_not_returned() {
        let shown = person("ada-reachable").shown(Reveals::default());
        assert_eq!([&shown["email"], &shown["phone_numbers"]], [&Value::Null, &Value::Null]);
        let phoneless = person("ada-phoneless").shown(Reveals { email: false, phone: true });
        assert_eq!(phoneless["phone_numbers"], json!([]));
    }

    #[test]
    fn marker_words_determine_the_contacts() {
        assert!(!person("ada-mailless").has_email());
        assert!(person("ada-reachable").has_email());
        assert_eq!(sources("ada-phoneless"), []);
        assert_eq!(sources("ada-crmphone"), [Some("crm")]);
        assert_eq!(sources("ada-manyphones"), [Some("amplemarket"); 3]);
        assert_eq!(sources("ada-reachable"), [Some("amplemarket")]);
    }

    #[test]
    fn only_the_vendors_own_numbers_and_those_without_source_are_charged() {
        let mut ada = person("ada-crmphone");
        assert!(!ada.has_priced_phone());
        ada.phones[0].source = Some("user_uploaded");
        assert!(!ada.has_priced_phone());
        ada.phones[0].source = None;
        assert!(ada.has_priced_phone());
        assert!(person("ada-reachable").has_priced_phone());
    }

    #[test]
    fn one_in_eight_has_no_email_and_one_in_four_no_phone() {
        let people: Vec<Person> = (0..4_000).map(|nth| person(&format!("person-{nth}"))).collect();
        let mailless = people.iter().filter(|person| !person.has_email()).count();
        let phoneless = people.iter().filter(|person| person.phones.is_empty()).count();
        assert!((400..600).contains(&mailless), "{mailless}");
        assert!((850..1_150).contains(&phoneless), "{phoneless}");
    }
}
