//! What holds of every text: one person's spellings meet, two persons' never do.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

use super::canonical::lower_case;
use super::{Identity, email, host, linkedin, name};

fn slugs() -> impl Strategy<Value = String> {
    let international = select(vec!["jürgen", "山田太郎", "łukasz-ö", "o'connor", "ada🚀"]);
    prop_oneof![3 => "[b-l][a-z0-9-]{3,30}", 1 => international.prop_map(str::to_owned)]
}

/// The ways in which one profile's address is found in the wild.
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

fn profile(slug: &str) -> Option<Identity> {
    linkedin::person_at(&format!("https://www.linkedin.com/in/{}", encoded(slug)))
}

/// Texts with a good chance of being read as something.
fn texts() -> impl Strategy<Value = String> {
    let stem = select(vec!["", "linkedin.com/in/", "linkedin.com/pub/a/1/2/", "a@", "https://"]);
    let end = select(vec!["", "/", "@x.io", ".io", "%C3%BC"]);
    (stem, ".{0,20}", end).prop_map(|(stem, middle, end)| format!("{stem}{middle}{end}"))
}

proptest! {
    #[test]
    fn every_address_of_one_profile_shows_one_person(
        (slug, address) in slugs().prop_flat_map(|slug| (Just(slug.clone()), addresses(slug)))
    ) {
        let person = profile(&slug);
        prop_assert!(matches!(person, Some(Identity::Profile(_))));
        prop_assert_eq!(linkedin::person_at(&address), person);
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
    fn a_profile_read_again_is_the_same(text in texts()) {
        if let Some(Identity::Profile(slug) | Identity::Member(slug)) = linkedin::person_at(&text) {
            let raw = linkedin::person_at(&format!("linkedin.com/in/{}", slug.as_str()));
            prop_assert_eq!(&raw, &linkedin::person_at(&text));
            prop_assert_eq!(&raw, &profile(slug.as_str()));
        }
    }

    #[test]
    fn the_url_standard_sees_the_same_host(text in texts()) {
        if linkedin::person_at(&text).is_some() {
            let text = text.trim().trim_start_matches("//");
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
    fn an_email_read_again_is_the_same(text in texts()) {
        if let Some(address) = email::canonical(&text) {
            prop_assert_eq!(email::canonical(address.as_str()), Some(address));
        }
    }

    #[test]
    fn a_domain_read_again_is_the_same(text in texts()) {
        if let Some(domain) = host::of_company(&text) {
            // Of `www.www.x.io` the second `www.` is a company's own.
            if !domain.as_str().starts_with("www.") {
                prop_assert_eq!(host::of_company(domain.as_str()), Some(domain));
            }
        }
    }

    #[test]
    fn a_name_read_again_is_the_same(text in ".{0,20}") {
        if let Some(form) = name::canonical(&text) {
            prop_assert_eq!(name::canonical(form.as_str()), Some(form));
        }
    }

    #[test]
    fn neither_case_nor_spaces_of_a_name_matter(
        words in prop::collection::vec("[a-z]{1,8}", 1..4),
        space in "[ \t\u{a0}\u{3000}]{1,3}",
    ) {
        let person = name::canonical(&words.join(" "));
        let spelt = format!("{space}{}{space}", words.join(&space).to_uppercase());
        prop_assert_eq!(name::canonical(&spelt), person);
    }
}
