//! `RateLimit-Policy` and `RateLimit`: a team's quotas, one item each, as
//! draft-ietf-httpapi-ratelimit-headers-11 has them. They are of whole credits, rounded down, and
//! tell of quotas only: how many requests may be made is not limited so.

use std::collections::BTreeMap;

use crate::domain::credits::Credits;
use crate::gateway::{QuotaLeft, Remaining};

/// What is counted. The registry has no unit for it, and the default, requests, would be wrong.
const UNIT: &str = "credits";

/// The quotas themselves: `q` is the limit, and `w` how long the present period is; all time has
/// none.
pub(super) fn policy(remaining: &Remaining) -> String {
    list(remaining, |left| {
        let seconds = left.resets.map(|resets| format!(";w={}", resets.lasts.as_secs()));
        format!(";q={};qu=\"{UNIT}\"{}", whole(left.limit), seconds.unwrap_or_default())
    })
}

/// What is left of them: `r` is that, and `t` how soon the present period ends.
pub(super) fn limit(remaining: &Remaining) -> String {
    list(remaining, |left| {
        let seconds = left.resets.map(|resets| {
            let begun = u64::from(resets.ends_in.subsec_nanos() > 0);
            format!(";t={}", resets.ends_in.as_secs().saturating_add(begun))
        });
        format!(";r={}{}", whole(left.remaining), seconds.unwrap_or_default())
    })
}

/// An item for each quota, with these parameters.
fn list(remaining: &Remaining, parameters: impl Fn(&QuotaLeft) -> String) -> String {
    let mut alike = BTreeMap::new();
    let items = remaining.quotas.iter().map(|left| {
        let name = format!("{}-{}", left.unit, left.period);
        let number = alike.entry(name.clone()).or_insert(0_u32);
        *number += 1;
        // Quotas alike but for their zone are told apart by their order.
        let suffix = if *number > 1 { format!("-{number}") } else { String::new() };
        format!("\"{name}{suffix}\"{}", parameters(left))
    });
    items.collect::<Vec<_>>().join(", ")
}

fn whole(credits: Credits) -> i64 {
    credits.as_thousandths().max(0) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::wire::batch::samples;

    #[test]
    fn credits_are_rounded_down_and_seconds_up() {
        let told = samples::remaining();
        assert_eq!(
            policy(&told),
            r#""email-day";q=500;qu="credits";w=86400, "phone-total";q=100;qu="credits""#
        );
        assert_eq!(limit(&told), r#""email-day";r=492;t=3600, "phone-total";r=95"#);
    }

    #[test]
    fn quotas_of_one_unit_and_period_have_names_of_their_own() {
        let mut two = samples::remaining();
        two.quotas[1] = two.quotas[0];
        assert_eq!(limit(&two), r#""email-day";r=492;t=3600, "email-day-2";r=492;t=3600"#);
    }
}
