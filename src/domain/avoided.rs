//! Avoided credits: list price of answers that the vendor did not charge, by reason.

use super::credits::Amounts;

/// Why nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AvoidedReason {
    /// An earlier lead of the batch was the same person.
    Repeated,
    /// A job in progress already had the person.
    Joined,
    /// The answer was cached, and the vendor's charge window was still open.
    CachedInWindow,
    /// The answer was cached, and the vendor would have charged for it again.
    CachedAfterWindow,
    /// The reveal was paid before.
    OwnedReveal,
    /// The same request was answered before.
    Replayed,
}

impl AvoidedReason {
    /// All reasons.
    pub const ALL: [Self; 6] = [
        Self::Repeated,
        Self::Joined,
        Self::CachedInWindow,
        Self::CachedAfterWindow,
        Self::OwnedReveal,
        Self::Replayed,
    ];

    /// The reason as a metric label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Joined => "joined",
            Self::CachedInWindow => "cached_in_window",
            Self::CachedAfterWindow => "cached_after_window",
            Self::OwnedReveal => "owned_reveal",
            Self::Replayed => "replayed",
        }
    }
}

/// An amount avoided for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avoided {
    /// Why.
    pub reason: AvoidedReason,
    /// The amount, at list price.
    pub amounts: Amounts,
}
