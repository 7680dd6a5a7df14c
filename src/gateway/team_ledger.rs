//! The books, for one team's requests: only so many steps at once, and for one team at most its share.
//!
//! A store takes only so many steps at once, and steps that wait too long are not taken. Requests
//! therefore queue by team before their steps reach the store, so that a team with thousands of
//! requests under way waits behind itself. Background work, which ends what was admitted, does not
//! queue here.

use std::sync::Arc;
use std::time::Duration;

use super::concurrency::Holder;
use super::{ConcurrencyLimit, Gateway, Permit};
use crate::ledger::any::AnyLedger;
use crate::ledger::{Draft, Fault, LedgerError, Outcome, Shelf};

/// How long a step waits for its turn: as long as a step may take.
const TURN_WAIT_MAX: Duration = Duration::from_secs(2);

/// The ledger, with the steps of one team limited.
pub(super) struct TeamLedger<S> {
    steps: ConcurrencyLimit,
    holder: Holder,
    ledger: Arc<S>,
}

impl Gateway {
    /// The books, for requests of this team.
    pub(super) fn ledger_for(&self, holder: impl Into<Holder>) -> TeamLedger<AnyLedger> {
        let (steps, ledger) = (self.steps.clone(), Arc::clone(&self.ledger));
        TeamLedger { steps, holder: holder.into(), ledger }
    }
}

impl<S> TeamLedger<S> {
    async fn turn(&self) -> Outcome<Permit> {
        let turn = self.steps.take(self.holder.clone(), 1, TURN_WAIT_MAX).await;
        turn.map_err(|_| {
            LedgerError::NotApplied("too many requests wait for the store (store.steps_max)".into())
        })
    }
}

impl<S: Shelf> Shelf for TeamLedger<S> {
    async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        step: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        let _turn = self.turn().await?;
        self.ledger.write(name, step).await
    }

    async fn read<T: Send + 'static>(
        &self,
        name: &'static str,
        look: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
    ) -> Outcome<T> {
        let _turn = self.turn().await?;
        Shelf::read(&*self.ledger, name, look).await
    }

    async fn confirm(&self) -> Outcome<()> {
        Shelf::confirm(&*self.ledger).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::{JoinSet, yield_now};

    use super::*;
    use crate::domain::share::Share;
    use crate::domain::team::TeamId;
    use crate::ledger::Ledger;

    /// A store whose steps never end.
    #[derive(Debug, Default)]
    struct Stuck {
        steps: AtomicUsize,
    }

    impl Shelf for Stuck {
        async fn write<T: Send + 'static>(
            &self,
            _: &'static str,
            _: impl Fn(&mut Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
        ) -> Outcome<T> {
            self.steps.fetch_add(1, Ordering::Relaxed);
            pending().await
        }

        async fn read<T: Send + 'static>(
            &self,
            _: &'static str,
            _: impl Fn(&Draft<'_>) -> Result<T, Fault> + Send + Sync + 'static,
        ) -> Outcome<T> {
            self.steps.fetch_add(1, Ordering::Relaxed);
            pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn steps_of_one_team_never_take_all_that_a_store_takes_at_once() {
        let store = Arc::new(Stuck::default());
        let steps = ConcurrencyLimit::new(8, Share::HALF, "store.steps_max");
        let mut asking = JoinSet::new();
        let mut ask = async |name: &str, times| {
            let team: TeamId = name.parse().unwrap();
            for _ in 0..times {
                let ledger = TeamLedger {
                    steps: steps.clone(),
                    holder: Holder::from(&team),
                    ledger: Arc::clone(&store),
                };
                let team = team.clone();
                asking.spawn(async move { ledger.team(team).await });
            }
            for _ in 0..1_000 {
                yield_now().await;
            }
            store.steps.load(Ordering::Relaxed)
        };
        assert_eq!(ask("sales", 300).await, 4, "half of them");
        assert_eq!(ask("growth", 300).await, 6, "half of what is left");
        let refused = asking.join_next().await.unwrap().unwrap();
        assert!(matches!(refused, Err(LedgerError::NotApplied(_))), "{refused:?}");
    }
}
