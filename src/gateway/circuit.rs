//! The circuit to the vendor: open while the vendor says that its credits of a unit are out (`supply`),
//! or that the gateway's key or address is wrong, and while it does not answer (`outage`).
//!
//! Which credits are out stands in the books, so that of all replicas one request a minute goes as a
//! probe. Here is what this one knows of that, and what the books have yet to be told. Key and
//! address are each replica's own, and so is what the vendor says of them.

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

/// How long what this replica knows is taken for what the books say.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the vendor last said about this gateway.
pub(super) struct Circuit {
    state: Mutex<State>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    /// What is known of the vendor's credits.
    supply: Supply,
    /// When the books were last looked at.
    looked_at: Option<Instant>,
    /// How often something was heard that the books tell only to who looks at them after that.
    heard: u64,
    /// The key or the address is wrong, by an answer to something that costs.
    refused_submit: Option<u16>,
    /// The same, by an answer to a read.
    refused_read: Option<u16>,
    /// The key is wrong, by an answer to what was passed on for a caller.
    refused_pass: Option<u16>,
    /// What is known of an outage.
    outage: Known,
    /// The vendor is just being asked whether it answers.
    is_questioning: bool,
}

/// What the vendor was asked.
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

    /// The vendor took something: it has credits of these units, and the key and the address are good.
    pub(super) fn take(&self, needs: Needs) {
        self.change(|state| {
            state.supply.take(needs);
            state.refused_submit = None;
        });
    }

    /// The vendor answered something that costs and sold nothing: the key and the address are good,
    /// and of its credits it said nothing, since what it finds or refuses for nothing it does without
    /// any. Where it was a probe, another one has to go.
    pub(super) fn sell_nothing(&self, needs: Needs) {
        self.change(|state| {
            state.supply.sell_nothing(needs);
            state.refused_submit = None;
        });
    }

    /// The vendor answered something with these needs that its credits are out.
    pub(super) fn run_out(&self, needs: Needs, now: Timestamp) {
        self.change(|state| state.supply.run_out(needs, now));
    }

    /// The vendor takes the gateway's key or address for wrong.
    pub(super) fn refuse_key(&self, asked: Asked, status: u16) {
        self.change(|state| *state.refused(asked) = Some(status));
    }

    /// The vendor takes the key and the address for good.
    pub(super) fn accept_key(&self, asked: Asked) {
        self.change(|state| *state.refused(asked) = None);
    }

    /// The first unit of these of which the vendor's own credits are out.
    pub(super) fn lacks(&self, needs: Needs) -> Option<Unit> {
        self.state().supply.lacks(needs)
    }

    /// Whether the books were looked at so short a time ago that they need not be again.
    fn is_fresh(&self) -> bool {
        let state = self.state();
        let has_news = !state.supply.news().is_empty() || state.outage.has_news();
        !has_news && state.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY)
    }

    /// What the books say, unless something was heard since they were looked at.
    fn learn(&self, books: CircuitState, heard: u64) {
        self.change(|state| {
            state.supply.learn(books.probe_at);
            if state.heard == heard {
                state.looked_at = Some(Instant::now());
                state.outage.learn(books.outage);
            }
        });
    }

    /// The vendor answered a submission. Whether the books are to be told.
    pub(super) fn hear_answer(&self, now: Timestamp) -> bool {
        self.change(|state| {
            let is_news = state.outage.hear_answer(now);
            if is_news {
                state.look_again();
            }
            is_news
        })
    }

    /// The vendor answered the free question.
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

    /// The books have moved: they are looked at before anything else is decided.
    pub(super) fn look_again(&self) {
        self.state().look_again();
    }

    /// Which jobs that are to be sent have turns.
    pub(super) fn turns(&self, probing: Probing, now: Timestamp) -> Turns {
        self.state().outage.turns(probing, now)
    }

    /// Whether something holds of what is known of an outage.
    pub(super) fn knows(&self, holds: impl FnOnce(&Known) -> bool) -> bool {
        holds(&self.state().outage)
    }

    /// Whether the vendor may be asked if it answers: one question at a time.
    pub(super) fn begin_question(&self) -> bool {
        !std::mem::replace(&mut self.state().is_questioning, true)
    }

    /// It has been asked.
    pub(super) fn end_question(&self) {
        self.state().is_questioning = false;
    }

    /// What is amiss, for operators.
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
    /// While the vendor's credits of a unit are out, one request a minute of all replicas that needs
    /// them passes, as a probe.
    ///
    /// # Errors
    /// [`Refusal::VendorCredits`], or the store is away.
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

    /// Tells the books what the vendor said of its credits and whether it answered, and learns what
    /// other replicas heard, unless that was done a moment ago.
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
            self.circuit.state().supply.told(unit, news);
        }
        let heard = self.circuit.state().heard;
        let (answered_at, silences) = self.circuit.change(|state| state.outage.take_news());
        let told = self.tell_of_outage(answered_at, silences).await;
        if told.is_err() {
            self.circuit.change(|state| state.outage.give_back(answered_at, silences));
        }
        self.circuit.learn(told?, heard);
        Ok(())
    }

    /// Tells the books whether the vendor answered, and answers what they say then.
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
    fn a_read_that_is_answered_does_not_hide_that_submissions_are_refused() {
        let circuit = Circuit::new(Arc::new(Metrics::new()));
        circuit.refuse_key(Asked::Submit, 403);
        circuit.accept_key(Asked::Read);
        assert_eq!(circuit.remarks().len(), 1);
        circuit.take(Needs::EMAIL);
        assert!(circuit.remarks().is_empty());
    }
}
