//! The query of a read: which page of a batch is asked for.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::envelope::Envelope;
use crate::gateway::{PageAsk, PageFrom};
use crate::http::problem::{INVALID_PAGE, Problem};

/// The leads on a page: as many where no size is asked for, and never more.
const PAGE_LEADS_MAX: u32 = 100;

/// The page that is shown where none is asked for.
pub(super) const FIRST: PageAsk = PageAsk { from: PageFrom::Start, size: PAGE_LEADS_MAX };

impl<S: Send + Sync> FromRequestParts<S> for PageAsk {
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Envelope> {
        Ok(parse(parts.uri.query().unwrap_or_default())?)
    }
}

/// Reads `page[size]`, `page[after]` and `page[before]`, brackets raw or percent-encoded, and passes
/// over what else a query says.
pub(super) fn parse(query: &str) -> Result<PageAsk, Problem> {
    let (mut size, mut after, mut before) = (None, None, None);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let asked = match &*name {
            "page[size]" => &mut size,
            "page[after]" => &mut after,
            "page[before]" => &mut before,
            _ => continue,
        };
        *asked = Some(whole_number(&value).ok_or_else(|| no_number(&name))?);
    }
    let from = match (after, before) {
        (None, None) => PageFrom::Start,
        (Some(position), None) => PageFrom::After(position),
        (None, Some(position)) => PageFrom::Before(position),
        (Some(_), Some(_)) => {
            return Err(INVALID_PAGE.says("Give page[after] or page[before], not both"));
        }
    };
    match size.unwrap_or(PAGE_LEADS_MAX) {
        0 => Err(INVALID_PAGE.says(format!("page[size] must be 1 to {PAGE_LEADS_MAX}"))),
        size => Ok(PageAsk { from, size: size.min(PAGE_LEADS_MAX) }),
    }
}

/// A number beyond all positions is as good as the last.
fn whole_number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u32::MAX))
}

fn no_number(name: &str) -> Problem {
    let detail = format!("{name} must be a whole number; use the links of a response, or omit it");
    INVALID_PAGE.says(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_in_either_spelling() {
        let ask = |from, size| PageAsk { from, size };
        for (query, expected) in [
            ("", FIRST),
            ("utm=x&page=7&page[sort]=name", FIRST),
            ("page[size]=20", ask(PageFrom::Start, 20)),
            ("page[size]=200", ask(PageFrom::Start, 100)),
            ("page%5Bsize%5D=2&page%5bafter%5d=4", ask(PageFrom::After(4), 2)),
            ("page[before]=3", ask(PageFrom::Before(3), 100)),
            ("page[after]=99999999999999999999", ask(PageFrom::After(u32::MAX), 100)),
        ] {
            assert_eq!(parse(query).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn what_is_no_page_is_refused_with_what_to_do() {
        for query in [
            "page[size]=0",
            "page[size]=",
            "page[size]=many",
            "page[after]=-1",
            "page[after]=+1",
            "page[before]=1.5",
            "page[after]=1&page[before]=3",
        ] {
            let problem = parse(query).expect_err(query);
            assert_eq!(problem.kind, INVALID_PAGE);
            assert!(problem.detail.contains("page["), "{query}: {}", problem.detail);
        }
    }
}
