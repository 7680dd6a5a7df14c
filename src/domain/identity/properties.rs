//! Properties of all texts: spellings of one person are equal, those of two persons never are.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

use super::canonical::lower_case;
use super::linkedin::{self, Profile};
use super::{Identity, Reading, email, fold, host, lists, mailbox, name};
use crate::domain::lead::{Field, Fields, Lead};

fn slugs() -> impl Strategy<Value = String> {
    let international = select(vec!["jürgen", "山田太郎", "łukasz-ö", "o'connor", "ada🚀"]);
    prop_oneof![3 => "[b-l][a-z0-9-]{2,20}q7[a-z]{1,8}", 1 => international.prop_map(str::to_owned)]
}

/// Common forms of the address of one profile.
fn addresses(slug: String) -> impl Strategy<Value = String> {
    let spelt = spellings(slug);
    let before = select(vec!["", " ", "\n\t", "\u{a0}"]);
    let scheme = select(vec!["", "//", "http://", "https://", "HTTPS://"]);
    let host = select(vec!["linkedin.com", "www.linkedin.com", "UK.LinkedIn.com", "linkedin.com."]);
    let section = select(vec!["/in/", "/IN/", "/m/in/", "/mwlite/in/"]);
    let tails =
        vec!["", "/", "/pt", "/de/", "?trk=x", "#top", "/overlay/photo/", "/?u=//x.io/in/b"];
    (before, scheme, host, section, spelt, select(tails)).prop_map(
        |(before, scheme, host, section, spelt, tail)| {
            format!("{before}{scheme}{host}{section}{spelt}{tail}{before}")
        },
    )
}

/// Each character as it is, in upper case, or percent-encoded.
fn spellings(slug: String) -> impl Strategy<Value = String> {
    let count = slug.chars().count();
    prop::collection::vec(0..3, count).prop_map(move |choices| {
        let spell = |(c, choice): (char, i32)| match choice {
            0 => c.to_string(),
            1 => c.to_uppercase().to_string(),
            _ => encoded(&c.to_string()),
        };
        slug.chars().zip(choices).map(spell).collect()
    })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn profile(slug: &str) -> Option<Profile> {
    linkedin::profile_at(&format!("https://www.linkedin.com/in/{}", encoded(slug)))
}

/// Texts that are likely to be accepted by some parser.
fn texts() -> impl Strategy<Value = String> {
    let stem = select(vec!["", "linkedin.com/in/", "linkedin.com/pub/a/1/2/", "a@", "https://"]);
    let end = select(vec!["", "/", "@x.io", ".io", "%C3%BC"]);
    (stem, ".{0,20}", end).prop_map(|(stem, middle, end)| format!("{stem}{middle}{end}"))
}

proptest! {
    #[test]
    fn every_address_of_one_profile_identifies_one_person(
        (slug, address) in slugs().prop_flat_map(|slug| (Just(slug.clone()), addresses(slug)))
    ) {
        let person = profile(&slug);
        prop_assert!(matches!(person, Some(Profile::Slug(_))));
        prop_assert_eq!(linkedin::profile_at(&address), person);
    }

    #[test]
    fn two_slugs_are_never_one_person(one in "\\PC{1,12}", other in "\\PC{1,12}") {
        if let (Some(first), Some(second)) = (profile(&one), profile(&other)) {
            prop_assert_eq!(first == second, lower_case(&one) == lower_case(&other));
        }
    }

    #[test]
    fn near_slugs_are_never_one_person(one in "[ab.-]{1,4}", other in "[ab.-]{1,4}") {
        if let (Some(first), Some(second)) = (profile(&one), profile(&other)) {
            prop_assert_eq!(first == second, one == other);
        }
    }

    #[test]
    fn a_canonical_address_is_unchanged(text in texts()) {
        if let Some(profile) = linkedin::profile_at(&text) {
            prop_assert_eq!(linkedin::profile_at(profile.url().as_str()), Some(profile));
        }
    }

    #[test]
    fn wrapping_of_an_address_does_not_matter(
        (slug, layers, is_safe) in (slugs(), prop::collection::vec(0..5, 0..4), any::<bool>())
    ) {
        let mut address = format!("https://www.linkedin.com/in/{}", encoded(&slug));
        for layer in layers {
            address = match layer {
                0 => format!("https://www.linkedin.com/in/{address}"),
                1 => format!("https://uk.linkedin.com/{address}"),
                2 => address.replacen("/in/", "/in/in/", 1),
                3 => format!("https://{address}"),
                _ => format!("https://www.linkedin.com/comm/in/{address}"),
            };
        }
        if is_safe {
            let url = encoded(&address);
            address = format!("https://x.safelinks.protection.outlook.com/?url={url}&data=05");
        }
        prop_assert_eq!(linkedin::profile_at(&address), profile(&slug), "{}", address);
    }

    #[test]
    fn the_url_standard_sees_the_same_host(text in texts()) {
        if linkedin::profile_at(&text).is_some() {
            let text = fold::trimmed(&text).trim_start_matches("//");
            let url = Url::parse(text).or_else(|_| Url::parse(&format!("https://{text}"))).unwrap();
            let host = url.host_str().unwrap().trim_end_matches('.');
            prop_assert!(host == "linkedin.com" || host.ends_with(".linkedin.com"));
            prop_assert!(url.username().is_empty() && url.password().is_none());
        }
    }

    #[test]
    fn the_case_of_an_email_does_not_matter(local in "[a-z0-9.+_-]{1,12}", pad in "[ \t\n]{0,2}") {
        let person = email::canonical(&format!("{local}@x.io"));
        prop_assert!(person.is_some());
        let shouted = format!("{pad}{}@X.IO.{pad}", local.to_uppercase());
        prop_assert_eq!(email::canonical(&shouted), person);
    }

    #[test]
    fn two_local_parts_are_never_one_person(one in "[ab.+-]{1,4}", other in "[ab.+-]{1,4}") {
        let [first, second] = [&one, &other].map(|local| email::canonical(&format!("{local}@x.io")));
        prop_assert_eq!(first == second, one == other);
    }

    #[test]
    fn a_canonical_email_is_unchanged(text in texts()) {
        if let Some(address) = email::canonical(&text) {
            prop_assert_eq!(email::canonical(address.as_str()), Some(address));
        }
    }

    #[test]
    fn a_canonical_domain_is_unchanged(text in texts()) {
        if let Some(domain) = host::of_company(&text) {
            prop_assert_eq!(host::of_company(domain.as_str()), Some(domain));
        }
    }

    #[test]
    fn a_canonical_name_is_unchanged(text in ".{0,20}") {
        if let Some(form) = name::canonical(&text) {
            prop_assert_eq!(name::canonical(form.as_str()), Some(form));
        }
    }

    #[test]
    fn case_and_spaces_of_a_name_do_not_matter(
        words in prop::collection::vec("[a-z]{1,8}", 1..4),
        space in "[ \t\u{a0}\u{3000}]{1,3}",
    ) {
        let person = name::canonical(&words.join(" "));
        let spelt = format!("{space}{}{space}", words.join(&space).to_uppercase());
        prop_assert_eq!(name::canonical(&spelt), person);
    }

    #[test]
    fn folding_again_changes_nothing(text in ".{0,30}") {
        let words = fold::words(&text);
        prop_assert_eq!(fold::words(&words.join(" ")), words);
    }

    #[test]
    fn a_lead_as_sent_is_unchanged(
        texts in prop::collection::vec((select(Field::ALL.to_vec()), texts()), 0..6)
    ) {
        let fields: Fields = texts.into_iter().collect();
        if let Ok(lead) = Lead::new(fields) {
            let reading = Reading::of(&lead);
            if let Ok(sent) = Lead::new(reading.sent.clone()) {
                prop_assert_eq!(Reading::of(&sent), reading);
            }
        }
    }
}

/// An entry in another spelling: in capitals, with other separators and invisible characters.
fn respelled(entry: &str, spelling: usize) -> String {
    match spelling {
        0 => entry.to_owned(),
        1 => entry.to_uppercase(),
        2 => entry.replace(' ', "-"),
        3 => format!(" [{}]\u{200b} ", entry.replace(' ', "  ")),
        _ => entry.replace(' ', "_"),
    }
}

fn entries(file: &'static str) -> impl Iterator<Item = String> {
    let spelled = |entry: String| (0..5).map(move |spelling| respelled(&entry, spelling));
    lists::entries(file).into_iter().flat_map(spelled)
}

#[test]
fn a_value_of_the_lists_is_never_a_key() {
    let mut keys = Vec::new();
    let mut check = |text: String, is_key: bool| keys.extend(is_key.then_some(text));
    for slug in entries(include_str!("lists/placeholder_slugs.txt")) {
        let url = format!("https://www.linkedin.com/in/{}", slug.replace(' ', "-"));
        check(slug, linkedin::profile_at(&url).is_some());
    }
    for name in entries(include_str!("lists/placeholder_names.txt")) {
        let is_key = name::of_person(&name).is_some();
        check(name, is_key);
    }
    for company in entries(include_str!("lists/placeholder_companies.txt")) {
        let is_key = name::of_company(&company).is_some();
        check(company, is_key);
    }
    for start in entries(include_str!("lists/placeholder_company_words.txt")) {
        let is_key = name::of_company(&format!("{start} of some kind")).is_some();
        check(start, is_key);
    }
    for local in lists::entries(include_str!("lists/placeholder_mailboxes.txt")) {
        for local in [local.clone(), local.to_uppercase(), format!("{local}1")] {
            let read = mailbox::read(&format!("{}@acme.io", local.replace(' ', ".")));
            check(local, read != Some(mailbox::Mailbox::Placeholder));
        }
    }
    let roles = [include_str!("lists/role_words.txt"), include_str!("lists/role_mailboxes.txt")];
    for local in roles.into_iter().flat_map(lists::entries) {
        let is_word = fold::words(&local).len() == 1;
        let elsewhere = is_word.then(|| format!("{local}.berlin"));
        for local in [local.clone(), local.to_uppercase()].into_iter().chain(elsewhere) {
            let address = format!("{}@acme.io", local.replace(' ', "."));
            check(local, Identity::of_email(&address).is_some());
        }
    }
    for domain in lists::entries(include_str!("lists/placeholder_mail_domains.txt")) {
        let address = format!("ada@{}", domain.replace(".*", ".com"));
        check(domain, Identity::of_email(&address).is_some());
    }
    let hosts = [include_str!("lists/free_mail.txt"), include_str!("lists/shared_hosts.txt")];
    for host in hosts.into_iter().flat_map(lists::entries) {
        let host = host.replace(".*", ".co.uk");
        for text in [host.clone(), format!("https://www.{host}/acme"), format!("eu.{host}")] {
            let is_key = host::of_company(&text).is_some();
            check(text, is_key);
        }
    }
    for host in lists::entries(include_str!("lists/platform_hosts.txt")) {
        let host = host.replace(".*", ".de");
        check(format!("{host}/acme"), host::of_company(&format!("{host}/acme")).is_some());
        check(format!("{host} is none"), host::of_company(&host).is_none());
    }
    assert_eq!(keys, Vec::<String>::new());
}
