//! Addresses inside other addresses, as mail filters, redirects and login pages create them.

use std::borrow::Cow;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use super::address::Address;
use super::lists::Wrappers;

static WRAPPERS: LazyLock<Wrappers> =
    LazyLock::new(|| Wrappers::of(include_str!("lists/link_wrappers.txt")));

/// The pages of LinkedIn that redirect to another page of it.
const GATES: [&str; 9] =
    ["authwall", "login", "uas", "checkpoint", "signup", "join", "redir", "redirect", "start"];

/// The address that `text`, located at `address`, redirects to; `None` if it is ambiguous.
pub(super) fn unwrapped<'a>(text: &'a str, address: &'a Address<'_>) -> Option<Cow<'a, str>> {
    if address.has_port {
        return None;
    }
    if address.host == "urldefense.com" {
        return delimited(text).map(Cow::Borrowed);
    }
    let is_linkedin = is_or_is_below(&address.host, "linkedin.com");
    let section = address.path.split('/').nth(1).unwrap_or_default();
    if is_linkedin && !GATES.iter().any(|gate| section.eq_ignore_ascii_case(gate)) {
        return None;
    }
    let parameters: Vec<_> = WRAPPERS.parameters_at(&address.host).collect();
    let mut held = form_urlencoded::parse(address.query.as_bytes())
        .filter(|(name, _)| parameters.contains(&&**name))
        .map(|(_, value)| value);
    let (value, None) = (held.next()?, held.next()) else { return None };
    Some(match value {
        value if is_or_is_below(&address.host, "urldefense.proofpoint.com") => {
            respelled(&value).map(Cow::Owned)?
        }
        value if is_linkedin && value.starts_with('/') => {
            Cow::Owned(format!("https://www.linkedin.com{value}"))
        }
        value => Cow::Owned(value.into_owned()),
    })
}

fn is_or_is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// Proofpoint's third form: `/v3/__ADDRESS__;…`.
fn delimited(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("/v3/__")?;
    Some(rest.split_once("__;")?.0)
}

/// Proofpoint's second form writes `-` for a percent sign and `_` for a slash.
fn respelled(value: &str) -> Option<String> {
    let value = value.replace('-', "%").replace('_', "/");
    Some(percent_decode_str(&value).decode_utf8().ok()?.into_owned())
}
