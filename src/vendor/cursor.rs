//! Cursors: the beginning of a page.

use url::Url;

/// The longest accepted query.
const QUERY_BYTES_MAX: usize = 2048;

/// A cursor: the query of the vendor's link to a page, exactly as the vendor wrote it. Only the
/// query is used, and only if the link has the path of the pages that are being read, so no link
/// leads anywhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(Box<str>);

/// The URL of the pages of one batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pages<'a> {
    /// The URL of the first page, without a query.
    pub(super) at: &'a Url,
    /// The vendor's URL with its prefix. Relative links omit the prefix.
    pub(super) base: &'a Url,
}

impl Cursor {
    /// The cursor in a link to the next page; `None` if the link does not lead to another one of
    /// these pages.
    pub(super) fn in_link(href: &str, pages: Pages<'_>) -> Option<Self> {
        let Pages { at, base } = pages;
        let link = at.join(href).ok()?;
        let is_same_host = link.host() == at.host() && link.port() == at.port();
        let relative = at.path().strip_prefix(base.path().trim_end_matches('/'));
        let is_same_path = link.path() == at.path() || Some(link.path()) == relative;
        let query = link.query().filter(|_| is_same_host && is_same_path)?;
        (!query.is_empty() && query.len() <= QUERY_BYTES_MAX).then(|| Self(query.into()))
    }

    /// The cursor with this query.
    #[cfg(test)]
    pub(crate) fn of(query: &str) -> Self {
        Self(query.into())
    }

    /// The whole query.
    pub(super) fn query(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The query of a link on one of the vendor's pages.
    fn next(base: &str, href: &str) -> Option<String> {
        let base: Url = base.parse().unwrap();
        let at = format!("{}/people/enrichment-requests/7", base.as_str().trim_end_matches('/'));
        let pages = Pages { at: &at.parse().unwrap(), base: &base };
        Cursor::in_link(href, pages).map(|cursor| cursor.query().to_owned())
    }

    #[test]
    fn a_link_to_the_same_path_of_the_same_host_is_followed_whatever_its_query() {
        for (href, query) in [
            (
                "/people/enrichment-requests/7?page[size]=9&page[after]=a",
                "page[size]=9&page[after]=a",
            ),
            (
                "/people/enrichment-requests/7?page%5Bafter%5D=a%2Bb+c%3D",
                "page%5Bafter%5D=a%2Bb+c%3D",
            ),
            ("?page[number]=2", "page[number]=2"),
            ("7?cursor=x#there", "cursor=x"),
            ("https://x.io/people/enrichment-requests/7?page=2", "page=2"),
            ("//x.io/people/enrichment-requests/7?page=2", "page=2"),
            ("http://x.io/people/enrichment-requests/7?page=2", "page=2"),
        ] {
            assert_eq!(next("https://x.io", href).as_deref(), Some(query), "{href}");
        }
    }

    #[test]
    fn a_relative_link_omits_the_prefix() {
        for href in [
            "/people/enrichment-requests/7?page=2",
            "/a/b/people/enrichment-requests/7?page=2",
            "https://x.io/a/b/people/enrichment-requests/7?page=2",
        ] {
            assert_eq!(next("https://x.io/a/b/", href).as_deref(), Some("page=2"), "{href}");
        }
        assert_eq!(next("https://x.io/a", "/b/people/enrichment-requests/7?page=2"), None);
    }

    #[test]
    fn a_link_to_another_resource_is_not_followed() {
        let long = format!("?page[after]={}", "a".repeat(QUERY_BYTES_MAX));
        for href in [
            "",
            "?",
            "/people/enrichment-requests/7",
            "/people/enrichment-requests/8?page=2",
            "/people?page=2",
            "https://x.io.evil/people/enrichment-requests/7?page=2",
            "https://x.io:8443/people/enrichment-requests/7?page=2",
            "https://[",
            &long,
        ] {
            assert_eq!(next("https://x.io", href), None, "{href}");
        }
    }

    #[test]
    fn a_cursor_cannot_break_out_of_the_query() {
        let query = next("https://x.io", "?page[after]=a b\r\n\"<é").unwrap();
        assert_eq!(query, "page[after]=a%20b%22%3C%C3%A9");
    }
}
