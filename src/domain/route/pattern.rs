//! A pattern: the requests that a route applies to.

use std::fmt;
use std::str::FromStr;

use super::path::{Unsafe, VendorPath};

/// A path or a prefix, for one method or any: `/tasks`, `/contacts/*`, `/excluded-*`, `GET
/// /companies/find`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    method: Option<Method>,
    /// In the form of folded paths: in lower case, without the `*` and the slash before it.
    literal: String,
    reach: Reach,
}

/// The extent of a pattern beyond its literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// All paths with this prefix: `/excluded-*`.
    Beginning,
    /// All paths below it: `/contacts/*`, including `/contacts`.
    Below,
    /// Only this path.
    Exact,
}

/// A method that can be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the method of that name")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPattern {
    /// It does not begin with a slash, or with a method and then a slash.
    #[error("is not a path")]
    NoSlash,
    /// The method is unknown or cannot be forwarded.
    #[error("does not begin with a method that can be forwarded")]
    Method,
    /// It has a `*` before its end.
    #[error("has a * before its end")]
    Star,
    /// It has a query, a fragment or percent-encoding.
    #[error("has a query, a fragment or percent-encoding")]
    Marks,
    /// Its last segment has a suffix, which does not make another path.
    #[error("has a suffix such as .json, which does not make another path")]
    Ending,
    /// No request has such a path.
    #[error("is not a request path: {0}")]
    Unsafe(#[from] Unsafe),
    /// It belongs to the gateway.
    #[error("is one of the gateway's own paths")]
    Own,
}

impl Pattern {
    /// Whether the pattern covers a request. `GET` covers `HEAD`.
    #[must_use]
    pub fn covers(&self, method: Method, path: &VendorPath) -> bool {
        let is_meant = match self.method {
            Some(Method::Get) => matches!(method, Method::Get | Method::Head),
            Some(meant) => meant == method,
            None => true,
        };
        is_meant
            && match self.reach {
                Reach::Exact => path.is(&self.literal),
                Reach::Below => path.is(&self.literal) || path.is_below(&self.literal),
                Reach::Beginning => path.begins_with(&self.literal),
            }
    }

    /// Whether the pattern covers every path.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.literal.is_empty() && self.reach != Reach::Exact
    }

    /// The specificity: by path first, then by method.
    pub(super) fn specificity(&self) -> impl Ord {
        (self.literal.len(), self.reach, self.method.is_some())
    }
}

impl FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method.parse()?), path),
            None => (None, text),
        };
        if !path.starts_with('/') {
            return Err(NotAPattern::NoSlash);
        }
        if path.contains(['?', '#', '%']) {
            return Err(NotAPattern::Marks);
        }
        let (literal, reach) = match path.strip_suffix('*') {
            None => (path, Reach::Exact),
            Some(beginning) => match beginning.strip_suffix('/') {
                Some(parent) => (parent, Reach::Below),
                None => (beginning, Reach::Beginning),
            },
        };
        if literal.contains('*') {
            return Err(NotAPattern::Star);
        }
        if literal.is_empty() {
            return Ok(Self { method, literal: String::new(), reach });
        }
        let path = VendorPath::of(literal)?;
        if path.is_off_the_table() {
            return Err(NotAPattern::Own);
        }
        if reach != Reach::Beginning && path.has_ending() {
            return Err(NotAPattern::Ending);
        }
        Ok(Self { method, literal: path.folded().to_owned(), reach })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = self.method {
            write!(f, "{method} ")?;
        }
        let end = match self.reach {
            Reach::Exact if self.literal.is_empty() => "/",
            Reach::Exact => "",
            Reach::Below => "/*",
            Reach::Beginning => "*",
        };
        write!(f, "{}{end}", self.literal)
    }
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 6] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method of the narrowest pattern that covers it: `GET` covers `HEAD`.
    pub(super) const fn in_patterns(self) -> Self {
        match self {
            Self::Head => Self::Get,
            other => other,
        }
    }

    /// The written form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl FromStr for Method {
    type Err = NotAPattern;

    fn from_str(name: &str) -> Result<Self, NotAPattern> {
        Self::ALL.into_iter().find(|method| method.name() == name).ok_or(NotAPattern::Method)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, method: Method, path: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().covers(method, &VendorPath::of(path).unwrap())
    }

    #[test]
    fn a_pattern_reads_back_as_it_was_written() {
        for text in ["/tasks", "/contacts/*", "/excluded-*", "GET /companies/find", "/*", "/"] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_star_covers_its_prefix_only() {
        for (pattern, path, is_covered) in [
            ("/tasks", "/tasks", true),
            ("/tasks", "/tasks/", true),
            ("/tasks", "/tasks.json", true),
            ("/tasks", "/tasks/7", false),
            ("/tasks", "/tasks2", false),
            ("/contacts/*", "/contacts", true),
            ("/contacts/*", "/Contacts/7/notes", true),
            ("/contacts/*", "/contacts-of", false),
            ("/excluded-*", "/excluded-domains/7", true),
            ("/excluded-*", "/excluded", false),
            ("/*", "/anything/at/all", true),
            ("/*", "/", true),
        ] {
            assert_eq!(covers(pattern, Method::Put, path), is_covered, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_with_a_method_covers_no_other() {
        assert!(covers("POST /tasks", Method::Post, "/tasks"));
        assert!(!covers("POST /tasks", Method::Get, "/tasks"));
        assert!(covers("GET /tasks", Method::Head, "/tasks"));
        assert!(!covers("HEAD /tasks", Method::Get, "/tasks"));
    }

    #[test]
    fn a_pattern_that_matches_no_request_is_refused() {
        let refused = |text: &str| text.parse::<Pattern>().unwrap_err();
        for text in ["", "tasks", "GET tasks", "https://x.example/tasks"] {
            assert_eq!(refused(text), NotAPattern::NoSlash, "{text}");
        }
        for text in ["FETCH /tasks", "get /tasks", "CONNECT /tasks", " /tasks"] {
            assert_eq!(refused(text), NotAPattern::Method, "{text}");
        }
        assert_eq!(refused("/a*/b"), NotAPattern::Star);
        for text in ["/tasks.json", "GET /Tasks.XML/", "/v2/files.d/*"] {
            assert_eq!(refused(text), NotAPattern::Ending, "{text}");
        }
        assert!("/v2.1/tasks".parse::<Pattern>().is_ok(), "that is no ending");
        assert_eq!(refused("/a?b=c"), NotAPattern::Marks);
        assert_eq!(refused("/a%20b"), NotAPattern::Marks);
        assert_eq!(refused("/a//b"), NotAPattern::Unsafe(Unsafe::EmptySegment));
        assert_eq!(refused("/a/.."), NotAPattern::Unsafe(Unsafe::DotSegment));
        for text in ["/people/find", "/people/enrichment-requests/*", "POST /gateway/v1/usage"] {
            assert_eq!(refused(text), NotAPattern::Own, "{text}");
        }
    }
}
