//! LinkedIn addresses: every form that occurs in public data has the same handle.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use super::handle::Handle;

/// The prefixes of opaque ids; case-sensitive.
const OPAQUE: [&str; 2] = ["ACoAA", "ACwAA"];

/// First and last names for people who are known only by an opaque id.
const FIRST: [&str; 8] =
    ["amina", "boris", "chiara", "dmitri", "esther", "farid", "greta", "hiroshi"];
const LAST: [&str; 8] =
    ["almeida", "brandt", "castillo", "dubois", "eriksen", "fontana", "gupta", "hansen"];

/// The person that a LinkedIn address identifies; `None` for companies, schools and other hosts.
pub(super) fn handle(address: &str) -> Option<Handle> {
    let slug = slug(address)?;
    match OPAQUE.iter().find_map(|prefix| slug.strip_prefix(prefix)) {
        Some(rest) => opaque(&slug, rest),
        None => Handle::from_words(&slug),
    }
}

/// The address without a port and userinfo, which some parsers ignore.
pub(super) fn without_port(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// An opaque id with a suffix after `-` identifies the person of the suffix, unlike real ids. Any
/// other id identifies a person of its own, who also has a public slug.
fn opaque(id: &str, rest: &str) -> Option<Handle> {
    if let Some(words) = rest.strip_prefix('-') {
        return Handle::from_words(words);
    }
    let digest = *blake3::hash(id.as_bytes()).as_bytes();
    let first = FIRST[usize::from(digest[0]) % FIRST.len()];
    let last = LAST[usize::from(digest[1]) % LAST.len()];
    Handle::from_words(&format!("{first}-{last}-{}", hex::encode(&digest[2..8])))
}

/// The slug of a profile's address as written, with its case.
fn slug(address: &str) -> Option<String> {
    let rest = without_scheme(address.trim())?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    if !is_linkedin(host) {
        return None;
    }
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let segments = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| Some(percent_decode_str(segment).decode_utf8().ok()?.nfc().collect()))
        .collect::<Option<Vec<String>>>()?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["in", slug, ..] | ["m" | "mwlite", "in", slug, ..] => Some((*slug).to_owned()),
        ["pub", name, a, b, c, ..] => Some(format!("{name}-{c:0>3}{b:0>3}{a}")),
        _ => None,
    }
}

fn without_scheme(address: &str) -> Option<&str> {
    match address.split_once("://") {
        Some((scheme, rest))
            if ["http", "https"].iter().any(|s| scheme.eq_ignore_ascii_case(s)) =>
        {
            Some(rest)
        }
        // A later scheme is part of a query.
        Some((before, _)) if !before.contains(['/', '?', '#']) => None,
        _ => Some(address.trim_start_matches('/')),
    }
}

/// `linkedin.com` or a host below it, with neither port nor userinfo.
fn is_linkedin(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    let is_plain = host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    is_plain && (host == "linkedin.com" || host.ends_with(".linkedin.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(address: &str) -> Option<String> {
        handle(address).map(|handle| handle.as_str().to_owned())
    }

    #[test]
    fn every_form_of_an_address_has_its_slug() {
        for (address, slug) in [
            (
                "https://sy.linkedin.com/pub/krzysztof-marzec/a7/576/b50?trk=x",
                "krzysztof-marzec-b50576a7",
            ),
            ("https://uk.linkedin.com/pub/abdi-ahmed/100/384/6b0", "abdi-ahmed-6b0384100"),
            ("https://uk.linkedin.com/pub/benjamin-lees/58/75/162", "benjamin-lees-16207558"),
            ("https://uk.linkedin.com/pub/flavia-lyons/84/772/aa", "flavia-lyons-0aa77284"),
            ("https://www.linkedin.com/pub/hanz-meyer/29/314/b", "hanz-meyer-00b31429"),
            ("https://br.linkedin.com/in/jotafeldmann/pt", "jotafeldmann"),
            ("https://uk.LINKEDIN.com/in/anitaczapla", "anitaczapla"),
            ("linkedin.com/in/publicname/", "publicname"),
            ("HTTP://linkedin.com./m/in/publicname#about", "publicname"),
            ("linkedin.com/in/publicname?next=https://x.example", "publicname"),
            ("https://www.linkedin.com/in/J%C3%BCrgen", "jürgen"),
            ("https://www.linkedin.com/in/jürgen", "jürgen"),
        ] {
            assert_eq!(named(address).as_deref(), Some(slug), "{address}");
        }
    }

    #[test]
    fn other_addresses_identify_no_one() {
        for address in [
            "",
            "https://linkedin.com.evil.io/in/ada",
            "https://evillinkedin.com/in/ada",
            "https://ada@linkedin.com/in/ada",
            "https://linkedin.com:8443/in/ada",
            "ftp://linkedin.com/in/ada",
            "https://linkedin.com/in/",
            "https://linkedin.com/in/%ff",
            "https://linkedin.com/company/analytical",
            "https://linkedin.com/school/analytical",
            "https://linkedin.com/pub/ada",
        ] {
            assert_eq!(named(address), None, "{address}");
        }
    }

    #[test]
    fn opaque_ids_are_case_sensitive_and_may_have_a_handle() {
        let opaque = |id: &str| named(&format!("https://linkedin.com/in/{id}")).unwrap();
        assert_eq!(opaque("ACoAA-ada-lovelace"), "ada-lovelace");
        assert_ne!(opaque("ACoAABcDe"), opaque("ACoAAbcde"));
        assert_ne!(opaque("ACoAABcDe"), opaque("acoaabcde"));
        assert_ne!(opaque("ACoAABc-De"), opaque("ACoAACd-De"));
        assert_eq!(opaque(&opaque("ACwAABcDe")), opaque("ACwAABcDe"), "found by slug too");
    }
}
