//! Policies: what an operator lets a team ask, and which answers it may be given.

use std::time::Duration;

use super::reveal::Reveals;
use super::time::Timestamp;

/// What holds for all that a team asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of an operator's own")]
pub struct Policies {
    /// The email is not asked of a lead that carries one itself.
    pub strip_email_reveal: bool,
    /// Phone numbers may be asked.
    pub phones: bool,
    /// How old an answer from what is known may be; none where the settings alone say.
    pub max_age: Option<Duration>,
    /// The team takes its answers from what all teams know, and gives its own to them. Else it
    /// keeps to itself.
    pub shared_cache: bool,
    /// A request's `Cache-Control: no-cache`, which says zero, counts as if left out: some clients
    /// send it by default.
    pub ignore_no_cache: bool,
    /// How many requests it may make in a minute, zero for any number; none where the settings say.
    pub requests_per_minute: Option<u32>,
    /// How many it may make at once, likewise.
    pub requests_at_once: Option<u32>,
}

impl Default for Policies {
    /// Whatever a caller asks.
    fn default() -> Self {
        Self {
            strip_email_reveal: false,
            phones: true,
            max_age: None,
            shared_cache: true,
            ignore_no_cache: false,
            requests_per_minute: None,
            requests_at_once: None,
        }
    }
}

impl Policies {
    /// Whether so much may be asked.
    #[must_use]
    pub const fn allow(&self, asked: Reveals) -> bool {
        self.phones || !asked.phone
    }

    /// So much of what is asked as may be asked.
    #[must_use]
    pub const fn allowed_of(&self, asked: Reveals) -> Reveals {
        Reveals { phone: asked.phone && self.phones, ..asked }
    }

    /// What is asked of a lead that carries an email, where its batch asks so much.
    #[must_use]
    pub const fn of_lead_with_email(&self, asked: Reveals) -> Reveals {
        Reveals { email: asked.email && !self.strip_email_reveal, ..asked }
    }

    /// Since when an answer must have been settled, so that it is young enough for a request at
    /// `now` that itself takes answers of this age; none where neither says.
    #[must_use]
    pub fn answers_since(&self, asked: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
        let asked = asked.filter(|age| !(self.ignore_no_cache && age.is_zero()));
        let max_age = match (self.max_age, asked) {
            (Some(policy), Some(asked)) => policy.min(asked),
            (policy, asked) => policy.or(asked)?,
        };
        // Younger, so that of no age at all is no answer: whoever says zero has the vendor asked.
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
    fn an_age_of_zero_counts_as_left_out_where_that_is_the_policy() {
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
    fn an_age_of_zero_takes_no_answer_that_is_there() {
        let now = Timestamp::EPOCH;
        let policies = Policies::default();
        assert!(policies.answers_since(Some(Duration::ZERO), now) > Some(now));
        assert!(policies.answers_since(Some(Duration::MAX), now) < Some(now));
    }
}
