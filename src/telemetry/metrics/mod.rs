//! Metrics: every number that the gateway exports, in a registry of its own.
//!
//! Callers report events through methods named after the event, and never use metric or label
//! names. `docs/metrics.md` lists all metrics.

mod books;
mod families;
mod labels;
mod series;

#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::process_collector::ProcessCollector;
use prometheus::{
    CounterVec, Gauge, GaugeVec, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Registry, TextEncoder,
};

pub use books::{BatchCounts, BooksSnapshot, LimitStanding, OpenCredits, QuotaStanding};
pub use labels::{Circuit, Decision, Disposition, Door, Stray};

use crate::domain::avoided::Avoided;
use crate::domain::credits::{Credits, Unit};
use crate::domain::pricing::Charges;
use crate::domain::team::TeamId;
use books::BooksGauges;
use families::{Families, number, seconds};
use series::{credits_out, refused_keys, show_build, unreadable};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// From a cached answer to a lookup that waits for the vendor.
const HTTP_BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 30.0];
/// From a fast answer to one that takes `vendor.timeout` and more.
const VENDOR_BUCKETS: [f64; 11] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// From a read in memory to a disk that stalls.
const STORE_BUCKETS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// Every metric.
pub struct Metrics {
    registry: Registry,
    credits_spent: CounterVec,
    credits_avoided: CounterVec,
    leads: IntCounterVec,
    admissions: IntCounterVec,
    refused_keys: IntCounterVec,
    outcomes: IntCounterVec,
    alarms: IntCounterVec,
    finds_in_margin: IntCounter,
    adjustments_beyond_reservation: IntCounter,
    stray_results: IntCounterVec,
    results_lost: IntCounter,
    unreadable: IntCounterVec,
    http_requests: HistogramVec,
    vendor_requests: HistogramVec,
    vendor_circuit: IntGauge,
    vendor_credits_out: IntGaugeVec,
    store_operations: HistogramVec,
    store_up: IntGauge,
    /// A family without labels, because a plain gauge cannot be absent.
    store_headroom: GaugeVec,
    clock_jumps: IntCounter,
    ledger_drift: Gauge,
    sweep_overdue: GaugeVec,
    swept_rows: IntCounterVec,
    /// Locked while it is set and while it is rendered, so that a scrape sees a complete snapshot.
    books: Mutex<BooksGauges>,
}

impl Metrics {
    /// New metrics without observations.
    ///
    /// # Panics
    /// If two metrics have the same name; tests check that they do not.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "it is a table, a row for each metric")]
    pub fn new() -> Self {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self())).expect("it is the first");
        let families = Families(&registry);
        show_build(&families);
        Self {
            credits_spent: families.credit_sums(
                "tollgate_credits_spent_total",
                &["team", "unit", "kind"],
                "Credits charged by the vendor, as settled.",
            ),
            credits_avoided: families.credit_sums(
                "tollgate_credits_avoided_total",
                &["team", "unit", "reason"],
                "List price of answers that the vendor did not charge.",
            ),
            leads: families.counts(
                "tollgate_leads_total",
                &["team", "disposition"],
                "Leads submitted in admitted batches, by disposition.",
            ),
            admissions: families.counts(
                "tollgate_admissions_total",
                &["team", "decision", "reason"],
                "Requests for admission, by decision.",
            ),
            refused_keys: refused_keys(&families),
            outcomes: families.counts(
                "tollgate_outcomes_total",
                &["team", "outcome"],
                "Settled leads, by outcome.",
            ),
            alarms: families.counts(
                "tollgate_alarms_total",
                &["team", "outcome"],
                "Hours in which leads of a team came to this outcome unusually often.",
            ),
            finds_in_margin: families.count(
                "tollgate_finds_in_margin_total",
                "Finds booked as charged within the margin of the charge window, which the vendor \
                 may not have charged.",
            ),
            adjustments_beyond_reservation: families.count(
                "tollgate_adjustments_beyond_reservation_total",
                "Charges that exceeded their reservation.",
            ),
            stray_results: families.counts(
                "tollgate_stray_results_total",
                &["kind"],
                "Leads without a matching result, and results without a matching lead.",
            ),
            results_lost: families.count(
                "tollgate_results_lost_total",
                "Stored results that the ledger refers to and the vault no longer has.",
            ),
            unreadable: unreadable(&families),
            http_requests: families.durations(
                "tollgate_http_request_duration_seconds",
                &["route", "method", "status"],
                &HTTP_BUCKETS,
                "Duration of requests to the gateway.",
            ),
            vendor_requests: families.durations(
                "tollgate_vendor_request_duration_seconds",
                &["operation", "outcome"],
                &VENDOR_BUCKETS,
                "Duration of requests to the vendor.",
            ),
            vendor_circuit: families.switch(
                "tollgate_vendor_circuit_open",
                "1 while the vendor does not answer, its account has no credits, or it rejects the \
                 API key.",
            ),
            vendor_credits_out: credits_out(&families),
            store_operations: families.durations(
                "tollgate_store_operation_duration_seconds",
                &["operation"],
                &STORE_BUCKETS,
                "Duration of store operations.",
            ),
            clock_jumps: families.count(
                "tollgate_clock_jumps_total",
                "Jumps of the store's clock, forward or back.",
            ),
            store_headroom: families.gauges(
                "tollgate_store_headroom_bytes",
                &[],
                "Bytes of the store that are available to new work.",
            ),
            store_up: families.switch("tollgate_store_up", "1 while the store is available."),
            ledger_drift: families.gauge(
                "tollgate_ledger_drift_credits",
                "Difference between the counters and the journal; any value other than 0 is an \
                 error.",
            ),
            sweep_overdue: families.gauges(
                "tollgate_sweep_overdue_seconds",
                &["kind"],
                "How long the removal of expired rows is overdue; 0 while the sweep keeps up.",
            ),
            swept_rows: families.counts(
                "tollgate_swept_rows_total",
                &["kind"],
                "Expired rows removed by this process.",
            ),
            books: Mutex::new(BooksGauges::new(&families)),
            registry,
        }
    }

    /// Credits were charged.
    pub fn spend(&self, team: &TeamId, charges: &Charges) {
        let Charges { person_found, email_revealed, phone_revealed, other } = *charges;
        for (unit, kind, credits) in [
            (Unit::Email, "person_found", person_found),
            (Unit::Email, "email_revealed", email_revealed),
            (Unit::Phone, "phone_revealed", phone_revealed),
            (Unit::Email, "other", other.email),
            (Unit::Phone, "other", other.phone),
        ] {
            add(&self.credits_spent, [team.as_str(), unit.name(), kind], credits);
        }
    }

    /// Leads were answered without a charge.
    pub fn avoid(&self, team: &TeamId, avoided: Avoided) {
        for unit in Unit::ALL {
            let labels = [team.as_str(), unit.name(), avoided.reason.name()];
            add(&self.credits_avoided, labels, avoided.amounts.in_unit(unit));
        }
    }

    /// Leads of an admitted batch got this disposition.
    pub fn place_leads(&self, team: &TeamId, disposition: Disposition, count: u64) {
        self.leads.with_label_values(&[team.as_str(), disposition.label()]).inc_by(count);
    }

    /// An admission was decided.
    pub fn decide(&self, team: &TeamId, decision: Decision) {
        let (decision, reason) = decision.labels();
        self.admissions.with_label_values(&[team.as_str(), decision, reason]).inc();
    }

    /// Leads of a team were settled with this outcome. The outcome's name is fixed in the code.
    pub fn come_to(&self, team: &TeamId, outcome: &'static str, count: u64) {
        self.outcomes.with_label_values(&[team.as_str(), outcome]).inc_by(count);
    }

    /// Leads of a team came to this outcome unusually often. The outcome's name is fixed in code.
    pub fn raise_alarms(&self, team: &TeamId, outcome: &'static str, count: u64) {
        self.alarms.with_label_values(&[team.as_str(), outcome]).inc_by(count);
    }

    /// A request had a wrong key or token.
    pub fn refuse_key(&self, door: Door) {
        self.refused_keys.with_label_values(&[door.label()]).inc();
    }

    /// A find was booked as charged although the vendor may not have charged it.
    pub fn book_find_in_margin(&self) {
        self.finds_in_margin.inc();
    }

    /// The store's clock jumped this many times.
    pub fn count_clock_jumps(&self, count: u64) {
        self.clock_jumps.inc_by(count);
    }

    /// A charge exceeded its reservation and was booked as an adjustment.
    pub fn adjust_beyond_reservation(&self) {
        self.adjustments_beyond_reservation.inc();
    }

    /// A complete answer of the vendor could not be parsed.
    pub fn meet_unreadable(&self, operation: &str) {
        self.unreadable.with_label_values(&[operation]).inc();
    }

    /// This many results could not be matched to leads.
    pub fn meet_strays(&self, stray: Stray, count: u64) {
        self.stray_results.with_label_values(&[stray.label()]).inc_by(count);
    }

    /// The ledger refers to this many results that the vault has lost.
    pub fn lose_results(&self, count: usize) {
        self.results_lost.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// A request was answered. `route` is the template it matched, if any, never its path.
    pub fn serve(
        &self,
        route: Option<&str>,
        method: &http::Method,
        status: http::StatusCode,
        took: Duration,
    ) {
        let labels = [route.unwrap_or("unmatched"), labels::method(method), status.as_str()];
        self.http_requests.with_label_values(&labels).observe(seconds(took));
    }

    /// A request to the vendor ended. Both names are fixed in the code, as in `submit` and
    /// `no_answer`.
    pub fn ask_vendor(&self, operation: &'static str, outcome: &'static str, took: Duration) {
        self.vendor_requests.with_label_values(&[operation, outcome]).observe(seconds(took));
    }

    /// Shows whether jobs may be sent.
    pub fn show_circuit(&self, circuit: Circuit) {
        self.vendor_circuit.set(i64::from(circuit != Circuit::Closed));
    }

    /// Shows for which units the vendor's account has no credits.
    pub fn show_credits_out(&self, email: bool, phone: bool) {
        for (unit, is_out) in [(Unit::Email, email), (Unit::Phone, phone)] {
            self.vendor_credits_out.with_label_values(&[unit.name()]).set(i64::from(is_out));
        }
    }

    /// A store operation ended. The name is fixed in the code, as in `admit`.
    pub fn use_store(&self, operation: &'static str, took: Duration) {
        self.store_operations.with_label_values(&[operation]).observe(seconds(took));
    }

    /// Shows that the store answers.
    pub fn show_store_up(&self) {
        self.store_up.set(1);
    }

    /// Shows that the store does not answer.
    pub fn show_store_away(&self) {
        self.store_up.set(0);
    }

    /// Shows how many bytes of the store are available to new work; `None` if there is no limit.
    #[expect(clippy::cast_precision_loss, reason = "a store has far fewer bytes than 2^53")]
    pub fn show_headroom(&self, bytes: Option<u64>) {
        self.store_headroom.reset();
        if let Some(bytes) = bytes {
            self.store_headroom.with_label_values::<&str>(&[]).set(bytes as f64);
        }
    }

    /// Shows the difference between counters and journal.
    pub fn show_drift(&self, drift: Credits) {
        self.ledger_drift.set(number(drift));
    }

    /// Shows how long the removal of expired rows is overdue. The kinds are fixed in the code.
    pub fn show_overdue(&self, kinds: &[(&'static str, Duration)]) {
        for (kind, late) in kinds {
            self.sweep_overdue.with_label_values(&[kind]).set(seconds(*late));
        }
    }

    /// Expired rows were removed. The kind is fixed in the code.
    pub fn sweep(&self, kind: &'static str, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.swept_rows.with_label_values(&[kind]).inc_by(rows);
    }

    /// Shows the state of the ledger in place of the previous one.
    pub fn show_books(&self, books: &BooksSnapshot) {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).show(books);
    }

    /// Hides the ledger's metrics, because it could not be read and old values would be misleading.
    pub fn hide_books(&self) {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// All metrics in the Prometheus text format.
    ///
    /// # Panics
    /// If the name of a metric is not valid; tests check that it is.
    #[must_use]
    pub fn render(&self) -> String {
        let _unchanged = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let families = self.registry.gather();
        TextEncoder::new()
            .encode_to_string(&families)
            .expect("every registered metric can be shown")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds credits to a counter. Negative corrections are not counted, and amounts of zero create no
/// series.
fn add<const N: usize>(sums: &CounterVec, labels: [&str; N], credits: Credits) {
    if credits > Credits::ZERO {
        sums.with_label_values(&labels).inc_by(number(credits));
    }
}
