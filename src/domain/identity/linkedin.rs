//! Whom a LinkedIn address shows.
//!
//! The slug of a profile is compared composed and in lower case; what stands behind it (language,
//! overlays, query) does not matter. An opaque member id may stand in place of a slug: it is
//! case-sensitive, and which slug it belongs to cannot be told from here.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;

use super::Identity;
use super::address::Address;
use super::canonical::{Canonical, is_blank, lower_case};

/// The person at this address; `None` for companies, schools, other hosts, and whatever is not
/// certain.
pub(super) fn person_at(url: &str) -> Option<Identity> {
    let address = Address::parse(url)?;
    if address.has_port || !is_linkedin(&address.host) {
        return None;
    }
    let segments: Vec<_> = address.path.split('/').skip(1).map(decoded).collect::<Option<_>>()?;
    let segments: Vec<_> = segments.iter().map(String::as_str).collect();
    if segments.iter().any(|segment| matches!(*segment, "." | "..")) {
        return None;
    }
    match segments.as_slice() {
        [section, slug, ..] if is("in", section) => person(slug),
        [site, section, slug, ..] if is_mobile(site) && is("in", section) => person(slug),
        [section, name, a, b, c, ..] if is("pub", section) => old_public(name, [a, b, c]),
        _ => None,
    }
}

fn is_linkedin(host: &str) -> bool {
    host.strip_suffix("linkedin.com").is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

fn is_mobile(site: &str) -> bool {
    is("m", site) || is("mwlite", site)
}

fn is(section: &str, segment: &str) -> bool {
    segment.eq_ignore_ascii_case(section)
}

/// One segment, decoded once. An encoded slash stays inside its segment.
fn decoded(segment: &str) -> Option<String> {
    Some(percent_decode_str(segment).decode_utf8().ok()?.nfc().collect())
}

fn person(slug: &str) -> Option<Identity> {
    if is_opaque(slug) { Some(Identity::Member(Canonical::new(slug))) } else { profile(slug) }
}

fn is_opaque(slug: &str) -> bool {
    let has_prefix = ["ACoAA", "ACwAA"].iter().any(|prefix| slug.starts_with(prefix));
    has_prefix && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// `/pub/name/a/b/c` is today's `/in/name-{c}{b}{a}`, where `b` and `c` have three digits.
fn old_public(name: &str, digits: [&str; 3]) -> Option<Identity> {
    let is_part =
        |part: &str| matches!(part.len(), 1..=3) && part.bytes().all(|b| b.is_ascii_hexdigit());
    if is("dir", name) || !digits.into_iter().all(is_part) {
        return None;
    }
    let [a, b, c] = digits;
    if name.is_empty() { None } else { profile(&format!("{name}-{c:0>3}{b:0>3}{a}")) }
}

fn profile(slug: &str) -> Option<Identity> {
    let slug = lower_case(slug);
    // A percent sign was encoded twice, or not at all.
    let is_ambiguous = |c| is_blank(c) || matches!(c, '/' | '\\' | '?' | '#' | '%');
    let names_one = !slug.is_empty() && !slug.contains(is_ambiguous) && !NOBODY.contains(&&*slug);
    names_one.then(|| Identity::Profile(Canonical::new(slug)))
}

/// What stands in place of a slug where there is none: `me` is whoever looks, the rest is what
/// programs write for a missing value.
const NOBODY: [&str; 7] = ["me", "n-a", "nan", "none", "null", "unavailable", "undefined"];

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(url: &str) -> Option<String> {
        match person_at(url) {
            Some(Identity::Profile(slug)) => Some(slug.as_str().to_owned()),
            Some(other) => panic!("{url:?} shows {other:?}"),
            None => None,
        }
    }

    fn member(url: &str) -> String {
        match person_at(url) {
            Some(Identity::Member(id)) => id.as_str().to_owned(),
            other => panic!("{url:?} shows {other:?}"),
        }
    }

    #[test]
    fn a_profile_has_one_slug_however_its_address_is_written() {
        for (url, expected) in [
            ("https://br.linkedin.com/in/jotafeldmann/pt", "jotafeldmann"),
            ("https://uk.LINKEDIN.com/in/anitaczapla", "anitaczapla"),
            ("linkedin.com/in/publicname/", "publicname"),
            ("https://www.linkedin.com/in/J%C3%BCrgen", "jürgen"),
            ("https://www.linkedin.com/in/jürgen", "jürgen"),
            ("https://www.linkedin.com/in/ju\u{308}rgen", "jürgen"),
            ("https://www.linkedin.com/in/ju%cc%88rgen", "jürgen"),
            (" HTTP://LinkedIn.com./IN/Ada?trk=x&u=https://x.io#top\n", "ada"),
            ("//linkedin.com/in/ada", "ada"),
            ("www.linkedin.com/in/ada?u=https://x.io/in/bob", "ada"),
            ("linkedin.com/%69n/%61da", "ada"),
            ("https://www.linkedin.com/m/in/ada", "ada"),
            ("https://www.linkedin.com/mwlite/in/ada/", "ada"),
            ("https://linkedin.com/in/ada/overlay/contact-info/", "ada"),
            ("https://linkedin.com/in/ada/details/a%2Fb/", "ada"),
            ("https://touch.www.linkedin.com/in/ada", "ada"),
            ("linkedin.com/in/o%27connor", "o'connor"),
            ("linkedin.com/in/straße", "straße"),
            ("linkedin.com/in/İ", "i\u{307}"),
            ("linkedin.com/in/İ\u{327}", "i\u{327}\u{307}"),
        ] {
            assert_eq!(slug(url).as_deref(), Some(expected), "{url:?}");
        }
    }

    #[test]
    fn the_old_public_form_is_todays_slug() {
        for (url, expected) in [
            (
                "https://sy.linkedin.com/pub/krzysztof-marzec/a7/576/b50?trk=x",
                "krzysztof-marzec-b50576a7",
            ),
            ("https://uk.linkedin.com/pub/abdi-ahmed/100/384/6b0", "abdi-ahmed-6b0384100"),
            ("https://uk.linkedin.com/pub/benjamin-lees/58/75/162", "benjamin-lees-16207558"),
            ("https://uk.linkedin.com/pub/flavia-lyons/84/772/aa", "flavia-lyons-0aa77284"),
            ("https://www.linkedin.com/pub/hanz-meyer/29/314/b", "hanz-meyer-00b31429"),
            ("https://www.linkedin.com/PUB/Hanz-Meyer/29/314/B/de", "hanz-meyer-00b31429"),
        ] {
            assert_eq!(slug(url).as_deref(), Some(expected), "{url:?}");
        }
    }

    #[test]
    fn an_opaque_id_keeps_its_case_and_is_no_slug() {
        let id = "ACoAAAtEsT-_x1";
        assert_eq!(member(&format!("https://www.linkedin.com/in/{id}/pt?trk=x")), id);
        assert_eq!(member("linkedin.com/m/in/ACwAAxyz"), "ACwAAxyz");
        assert_ne!(person_at("linkedin.com/in/ACoAAAb"), person_at("linkedin.com/in/ACoAAAB"));
        assert_ne!(person_at("linkedin.com/in/ACoAAAb"), person_at("linkedin.com/in/acoaaab"));
    }

    #[test]
    fn what_is_not_certainly_one_person_identifies_nobody() {
        let long = format!("linkedin.com/in/{}", "a".repeat(5000));
        for url in [
            "",
            "ada",
            "linkedin.com",
            "linkedin.com/",
            "linkedin.com/in",
            "linkedin.com/in/",
            "linkedin.com/in//",
            "linkedin.com/in//pt",
            "linkedin.com//in/ada",
            "linkedin.com/in/%20",
            // Other hosts, and hosts that only look right.
            "https://linkedin.com.evil.io/in/ada",
            "https://evil.io/linkedin.com/in/ada",
            "https://notlinkedin.com/in/ada",
            "https://linkedin.com@evil.io/in/ada",
            "https://ada@linkedin.com/in/ada",
            "https://@linkedin.com/in/ada",
            "https://linkedin.com:443/in/ada",
            "linkedin.com:/in/ada",
            "https://lınkedin.com/in/ada",
            "https://linkedin.com../in/ada",
            "ftp://linkedin.com/in/ada",
            "javascript://linkedin.com/in/ada",
            "https:linkedin.com/in/ada",
            "https://linkedin.com\\@evil.io/in/ada",
            // No person.
            "https://www.linkedin.com/company/acme/",
            "https://www.linkedin.com/school/acme/",
            "https://www.linkedin.com/sales/lead/ACwAAx,name",
            "linkedin.com/feed/in/ada",
            "linkedin.com/in/me",
            "linkedin.com/in/NULL",
            "linkedin.com/in/undefined/",
            // Two readings.
            "linkedin.com/in/ada/../bob",
            "linkedin.com/in/ada/%2e%2e/bob",
            "linkedin.com/in/ada/..\\bob",
            "linkedin.com/in/ada/.\t./bob",
            "linkedin.com/in/./ada",
            "linkedin.com/in/ada%2Fbob",
            "linkedin.com/in/ada%2F..%2Fbob",
            "linkedin.com%2Fin%2Fada",
            "linkedin.com/in/ada%3Fx",
            "linkedin.com/in/ada%5Cbob",
            "linkedin.com\\in\\ada",
            "linkedin.com/in/ada%2520",
            "linkedin.com/in/100%",
            "linkedin.com/in/%zz",
            "linkedin.com/in/%FF",
            "linkedin.com/in/ada/%FF",
            "linkedin.com/in/%C3",
            "linkedin.com/in/ada%00",
            "linkedin.com/in/ada lovelace",
            "linkedin.com/in/ada%0A",
            "linkedin.com/in/a\tda",
            "linkedin.com/in/a\nda",
            "linkedin.com/in/a\u{0}da",
            // The old form, but not quite.
            "linkedin.com/pub/ada",
            "linkedin.com/pub/ada/1/2",
            "linkedin.com/pub/ada/1/2/",
            "linkedin.com/pub/ada/1/2/3456",
            "linkedin.com/pub/ada/1/2/xyz",
            "linkedin.com/pub//1/2/3",
            "linkedin.com/pub/dir/abe/bea/de",
            "linkedin.com/pub/a%2Fb/1/2/3",
            &long,
        ] {
            assert_eq!(person_at(url), None, "{url:?}");
        }
    }
}
