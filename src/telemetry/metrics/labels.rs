//! Labels: the values that a label can have. Closed, so that no metric grows without bound.

/// How a submitted lead will be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// As an earlier one of the same batch.
    Repeated,
    /// From cache.
    Cached,
    /// By a job that another batch pays for.
    Joined,
    /// By a job of its own.
    Fresh,
    /// Not at all: it did not fit the quota.
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

/// What became of a request for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It became a batch.
    Admitted,
    /// It was a retry, answered with the batch that it had become.
    Replayed,
    /// It was turned away; the error's code as it stands in the answer.
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

/// A result of the vendor's that could not be given to the lead it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// A lead for which no result could be told from the others.
    Unmatched,
    /// A result for which there was no lead.
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
    /// The vendor has not answered the last submissions.
    NotAnswering,
    /// The vendor has said that its credits are out.
    OutOfCredits,
    /// The vendor takes the gateway's key or address for wrong.
    KeyRefused,
}

/// The label of a method; those that no route answers share one.
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
