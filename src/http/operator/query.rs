//! Queries of the admin API, parameter by parameter: each is written once, and no other is read over.

use std::str::FromStr;

use super::details::ProblemDetails;
use crate::http::problem::{INVALID_PAGE, INVALID_REQUEST, Problem};

/// The items on a page: as many where no limit is asked for, and never more.
pub(super) const PAGE_ITEMS_MAX: usize = 100;

/// The parameters of these names, in their order.
pub(super) fn parameters<const N: usize>(
    query: Option<&str>,
    names: [&str; N],
) -> Result<[Option<String>; N], ProblemDetails> {
    let mut found = names.map(|_| None);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let Some(place) = names.iter().position(|known| *known == name) else {
            let detail = format!("This query accepts only {}", names.join(", "));
            return Err(INVALID_PAGE.says(detail).into());
        };
        if found[place].replace(value.into_owned()).is_some() {
            let detail = format!("{} is given more than once", names[place]);
            return Err(INVALID_PAGE.says(detail).into());
        }
    }
    Ok(found)
}

/// How many items a page has.
pub(super) fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(PAGE_ITEMS_MAX) };
    let limit = text.parse().ok().filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit));
    limit.ok_or_else(|| INVALID_PAGE.says(format!("limit must be 1 to {PAGE_ITEMS_MAX}")))
}

/// A cursor that an answer gave.
pub(super) fn cursor<T: FromStr>(text: Option<&str>) -> Result<Option<T>, Problem> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let read = |text: &str| text.parse().ok().filter(|_| is_number(text));
    let wrong = || INVALID_PAGE.says("cursor must be the next_cursor of an earlier response");
    text.map(|text| read(text).ok_or_else(wrong)).transpose()
}

/// A parameter that is one of some words, or a name; `rule` says what it may be.
pub(super) fn invalid(name: &str, rule: impl std::fmt::Display) -> Problem {
    INVALID_REQUEST.says(format!("The query parameter {name} is not valid: {rule}"))
}
