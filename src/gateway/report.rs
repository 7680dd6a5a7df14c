//! Reports for operators: usage, readiness, and metrics.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

pub use crate::ledger::transition::report::Usage;

use super::{Caller, Concerns, Gateway, Refusal, Remaining};
use crate::domain::credits::{Amounts, Credits};
use crate::domain::team::TeamId;
use crate::domain::team_limits::TeamLimits;
use crate::domain::time::Timestamp;
use crate::ledger::record::tally::Tally;
use crate::ledger::step::Room;
use crate::ledger::transition::report::Glance;
use crate::ledger::{Ledger, LedgerError, StepOutcome, Watch};
use crate::telemetry::metrics::{
    BatchCounts, BooksSnapshot, LimitStanding, Metrics, OpenCredits, QuotaStanding,
};

/// Whether the gateway is ready to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It is; with reasons for operators to look at.
    Ready(Vec<String>),
    /// It is not, for these reasons.
    NotReady(Vec<String>),
}

/// Measures the operations of a store, and shows whether it is usable.
pub struct StoreWatch {
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The problems of the store.
    pub concerns: Concerns,
}

impl Watch for StoreWatch {
    fn step(&self, name: &'static str, took: Duration, outcome: StepOutcome) {
        self.metrics.use_store(name, took);
        match outcome {
            StepOutcome::Kept if !self.concerns.is_any_fatal() => self.metrics.show_store_up(),
            StepOutcome::Kept | StepOutcome::Failed => self.metrics.show_store_away(),
        }
    }
}

impl Gateway {
    /// What the caller's team has used.
    ///
    /// # Errors
    /// The store is away.
    pub async fn own_usage(&self, caller: &Caller) -> Result<Usage, Refusal> {
        let usage = self.ledger_for(&caller.team).usage(caller.team.clone()).await?;
        usage.ok_or(Refusal::NoSuchTeam)
    }

    /// What a team has used.
    ///
    /// # Errors
    /// [`Refusal::NoSuchTeam`], or the store is away.
    pub async fn usage(&self, team: &TeamId) -> Result<Usage, Refusal> {
        self.ledger.usage(team.clone()).await?.ok_or(Refusal::NoSuchTeam)
    }

    /// The rest of a team's quotas; `None` if it cannot be read.
    pub(super) async fn remaining(&self, team: &TeamId) -> Option<Remaining> {
        let usage = self.usage(team).await.ok()?;
        Some(usage.remaining(self.clock.now()))
    }

    /// Whether the gateway is ready to serve.
    pub async fn readiness(&self) -> Readiness {
        let mut remarks = self.circuit.remarks();
        remarks.extend(self.unreadable.remark(self.clock.now()));
        if self.is_leaving() {
            return Readiness::NotReady(vec!["shutting down".to_owned()]);
        }
        if self.dispatcher.get().is_none_or(JoinHandle::is_finished) {
            return Readiness::NotReady(vec![
                "the workers have stopped, which is a bug: restart the gateway".into(),
            ]);
        }
        if let Some(reason) = self.ledger.halt().reason() {
            return Readiness::NotReady(vec![format!("store: {reason}")]);
        }
        let faults = self.concerns.texts(true);
        if !faults.is_empty() {
            return Readiness::NotReady(faults);
        }
        remarks.extend(self.clock_remarks());
        remarks.extend(self.concerns.texts(false));
        remarks.extend(self.headroom.remark());
        if !self.has_jumped_ahead() {
            remarks.extend(self.overdue.remarks(self.clock.now()));
        }
        match self.ledger.next_due(Room::each(1)).await {
            Ok(_) => Readiness::Ready(remarks),
            Err(error) => {
                remarks.insert(0, why_not(&error));
                Readiness::NotReady(remarks)
            }
        }
    }

    /// All metrics as text, after updating those of the ledger's state.
    pub async fn metrics(&self) -> String {
        match self.ledger.glance().await {
            Ok(glance) => self.metrics.show_books(&snapshot(
                glance,
                self.settings.store_limits,
                self.clock.now(),
            )),
            // What is not known is not shown, rather than shown as it was.
            Err(_) => self.metrics.hide_books(),
        }
        self.metrics.show_headroom(self.headroom.for_new_work());
        self.metrics.show_overdue(&self.overdue.by_kind(self.clock.now()));
        if self.ledger.halt().reason().is_some() {
            self.metrics.show_store_away();
        }
        self.metrics.render()
    }
}

/// Why the store cannot be used, for operators.
fn why_not(error: &LedgerError) -> String {
    match error {
        LedgerError::WrongEpoch => {
            "store: it no longer holds the ledger that was in use, so nothing is sent or written; \
             restore it, or adopt the exported entries"
                .to_owned()
        }
        _ => format!("store: {error}"),
    }
}

fn snapshot(glance: Glance, usual: TeamLimits, now: Timestamp) -> BooksSnapshot {
    let mut books = BooksSnapshot {
        batches: BatchCounts {
            queued: glance.queued,
            processing: glance.processing,
            unresolved: glance.unresolved,
        },
        oldest_unsettled: glance.oldest_unsettled.map(|since| now.since(since)),
        ..BooksSnapshot::default()
    };
    for usage in glance.teams {
        let both = |of: fn(&Tally) -> Credits| Amounts {
            email: of(&usage.email),
            phone: of(&usage.phone),
        };
        let team = usage.team.id.clone();
        books.teams.push(OpenCredits {
            team: team.clone(),
            reserved: both(|tally| tally.reserved),
            unresolved: both(|tally| tally.unresolved),
        });
        let limits = usual.of(&usage.team.policies);
        books.limits.extend(usage.uses.iter().map(|(measure, used)| LimitStanding {
            team: team.clone(),
            measure: *measure,
            limit: limits.get(*measure),
            used: *used,
        }));
        books.quotas.extend(usage.quotas.into_iter().map(|standing| QuotaStanding {
            team: team.clone(),
            unit: standing.quota.unit,
            period: standing.quota.period,
            limit: standing.quota.limit,
            remaining: Some(standing.remaining),
        }));
    }
    books
}
