//! Concurrency limits: so many permits at once, and for one team at most a share of those that the
//! other teams leave. However many a team asks for, there are some left for the next team.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Refusal;
use super::crowded::Crowded;
use crate::domain::share::Share;
use crate::domain::team::TeamId;

/// A limit. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ConcurrencyLimit(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    max: usize,
    share: Share,
    crowded: Crowded,
    state: Mutex<State>,
}

/// Permits of one team, until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    limit: ConcurrencyLimit,
    team: TeamId,
    count: usize,
}

#[derive(Debug, Default)]
struct State {
    /// How many each team holds that holds any.
    held: HashMap<TeamId, usize>,
    /// How many all of them hold.
    all: usize,
    /// Those that wait, in order of arrival.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    team: TeamId,
    wanted: usize,
    granted: oneshot::Sender<Permit>,
}

impl ConcurrencyLimit {
    /// This many permits, limited by this setting.
    pub(crate) fn new(max: usize, share: Share, setting: &'static str) -> Self {
        let crowded = Crowded::by(setting);
        Self(Arc::new(Inside { max, share, crowded, state: Mutex::default() }))
    }

    /// A permit that holds nothing yet, to be grown.
    pub(crate) fn none(&self, team: &TeamId) -> Permit {
        Permit { limit: self.clone(), team: team.clone(), count: 0 }
    }

    /// One permit, at once or not at all.
    pub(crate) fn try_take(&self, team: &TeamId) -> Result<Permit, Refusal> {
        let mut permit = self.none(team);
        permit.grow(1)?;
        Ok(permit)
    }

    /// This many permits, as soon as they are free. If they exceed the team's whole share, the
    /// share is enough.
    pub(crate) async fn take(
        &self,
        team: &TeamId,
        wanted: usize,
        wait: Duration,
    ) -> Result<Permit, Refusal> {
        let (granted, grant) = oneshot::channel();
        self.state().waiting.push_back(Waiting { team: team.clone(), wanted, granted });
        self.grant();
        let permit = timeout(wait, grant).await;
        permit.ok().and_then(Result::ok).ok_or_else(|| self.refuse())
    }

    /// Gives permits to those that wait, in order, as far as there are any for their teams.
    fn grant(&self) {
        let mut grants = Vec::new();
        {
            let mut state = self.state();
            let mut short = HashSet::new();
            for waiting in take(&mut state.waiting) {
                if waiting.granted.is_closed() {
                    continue;
                }
                let Waiting { team, wanted, .. } = &waiting;
                let enough = self.enough(&state, team, *wanted);
                if let Some(count) = enough.filter(|_| !short.contains(team)) {
                    state.add(team, count);
                    let permit = Permit { limit: self.clone(), team: team.clone(), count };
                    grants.push((waiting.granted, permit));
                } else {
                    short.insert(team.clone());
                    state.waiting.push_back(waiting);
                }
            }
        }
        // Not under the lock: if the waiter is gone, the permit is dropped, which takes the lock.
        for (granted, permit) in grants {
            let _ = granted.send(permit);
        }
    }

    /// How many permits a team that waits for so many is given; none where it waits on.
    fn enough(&self, state: &State, team: &TeamId, wanted: usize) -> Option<usize> {
        let (own, share) = (state.of(team), self.share_of(state, team));
        let wanted = wanted.min(self.0.share.of(self.0.max)).max(1);
        let is_first = own == 0 && share > 0;
        (own.saturating_add(wanted) <= share || is_first).then_some(wanted.min(share))
    }

    /// How many permits a team may hold now.
    fn share_of(&self, state: &State, team: &TeamId) -> usize {
        let others = state.all.saturating_sub(state.of(team));
        self.0.share.of(self.0.max.saturating_sub(others))
    }

    fn refuse(&self) -> Refusal {
        self.0.crowded.say();
        Refusal::Crowded
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Takes this many more, or fails if they are not free.
    pub(crate) fn grow(&mut self, more: usize) -> Result<(), Refusal> {
        let limit = &self.limit;
        let mut state = limit.state();
        let own = state.of(&self.team).saturating_add(more);
        if own > limit.share_of(&state, &self.team) {
            drop(state);
            return Err(limit.refuse());
        }
        state.add(&self.team, more);
        self.count = self.count.saturating_add(more);
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.count > 0 {
            self.limit.state().remove(&self.team, self.count);
            self.limit.grant();
        }
    }
}

impl State {
    fn of(&self, team: &TeamId) -> usize {
        self.held.get(team).copied().unwrap_or_default()
    }

    fn add(&mut self, team: &TeamId, count: usize) {
        self.all = self.all.saturating_add(count);
        let held = self.held.entry(team.clone()).or_default();
        *held = held.saturating_add(count);
    }

    fn remove(&mut self, team: &TeamId, count: usize) {
        self.all = self.all.saturating_sub(count);
        let left = self.held.remove(team).unwrap_or_default().saturating_sub(count);
        if left > 0 {
            self.held.insert(team.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::task::Poll;

    use super::*;

    const NO_WAIT: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_mins(5);

    fn limit(max: usize) -> ConcurrencyLimit {
        ConcurrencyLimit::new(max, Share::HALF, "server.calls_max")
    }

    fn team(name: &str) -> TeamId {
        name.parse().unwrap()
    }

    #[test]
    fn a_team_holds_half_of_what_the_others_leave() {
        let limit = limit(8);
        let taken = |name: &str| -> Vec<Permit> {
            std::iter::from_fn(|| limit.try_take(&team(name)).ok()).collect()
        };
        let first = taken("sales");
        let rest = ["growth", "ops", "research", "support"].map(taken);
        let counts: Vec<_> = std::iter::once(&first).chain(&rest).map(Vec::len).collect();
        assert_eq!(counts, [4, 2, 1, 1, 0]);
        drop(first);
        assert_eq!(taken("support").len(), 2, "half of four");
        drop(rest);
        assert!(limit.state().held.is_empty(), "nothing is kept of a team that holds none");
    }

    #[test]
    fn a_permit_grows_within_its_teams_share() {
        let limit = limit(10);
        let (mut one, mut other) = (limit.none(&team("sales")), limit.none(&team("sales")));
        one.grow(4).unwrap();
        other.grow(2).unwrap_err();
        other.grow(1).unwrap();
        limit.none(&team("growth")).grow(3).unwrap();
        drop(one);
        other.grow(4).unwrap();
    }

    /// The result of a future that is ready.
    async fn now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        let mut answer = None;
        poll_fn(|cx| {
            if let Poll::Ready(output) = Pin::new(&mut *future).poll(cx) {
                answer = Some(output);
            }
            Poll::Ready(())
        })
        .await;
        answer
    }

    #[tokio::test]
    async fn those_that_wait_are_served_in_order_but_for_teams_that_hold_their_share() {
        let limit = limit(4);
        let wait = |name: &str, wanted| {
            let (limit, team) = (limit.clone(), team(name));
            Box::pin(async move { limit.take(&team, wanted, LONG).await.unwrap() })
        };
        let large = now(&mut wait("sales", 2)).await.unwrap();
        let (mut second, mut third) = (wait("sales", 2), wait("sales", 1));
        assert!(now(&mut second).await.is_none() && now(&mut third).await.is_none());
        let other = now(&mut wait("growth", 1)).await.unwrap();
        drop(other);
        assert!(now(&mut second).await.is_none(), "the share is taken");
        drop(large);
        assert!(now(&mut third).await.is_none(), "the second is before it");
        drop(now(&mut second).await.unwrap());
        drop(now(&mut third).await.unwrap());
        let gone = wait("sales", 2);
        drop(gone);
        assert_eq!(now(&mut wait("sales", 2)).await.unwrap().count, 2);
    }

    #[tokio::test]
    async fn a_wish_beyond_the_share_takes_the_share() {
        let limit = limit(8);
        let large = limit.take(&team("sales"), 100, NO_WAIT).await.unwrap();
        limit.take(&team("sales"), 1, NO_WAIT).await.unwrap_err();
        let other = limit.take(&team("growth"), 100, NO_WAIT).await.unwrap();
        assert_eq!((large.count, other.count), (4, 2));
        drop((large, other));
        let _small = limit.take(&team("sales"), 1, NO_WAIT).await.unwrap();
        limit.take(&team("sales"), 4, NO_WAIT).await.unwrap_err();
        limit.take(&team("sales"), 3, NO_WAIT).await.unwrap();
    }
}
