//! The rules of the metrics as a whole.

use http::{Method, StatusCode};

use super::*;
use crate::domain::avoided::AvoidedReason;
use crate::domain::credits::Amounts;
use crate::domain::period::Period;
use crate::domain::team_limits::Measure;

fn team(name: &str) -> TeamId {
    name.parse().unwrap()
}

fn credits(text: &str) -> Credits {
    text.parse().unwrap()
}

fn assert_shows(metrics: &Metrics, line: &str) {
    let shown = metrics.render();
    assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
}

fn found(price: &str) -> Charges {
    Charges { person_found: credits(price), ..Charges::ZERO }
}

/// Metrics with one observation of everything.
fn busy() -> Metrics {
    let metrics = Metrics::new();
    let sales = team("sales");
    let took = Duration::from_millis(20);
    metrics.spend(&sales, &found("0.5"));
    let amounts = Amounts::of(Unit::Phone, credits("1"));
    metrics.avoid(&sales, Avoided { reason: AvoidedReason::OwnedReveal, amounts });
    metrics.place_leads(&sales, Disposition::Fresh, 5);
    metrics.decide(&sales, Decision::Refused("insufficient_credits"));
    metrics.refuse_key(Door::Callers);
    metrics.come_to(&sales, "found", 1);
    metrics.raise_alarms(&sales, "not_found", 1);
    metrics.book_find_in_margin();
    metrics.adjust_beyond_reservation();
    metrics.count_clock_jumps(2);
    metrics.meet_strays(Stray::Extra, 2);
    metrics.lose_results(3);
    metrics.serve(Some("/people/find"), &Method::GET, StatusCode::OK, took);
    metrics.ask_vendor("submit", "answered", took);
    metrics.show_circuit(Circuit::OutOfCredits);
    metrics.show_credits_out(false, true);
    metrics.show_headroom(Some(1 << 30));
    metrics.use_store("admit", took);
    metrics.show_store_up();
    metrics.show_drift(credits("-0.5"));
    metrics.show_books(&BooksSnapshot {
        teams: vec![OpenCredits {
            team: sales.clone(),
            reserved: Amounts { email: credits("7.5"), phone: credits("5") },
            unresolved: Amounts::ZERO,
        }],
        quotas: vec![QuotaStanding {
            team: sales,
            unit: Unit::Email,
            period: Period::Month,
            limit: credits("500"),
            remaining: Some(credits("492.5")),
        }],
        limits: vec![LimitStanding {
            team: "sales".parse().unwrap(),
            measure: Measure::OpenBatches,
            limit: Some(7),
            used: 3,
        }],
        batches: BatchCounts { queued: 1, processing: 2, unresolved: 0 },
        oldest_unsettled: Some(Duration::from_millis(1500)),
    });
    metrics
}

#[test]
fn recorded_values_are_shown() {
    let metrics = busy();
    for line in [
        "tollgate_credits_spent_total{kind=\"person_found\",team=\"sales\",unit=\"email\"} 0.5",
        "tollgate_credits_avoided_total{reason=\"owned_reveal\",team=\"sales\",unit=\"phone\"} 1",
        "tollgate_leads_total{disposition=\"fresh\",team=\"sales\"} 5",
        "tollgate_admissions_total{decision=\"refused\",reason=\"insufficient_credits\",team=\"sales\"} 1",
        "tollgate_finds_in_margin_total 1",
        "tollgate_adjustments_beyond_reservation_total 1",
        "tollgate_clock_jumps_total 2",
        "tollgate_stray_results_total{kind=\"extra\"} 2",
        "tollgate_results_lost_total 3",
        "tollgate_http_request_duration_seconds_count{method=\"GET\",route=\"/people/find\",status=\"200\"} 1",
        "tollgate_vendor_request_duration_seconds_count{operation=\"submit\",outcome=\"answered\"} 1",
        "tollgate_vendor_circuit_open 1",
        "tollgate_store_operation_duration_seconds_count{operation=\"admit\"} 1",
        "tollgate_store_up 1",
        "tollgate_ledger_drift_credits -0.5",
        "tollgate_credits_reserved{team=\"sales\",unit=\"email\"} 7.5",
        "tollgate_credits_unresolved{team=\"sales\",unit=\"phone\"} 0",
        "tollgate_quota_limit_credits{period=\"month\",team=\"sales\",unit=\"email\"} 500",
        "tollgate_quota_remaining_credits{period=\"month\",team=\"sales\",unit=\"email\"} 492.5",
        "tollgate_team_limit{limit=\"open_batches\",team=\"sales\"} 7",
        "tollgate_team_limit_used{limit=\"open_batches\",team=\"sales\"} 3",
        "tollgate_batches{state=\"processing\"} 2",
        "tollgate_oldest_unsettled_seconds 1.5",
    ] {
        assert_shows(&metrics, line);
    }
    assert!(metrics.render().contains("process_resident_memory_bytes"));
    metrics.show_circuit(Circuit::Closed);
    assert_shows(&metrics, "tollgate_vendor_circuit_open 0");
    metrics.show_store_away();
    assert_shows(&metrics, "tollgate_store_up 0");
}

#[test]
fn a_snapshot_replaces_the_one_before_it() {
    let metrics = busy();
    let growth =
        OpenCredits { team: team("growth"), reserved: Amounts::ZERO, unresolved: Amounts::ZERO };
    metrics.show_books(&BooksSnapshot { teams: vec![growth], ..BooksSnapshot::default() });
    let shown = metrics.render();
    assert!(shown.contains("tollgate_credits_reserved{team=\"growth\""));
    assert!(!shown.contains("tollgate_credits_reserved{team=\"sales\""));
    assert!(!shown.contains("tollgate_quota_remaining_credits{"));
    assert_shows(&metrics, "tollgate_oldest_unsettled_seconds 0");
    metrics.hide_books();
    let shown = metrics.render();
    for name in ["tollgate_credits_reserved", "tollgate_batches", "tollgate_oldest_unsettled"] {
        assert!(!shown.contains(name), "{name}");
    }
}

#[test]
fn an_unknown_remainder_is_absent() {
    let metrics = Metrics::new();
    metrics.show_books(&BooksSnapshot {
        quotas: vec![QuotaStanding {
            team: team("sales"),
            unit: Unit::Phone,
            period: Period::Day,
            limit: credits("5"),
            remaining: None,
        }],
        ..BooksSnapshot::default()
    });
    let shown = metrics.render();
    assert!(shown.contains("tollgate_quota_limit_credits{"));
    assert!(!shown.contains("tollgate_quota_remaining_credits{"));
}

#[test]
fn unknown_paths_and_methods_share_a_label() {
    let metrics = Metrics::new();
    for method in ["BREW", "PROPFIND"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        metrics.serve(None, &method, StatusCode::NOT_FOUND, Duration::ZERO);
    }
    let line = "tollgate_http_request_duration_seconds_count\
                {method=\"other\",route=\"unmatched\",status=\"404\"} 2";
    assert_shows(&metrics, line);
}

#[test]
fn a_sum_of_spent_credits_never_falls() {
    let metrics = busy();
    metrics.spend(&team("sales"), &found("-0.5"));
    let line =
        "tollgate_credits_spent_total{kind=\"person_found\",team=\"sales\",unit=\"email\"} 0.5";
    assert_shows(&metrics, line);
}

#[test]
fn a_name_has_the_unit_and_the_kind() {
    let shown = busy().render();
    let mut seen = 0;
    for declaration in shown.lines().filter_map(|line| line.strip_prefix("# TYPE tollgate_")) {
        let (name, kind) = declaration.split_once(' ').unwrap();
        match kind {
            "counter" => assert!(name.ends_with("_total"), "{name}"),
            "histogram" => assert!(name.ends_with("_seconds"), "{name}"),
            _ => assert!(!name.ends_with("_total"), "{name}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 30, "every metric is recorded above");
}
