//! The circuit to the vendor: open while the vendor says that its credits are out, or that the
//! gateway's key or address is wrong.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::time::Timestamp;
use crate::telemetry::metrics::{Circuit as Shown, Metrics};

/// How often a request goes through to see whether the vendor has credits again.
pub(super) const PROBE_EVERY: Duration = Duration::from_mins(1);

/// What the vendor last said about this gateway.
pub(super) struct Circuit {
    state: Mutex<State>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    /// The vendor's credits are out; when the next request may go through to see.
    probe_at: Option<Timestamp>,
    /// The key or the address is wrong, by an answer to something that costs.
    refused_submit: Option<u16>,
    /// The same, by an answer to a read.
    refused_read: Option<u16>,
    /// The same, by an answer to what was passed on for a caller.
    refused_pass: Option<u16>,
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

    /// The vendor took a job: it has credits, and the key and the address are good.
    pub(super) fn take(&self) {
        self.change(|state| {
            state.probe_at = None;
            state.refused_submit = None;
        });
    }

    /// The vendor's own credits are out.
    pub(super) fn run_out(&self, now: Timestamp) {
        self.change(|state| state.probe_at = Some(now.after(PROBE_EVERY)));
    }

    /// The vendor takes the gateway's key or address for wrong.
    pub(super) fn refuse_key(&self, asked: Asked, status: u16) {
        self.change(|state| *state.refused(asked) = Some(status));
    }

    /// The vendor takes the key and the address for good.
    pub(super) fn accept_key(&self, asked: Asked) {
        self.change(|state| *state.refused(asked) = None);
    }

    /// Whether the vendor's own credits are out.
    pub(super) fn is_out_of_credits(&self) -> bool {
        self.state().probe_at.is_some()
    }

    /// How long a request that costs has to wait; none where it may pass. One a minute passes, to
    /// see.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let mut state = self.state();
        let probe_at = state.probe_at?;
        if now < probe_at {
            return Some(probe_at.since(now));
        }
        state.probe_at = Some(now.after(PROBE_EVERY));
        None
    }

    /// What is amiss, for operators.
    pub(super) fn remarks(&self) -> Vec<String> {
        let state = self.state();
        let credits = state.probe_at.map(|_| "vendor: its own credits are out (402)".to_owned());
        let key = state.any_refused().map(|status| {
            format!("vendor: it answers {status}: check vendor.api_key and vendor.base_url")
        });
        key.into_iter().chain(credits).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        let is_refused = state.any_refused().is_some();
        self.metrics.show_circuit(match (is_refused, state.probe_at) {
            (true, _) => Shown::KeyRefused,
            (false, Some(_)) => Shown::OutOfCredits,
            (false, None) => Shown::Closed,
        });
    }
}

impl State {
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
    fn while_the_vendors_credits_are_out_one_request_a_minute_passes() {
        let circuit = Circuit::new(Arc::new(Metrics::new()));
        let noon = Timestamp::from_millis(1_000_000);
        assert_eq!(circuit.wait(noon), None);
        circuit.run_out(noon);
        assert_eq!(circuit.wait(noon), Some(PROBE_EVERY));
        let later = noon.after(PROBE_EVERY);
        assert_eq!(circuit.wait(later), None);
        assert_eq!(circuit.wait(later), Some(PROBE_EVERY));
        circuit.take();
        assert_eq!(circuit.wait(later), None);
    }

    #[test]
    fn a_read_that_is_answered_does_not_hide_that_submissions_are_refused() {
        let circuit = Circuit::new(Arc::new(Metrics::new()));
        circuit.refuse_key(Asked::Submit, 403);
        circuit.accept_key(Asked::Read);
        assert_eq!(circuit.remarks().len(), 1);
        circuit.take();
        assert!(circuit.remarks().is_empty());
    }
}
