//! A request that would exceed a limit of its team.

use std::time::Duration;

use axum::http::HeaderValue;

use super::{LIMIT_REACHED, Problem};
use crate::domain::team_limits::Measure;
use crate::gateway::{LimitExceeded, LimitLeft};
use crate::http::rate_limit::{RATELIMIT, RATELIMIT_POLICY, limit_of, policy_of};

/// When a request may come again that waits for a batch to end.
const BATCH_WAIT: Duration = Duration::from_secs(5);

/// Names the team, the limit and what is used. It says when to come again where that is known.
pub(super) fn problem(exceeded: &LimitExceeded) -> Problem {
    let LimitExceeded { team, measure, limit, used, needed, resets } = exceeded;
    let (what, given_back) = match measure {
        Measure::OpenBatches => ("batches in progress", "Each counts until it has ended"),
        Measure::KeptBytes => {
            ("bytes in the store", "Those of a batch count until cache.batch_ttl after its end")
        }
        Measure::LeadsPerDay => ("leads submitted today", "The day ends at midnight UTC"),
        Measure::IdempotencyKeys => {
            ("requests remembered by their Idempotency-Key", "Each is for 24 hours")
        }
    };
    let name = measure.name();
    let detail = format!(
        "Team {team} has {used} {what}, and {needed} more would exceed its limit of {limit}, by the \
         setting limits.{name} or its policy {name}. {given_back}. Nothing was stored, sent or charged"
    );
    let remaining = limit.saturating_sub(*used);
    let left = LimitLeft { measure: *measure, limit: *limit, remaining, resets: *resets };
    let header =
        |text: String| HeaderValue::from_str(&text).expect("names and numbers fit in a header");
    let problem = LIMIT_REACHED
        .says(detail)
        .with_header(RATELIMIT_POLICY, header(policy_of(&left)))
        .with_header(RATELIMIT, header(limit_of(&left)));
    match (measure, resets) {
        (_, Some(resets)) => problem.after(resets.ends_in),
        (Measure::OpenBatches, None) => problem.after(BATCH_WAIT),
        (_, None) => problem,
    }
}
