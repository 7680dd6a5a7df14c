//! Pages of results: the requested part of a list, and the links to its neighbours.
//!
//! A cursor is a result's position, from 1, and exclusive, so it does not change while a list
//! grows.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::answer::{Error, INVALID_PAGE};

/// The page that a request asks for.
#[derive(Clone, Copy)]
pub(super) struct Page {
    size: usize,
    after: Option<usize>,
    before: Option<usize>,
}

impl Page {
    /// The first page, of the maximum size.
    pub(super) fn first(size_max: usize) -> Self {
        Self { size: size_max, after: None, before: None }
    }

    /// Parses `page[size]`, `page[after]`, `page[before]` and `page[number]`, brackets raw or
    /// percent-encoded; ignores other parameters. A larger size counts as the maximum.
    pub(super) fn parse(query: &str, size_max: usize) -> Result<Self, Error> {
        let mut page = Self::first(size_max);
        let mut pages_before = None;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let number = || value.parse::<usize>().map_err(|_| invalid(&name));
            match &*name {
                "page[size]" => match number()? {
                    0 => return Err(invalid(&name)),
                    size => page.size = size.min(size_max),
                },
                "page[after]" => page.after = Some(number()?),
                "page[before]" => page.before = Some(number()?),
                "page[number]" => pages_before = Some(number()?.saturating_sub(1)),
                _ => {}
            }
        }
        let after = pages_before.map(|pages: usize| pages.saturating_mul(page.size));
        Ok(Self { after: page.after.or(after), ..page })
    }

    /// The part of a list of `count` results: from the front, or from the back if only `before` is
    /// given.
    pub(super) fn range(self, count: usize) -> Range<usize> {
        let start = self.after.unwrap_or(0).min(count);
        let end =
            self.before.map_or(count, |before| before.saturating_sub(1)).min(count).max(start);
        if self.after.is_none() && self.before.is_some() {
            end.saturating_sub(self.size)..end
        } else {
            start..end.min(start.saturating_add(self.size))
        }
    }

    /// Relative links; `next` and `prev` only if there are more results.
    pub(super) fn links(self, path: &str, count: usize) -> Value {
        let range = self.range(count);
        let mut links = Map::new();
        links.insert("self".to_owned(), json!({ "href": path }));
        if range.start > 0 {
            let href = format!("{path}?page[size]={}&page[before]={}", self.size, range.start + 1);
            links.insert("prev".to_owned(), json!({ "href": href }));
        }
        if range.end < count {
            let href = format!("{path}?page[size]={}&page[after]={}", self.size, range.end);
            links.insert("next".to_owned(), json!({ "href": href }));
        }
        Value::Object(links)
    }
}

fn invalid(name: &str) -> Error {
    INVALID_PAGE.says(&format!("Must be a whole number: {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(query: &str, count: usize) -> Range<usize> {
        Page::parse(query, 100).unwrap_or_else(|_| panic!("{query}")).range(count)
    }

    #[test]
    fn cursors_are_exclusive_and_pages_no_larger_than_asked_or_allowed() {
        assert_eq!(range("", 250), 0..100);
        assert_eq!(range("page[size]=200", 250), 0..100);
        assert_eq!(range("page[size]=2&page[after]=2", 5), 2..4);
        assert_eq!(range("page%5Bsize%5D=2&page%5Bafter%5D=4", 5), 4..5);
        assert_eq!(range("page[size]=2&page[before]=4", 5), 1..3);
        assert_eq!(range("page[size]=2&page[before]=2", 5), 0..1);
        assert_eq!(range("page[after]=1&page[before]=4", 5), 1..3);
        assert_eq!(range("page[after]=9", 5), 5..5);
        assert_eq!(range("page[after]=3&page[before]=2", 5), 3..3);
        assert_eq!(range("page[number]=2&page[size]=2", 5), 2..4);
        assert_eq!(range("page[number]=1", 5), 0..5);
    }

    #[test]
    fn invalid_numbers_and_empty_pages_are_refused() {
        for query in ["page[size]=0", "page[size]=x", "page[after]=-1", "page[before]="] {
            assert!(Page::parse(query, 100).is_err(), "{query}");
        }
    }

    #[test]
    fn links_reach_every_result_in_both_directions() {
        let page = Page::parse("page[size]=2&page[after]=2", 100).ok().unwrap();
        let links = page.links("/b/1", 5);
        assert_eq!(links["next"]["href"], "/b/1?page[size]=2&page[after]=4");
        assert_eq!(links["prev"]["href"], "/b/1?page[size]=2&page[before]=3");
        let all = Page::first(100).links("/b/1", 5);
        assert_eq!(all, json!({ "self": { "href": "/b/1" } }));
    }
}
