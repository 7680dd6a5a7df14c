//! Concurrency limits: so many permits at once, and for one team at most a share of those that the
//! other teams leave. However many a team asks for, there are some left for the next team. Teams that
//! wait take turns, so a long queue of one team delays another by one request at most.

use std::collections::{HashMap, VecDeque};
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

/// Who takes permits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A team.
    Team(TeamId),
    /// No team that is known: the gateway itself, and requests whose key is not known to be good. All
    /// of them share what one team may hold.
    NoTeam,
}

/// Permits of one team, until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    limit: ConcurrencyLimit,
    holder: Holder,
    count: usize,
}

#[derive(Debug, Default)]
struct State {
    /// How many each team holds that holds any.
    held: HashMap<Holder, usize>,
    /// How many all of them hold.
    all: usize,
    /// The queue of each team that waits, the team whose turn is next first.
    queues: VecDeque<(Holder, VecDeque<Waiting>)>,
}

#[derive(Debug)]
struct Waiting {
    wanted: usize,
    granted: oneshot::Sender<Permit>,
}

impl From<&TeamId> for Holder {
    fn from(team: &TeamId) -> Self {
        Self::Team(team.clone())
    }
}

impl ConcurrencyLimit {
    /// This many permits, limited by this setting.
    pub(crate) fn new(max: usize, share: Share, setting: &'static str) -> Self {
        let crowded = Crowded::by(setting);
        Self(Arc::new(Inside { max, share, crowded, state: Mutex::default() }))
    }

    /// A permit that holds nothing yet, to be grown.
    pub(crate) fn none(&self, holder: impl Into<Holder>) -> Permit {
        Permit { limit: self.clone(), holder: holder.into(), count: 0 }
    }

    /// One permit, at once or not at all.
    pub(crate) fn try_take(&self, holder: impl Into<Holder>) -> Result<Permit, Refusal> {
        let mut permit = self.none(holder);
        permit.grow(1)?;
        Ok(permit)
    }

    /// This many permits, as soon as they are free. If they exceed the team's whole share, the
    /// share is enough.
    pub(crate) async fn take(
        &self,
        holder: impl Into<Holder>,
        wanted: usize,
        wait: Duration,
    ) -> Result<Permit, Refusal> {
        let (granted, grant) = oneshot::channel();
        self.state().queue(holder.into(), Waiting { wanted, granted });
        self.grant();
        let permit = timeout(wait, grant).await;
        permit.ok().and_then(Result::ok).ok_or_else(|| self.refuse())
    }

    /// Gives permits to those that wait, as far as there are any for their teams: one request of a team,
    /// then one of the next.
    fn grant(&self) {
        let mut grants = Vec::new();
        {
            let mut state = self.state();
            let mut wait_on = VecDeque::new();
            while let Some((holder, mut queue)) = state.queues.pop_front() {
                while queue.front().is_some_and(|waiting| waiting.granted.is_closed()) {
                    queue.pop_front();
                }
                let Some(first) = queue.pop_front() else { continue };
                let Some(count) = self.enough(&state, &holder, first.wanted) else {
                    queue.push_front(first);
                    wait_on.push_back((holder, queue));
                    continue;
                };
                state.add(&holder, count);
                let permit = Permit { limit: self.clone(), holder: holder.clone(), count };
                grants.push((first.granted, permit));
                state.queues.push_back((holder, queue));
            }
            state.queues = wait_on;
        }
        // Not under the lock: if the waiter is gone, the permit is dropped, which takes the lock.
        for (granted, permit) in grants {
            let _ = granted.send(permit);
        }
    }

    /// How many permits a team that waits for so many is given; none where it waits on.
    fn enough(&self, state: &State, team: &Holder, wanted: usize) -> Option<usize> {
        let (own, share) = (state.of(team), self.share_of(state, team));
        let wanted = wanted.min(self.0.share.of(self.0.max)).max(1);
        let is_first = own == 0 && share > 0;
        (own.saturating_add(wanted) <= share || is_first).then_some(wanted.min(share))
    }

    /// How many permits a team may hold now.
    fn share_of(&self, state: &State, team: &Holder) -> usize {
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
        let own = state.of(&self.holder).saturating_add(more);
        if own > limit.share_of(&state, &self.holder) {
            drop(state);
            return Err(limit.refuse());
        }
        state.add(&self.holder, more);
        self.count = self.count.saturating_add(more);
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.count > 0 {
            self.limit.state().remove(&self.holder, self.count);
            self.limit.grant();
        }
    }
}

impl State {
    fn queue(&mut self, holder: Holder, waiting: Waiting) {
        match self.queues.iter_mut().find(|(queued, _)| *queued == holder) {
            Some((_, queue)) => queue.push_back(waiting),
            None => self.queues.push_back((holder, VecDeque::from([waiting]))),
        }
    }

    fn of(&self, team: &Holder) -> usize {
        self.held.get(team).copied().unwrap_or_default()
    }

    fn add(&mut self, team: &Holder, count: usize) {
        self.all = self.all.saturating_add(count);
        let held = self.held.entry(team.clone()).or_default();
        *held = held.saturating_add(count);
    }

    fn remove(&mut self, team: &Holder, count: usize) {
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
    async fn teams_that_wait_take_turns() {
        let limit = limit(1);
        let wait = |name: &str| {
            let (limit, team) = (limit.clone(), team(name));
            Box::pin(async move { limit.take(&team, 1, LONG).await.unwrap() })
        };
        let first = now(&mut wait("sales")).await.unwrap();
        let (mut sales, mut growth) =
            ([wait("sales"), wait("sales"), wait("sales")], wait("growth"));
        for waiting in &mut sales {
            assert!(now(waiting).await.is_none());
        }
        assert!(now(&mut growth).await.is_none());
        drop(first);
        let [next, after_it, last] = &mut sales;
        drop(now(next).await.expect("it came first"));
        assert!(now(after_it).await.is_none(), "it is the other team's turn");
        drop(now(&mut growth).await.expect("one request of another team is before it"));
        drop(now(after_it).await.unwrap());
        drop(now(last).await.unwrap());
        assert!(limit.state().queues.is_empty());
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
