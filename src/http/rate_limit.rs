//! `RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers-11 has them: items for a
//! team's limits.

use std::time::Duration;

use axum::http::HeaderName;

use crate::domain::team_limits::Measure;
use crate::gateway::{LimitLeft, Reset};

pub(super) const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The limit itself: `q` is how much there may be, in the unit `qu`, and `w` how long a day is.
pub(super) fn policy_of(left: &LimitLeft) -> String {
    let window = left.resets.map(|Reset { lasts, .. }| format!(";w={}", lasts.as_secs()));
    let (name, unit) = (name(left.measure), unit(left.measure));
    format!("\"{name}\";q={};qu=\"{unit}\"{}", left.limit, window.unwrap_or_default())
}

/// What is left of it: `r` is that, and `t` how soon the day ends.
pub(super) fn limit_of(left: &LimitLeft) -> String {
    let soon = left.resets.map(|Reset { ends_in, .. }| format!(";t={}", seconds_of(ends_in)));
    format!("\"{}\";r={}{}", name(left.measure), left.remaining, soon.unwrap_or_default())
}

/// Whole seconds, rounded up.
pub(super) fn seconds_of(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

fn name(measure: Measure) -> String {
    measure.name().replace('_', "-")
}

/// What is counted. The registry has a unit for bytes alone.
const fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::OpenBatches => "batches",
        Measure::KeptBytes => "content-bytes",
        Measure::LeadsPerDay => "leads",
        Measure::IdempotencyKeys => "keys",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_counted_by_the_day_has_a_window() {
        let (lasts, ends_in) = (Duration::from_hours(24), Duration::from_millis(59_001));
        let resets = Some(Reset { lasts, ends_in });
        let day = LimitLeft { measure: Measure::LeadsPerDay, limit: 500, remaining: 480, resets };
        assert_eq!(policy_of(&day), r#""leads-per-day";q=500;qu="leads";w=86400"#);
        assert_eq!(limit_of(&day), r#""leads-per-day";r=480;t=60"#);
        let open = LimitLeft { measure: Measure::OpenBatches, resets: None, ..day };
        assert_eq!(policy_of(&open), r#""open-batches";q=500;qu="batches""#);
        assert_eq!(limit_of(&open), r#""open-batches";r=480"#);
    }
}
