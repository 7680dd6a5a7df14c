//! What Prometheus is shown: every metric of the page, well formed, and nothing private.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate::sandbox::{FaultKind, Faults, Operation, Rule};

use crate::support::asking::BATCHES;
use crate::support::gateway::TestGateway;
use crate::support::metrics::Scrape;

/// Every label there may be.
const LABELS: [&str; 17] = [
    "team",
    "limit",
    "unit",
    "kind",
    "reason",
    "period",
    "disposition",
    "decision",
    "state",
    "route",
    "method",
    "status",
    "operation",
    "outcome",
    "listener",
    "version",
    "le",
];

fn people(names: &[&str]) -> Value {
    let lead = |name: &&str| json!({"linkedin_url": format!("linkedin.com/in/{name}-reachable")});
    let leads: Vec<_> = names.iter().map(lead).collect();
    json!({"leads": leads, "reveal_email": true, "reveal_phone_numbers": true})
}

/// A bit of everything that is counted.
async fn run_through_everything(gateway: &TestGateway) {
    let sales = gateway.team("sales", 100).await;
    let growth = gateway.team("growth", 5).await;
    sales.enrich(&people(&["ada", "ada", "grace"])).await;
    growth.enrich(&people(&["ada"])).await;
    growth.post(BATCHES, &people(&["a", "b", "c", "d", "e"])).await;
    let extra = Rule::always(Operation::Read, FaultKind::ResultsExtra).times(1);
    gateway.vendor.set_faults(Faults::of([extra]));
    sales.enrich(&people(&["alan"])).await;
    gateway.vendor.set_faults(Faults::default());
    gateway.caller("tg_nobody").get("/people/enrichment-requests/1").await;
    gateway.operator().get("/admin/v1/audit").await;
    gateway.at_rest().await;
}

#[tokio::test]
async fn every_metric_of_the_page_is_shown_and_well_formed() {
    let gateway = TestGateway::start().await;
    run_through_everything(&gateway).await;
    let scrape = Scrape::of(&gateway.operator()).await;
    let kinds = kinds(&scrape.text);
    let page = include_str!("../../docs/metrics.md");
    for line in page.lines().filter_map(|line| line.strip_prefix("| `tollgate_")) {
        let (name, rest) = line.split_once("` | ").unwrap();
        let kind = rest.split(' ').next().unwrap();
        if name == "store_headroom_bytes" {
            // A store in memory has no limit to show.
            assert!(!kinds.contains_key("tollgate_store_headroom_bytes"));
            continue;
        }
        assert_eq!(kinds.get(&*format!("tollgate_{name}")), Some(&kind), "{name}");
    }
    for (series, value) in &scrape.series {
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| name.strip_suffix(end))
            .find(|family| kinds.get(family) == Some(&"histogram"));
        assert!(kinds.contains_key(family.unwrap_or(name)), "{series} has no type");
        assert!(value.is_finite() && (*value >= 0.0), "{series} {value}");
        for pair in labels.trim_end_matches('}').split("\",").filter(|pair| !pair.is_empty()) {
            let (label, value) = pair.split_once("=\"").unwrap();
            assert!(LABELS.contains(&label), "{series}");
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./{}+\"".contains(c);
            assert!(value.len() <= 64 && value.chars().all(is_plain), "{series}");
        }
    }
    gateway.finish().await;
}

/// The kind of every family, each of which is explained, too.
fn kinds(text: &str) -> BTreeMap<&str, &str> {
    let told = |word: &str| -> BTreeMap<_, _> {
        let lines = text.lines().filter_map(move |line| line.strip_prefix(word));
        lines.filter_map(|line| line.split_once(' ')).collect()
    };
    let (kinds, helps) = (told("# TYPE "), told("# HELP "));
    assert!(kinds.keys().eq(helps.keys()), "each has a type and an explanation");
    kinds
}

#[tokio::test]
async fn counters_only_grow_and_tell_what_the_books_tell() {
    let gateway = TestGateway::start().await;
    let mut last = Scrape::of(&gateway.operator()).await;
    for _ in 0..3 {
        run_through_everything(&gateway).await;
        let scrape = Scrape::of(&gateway.operator()).await;
        let kinds = kinds(&scrape.text);
        for (series, before) in &last.series {
            let name = series.split('{').next().unwrap();
            if kinds.get(name) == Some(&"counter") {
                assert!(scrape.value(series).unwrap() >= *before, "{series}");
            }
        }
        last = scrape;
    }
    let sums = gateway.sums().await;
    let spent = |unit: &str| {
        let of_unit = |series: &&String| series.contains(&format!("unit=\"{unit}\""));
        let series = last.series.iter().filter(|(series, _)| {
            series.starts_with("tollgate_credits_spent_total") && of_unit(series)
        });
        series.map(|(_, value)| value).sum::<f64>()
    };
    assert_eq!((spent("email"), spent("phone")), (sums.email.spent, sums.phone.spent));
    let usage = gateway.usage("growth").await;
    let remaining = last
        .value("tollgate_quota_remaining_credits{period=\"total\",team=\"growth\",unit=\"email\"}");
    assert_eq!(remaining, usage["quotas"][0]["remaining"].as_f64());
    assert!(last.value("tollgate_admissions_total{decision=\"refused\",reason=\"insufficient_credits\",team=\"growth\"}").unwrap() >= 1.0);
    gateway.finish().await;
}
