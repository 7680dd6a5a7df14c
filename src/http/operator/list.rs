//! The query of a list: where its page begins and how long it is.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::details::ProblemDetails;
use super::query::{PAGE_ITEMS_MAX, limit};
use crate::http::problem::{INVALID_PAGE, Problem};

/// Which page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListAsk {
    /// Only what comes after this.
    cursor: Option<String>,
    limit: usize,
}

impl ListAsk {
    /// One page of what is ordered by name, and the cursor of the next if there is more.
    pub(super) fn page<T>(
        &self,
        items: Vec<T>,
        name: impl Fn(&T) -> &str,
    ) -> (Vec<T>, Option<String>) {
        let is_later = |item: &T| self.cursor.as_deref().is_none_or(|cursor| name(item) > cursor);
        let mut page: Vec<T> =
            items.into_iter().filter(is_later).take(self.limit.saturating_add(1)).collect();
        let has_more = page.len() > self.limit;
        page.truncate(self.limit);
        let next = page.last().filter(|_| has_more).map(|last| name(last).to_owned());
        (page, next)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ListAsk {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemDetails> {
        Ok(parse(parts.uri.query().unwrap_or_default())?)
    }
}

fn parse(query: &str) -> Result<ListAsk, Problem> {
    let mut ask = ListAsk { cursor: None, limit: PAGE_ITEMS_MAX };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "cursor" => ask.cursor = Some(value.into_owned()),
            "limit" => ask.limit = limit(Some(&*value))?,
            _ => {
                return Err(
                    INVALID_PAGE.says("A list accepts only the parameters cursor and limit")
                );
            }
        }
    }
    Ok(ask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_until_nothing_is_left() {
        let names = || vec!["a", "b", "c", "d", "e"];
        let mut pages = Vec::new();
        let mut query = "limit=2".to_owned();
        loop {
            let (page, next) = parse(&query).unwrap().page(names(), |name| name);
            pages.push(page);
            let Some(cursor) = next else { break };
            query = format!("limit=2&cursor={cursor}");
        }
        assert_eq!(pages, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
        let (all, next) = parse("limit=5").unwrap().page(names(), |name| name);
        assert_eq!((all.len(), next), (5, None));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for query in ["limit=0", "limit=101", "limit=", "limit=x", "page=2"] {
            assert_eq!(parse(query).expect_err(query).kind, INVALID_PAGE);
        }
    }
}
