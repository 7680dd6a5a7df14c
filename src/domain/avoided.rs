//! Avoided credits: list price of what was answered without the vendor, by reason.

use super::credits::Amounts;

/// Why the vendor was not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AvoidedReason {
    /// The same person stood earlier in the batch.
    Repeated,
    /// A job under way carried the person already.
    Joined,
    /// The answer was known, and the vendor's own charge window was still open.
    CachedInWindow,
    /// The answer was known, and the vendor would have charged for it again.
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

    /// The reason as a label.
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

/// So much avoided for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avoided {
    /// Why.
    pub reason: AvoidedReason,
    /// How much, at list price.
    pub amounts: Amounts,
}
