//! What a caller sets, through the front door: the most that a batch may cost, and leads trimmed to
//! the quotas.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::TestGateway;
use crate::support::metrics::Scrape;

const ESTIMATES: &str = "/gateway/v1/estimates";
const TRIM: (&str, &str) = ("tollgate-on-quota", "trim");

fn most(dictionary: &str) -> (&str, &str) {
    ("tollgate-max-credits", dictionary)
}

/// So many people of whom each has an email and a phone number.
fn people(names: &[&str]) -> Value {
    let lead = |name: &&str| json!({"linkedin_url": format!("linkedin.com/in/{name}-reachable")});
    let leads: Vec<_> = names.iter().map(lead).collect();
    json!({"leads": leads, "reveal_email": true, "reveal_phone_numbers": true})
}

async fn post(team: &Client, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let request = team.request(Method::POST, path).header("content-type", "application/json");
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    team.send(request.body(body.to_string())).await
}

fn quotas(email: u32, phone: u32) -> Value {
    json!([
        {"unit": "email", "period": "month", "limit": email},
        {"unit": "phone", "period": "total", "limit": phone},
    ])
}

#[tokio::test]
async fn leads_that_do_not_fit_are_trimmed_in_order_and_the_rest_is_sent() {
    let gateway = TestGateway::start().await;
    let names = ["ada", "ada", "bob", "cyd", "bob", "cyd"];
    for (team, email, phone) in [("short-of-email", 4, 100), ("short-of-phone", 100, 2)] {
        let team = gateway.team_with(team, quotas(email, phone)).await;
        let fresh = names.map(|name| format!("{name}-{email}"));
        let fresh = people(&fresh.each_ref().map(String::as_str));
        let refused = team.post(BATCHES, &fresh).await;
        assert_eq!(refused.errors(), [("insufficient_credits", "")]);

        let estimate = post(&team, ESTIMATES, &[TRIM], &fresh).await;
        assert_eq!(
            estimate.body["leads"],
            json!({"submitted": 6, "repeated": 2, "cached": 0, "joined": 0, "fresh": 2, "trimmed": 2}),
            "{estimate:?}"
        );
        assert_eq!(
            (&estimate.body["fits"], estimate.body["credits"]["email"]["worst"].as_f64()),
            { (&json!(true), Some(3.0)) }
        );

        let accepted = post(&team, BATCHES, &[TRIM], &fresh).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let counted = "submitted=6, repeated=2, cached=0, joined=0, fresh=2, trimmed=2";
        assert_eq!(accepted.header("tollgate-leads"), Some(counted));
        let ended = team.ended(accepted.id()).await;
        let statuses = ended.results().iter().map(|result| result["status"].as_str());
        let (found, none) = (Some("enriched"), None);
        assert_eq!(statuses.collect::<Vec<_>>(), [found, found, found, none, found, none]);
        let code = "insufficient_credits";
        assert_eq!(ended.errors(), [(code, "/leads/3"), (code, "/leads/5")]);
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_trimmed_to_nothing_costs_nothing_and_ends_in_error() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 0).await;
    let answer = post(&team, BATCHES, &[TRIM], &people(&["ada", "bob"])).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("error")), "{answer:?}");
    assert_eq!(answer.errors().len(), 2);
    let trimmed = "tollgate_leads_total{disposition=\"trimmed\",team=\"sales\"}";
    assert_eq!(Scrape::of(&gateway.operator()).await.value(trimmed), Some(2.0));
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}

#[tokio::test]
async fn what_may_cost_more_than_its_caller_allows_is_refused() {
    let gateway = TestGateway::start().await;
    let team = gateway.team_with("sales", quotas(3, 100)).await;
    let two = people(&["ada", "bob"]);
    let usage = gateway.usage("sales").await;
    for (bounds, told) in [
        ("email=2.999", "3 email credits, more than the 2.999"),
        ("email=9, phone=1", "2 phone credits, more than the 1"),
        ("phone=0", "2 phone credits, more than the 0"),
    ] {
        let refused = post(&team, BATCHES, &[most(bounds)], &two).await;
        assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
        assert!(refused.text.contains(told), "{refused:?}");
        let estimate = post(&team, ESTIMATES, &[most(bounds)], &two).await;
        assert_eq!(estimate.body["fits"], json!(false), "{estimate:?}");
    }
    assert_eq!(gateway.usage("sales").await, usage, "no balance moved");

    // Of three, two fit the quota; and these are above what is allowed.
    let three = people(&["ada", "bob", "cyd"]);
    let refused = post(&team, BATCHES, &[TRIM, most("email=1.5")], &three).await;
    assert_eq!(refused.status, 402, "{refused:?}");
    let accepted = post(&team, BATCHES, &[TRIM, most("email=3, phone=2")], &three).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    team.ended(accepted.id()).await;
    let known = post(&team, BATCHES, &[most("email=0, phone=0")], &two).await;
    assert_eq!((known.status, &known.body["status"]), (202, &json!("completed")));
    gateway.finish().await;
}

#[tokio::test]
async fn a_limit_that_cannot_be_read_is_refused_and_never_passed_over() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 10).await;
    for header in [
        most(""),
        most("10"),
        most("email"),
        most("mail=10"),
        most("email=-1"),
        most("email=0.0001"),
        ("tollgate-on-quota", "Trim"),
        ("tollgate-on-quota", "trim, refuse"),
    ] {
        for path in [BATCHES, ESTIMATES] {
            let refused = post(&team, path, &[header], &people(&["ada"])).await;
            let told = (refused.status, refused.errors());
            assert_eq!(told, (400, vec![("invalid_header", "")]), "{header:?}");
        }
    }
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}
