//! LinkedIn profiles: the person that an address identifies.
//!
//! The slug of a profile is compared composed and in lower case; the rest of the path (language,
//! overlays, query) does not matter. An opaque member id may be in place of a slug. It is
//! case-sensitive, and the slug that it belongs to is not known here.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;
use url::form_urlencoded;

use super::address::Address;
use super::canonical::Canonical;
use super::fold::trimmed;
use super::{slug, wrapper};

/// How many addresses may be wrapped in one another.
const WRAPPED_MAX: u8 = 3;

/// The person that an address identifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    /// By the opaque id in place of a slug. Case-sensitive.
    Member(Canonical),
    /// By the slug.
    Slug(Canonical),
}

impl Profile {
    /// The canonical address of the profile.
    pub(super) fn url(&self) -> Canonical {
        let (Self::Member(name) | Self::Slug(name)) = self;
        Canonical::new(format!("https://www.linkedin.com/in/{}", name.as_str()))
    }

    /// Whether two addresses certainly belong to two persons. An id and a slug may belong to the
    /// same person.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Member(one), Self::Member(other)) | (Self::Slug(one), Self::Slug(other)) => {
                one != other
            }
            _ => false,
        }
    }
}

/// The person at this address; `None` for companies, schools, other hosts, and ambiguous addresses.
pub(super) fn profile_at(url: &str) -> Option<Profile> {
    read(url, WRAPPED_MAX)
}

fn read(url: &str, wrapped_max: u8) -> Option<Profile> {
    let url = without_repeated_scheme(trimmed(url));
    let address = Address::parse(url)?;
    if is_linkedin(&address.host) && !address.has_port {
        let segments = segments(address.path)?;
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        if let Some(profile) = at(&segments, wrapped_max) {
            return Some(profile);
        }
        if let ["profile", "view"] = segments.as_slice() {
            return member_in(address.query);
        }
    }
    let inner = wrapper::unwrapped(url, &address)?;
    read(&inner, wrapped_max.checked_sub(1)?)
}

/// `https://https://…`, `http:https://…`.
fn without_repeated_scheme(url: &str) -> &str {
    let mut rest = url;
    while let Some(inner) = behind_scheme(rest).filter(|inner| behind_scheme(inner).is_some()) {
        rest = inner;
    }
    rest
}

fn behind_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once(':')?;
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    is_web.then_some(rest.trim_start_matches('/'))
}

fn is_linkedin(host: &str) -> bool {
    host.strip_suffix("linkedin.com").is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

fn is(section: &str, segment: &str) -> bool {
    segment.eq_ignore_ascii_case(section)
}

/// The segments of a path, each decoded once. An encoded slash stays inside its segment.
fn segments(path: &str) -> Option<Vec<String>> {
    let decoded = |segment: &str| -> Option<String> {
        Some(percent_decode_str(segment).decode_utf8().ok()?.nfc().collect())
    };
    let segments: Vec<_> = path.split('/').skip(1).map(decoded).collect::<Option<_>>()?;
    let is_walked = segments.iter().any(|segment| matches!(&**segment, "." | ".."));
    (!is_walked).then_some(segments)
}

/// The profile at a path, or at a complete address in its place.
fn at(segments: &[&str], wrapped_max: u8) -> Option<Profile> {
    match segments {
        [scheme, "", rest @ ..] | [scheme, rest @ ..] if is_scheme(scheme) => {
            let is_address = rest.first().is_some_and(|next| is_scheme(next) || is_host(next));
            if is_address { at(rest, wrapped_max) } else { None }
        }
        [host, rest @ ..] if is_host(host) => at(rest, wrapped_max),
        [site, rest @ ..] if is_site(site) => at(rest, wrapped_max),
        [section, rest @ ..] if is("in", section) => named(rest, wrapped_max),
        [section, name, a, b, c, ..] if is("pub", section) => old_public(name, [a, b, c]),
        _ => None,
    }
}

/// The part after `/in/`: a name, or the beginning of another address.
fn named(segments: &[&str], wrapped_max: u8) -> Option<Profile> {
    match segments {
        [again, rest @ ..] if is("in", again) => named(rest, wrapped_max),
        [start, ..] if is_scheme(start) || is_host(start) => at(segments, wrapped_max),
        [encoded, ..] if encoded.contains('/') => {
            let is_address = encoded.split('/').any(is_host);
            if is_address { read(encoded, wrapped_max.checked_sub(1)?) } else { None }
        }
        [name, ..] if slug::is_opaque(name) => Some(Profile::Member(Canonical::new(*name))),
        [name, ..] => slug::canonical(name).map(Profile::Slug),
        [] => None,
    }
}

fn is_scheme(segment: &str) -> bool {
    is("https:", segment) || is("http:", segment)
}

fn is_host(segment: &str) -> bool {
    is_linkedin(&segment.to_ascii_lowercase())
}

/// The mobile sites, and the links in LinkedIn's emails.
fn is_site(segment: &str) -> bool {
    ["m", "mwlite", "comm", "profile"].iter().any(|site| is(site, segment))
}

/// `/profile/view?id=ID`.
fn member_in(query: &str) -> Option<Profile> {
    let mut ids = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "id");
    let ((_, id), None) = (ids.next()?, ids.next()) else { return None };
    slug::is_opaque(&id).then(|| Profile::Member(Canonical::new(&*id)))
}

/// `/pub/name/a/b/c` is now `/in/name-{c}{b}{a}`, where `b` and `c` have three digits.
fn old_public(name: &str, digits: [&str; 3]) -> Option<Profile> {
    let is_part =
        |part: &str| matches!(part.len(), 1..=3) && part.bytes().all(|b| b.is_ascii_hexdigit());
    if is("dir", name) || name.is_empty() || !digits.into_iter().all(is_part) {
        return None;
    }
    let [a, b, c] = digits;
    slug::canonical(&format!("{name}-{c:0>3}{b:0>3}{a}")).map(Profile::Slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(url: &str) -> Option<String> {
        match profile_at(url) {
            Some(Profile::Slug(slug)) => Some(slug.as_str().to_owned()),
            Some(other) => panic!("{url:?} shows {other:?}"),
            None => None,
        }
    }

    fn member(url: &str) -> String {
        match profile_at(url) {
            Some(Profile::Member(id)) => id.as_str().to_owned(),
            other => panic!("{url:?} shows {other:?}"),
        }
    }

    #[test]
    fn every_address_of_a_profile_has_the_same_slug() {
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
            ("linkedin.com/in/İrem", "i\u{307}rem"),
            ("linkedin.com/in/İ\u{327}rem", "i\u{327}\u{307}rem"),
        ] {
            assert_eq!(slug(url).as_deref(), Some(expected), "{url:?}");
        }
    }

    #[test]
    fn a_wrapped_address_is_unwrapped() {
        for url in [
            "https://www.linkedin.com/in/https://www.linkedin.com/in/ada",
            "https://www.linkedin.com/in/http://uk.linkedin.com/in/Ada/",
            "https://www.linkedin.com/in/https:/www.linkedin.com/in/ada",
            "https://www.linkedin.com/in/https%3A%2F%2Fwww.linkedin.com%2Fin%2Fada",
            "https://www.linkedin.com/in/in/ada",
            "https://www.linkedin.com/in/www.linkedin.com/in/ada?trk=x",
            "linkedin.com/in/linkedin.com/in/in/ada",
            "https://www.linkedin.com/https://www.linkedin.com/in/ada",
            "https://https://www.linkedin.com/in/ada",
            "http:https://www.linkedin.com/in/ada",
            "https://www.linkedin.com/comm/in/ada?midToken=x",
            "https://www.linkedin.com/mwlite/profile/in/ada",
            "https://www.linkedin.com/m/in/https://linkedin.com/mwlite/in/ada",
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.linkedin.com%2Fin%2Fada%2F&data=05",
            "https://www.google.com/url?q=https://www.linkedin.com/in/ada&sa=D",
            "https://urldefense.com/v3/__https://www.linkedin.com/in/ada__;!!x!y$",
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__www.linkedin.com_in_ada&d=x",
            "https://www.linkedin.com/authwall?trk=x&sessionRedirect=https%3A%2F%2Fwww.linkedin.com%2Fin%2Fada",
            "https://www.linkedin.com/uas/login?session_redirect=%2Fin%2Fada",
            "\u{200b}https://www.linkedin.com/in/ada\u{feff}",
        ] {
            assert_eq!(slug(url).as_deref(), Some("ada"), "{url:?}");
        }
        assert_eq!(member("https://www.linkedin.com/in/AEMAAAbc"), "AEMAAAbc");
        assert_eq!(member("https://www.linkedin.com/profile/view?id=AEMAAAbc&trk=x"), "AEMAAAbc");
    }

    #[test]
    fn the_old_public_form_has_the_current_slug() {
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
    fn an_opaque_id_keeps_its_case_and_is_not_a_slug() {
        let id = "ACoAAAtEsT-_x1";
        assert_eq!(member(&format!("https://www.linkedin.com/in/{id}/pt?trk=x")), id);
        assert_eq!(member("linkedin.com/m/in/ACwAAxyz"), "ACwAAxyz");
        assert_ne!(profile_at("linkedin.com/in/ACoAAAb"), profile_at("linkedin.com/in/ACoAAAB"));
        assert_eq!(profile_at("linkedin.com/in/acoaaab"), None, "its case is lost");
    }

    #[test]
    fn an_ambiguous_address_identifies_no_one() {
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
            // Other hosts, and hosts that look similar.
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
            // Not a person.
            "https://www.linkedin.com/company/acme/",
            "https://www.linkedin.com/school/acme/",
            "https://www.linkedin.com/sales/lead/ACwAAx,name",
            "linkedin.com/feed/in/ada",
            "linkedin.com/in/unknown",
            "linkedin.com/in/authwall",
            "linkedin.com/in/-",
            "linkedin.com/in/ACoAA",
            "linkedin.com/in/p7",
            "linkedin.com/in/https:",
            "linkedin.com/in/https://",
            "linkedin.com/in/https://evil.io/in/ada",
            "linkedin.com/in/https://www.linkedin.com:443/in/ada",
            "linkedin.com/in/https://www.linkedin.com/company/acme",
            "linkedin.com/in/www.linkedin.com",
            "linkedin.com/in/in/",
            "linkedin.com/profile/view?id=12345",
            "https://evil.io/?url=https://www.linkedin.com/in/ada",
            "https://safelinks.protection.outlook.com.evil.io/?url=https://linkedin.com/in/ada",
            "https://eur01.safelinks.protection.outlook.com/?url=https://evil.io/in/ada",
            "https://a.safelinks.protection.outlook.com/?url=https://linkedin.com/in/ada&url=x",
            "https://a.safelinks.protection.outlook.com:443/?url=https://linkedin.com/in/ada",
            "https://www.linkedin.com/company/acme?url=https://www.linkedin.com/in/ada",
            "linkedin.com/in/me",
            "linkedin.com/in/NULL",
            "linkedin.com/in/undefined/",
            // Ambiguous.
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
            // Similar to the old form, but not valid.
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
            assert_eq!(profile_at(url), None, "{url:?}");
        }
    }
}
