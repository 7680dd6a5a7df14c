//! Families: creation and registration of metrics.

use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    CounterVec, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use crate::domain::credits::Credits;

/// Creates metrics and registers them.
pub(super) struct Families<'r>(pub(super) &'r Registry);

impl Families<'_> {
    pub(super) fn counts(&self, name: &str, labels: &[&str], help: &str) -> IntCounterVec {
        self.registered(IntCounterVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn count(&self, name: &str, help: &str) -> IntCounter {
        self.registered(IntCounter::new(name, help))
    }

    pub(super) fn credit_sums(&self, name: &str, labels: &[&str], help: &str) -> CounterVec {
        self.registered(CounterVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn gauges(&self, name: &str, labels: &[&str], help: &str) -> GaugeVec {
        self.registered(GaugeVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn whole_gauges(&self, name: &str, labels: &[&str], help: &str) -> IntGaugeVec {
        self.registered(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> Gauge {
        self.registered(Gauge::new(name, help))
    }

    pub(super) fn switch(&self, name: &str, help: &str) -> IntGauge {
        self.registered(IntGauge::new(name, help))
    }

    pub(super) fn durations(
        &self,
        name: &str,
        labels: &[&str],
        buckets: &[f64],
        help: &str,
    ) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.registered(HistogramVec::new(options, labels))
    }

    fn registered<C: Collector + Clone + 'static>(&self, family: prometheus::Result<C>) -> C {
        let family = family.expect("a metric's name, labels and buckets are valid, as tests hold");
        self.0.register(Box::new(family.clone())).expect("no two metrics have one name");
        family
    }
}

/// Credits as a metric value, for display only.
#[expect(clippy::cast_precision_loss, reason = "every sum of credits is exact as a double")]
pub(super) fn number(credits: Credits) -> f64 {
    credits.as_thousandths() as f64 / 1000.0
}

/// A duration in seconds.
pub(super) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
