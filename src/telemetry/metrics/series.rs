//! Families that have some of their series from the start.

use prometheus::{IntCounterVec, IntGaugeVec};

use super::families::Families;
use super::labels::Door;

/// The family of unreadable answers, with a series for each operation.
pub(super) fn unreadable(families: &Families<'_>) -> IntCounterVec {
    let unreadable = families.counts(
        "tollgate_vendor_unreadable_total",
        &["operation"],
        "Complete answers of the vendor that cannot be parsed.",
    );
    for operation in ["submit", "find", "read", "call"] {
        unreadable.with_label_values(&[operation]);
    }
    unreadable
}

/// The family of refused keys, with a series for each listener.
pub(super) fn refused_keys(families: &Families<'_>) -> IntCounterVec {
    let refused_keys = families.counts(
        "tollgate_refused_keys_total",
        &["listener"],
        "Requests refused because the key or token is wrong or missing.",
    );
    for door in [Door::Callers, Door::Operators] {
        refused_keys.with_label_values(&[door.label()]);
    }
    refused_keys
}

/// The version, as a label.
pub(super) fn show_build(families: &Families<'_>) {
    let build = families.whole_gauges("tollgate_build_info", &["version"], "Always 1, by version.");
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
}

/// The family of the vendor's exhausted credits.
pub(super) fn credits_out(families: &Families<'_>) -> IntGaugeVec {
    families.whole_gauges(
        "tollgate_vendor_credits_out",
        &["unit"],
        "1 while the vendor's account has no credits of this unit.",
    )
}
