//! Label values. They are enums, so that the number of series is bounded.

/// The disposition of a submitted lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Answered by an earlier lead of the same batch.
    Repeated,
    /// Answered from the cache.
    Cached,
    /// Answered by a job that another batch pays for.
    Joined,
    /// Answered by a job of its own batch.
    Fresh,
    /// Not sent: it did not fit the quota.
    Trimmed,
}

impl Disposition {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Cached => "cached",
            Self::Joined => "joined",
            Self::Fresh => "fresh",
            Self::Trimmed => "trimmed",
        }
    }
}

/// A listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The callers'.
    Callers,
    /// The operators'.
    Operators,
}

impl Door {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Callers => "callers",
            Self::Operators => "operators",
        }
    }
}

/// The decision about an admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A batch was created.
    Admitted,
    /// A retry was answered with its batch.
    Replayed,
    /// Refused, with the code of the error response.
    Refused(&'static str),
}

impl Decision {
    pub(super) const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Admitted => ("admitted", "none"),
            Self::Replayed => ("replayed", "none"),
            Self::Refused(code) => ("refused", code),
        }
    }
}

/// A result of the vendor that does not match its lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// A lead without a matching result.
    Unmatched,
    /// A result without a matching lead.
    Extra,
}

impl Stray {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Unmatched => "unmatched",
            Self::Extra => "extra",
        }
    }
}

/// Whether jobs may be sent to the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// They are sent.
    Closed,
    /// The vendor did not answer the last submissions.
    NotAnswering,
    /// The vendor's account has no credits.
    OutOfCredits,
    /// The vendor rejects the gateway's API key or URL.
    KeyRefused,
}

/// The label of a method; unsupported methods share one.
pub(super) fn method(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
