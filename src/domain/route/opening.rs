//! Openings: what a caller or an operator can do about a path without a route.

use super::path::VendorPath;
use super::pattern::{Method, Pattern};

/// What would allow a path without a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// This route, the narrowest without ids.
    Route(Pattern),
    /// The path without a prefix that the vendor's API does not have.
    NoPrefix {
        /// As in `/v1`.
        prefix: String,
        /// The rest of the path, with `*` for ids.
        path: String,
    },
    /// Only a route for every path.
    None,
}

impl Opening {
    /// What would allow a request with this method.
    #[must_use]
    pub fn of(method: Method, path: &VendorPath) -> Self {
        let segments: Vec<_> = path.folded().split('/').skip(1).collect();
        let is_prefix = |(at, segment): &(usize, &&str)| {
            is_version(segment) || (*at == 0 && **segment == "api")
        };
        let prefixes = segments.iter().enumerate().take_while(is_prefix).count();
        let (prefix, rest) = segments.split_at(prefixes);
        if prefix.is_empty() {
            let pattern = format!("{} {}", method.in_patterns(), outline(rest));
            pattern.parse().map_or(Self::None, Self::Route)
        } else {
            Self::NoPrefix { prefix: format!("/{}", prefix.join("/")), path: outline(rest) }
        }
    }
}

/// Whether the segment looks like `v1`.
fn is_version(segment: &str) -> bool {
    let number = segment.strip_prefix('v').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The path with `*` for every segment that is not a plain word, so that it contains no ids and no
/// names of people. The first segment names the vendor's resource and is always kept.
fn outline(segments: &[&str]) -> String {
    let is_word = |segment: &str| {
        segment.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte))
    };
    let words =
        segments.iter().enumerate().take_while(|(at, segment)| *at == 0 || is_word(segment));
    let words: Vec<_> = words.map(|(_, word)| *word).collect();
    let end = if words.len() < segments.len() { "/*" } else { "" };
    format!("/{}{end}", words.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suggested_route_has_words_and_no_ids() {
        let opening = |path: &str| Opening::of(Method::Get, &VendorPath::of(path).unwrap());
        for (path, route) in [
            ("/mailboxes", "/mailboxes"),
            ("/Lists/Mine", "/lists/mine"),
            ("/lists/17/members", "/lists/*"),
            ("/lists/ada@x.example", "/lists/*"),
            ("/v2things/17", "/v2things/*"),
            ("/17", "/17"),
            ("/", "/"),
        ] {
            let route = format!("GET {route}").parse().unwrap();
            assert_eq!(opening(path), Opening::Route(route), "{path}");
        }
        for path in ["/ada@x.example", "/j%C3%BCrgen", "/a%20b"] {
            assert_eq!(opening(path), Opening::None, "{path}");
        }
        for (path, prefix, rest) in [
            ("/v1/people/find", "/v1", "/people/find"),
            ("/api/v2/lists/17", "/api/v2", "/lists/*"),
            ("/API/contacts", "/api", "/contacts"),
            ("/v1", "/v1", "/"),
        ] {
            let (prefix, path_without) = (prefix.to_owned(), rest.to_owned());
            let expected = Opening::NoPrefix { prefix, path: path_without };
            assert_eq!(opening(path), expected, "{path}");
        }
    }
    #[test]
    fn the_suggested_route_has_the_method_of_the_request() {
        let path = VendorPath::of("/contacts/17").unwrap();
        for (method, route) in [
            (Method::Get, "GET /contacts/*"),
            (Method::Head, "GET /contacts/*"),
            (Method::Delete, "DELETE /contacts/*"),
        ] {
            let expected = Opening::Route(route.parse().unwrap());
            assert_eq!(Opening::of(method, &path), expected, "{method}");
        }
    }
}
