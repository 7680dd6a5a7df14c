//! Policies: restrictions of a team's requests and answers, set by an operator.

use std::time::Duration;

use super::reveal::Reveals;
use super::time::Timestamp;

/// The policies of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate switch for operators")]
pub struct Policies {
    /// The email reveal is dropped for a lead that has an email.
    pub strip_email_reveal: bool,
    /// Phone numbers may be requested.
    pub phones: bool,
    /// The maximum age of cached answers; `None` if only the settings apply.
    pub max_age: Option<Duration>,
    /// The team shares cached answers with other teams. Otherwise it is isolated.
    pub shared_cache: bool,
    /// `Cache-Control: no-cache` and an age of zero are ignored: some clients send them by default.
    pub ignore_no_cache: bool,
    /// The limit of requests per minute, zero for no limit; `None` if the settings apply.
    pub requests_per_minute: Option<u32>,
    /// The limit of concurrent requests, likewise.
    pub requests_at_once: Option<u32>,
    /// How many batches it may have under way, likewise.
    pub open_batches: Option<u64>,
    /// How many bytes the store may keep for it, likewise.
    pub kept_bytes: Option<u64>,
    /// How many leads and addresses it may submit in a day, likewise.
    pub leads_per_day: Option<u64>,
    /// How many of its requests are remembered by their key, likewise.
    pub idempotency_keys: Option<u64>,
}

impl Default for Policies {
    /// No restrictions.
    fn default() -> Self {
        Self {
            strip_email_reveal: false,
            phones: true,
            max_age: None,
            shared_cache: true,
            ignore_no_cache: false,
            requests_per_minute: None,
            requests_at_once: None,
            open_batches: None,
            kept_bytes: None,
            leads_per_day: None,
            idempotency_keys: None,
        }
    }
}

impl Policies {
    /// Whether these reveals are allowed.
    #[must_use]
    pub const fn allow(&self, asked: Reveals) -> bool {
        self.phones || !asked.phone
    }

    /// The allowed part of these reveals.
    #[must_use]
    pub const fn allowed_of(&self, asked: Reveals) -> Reveals {
        Reveals { phone: asked.phone && self.phones, ..asked }
    }

    /// The reveals of a lead that has an email, in a batch with these reveals.
    #[must_use]
    pub const fn of_lead_with_email(&self, asked: Reveals) -> Reveals {
        Reveals { email: asked.email && !self.strip_email_reveal, ..asked }
    }

    /// The earliest settlement time of a cached answer for a request at `now` that itself has this
    /// maximum age; `None` if neither limits it.
    #[must_use]
    pub fn answers_since(&self, asked: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
        let asked = asked.filter(|age| !(self.ignore_no_cache && age.is_zero()));
        let max_age = match (self.max_age, asked) {
            (Some(policy), Some(asked)) => policy.min(asked),
            (policy, asked) => policy.or(asked)?,
        };
        // One millisecond less, so that an age of zero accepts no answer.
        Some(now.before(max_age).after(Duration::from_millis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn without_policies_all_is_allowed_and_nothing_stripped() {
        let policies = Policies::default();
        assert!(policies.allow(Reveals::ALL));
        assert_eq!(policies.of_lead_with_email(Reveals::ALL), Reveals::ALL);
        assert_eq!(policies.answers_since(None, Timestamp::EPOCH), None);
    }

    #[test]
    fn the_smaller_age_of_request_and_policy_wins() {
        let now = Timestamp::EPOCH.after(HOUR * 10);
        let since = |policy, asked| {
            let policies = Policies { max_age: policy, ..Policies::default() };
            policies.answers_since(asked, now)
        };
        let just_younger = |hours| Some(now.before(HOUR * hours).after(Duration::from_millis(1)));
        assert_eq!(since(Some(HOUR), None), just_younger(1));
        assert_eq!(since(None, Some(HOUR * 2)), just_younger(2));
        assert_eq!(since(Some(HOUR), Some(HOUR * 2)), just_younger(1));
        assert_eq!(since(Some(HOUR * 3), Some(HOUR * 2)), just_younger(2));
    }

    #[test]
    fn an_age_of_zero_is_ignored_if_the_policy_says_so() {
        let (now, policy) = (Timestamp::EPOCH.after(HOUR), Some(HOUR));
        let ignoring = |max_age| Policies { ignore_no_cache: true, max_age, ..Policies::default() };
        assert_eq!(ignoring(None).answers_since(Some(Duration::ZERO), now), None);
        for asked in [None, Some(Duration::ZERO), Some(HOUR / 2)] {
            let as_said = Policies { max_age: policy, ..Policies::default() };
            let counts = asked.filter(|age| !age.is_zero());
            let since = ignoring(policy).answers_since(asked, now);
            assert_eq!(since, as_said.answers_since(counts, now), "{asked:?}");
        }
        let always = ignoring(Some(Duration::ZERO)).answers_since(None, now);
        assert!(always > Some(now), "what the operator says holds");
    }

    #[test]
    fn an_age_of_zero_accepts_no_cached_answer() {
        let now = Timestamp::EPOCH;
        let policies = Policies::default();
        assert!(policies.answers_since(Some(Duration::ZERO), now) > Some(now));
        assert!(policies.answers_since(Some(Duration::MAX), now) < Some(now));
    }
}
