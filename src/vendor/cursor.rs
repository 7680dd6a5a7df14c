//! Cursors: where a page begins.

use url::Url;

/// Stands for whatever the links of the vendor are relative to; never asked for anything.
const SOMEWHERE: &str = "https://vendor.invalid/people/enrichment-requests/0";

/// The longest cursor that is believed.
const CURSOR_BYTES_MAX: usize = 1024;

/// Where a page begins: the value of `page[after]` in a link of the vendor's, still percent-encoded
/// as the vendor wrote it. Only this is taken from a link, so no link leads anywhere but to the
/// next page of the batch that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(Box<str>);

impl Cursor {
    /// The cursor in a link to the next page, if there is one.
    pub(super) fn in_link(href: &str) -> Option<Self> {
        let link = Url::parse(SOMEWHERE).and_then(|base| base.join(href)).ok()?;
        link.query()?
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| is_page_after(name))
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty() && value.len() <= CURSOR_BYTES_MAX)
            .map(|value| Self(value.into()))
    }

    /// The cursor as it stands in a query.
    pub(super) fn in_query(&self) -> &str {
        &self.0
    }
}

/// Both spellings occur, with brackets raw and percent-encoded.
fn is_page_after(name: &str) -> bool {
    percent_encoding::percent_decode_str(name).eq(*b"page[after]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_taken_from_either_spelling_and_kept_as_written() {
        for (href, cursor) in [
            ("/people/enrichment-requests/1?page[size]=100&page[after]=abc", "abc"),
            ("/people/enrichment-requests/1?page%5Bafter%5D=a%2Bb+c%3D%3D&x=1", "a%2Bb+c%3D%3D"),
            ("?page%5bafter%5d=7", "7"),
            ("https://elsewhere.example/other?page[after]=7#there", "7"),
        ] {
            let found = Cursor::in_link(href).unwrap();
            assert_eq!(found.in_query(), cursor, "{href}");
        }
    }

    #[test]
    fn a_cursor_cannot_break_out_of_its_place_in_the_query() {
        let found = Cursor::in_link("/x?page[after]=a b\r\n\"<é").unwrap();
        assert_eq!(found.in_query(), "a%20b%22%3C%C3%A9");
    }

    #[test]
    fn a_link_without_a_cursor_leads_nowhere() {
        let long = format!("/x?page[after]={}", "a".repeat(CURSOR_BYTES_MAX + 1));
        for href in ["", "/x", "/x?page[after]=", "/x?page[before]=7", "https://[", &long] {
            assert_eq!(Cursor::in_link(href), None, "{href}");
        }
    }
}
