//! Host names in canonical form, and which of them identify one company.

use url::Host;

use super::address::Address;
use super::canonical::Canonical;
use super::shared_hosts;

/// A host as A-labels, in lower case, without the trailing dot; `None` for IP addresses, for names
/// of a single label, and for names that no registry would accept.
pub(super) fn canonical(host: &str) -> Option<String> {
    let host = idna::domain_to_ascii_strict(host.strip_suffix('.').unwrap_or(host)).ok()?;
    let names_a_domain = matches!(Host::parse(&host), Ok(Host::Domain(_)));
    (names_a_domain && host.contains('.')).then_some(host)
}

/// The domain of a company, as people write it: with or without scheme, `www.`, port and path.
/// `None` if several companies share it.
pub(super) fn of_company(text: &str) -> Option<Canonical> {
    let address = Address::parse(text)?;
    let mut domain = address.host.as_str();
    while let Some(bare) = domain.strip_prefix("www.").filter(|bare| bare.contains('.')) {
        domain = bare;
    }
    (!shared_hosts::is_shared(domain, address.path)).then(|| Canonical::new(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company(text: &str) -> Option<String> {
        of_company(text).map(|domain| domain.as_str().to_owned())
    }

    #[test]
    fn a_company_domain_has_one_form_however_it_is_written() {
        for text in [
            "x.io",
            " X.IO ",
            "www.x.io",
            "WWW.X.io.",
            "https://www.x.io/about?team#ada",
            "http://x.io:8080",
            "//x.io",
            "x.io:443/",
            "ｘ.io",
            "x。io",
        ] {
            assert_eq!(company(text).as_deref(), Some("x.io"), "{text:?}");
        }
        assert_eq!(company("Bücher.Example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(company("XN--BCHER-KVA.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(company("straße.de").as_deref(), Some("xn--strae-oqa.de"));
        assert_eq!(company("www.com").as_deref(), Some("www.com"));
    }

    #[test]
    fn domains_below_one_another_are_not_one_company() {
        assert_ne!(company("x.io"), company("eu.x.io"));
    }

    #[test]
    fn an_invalid_domain_identifies_no_one() {
        let long = format!("{}.io", "x".repeat(64));
        for text in [
            "",
            " ",
            ".",
            "x",
            "localhost",
            "x..io",
            "x.io..",
            "-x.io",
            "a_b.io",
            "x y.io",
            "127.0.0.1",
            "0x7f.1",
            "１２７.0.0.1",
            "[::1]",
            "ftp://x.io",
            "ada@x.io",
            "https://ada@x.io",
            "x.io:ada",
            "x\t.io",
            "x.io\\about",
            "x%2Eio",
            &long,
        ] {
            assert_eq!(company(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_shared_domain_identifies_no_one() {
        for text in ["gmail.com", "https://www.Gmail.com/", "yahoo.co.uk", "web.de"] {
            assert_eq!(company(text), None, "{text:?}");
        }
        for text in [
            "linkedin.com/company/x",
            "https://linkedin.com/",
            "https://www.facebook.com/x/",
            "de-de.facebook.com/x",
            "lnkd.in",
            "https://lnkd.in/abc",
            "fb.com",
            "bit.ly/x",
            "linktr.ee/acme",
            "sites.google.com/view/acme",
            "acme.wixsite.com/home",
            "acme.github.io",
            "acme.wordpress.com",
            "www.etsy.com/shop/acme",
            "amazon.de/stores/acme",
            "https://www.google.com/maps/place/acme",
            "goo.gl/maps/x",
            "yelp.co.uk/biz/acme",
            "tripadvisor.de",
        ] {
            assert_eq!(company(text), None, "{text:?}");
        }
        assert_eq!(company("https://www.google.com/").as_deref(), Some("google.com"));
        assert_eq!(company("amazon.de").as_deref(), Some("amazon.de"));
        assert_eq!(company("notgmail.com").as_deref(), Some("notgmail.com"));
    }
}
