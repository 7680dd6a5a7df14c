//! The circuit to the vendor: open while the vendor says that its credits are out, or that the
//! gateway's key or address is wrong.

use std::sync::{Arc, Mutex, PoisonError};
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

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Closed,
    OutOfCredits {
        probe_at: Timestamp,
    },
    KeyRefused {
        status: u16,
    },
}

impl Circuit {
    pub(super) fn new(metrics: Arc<Metrics>) -> Self {
        metrics.show_circuit(Shown::Closed);
        Self { state: Mutex::default(), metrics }
    }

    /// The vendor took what costs.
    pub(super) fn close(&self) {
        self.set(State::Closed, Shown::Closed);
    }

    /// The vendor answered a request that costs nothing: the key and the address are good.
    pub(super) fn accept_key(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::KeyRefused { .. }) {
            *state = State::Closed;
            self.metrics.show_circuit(Shown::Closed);
        }
    }

    /// The vendor's own credits are out.
    pub(super) fn run_out(&self, now: Timestamp) {
        let probe_at = now.after(PROBE_EVERY);
        self.set(State::OutOfCredits { probe_at }, Shown::OutOfCredits);
    }

    /// The vendor takes the gateway's key or address for wrong.
    pub(super) fn refuse_key(&self, status: u16) {
        self.set(State::KeyRefused { status }, Shown::KeyRefused);
    }

    /// Whether the vendor's own credits are out.
    pub(super) fn is_out_of_credits(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*state, State::OutOfCredits { .. })
    }

    /// How long a request that costs has to wait; none where it may pass. One a minute passes, to
    /// see.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::OutOfCredits { probe_at } = *state else { return None };
        if now < probe_at {
            return Some(probe_at.since(now));
        }
        *state = State::OutOfCredits { probe_at: now.after(PROBE_EVERY) };
        None
    }

    /// What is amiss, for operators.
    pub(super) fn remark(&self) -> Option<String> {
        match *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Closed => None,
            State::OutOfCredits { .. } => Some("vendor: its own credits are out (402)".to_owned()),
            State::KeyRefused { status } => Some(format!(
                "vendor: it answers {status}: check vendor.api_key and vendor.base_url"
            )),
        }
    }

    fn set(&self, state: State, shown: Shown) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.metrics.show_circuit(shown);
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
        circuit.close();
        assert_eq!(circuit.wait(later), None);
    }
}
