//! Alarms: operators are warned once in an hour of a team whose leads come to nothing unusually often.

use serde_json::{Value, json};

use crate::support::gateway::{Setup, TestGateway};
use crate::support::metrics::Scrape;

/// Leads that a name of the sandbox's stands for, such as `nobody`.
fn leads(who: &str, first: usize, count: usize) -> Value {
    let lead = |n| json!({"linkedin_url": format!("linkedin.com/in/{who}-{n}")});
    json!({"leads": (first..first + count).map(lead).collect::<Vec<_>>()})
}

async fn alarms(gateway: &TestGateway, team: &str, outcome: &str) -> Option<f64> {
    let series = format!("tollgate_alarms_total{{outcome=\"{outcome}\",team=\"{team}\"}}");
    Scrape::of(&gateway.operator()).await.value(&series)
}

#[tokio::test]
async fn a_team_with_many_leads_of_nobody_or_of_the_removed_is_reported_once_an_hour() {
    let settings = ["alarms.not_found_per_hour=4", "alarms.removed_per_hour=2"];
    let gateway = TestGateway::with(Setup::with_settings(&settings)).await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 100).await);
    sales.enrich(&leads("nobody", 0, 3)).await;
    growth.enrich(&leads("nobody", 10, 3)).await;
    assert_eq!(alarms(&gateway, "sales", "not_found").await, Some(0.0));
    for round in 2..4 {
        sales.enrich(&leads("nobody", round * 10, 3)).await;
        assert_eq!(alarms(&gateway, "sales", "not_found").await, Some(1.0));
    }
    assert_eq!(alarms(&gateway, "growth", "not_found").await, Some(0.0));
    sales.enrich(&leads("removed", 0, 2)).await;
    assert_eq!(alarms(&gateway, "sales", "removed").await, Some(1.0));
    growth.enrich(&leads("reachable", 0, 20)).await;
    assert_eq!(alarms(&gateway, "growth", "found").await, None);
    gateway.finish().await;
}
