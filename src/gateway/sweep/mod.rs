//! Sweeping, in slices: expired rows are removed from the ledger and the vault, and old exported
//! entries from the journal.
//!
//! Each kind of rows has its own rounds. A slice costs the store a few round trips and a short
//! script. If a round has more to do, the next slice follows after a short pause. A round over rows
//! that are ordered by hashes is spread over hours, since it reads all of them.

mod kind;
mod overdue;
mod round;

use std::sync::atomic::Ordering;

use tokio::time::sleep_until;
use tracing::{debug, warn};

use super::{Failed, Gateway};
use crate::ledger::Ledger;
use crate::ledger::transition::sweep::{Lifetimes, Sweep, SweepFrom};
use crate::ledger::transition::trim::Trim;
use crate::vault::Vault;
pub(super) use kind::Kind;
pub(super) use overdue::Overdue;
use round::Round;

/// The result of a slice.
struct Slice {
    /// The number of removed rows.
    removed: usize,
    /// Whether the round continues, and from where.
    next: Next,
}

/// How a round continues after a slice.
enum Next {
    /// It is complete.
    Complete,
    /// With another slice from this position.
    From(SweepFrom),
    /// With another slice, whose position is stored elsewhere.
    More,
}

impl Next {
    const fn more_if(is_more: bool) -> Self {
        if is_more { Self::More } else { Self::Complete }
    }
}

/// Sweeps until the gateway stops.
pub(super) async fn run(gateway: Gateway) {
    let mut rounds = Kind::ALL.map(Round::first);
    while let Some(round) = rounds.iter_mut().min_by_key(|round| round.due()) {
        tokio::select! {
            () = sleep_until(round.due()) => {}
            () = gateway.stopping.cancelled() => return,
        }
        if round.kind() != Kind::Due && gateway.has_jumped_ahead() {
            round.fail();
            gateway.overdue.fail(round.kind(), "the clock has jumped ahead recently");
            continue;
        }
        let now = gateway.clock.now();
        round.begin(now);
        match gateway.sweep_on(round.kind(), round.from()).await {
            Ok(Slice { removed, next }) => {
                gateway.metrics.sweep(round.kind().name(), removed);
                if let Some(clean_since) = round.go_on(next) {
                    gateway.overdue.complete(round.kind(), clean_since);
                }
            }
            Err(error) => {
                debug!(%error, "the sweep of {} is repeated later", round.kind().name());
                round.fail();
                gateway.overdue.fail(round.kind(), &error.to_string());
            }
        }
        for remark in gateway.overdue.news(gateway.clock.now()) {
            warn!("{remark}");
        }
    }
}

impl Gateway {
    fn lifetimes(&self) -> Lifetimes {
        Lifetimes {
            batch: self.settings.batch_ttl,
            results: self.settings.results_ttl(),
            leads: self.settings.results_ttl(),
            addresses: self.settings.validation_ttl,
            validations: self.settings.validation_results_ttl(),
            accounts: self.settings.keep,
            due_within: self.settings.due_within(),
        }
    }

    /// Sweeps one slice.
    async fn sweep_on(&self, kind: Kind, from: Option<SweepFrom>) -> Result<Slice, Failed> {
        let rows = kind.rows();
        let Some(from) = from else {
            return match kind {
                Kind::Vault => {
                    let swept = self.vault.sweep(rows).await?;
                    Ok(Slice { removed: swept.removed, next: Next::more_if(swept.is_more) })
                }
                _ => self.trim(rows).await,
            };
        };
        let lifetimes = self.lifetimes();
        let swept = self.ledger.sweep(Sweep { from, rows, lifetimes }).await?;
        Ok(Slice { removed: swept.removed, next: swept.next.map_or(Next::Complete, Next::From) })
    }

    /// Trims the journal. Only entries in this process's own export count as exported.
    async fn trim(&self, limit: usize) -> Result<Slice, Failed> {
        let exported = self.exported.load(Ordering::Relaxed);
        if exported == 0 {
            return Ok(Slice { removed: 0, next: Next::Complete });
        }
        let trim = Trim { keep: self.settings.keep, exported, limit };
        let removed = self.ledger.trim(trim).await?;
        Ok(Slice { removed, next: Next::more_if(removed >= limit) })
    }
}
