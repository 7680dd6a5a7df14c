//! How many requests a team, or one of its keys, may make in a minute, and how many at once, in this
//! process. The team's policies say so, or else the settings; of a key, its terms do.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Refusal;
use crate::domain::key_terms::KeyTerms;
use crate::domain::policy::Policies;
use crate::domain::team::TeamId;

const MINUTE: Duration = Duration::from_mins(1);

/// When a team with too many concurrent requests may retry.
const SOON: Duration = Duration::from_secs(1);

/// The limits of one team; zero means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Requests per minute.
    pub per_minute: u32,
    /// Concurrent requests.
    pub at_once: u32,
}

/// The rest of a team's requests per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestsLeft {
    /// The limit per minute.
    pub per_minute: u32,
    /// The rest.
    pub left: u32,
    /// When all of them are available again, without further requests.
    pub resets_in: Duration,
}

/// A request in progress, until the last clone is dropped.
#[derive(Clone, Debug, Default)]
#[expect(dead_code, reason = "it is only held")]
pub struct UnderWay {
    pub(super) of_team: Option<Arc<Counted<TeamId>>>,
    pub(super) of_key: Option<Arc<Counted<String>>>,
}

/// All teams, or keys, that have made requests lately.
#[derive(Debug)]
pub(super) struct Throttle<K>(Users<K>);

type Users<K> = Arc<Mutex<HashMap<K, Usage>>>;

/// A counted request, and what is left of the minute.
type Admitted<K> = (Option<Arc<Counted<K>>>, Option<RequestsLeft>);

#[derive(Debug)]
struct Usage {
    /// When all requests of a minute are available again.
    full_at: Instant,
    under_way: u32,
}

/// One counted request.
#[derive(Debug)]
pub(super) struct Counted<K: Eq + Hash> {
    user: K,
    users: Users<K>,
}

impl RequestLimits {
    /// The limits of a team with these policies, where these are the usual ones.
    pub(super) fn of(self, policies: &Policies) -> Self {
        Self {
            per_minute: policies.requests_per_minute.unwrap_or(self.per_minute),
            at_once: policies.requests_at_once.unwrap_or(self.at_once),
        }
    }

    /// The limits of a key with these terms.
    pub(super) fn of_key(terms: &KeyTerms) -> Self {
        Self {
            per_minute: terms.requests_per_minute.unwrap_or_default(),
            at_once: terms.requests_at_once.unwrap_or_default(),
        }
    }

    const fn is_any(self) -> bool {
        self.per_minute > 0 || self.at_once > 0
    }
}

impl<K: Clone + Eq + Hash> Throttle<K> {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// Counts one request, or refuses it. Returns the rest of the minute, if it is limited.
    pub(super) fn admit(&self, user: &K, limits: RequestLimits) -> Result<Admitted<K>, Refusal> {
        let mut users = locked(&self.0);
        if !limits.is_any() && !users.contains_key(user) {
            return Ok((None, None));
        }
        let now = Instant::now();
        let begin = || Usage { full_at: now, under_way: 0 };
        let usage = users.entry(user.clone()).or_insert_with(begin);
        if limits.at_once > 0 && usage.under_way >= limits.at_once {
            return Err(Refusal::TooManyRequests { retry_after: SOON, left: None });
        }
        let left = usage.spend(limits.per_minute, now)?;
        usage.under_way = usage.under_way.saturating_add(1);
        let counted = Counted { user: user.clone(), users: Arc::clone(&self.0) };
        Ok((Some(Arc::new(counted)), left))
    }
}

impl RequestsLeft {
    /// The one of which less is left.
    pub(super) fn tightest(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).min_by_key(|requests| requests.left)
    }
}

impl Usage {
    /// Uses one of the minute's requests: each becomes available again after its share of the
    /// minute.
    fn spend(&mut self, per_minute: u32, now: Instant) -> Result<Option<RequestsLeft>, Refusal> {
        let Some(each) = MINUTE.checked_div(per_minute) else { return Ok(None) };
        let full_at = self.full_at.max(now) + each;
        let resets_in = full_at.duration_since(now);
        if resets_in > MINUTE {
            let resets_in = resets_in.saturating_sub(each);
            let left = RequestsLeft { per_minute, left: 0, resets_in };
            let retry_after = (resets_in + each).saturating_sub(MINUTE);
            return Err(Refusal::TooManyRequests { retry_after, left: Some(left) });
        }
        self.full_at = full_at;
        let left = MINUTE.saturating_sub(resets_in).as_nanos() / each.as_nanos().max(1);
        let left = u32::try_from(left).unwrap_or(u32::MAX).min(per_minute);
        Ok(Some(RequestsLeft { per_minute, left, resets_in }))
    }
}

impl<K: Eq + Hash> Drop for Counted<K> {
    fn drop(&mut self) {
        let mut users = locked(&self.users);
        let Some(usage) = users.get_mut(&self.user) else { return };
        usage.under_way = usage.under_way.saturating_sub(1);
        if usage.under_way == 0 && usage.full_at <= Instant::now() {
            users.remove(&self.user);
        }
    }
}

/// Two requests of the same caller compare as equal.
impl PartialEq for UnderWay {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for UnderWay {}

fn locked<K>(users: &Users<K>) -> MutexGuard<'_, HashMap<K, Usage>> {
    users.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sales() -> TeamId {
        "sales".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_has_so_many_requests_and_each_comes_back_in_its_turn() {
        let (throttle, settings) = (Throttle::new(), RequestLimits { per_minute: 60, at_once: 0 });
        let ask = |policies: &Policies| throttle.admit(&sales(), settings.of(policies));
        let usual = Policies::default();
        for left in (0..60).rev() {
            let (_, told) = ask(&usual).unwrap();
            assert_eq!(told.unwrap().left, left);
        }
        let refused = ask(&usual).unwrap_err();
        let second = Duration::from_secs(1);
        let left = Some(RequestsLeft { per_minute: 60, left: 0, resets_in: MINUTE });
        assert_eq!(refused, Refusal::TooManyRequests { retry_after: second, left });
        tokio::time::advance(second).await;
        assert!(ask(&usual).is_ok() && ask(&usual).is_err());
        tokio::time::advance(MINUTE).await;
        let more = Policies { requests_per_minute: Some(120), ..usual };
        assert_eq!(ask(&more).unwrap().1.unwrap().left, 119, "a policy outweighs the settings");
        assert_eq!(ask(&Policies { requests_per_minute: Some(0), ..usual }).unwrap().1, None);
        tokio::time::advance(MINUTE * 2).await;
        drop(ask(&Policies { requests_per_minute: Some(0), ..usual }));
        assert!(locked(&throttle.0).is_empty(), "nothing is kept of a team that asks nothing");
    }

    #[tokio::test]
    async fn so_many_requests_are_under_way_at_once() {
        let throttle = Throttle::new();
        let one = RequestLimits { per_minute: 0, at_once: 1 };
        let (first, _) = throttle.admit(&sales(), one).unwrap();
        let copy = first.clone();
        drop(first);
        throttle.admit(&sales(), one).unwrap_err();
        throttle.admit(&"growth".parse().unwrap(), one).unwrap();
        drop(copy);
        throttle.admit(&sales(), one).unwrap();
    }
}
