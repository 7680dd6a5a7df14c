//! Links between the pages of a batch: relative, and `prev` and `next` only where there is more.

use std::ops::Range;

use serde::Serialize;

use crate::gateway::{BatchId, BatchPage, Line, PageAsk, PageFrom};

/// Links to a batch and to its pages beside this one.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Links {
    #[serde(rename = "self")]
    itself: Link,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Link>,
}

#[derive(Debug, Serialize)]
struct Link {
    href: String,
}

impl Links {
    /// Links to the batch alone.
    pub(in crate::http) fn to_batch(id: BatchId) -> Self {
        Self::to(&path(id))
    }

    /// Links to what has this path alone.
    pub(in crate::http) fn to(path: &str) -> Self {
        Self { itself: Link { href: path.to_owned() }, prev: None, next: None }
    }

    /// Links around one page, as it was asked for.
    pub(in crate::http) fn around(page: &BatchPage, ask: PageAsk) -> Self {
        let position = |line: &Line| line.position;
        let shown = page.lines.first().map(position).zip(page.lines.last().map(position));
        Self::beside(&path(page.id), shown, page.leads, ask)
    }

    /// Links around the page, as it was asked for, of what has this path: from the first position
    /// that is shown to the last, of so many.
    pub(in crate::http) fn beside(
        path: &str,
        shown: Option<(u32, u32)>,
        count: u32,
        ask: PageAsk,
    ) -> Self {
        let shown = match shown {
            Some((first, last)) => first..last.saturating_add(1),
            None => nowhere(count, ask),
        };
        let link = |cursor: &str, position: u32| Link {
            href: format!("{path}?page[size]={}&page[{cursor}]={position}", ask.size),
        };
        Self {
            prev: (shown.start > 1).then(|| link("before", shown.start)),
            next: (shown.end <= count).then(|| link("after", shown.end.saturating_sub(1))),
            ..Self::to(path)
        }
    }
}

fn path(id: BatchId) -> String {
    format!("/people/enrichment-requests/{id}")
}

/// The empty range of positions where a page without leads was asked for.
fn nowhere(count: u32, ask: PageAsk) -> Range<u32> {
    let end = count.saturating_add(1);
    let at = match ask.from {
        PageFrom::Start => 1,
        PageFrom::After(position) => position.saturating_add(1).min(end),
        PageFrom::Before(position) => position.clamp(1, end),
    };
    at..at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::batch::samples;

    fn links(from: PageFrom, shown: Range<u32>, leads: u32) -> (Option<String>, Option<String>) {
        let page = samples::page(leads, shown);
        let links = Links::around(&page, PageAsk { from, size: 2 });
        assert_eq!(links.itself.href, "/people/enrichment-requests/7");
        (links.prev.map(|link| link.href), links.next.map(|link| link.href))
    }

    fn link(cursor: &str) -> String {
        format!("/people/enrichment-requests/7?page[size]=2&page[{cursor}")
    }

    #[test]
    fn a_link_leads_on_only_where_there_is_more() {
        assert_eq!(links(PageFrom::Start, 1..3, 2), (None, None));
        assert_eq!(links(PageFrom::Start, 1..3, 5), (None, Some(link("after]=2"))));
        assert_eq!(
            links(PageFrom::After(2), 3..5, 5),
            (Some(link("before]=3")), Some(link("after]=4")))
        );
        assert_eq!(links(PageFrom::After(4), 5..6, 5), (Some(link("before]=5")), None));
        assert_eq!(links(PageFrom::Before(2), 1..2, 5), (None, Some(link("after]=1"))));
    }

    #[test]
    fn a_page_beyond_either_end_leads_back_to_the_leads() {
        assert_eq!(links(PageFrom::After(9), 0..0, 5), (Some(link("before]=6")), None));
        assert_eq!(links(PageFrom::Before(1), 0..0, 5), (None, Some(link("after]=0"))));
        assert_eq!(links(PageFrom::Before(0), 0..0, 5), (None, Some(link("after]=0"))));
    }
}
