//! The circuit breaker to the vendor: open while the vendor's account has no credits of a unit
//! (`supply`), while it rejects the gateway's API key or URL, and while it does not answer
//! (`outage`).
//!
//! The ledger records which credits are out, so that one request per minute, over all replicas, is
//! sent as a probe. This module holds what this replica knows of it, and what it has yet to write
//! to the ledger. Key and URL are settings of each replica, and so is the vendor's answer to them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::outage::{Known, Silences, Turns};
use super::supply::{News, PROBE_EVERY, Supply};
use super::{Gateway, Refusal};
use crate::domain::credits::Unit;
use crate::domain::needs::Needs;
use crate::domain::outage::{Heard, Outage, Probing};
use crate::domain::team::TeamId;
use crate::domain::time::Timestamp;
use crate::ledger::step::{CircuitState, Probe};
use crate::ledger::{Ledger, LedgerError};
use crate::telemetry::metrics::{Circuit as Shown, Metrics};

/// How long the state that was read from the ledger is used.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What this replica knows of the vendor.
pub(super) struct Circuit {
    state: Mutex<State>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    /// The state of the vendor's credits.
    supply: Supply,
    /// When the ledger was last read.
    looked_at: Option<Instant>,
    /// The number of observations that only a later read of the ledger can include.
    heard: u64,
    /// The API key or the URL is wrong, by the answer to a priced request.
    refused_submit: Option<u16>,
    /// The same, by the answer to a read.
    refused_read: Option<u16>,
    /// The API key is wrong, by the answer to a forwarded request.
    refused_pass: Option<u16>,
    /// The state of an outage.
    outage: Known,
    /// The question is being sent.
    is_questioning: bool,
}

/// The kind of a request to the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Submit,
    Read,
    Pass,
}

impl Circuit {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        metrics.show_circuit(Shown::Closed);
        Self { state: Mutex::default(), metrics }
    }

    /// The vendor accepted a request: it has credits of these units, and the key and the URL are
    /// valid.
    pub(super) fn take(&self, needs: Needs) {
        self.change(|state| {
            state.supply.take(needs);
            state.refused_submit = None;
        });
    }

    /// The vendor answered a priced request without charging: the key and the URL are valid, and
    /// its credits stay unknown, since it refuses or finds nothing without needing any. If the
    /// request was a probe, another one must be sent.
    pub(super) fn sell_nothing(&self, needs: Needs) {
        self.change(|state| {
            state.supply.sell_nothing(needs);
            state.refused_submit = None;
        });
    }

    /// The vendor answered a request with these needs that its account has no credits.
    pub(super) fn run_out(&self, needs: Needs, now: Timestamp) {
        self.change(|state| state.supply.run_out(needs, now));
    }

    /// The vendor rejected the gateway's API key or URL.
    pub(super) fn refuse_key(&self, asked: Asked, status: u16) {
        self.change(|state| *state.refused(asked) = Some(status));
    }

    /// The vendor accepted the API key and the URL.
    pub(super) fn accept_key(&self, asked: Asked) {
        self.change(|state| *state.refused(asked) = None);
    }

    /// The first of these units of which the vendor's account has no credits.
    pub(super) fn lacks(&self, needs: Needs) -> Option<Unit> {
        self.state().supply.lacks(needs)
    }

    /// Whether the ledger was read recently enough.
    fn is_fresh(&self) -> bool {
        let state = self.state();
        let has_news = !state.supply.news().is_empty() || state.outage.has_news();
        !has_news && state.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY)
    }

    /// Sets the state read from the ledger, unless something was observed since it was read.
    fn learn(&self, books: CircuitState, heard: u64) {
        self.change(|state| {
            state.supply.learn(books.probe_at);
            if state.heard == heard {
                state.looked_at = Some(Instant::now());
                state.outage.learn(books.outage);
            }
        });
    }

    /// The vendor answered a submission. Returns whether the ledger must be updated.
    pub(super) fn hear_answer(&self, now: Timestamp) -> bool {
        self.change(|state| {
            let is_news = state.outage.hear_answer(now);
            if is_news {
                state.look_again();
            }
            is_news
        })
    }

    /// The vendor answered the question.
    pub(super) fn hear_answer_to_question(&self, now: Timestamp) {
        self.change(|state| {
            state.outage.hear_answer_to_question(now);
            state.look_again();
        });
    }

    /// The vendor did not answer a submission.
    pub(super) fn hear_nothing(&self, said: Option<Duration>) {
        self.change(|state| state.outage.hear_nothing(said));
    }

    /// The ledger has changed: it is read before the next decision.
    pub(super) fn look_again(&self) {
        self.state().look_again();
    }

    /// Which jobs that are due to be sent may be leased.
    pub(super) fn turns(&self, probing: Probing, now: Timestamp) -> Turns {
        self.state().outage.turns(probing, now)
    }

    /// Whether a condition holds for the state of an outage.
    pub(super) fn knows(&self, holds: impl FnOnce(&Known) -> bool) -> bool {
        holds(&self.state().outage)
    }

    /// Whether the question may be sent: one at a time.
    pub(super) fn begin_question(&self) -> bool {
        !std::mem::replace(&mut self.state().is_questioning, true)
    }

    /// The question has been sent.
    pub(super) fn end_question(&self) {
        self.state().is_questioning = false;
    }

    /// The reasons for `/readyz`.
    pub(super) fn remarks(&self) -> Vec<String> {
        let state = self.state();
        let key = state.any_refused().map(|status| {
            format!(
                "vendor: it rejected our API key or URL ({status}): check vendor.api_key and \
                 vendor.base_url"
            )
        });
        key.into_iter().chain(state.outage.remark()).chain(state.supply.remarks()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let changed = change(&mut state);
        let is_out = |unit| state.supply.lacks(Needs::of_unit(unit)).is_some();
        self.metrics.show_credits_out(is_out(Unit::Email), is_out(Unit::Phone));
        self.metrics.show_circuit(if state.any_refused().is_some() {
            Shown::KeyRefused
        } else if state.outage.is_open() {
            Shown::NotAnswering
        } else if state.supply.lacks(Needs::ALL).is_some() {
            Shown::OutOfCredits
        } else {
            Shown::Closed
        });
        changed
    }
}

impl Gateway {
    /// While the vendor's account has no credits of a unit, admits one request per minute, over all
    /// replicas, that needs the unit, as a probe.
    ///
    /// # Errors
    /// [`Refusal::VendorCredits`], or the store is not available.
    pub(super) async fn pass_circuit_to_pay(
        &self,
        team: &TeamId,
        needs: Needs,
    ) -> Result<(), Refusal> {
        if self.circuit.lacks(needs).is_none() {
            return Ok(());
        }
        self.share_circuit().await?;
        let Some(unit) = self.circuit.lacks(needs) else { return Ok(()) };
        match self.ledger.ask_probe(team.clone(), needs, PROBE_EVERY).await? {
            Probe::Needless => Ok(()),
            Probe::Given => {
                self.circuit.change(|state| state.supply.probe(needs));
                Ok(())
            }
            Probe::NotBefore(moment) => {
                Err(Refusal::VendorCredits { unit, retry_after: moment.since(self.clock.now()) })
            }
        }
    }

    /// Writes the observations of this replica to the ledger and reads those of the others, unless
    /// this was done recently.
    pub(super) async fn share_circuit(&self) -> Result<(), LedgerError> {
        if self.circuit.is_fresh() {
            return Ok(());
        }
        let news = self.circuit.state().supply.news();
        for (unit, news) in news {
            let needs = Needs::of_unit(unit);
            match news {
                News::RanOut => self.ledger.run_out(unit, PROBE_EVERY).await?,
                News::HasSome => self.ledger.has_credits(needs).await?,
                News::NoWord => self.ledger.give_probe_back(needs).await?,
            }
            self.circuit.state().supply.recorded(unit, news);
        }
        let heard = self.circuit.state().heard;
        let (answered_at, silences) = self.circuit.change(|state| state.outage.take_news());
        let outage = self.tell_of_outage(answered_at, silences).await;
        if outage.is_err() {
            self.circuit.change(|state| state.outage.give_back(answered_at, silences));
        }
        self.circuit.learn(outage?, heard);
        Ok(())
    }

    /// Writes to the ledger whether the vendor answered, and returns the resulting state.
    async fn tell_of_outage(
        &self,
        answered_at: Option<Timestamp>,
        silences: Silences,
    ) -> Result<CircuitState, LedgerError> {
        let books = self.ledger.circuit().await?;
        let (now, outage) = (self.clock.now(), books.outage);
        let ends =
            |at: &Timestamp| outage != Outage::default() && !outage.is_silent_since(*at, now);
        let answer = answered_at.filter(ends).map(Heard::Answer);
        let silence = silences.heard(self.settings.probing());
        if answer.is_none() && silence.is_none() {
            return Ok(books);
        }
        for heard in answer.into_iter().chain(silence) {
            self.ledger.hear(heard).await?;
        }
        self.ledger.circuit().await
    }
}

impl State {
    fn look_again(&mut self) {
        self.looked_at = None;
        self.heard = self.heard.wrapping_add(1);
    }

    fn refused(&mut self, asked: Asked) -> &mut Option<u16> {
        match asked {
            Asked::Submit => &mut self.refused_submit,
            Asked::Read => &mut self.refused_read,
            Asked::Pass => &mut self.refused_pass,
        }
    }

    fn any_refused(&self) -> Option<u16> {
        self.refused_submit.or(self.refused_read).or(self.refused_pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answered_read_does_not_hide_refused_submissions() {
        let circuit = Circuit::new(Arc::new(Metrics::new()));
        circuit.refuse_key(Asked::Submit, 403);
        circuit.accept_key(Asked::Read);
        assert_eq!(circuit.remarks().len(), 1);
        circuit.take(Needs::EMAIL);
        assert!(circuit.remarks().is_empty());
    }
}
