//! Email addresses in canonical form. Dots and `+tags` are kept: whether they matter depends on the
//! mail server, and two addresses may be two people.

use super::address::TEXT_BYTES_MAX;
use super::canonical::{Canonical, is_blank, lower_case};
use super::{fold, host};

/// The address in lower case with its domain as A-labels, without invisible characters.
pub(super) fn canonical(address: &str) -> Option<Canonical> {
    if address.len() > TEXT_BYTES_MAX {
        return None;
    }
    let address: String = address.chars().filter(|c| !fold::is_ignorable(*c)).collect();
    let (local, domain) = address.trim().rsplit_once('@')?;
    if local.is_empty() || local.contains(|c| c == '@' || is_blank(c)) {
        return None;
    }
    Some(Canonical::new(format!("{}@{}", lower_case(local), host::canonical(domain)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(address: &str) -> Option<String> {
        canonical(address).map(|address| address.as_str().to_owned())
    }

    #[test]
    fn an_address_has_one_form_however_it_is_written() {
        for address in
            ["ada@x.io", " ADA@X.IO\n", "Ada@x.io.", "ada@ｘ.io", "a\u{200b}da\u{ad}@x.io\u{feff}"]
        {
            assert_eq!(form(address).as_deref(), Some("ada@x.io"), "{address:?}");
        }
        let composed = "j\u{fc}rgen@xn--bcher-kva.example";
        assert_eq!(form("Ju\u{308}rgen@BÜCHER.example").as_deref(), Some(composed));
    }

    #[test]
    fn different_local_parts_are_different_people() {
        let addresses =
            ["ada@x.io", "a.da@x.io", "ada+tag@x.io", "ａda@x.io", "İ@x.io", "i@x.io", "ı@x.io"];
        let more = ["strasse@x.io", "straße@x.io", "\"ada\"@x.io", "mailto:ada@x.io"];
        let forms: std::collections::HashSet<_> =
            addresses.iter().chain(&more).map(|address| form(address).unwrap()).collect();
        assert_eq!(forms.len(), addresses.len() + more.len());
    }

    #[test]
    fn an_ambiguous_address_identifies_no_one() {
        let long = format!("{}@x.io", "a".repeat(TEXT_BYTES_MAX));
        for address in [
            "",
            "ada",
            "@x.io",
            "ada@",
            "ada@x",
            "ada@localhost",
            "ada@127.0.0.1",
            "ada@[::1]",
            "Ada <ada@x.io>",
            "ada @x.io",
            "ada@ x.io",
            "a\u{0}da@x.io",
            "ada@b@x.io",
            "ada@x..io",
            "ada@x.io..",
            "ada@x.io:25",
            "ada@x_y.io",
            "ada%40x.io",
            &long,
        ] {
            assert_eq!(form(address), None, "{address:?}");
        }
    }
}
