use super::*;
use crate::domain::lead::{Fields, Lead};

use Field::{CompanyDomain, CompanyName, Email, LinkedinUrl, Name, Title};

fn lead(texts: &[(Field, &str)]) -> Lead {
    let fields: Fields = texts.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
    Lead::new(fields).unwrap()
}

fn read(texts: &[(Field, &str)]) -> Reading {
    Reading::of(&lead(texts))
}

fn is_verbatim(texts: &[(Field, &str)]) -> bool {
    matches!(read(texts).whole, Identity::Verbatim(_))
}

fn parts(reading: &Reading) -> Vec<Identity> {
    reading.parts.clone().each().collect()
}

const ALL: [(Field, &str); 6] = [
    (LinkedinUrl, "linkedin.com/in/ada"),
    (Email, "Ada@Acme.io"),
    (CompanyDomain, "https://www.acme.io/about"),
    (CompanyName, "Acme  Limited"),
    (Name, "Ada LOVELACE"),
    (Title, "Countess"),
];

#[test]
fn a_lead_with_one_identifying_field_is_known_by_it() {
    let profile = Identity::of_linkedin_url("https://uk.linkedin.com/in/Ada/de").unwrap();
    let email = Identity::of_email(" ada@ACME.io.").unwrap();
    for (texts, identity) in [(&ALL[..1], profile), (&ALL[1..2], email)] {
        let reading = read(texts);
        assert_eq!((&reading.whole, parts(&reading)), (&identity, vec![]));
        assert!(reading.is_only_parts);
        assert_eq!(reading.name, None);
    }
    let names = read(&ALL[2..]);
    assert!(parts(&names).is_empty() && names.is_only_parts);
    assert_eq!(names.name.as_ref().map(Canonical::as_str), Some("ada lovelace"));
}

#[test]
fn a_lead_with_several_is_known_by_all_of_them() {
    let all = read(&ALL);
    let expected = [read(&ALL[..1]).whole, read(&ALL[1..2]).whole, read(&ALL[2..]).whole];
    assert_eq!(parts(&all), expected);
    assert!(all.is_only_parts);
    for (n, (field, _)) in ALL.iter().enumerate() {
        let less: Vec<_> =
            ALL.iter().enumerate().filter(|(m, _)| *m != n).map(|(_, f)| *f).collect();
        assert_ne!(read(&less).whole, all.whole, "without {field}");
    }
    let respelled = read(&[
        (LinkedinUrl, "https://www.linkedin.com/in/https://www.linkedin.com/in/ADA"),
        (Email, "ada@acme.io "),
        (CompanyDomain, "acme.io"),
        (CompanyName, "ACME limited"),
        (Name, "ada  lovelace"),
        (Title, "COUNTESS"),
    ]);
    assert_eq!(respelled.whole, all.whole);
}

#[test]
fn other_fields_make_another_lead_but_are_not_a_key() {
    for (field, text) in [(Title, "CTO"), (Name, "Ada"), (CompanyName, "Acme")] {
        for n in [0, 1] {
            let reading = read(&[ALL[n], (field, text)]);
            assert_eq!(parts(&reading), [read(&ALL[n..=n]).whole]);
            assert_ne!(reading.whole, read(&ALL[n..=n]).whole);
            assert!(!reading.is_only_parts);
        }
    }
}

#[test]
fn a_value_that_identifies_no_one_makes_the_lead_verbatim() {
    for (field, text) in [
        (LinkedinUrl, "https://linkedin.com.evil.io/in/ada"),
        (LinkedinUrl, "linkedin.com/company/acme"),
        (LinkedinUrl, "https://www.linkedin.com:443/in/ada"),
        (LinkedinUrl, "https://ada@www.linkedin.com/in/ada"),
        (LinkedinUrl, "linkedin.com/in/unknown"),
        (LinkedinUrl, "ada"),
        (Email, "ada@acme"),
        (Email, "a@acme.io; b@acme.io"),
        (Email, "test@test.com"),
        (CompanyDomain, "gmail.com"),
        (CompanyDomain, "lnkd.in/abc"),
        (CompanyDomain, "acme"),
        (CompanyName, "Self-employed"),
        (CompanyName, "?"),
        (Name, "LinkedIn Member"),
        (Name, "-"),
    ] {
        let mut texts = ALL.to_vec();
        texts.retain(|(other, _)| *other != field);
        texts.push((field, text));
        let reading = read(&texts);
        assert!(matches!(reading.whole, Identity::Verbatim(_)), "{field} {text:?}");
        assert_eq!(parts(&reading), []);
        let sent = &reading.sent;
        assert!(texts.iter().all(|(field, text)| sent[*field].as_deref() == Some(*text)));
        // Every letter of each field counts.
        for n in 0..texts.len() {
            let mut other = texts.clone();
            let changed = format!("{}x", other[n].1);
            other[n].1 = &changed;
            assert_ne!(read(&other).whole, reading.whole, "{field} {text:?} {n}");
        }
    }
}

#[test]
fn a_lead_without_an_identifying_field_is_verbatim() {
    assert!(is_verbatim(&[]) && is_verbatim(&[(Name, "Ada")]) && is_verbatim(&[(Title, "CTO")]));
    assert!(is_verbatim(&[(CompanyDomain, "acme.io"), (Title, "CTO")]));
    assert_eq!(read(&[(Name, "Ada")]).whole, read(&[(Name, " ADA ")]).whole);
    assert_ne!(read(&[(Name, "Ada")]).whole, read(&[(CompanyName, "Ada")]).whole);
    assert_ne!(read(&[(Name, "Ada")]).whole, read(&[(Name, "Ida")]).whole);
    // Differences that a reader can see are not folded: the Kelvin sign, an id's case.
    assert_ne!(read(&[(Name, "\u{212a}ate")]).whole, read(&[(Name, "Kate")]).whole);
    let ids = ["b", "B"].map(|end| format!("https://linkedin.com:443/in/ACoAAA{end}"));
    let [one, other] = ids.each_ref().map(|url| read(&[(LinkedinUrl, url)]).whole);
    assert_ne!(one, other);
}

#[test]
fn a_blank_field_counts_as_omitted() {
    for blank in ["", " \t", "\u{200b}"] {
        let reading = read(&[ALL[0], (Name, blank), (CompanyName, blank)]);
        assert_eq!(reading, read(&ALL[..1]));
    }
    assert_eq!(read(&[(Name, "")]), read(&[]));
}

#[test]
fn a_role_mailbox_is_known_with_all_other_fields() {
    let info = (Email, "info@acme.io");
    let alone = read(&[info]);
    assert!(!is_verbatim(&[info]) && parts(&alone).is_empty() && !alone.is_only_parts);
    assert_eq!(Identity::of_email("info@acme.io"), None);
    assert_eq!(Identity::of_address("INFO@acme.io"), Some(alone.whole.clone()));
    let [ada, bob] = ["Ada", "Bob"].map(|name| read(&[info, (Name, name)]));
    assert_ne!(ada.whole, bob.whole);
    assert_ne!(ada.whole, alone.whole);
    assert_eq!(ada.whole, read(&[(Email, " INFO@Acme.io"), (Name, "ADA")]).whole);
    assert!(is_verbatim(&[info, (Name, "Unknown")]));
    let with_profile = read(&[ALL[0], info]);
    assert_eq!(parts(&with_profile), [read(&ALL[..1]).whole]);
    assert!(!with_profile.is_only_parts);
}

#[test]
fn a_name_is_known_with_its_title_and_company() {
    let google = [(Name, "Ada Lovelace"), (CompanyName, "Google")];
    let titled = |title| read(&[google[0], google[1], (Title, title)]).whole;
    assert_ne!(titled("CTO"), titled("Sales"));
    assert_ne!(titled("CTO"), read(&google).whole);
    assert_eq!(titled("CTO"), titled(" cto"));
    assert_eq!(titled("-"), titled("- "));
    let by_domain = read(&[google[0], (CompanyDomain, "google.com")]).whole;
    assert_ne!(by_domain, read(&google).whole);
}

#[test]
fn the_canonical_form_is_sent_with_the_case_of_names() {
    let sent = read(&ALL).sent;
    assert_eq!(sent[LinkedinUrl].as_deref(), Some("https://www.linkedin.com/in/ada"));
    assert_eq!(sent[Email].as_deref(), Some("ada@acme.io"));
    assert_eq!(sent[CompanyDomain].as_deref(), Some("acme.io"));
    assert_eq!(sent[CompanyName].as_deref(), Some("Acme Limited"));
    assert_eq!(sent[Name].as_deref(), Some("Ada LOVELACE"));
    assert_eq!(sent[Title].as_deref(), Some("Countess"));
    let encoded = read(&[(LinkedinUrl, "linkedin.com/in/%70%32%30")]).sent;
    assert_eq!(encoded[LinkedinUrl].as_deref(), Some("https://www.linkedin.com/in/p20"));
    let kelvin = read(&[(Email, "\u{212a}ate@acme.io")]).sent;
    assert_eq!(kelvin[Email].as_deref(), Some("kate@acme.io"));
    let umlaut = read(&[(LinkedinUrl, "https://www.linkedin.com/in/J%C3%BCrgen")]).sent;
    assert_eq!(umlaut[LinkedinUrl].as_deref(), Some("https://www.linkedin.com/in/jürgen"));
}

#[test]
fn names_agree_in_a_word_or_an_initial() {
    let keyer = keys::Keyer::new([7; 32]);
    let agree = |one, other| keyer.name_marks(one).agree(&keyer.name_marks(other));
    for (one, other) in [
        ("Ada Lovelace", "LOVELACE, Ada"),
        ("Ada Lovelace", "A. Lovelace"),
        ("Ada Lovelace", "Ada L."),
        ("A.", "Ada Lovelace"),
        ("José García", "Jose Garcia Lopez"),
        ("Dr. Ada Lovelace", "Ada"),
        ("Ada Byron", "Ada Lovelace"),
    ] {
        assert!(agree(one, other) && agree(other, one), "{one} {other}");
    }
    for (one, other) in [
        ("Ada Lovelace", "Grace Hopper"),
        ("Jane Doe", "John Smith"),
        ("Ada de Lima", "Bob de Souza"),
        ("Dr. Ada", "Dr. Bob"),
        ("B.", "Ada Lovelace"),
        ("Ada", ""),
    ] {
        assert!(!agree(one, other) && !agree(other, one), "{one} {other}");
    }
}

#[test]
fn debug_shows_the_fields_and_no_person() {
    let shown = format!("{:?} {:?}", read(&ALL), read(&ALL[3..4]));
    assert!(shown.contains("Fields [Email, LinkedinUrl"), "{shown}");
    for secret in ["ada", "Ada", "acme", "Countess"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
