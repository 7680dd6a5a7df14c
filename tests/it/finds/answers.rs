//! What a look-up is answered with, and what it costs.

use serde_json::{Value, json};

use super::{ADA, batch_of_ada, find};
use crate::support::gateway::TestGateway;

#[tokio::test]
async fn a_person_is_answered_alone_and_paid_for_once() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let bought = find(&team, &format!("{ADA}&reveal_email=true")).await;
    assert_eq!((bought.status, &bought.body["object"]), (200, &json!("person")), "{bought:?}");
    assert!(bought.body["email"].is_string() && bought.body["phone_numbers"].is_null());
    assert!(bought.body.get("results").is_none() && bought.body.get("_links").is_none());
    for (header, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("tollgate-leads", "submitted=1, repeated=0, cached=0, joined=0, fresh=1"),
        ("tollgate-credits-reserved", "email=1.5, phone=0"),
        ("tollgate-credits-spent", "email=1.5, phone=0"),
        ("tollgate-credits-avoided", "email=0, phone=0"),
        ("tollgate-credits-remaining", "email=98.5, phone=100"),
    ] {
        assert_eq!(bought.header(header), Some(value), "{header}");
    }
    let known = find(&team, &format!("{ADA}&reveal_email=true")).await;
    assert_eq!((known.status, &known.body), (200, &bought.body));
    assert_eq!(known.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    assert_eq!(known.header("tollgate-credits-avoided"), Some("email=1.5, phone=0"));
    let vendors = team.request(reqwest::Method::GET, &format!("/people/find?{ADA}"));
    let vendors = team.send(vendors.header("accept", "application/vnd.amp+json")).await;
    assert_eq!(vendors.header("content-type"), Some("application/vnd.amp+json"));
    assert_eq!(gateway.vendor.look_ups_received(), 1);
    gateway.finish().await;
}

#[tokio::test]
async fn every_spelling_of_a_query_asks_the_same() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let mut persons = Vec::new();
    for query in [
        "email=ada.reachable@x.example&reveal_email=true&reveal_phone_numbers=true",
        "email=ada.reachable%40x.example&reveal_email=True&reveal_phone_numbers=1",
        "email=Ada.Reachable%40X.example&reveal_email=TRUE&reveal_phone_numbers=True",
        "reveal_phone_numbers=1&reveal_email=1&title=&email=%20ada.reachable@x.example+",
    ] {
        let found = find(&team, query).await;
        assert_eq!(found.status, 200, "{query}: {found:?}");
        persons.push(found.body);
    }
    assert!(persons.iter().all(|person| *person == persons[0]));
    let hidden = find(&team, "email=ada.reachable@x.example&reveal_email=0").await;
    assert_eq!(hidden.body["email"], Value::Null);
    let named = find(&team, "name=Ada+Reachable&company_name=Fish+%26+Chips&title=Cook").await;
    assert_eq!((named.status, &named.body["id"]), (200, &persons[0]["id"]));
    assert_eq!(gateway.vendor.look_ups_received(), 2, "a name is another key");
    gateway.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_told_and_costs_nothing() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for (query, errors) in [
        ("", vec![("missing_field", "")]),
        ("company_domain=x.example&title=CTO", vec![("missing_field", "")]),
        (&format!("{ADA}&reveal_email=yes"), vec![("invalid_field", "/reveal_email")]),
        (&format!("{ADA}&reveal_mail=true"), vec![("unknown_field", "/reveal_mail")]),
        (&format!("{ADA}&{ADA}"), vec![("duplicate_field", "/linkedin_url")]),
        ("email=ada&x=1", vec![("unknown_field", "/x"), ("invalid_field", "/email")]),
    ] {
        let refused = find(&team, query).await;
        assert_eq!((refused.status, refused.errors()), (400, errors), "{query}");
    }
    let stranger = gateway.caller("tg_0000000000000000_none");
    assert_eq!(find(&stranger, ADA).await.status, 401);
    let posted = team.post(&format!("/people/find?{ADA}"), &json!({})).await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET,HEAD")));
    assert_eq!(gateway.vendor.look_ups_received(), 0);
    assert_eq!(gateway.sums().await.email.reserved, 0.0);
    gateway.finish().await;
}

#[tokio::test]
async fn who_is_not_found_or_forgotten_is_remembered() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    let (nobody, removed) = ("email=nobody@x.example", "email=ada.removed@x.example");
    for _ in 0..2 {
        let missed = find(&team, nobody).await;
        assert_eq!((missed.status, missed.errors()), (404, vec![("person_not_found", "")]));
        let forgotten = find(&team, removed).await;
        let told = vec![("unavailable_for_legal_reasons", "")];
        assert_eq!((forgotten.status, forgotten.errors()), (451, told));
        assert_eq!(forgotten.header("tollgate-credits-spent"), Some("email=0, phone=0"));
    }
    assert_eq!(gateway.vendor.look_ups_received(), 2);
    let batch =
        json!({"leads": [{"email": "nobody@x.example"}, {"email": "ada.removed@x.example"}]});
    let batch = team.enrich(&batch).await;
    assert_eq!(batch.body["results"][0]["status"], "not_found");
    assert_eq!(batch.body["results"][1]["status"], "gdpr_removed");
    assert_eq!(batch.body["results"][1]["email"], Value::Null);
    assert_eq!(gateway.vendor.posts_received(), 0, "what a look-up learnt answers batches");
    gateway.finish().await;
}

#[tokio::test]
async fn a_batch_answers_a_look_up_and_a_look_up_a_batch_for_nothing() {
    let gateway = TestGateway::start().await;
    let (sales, growth) = (gateway.team("sales", 100).await, gateway.team("growth", 0).await);
    let batch = sales.enrich(&batch_of_ada(true)).await;
    let looked_up = find(&growth, &format!("{ADA}&reveal_email=true")).await;
    assert_eq!((looked_up.status, &looked_up.body), (200, &batch.body["results"][0]["result"]));
    let hidden = find(&growth, ADA).await;
    assert_eq!(
        (&hidden.body["email"], &hidden.body["name"]),
        (&Value::Null, &batch.body["results"][0]["result"]["name"])
    );

    let bob = find(&sales, "linkedin_url=linkedin.com/in/bob-reachable").await;
    let bob_too = json!({"leads": [{"linkedin_url": "linkedin.com/in/bob-reachable"}]});
    let batch = growth.enrich(&bob_too).await;
    assert_eq!(batch.body["results"][0]["result"], bob.body);
    assert_eq!((gateway.vendor.posts_received(), gateway.vendor.look_ups_received()), (1, 1));
    gateway.finish().await;
}

#[tokio::test]
async fn a_reveal_asked_for_later_buys_the_reveal_alone() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100).await;
    for (query, email, phone) in [
        (ADA.to_owned(), 0.5, 0.0),
        (format!("{ADA}&reveal_email=true"), 1.5, 0.0),
        (format!("{ADA}&reveal_email=true&reveal_phone_numbers=true"), 1.5, 1.0),
        (format!("{ADA}&reveal_phone_numbers=true"), 1.5, 1.0),
    ] {
        assert_eq!(find(&team, &query).await.status, 200);
        let sums = gateway.sums().await;
        assert_eq!((sums.email.spent, sums.phone.spent), (email, phone), "{query}");
    }
    assert_eq!(gateway.vendor.look_ups_received(), 3);
    gateway.finish().await;
}

#[tokio::test]
async fn what_a_team_may_not_spend_is_refused_before_anything_is_sent() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 1).await;
    let refused = find(&team, &format!("{ADA}&reveal_email=true")).await;
    assert_eq!((refused.status, refused.errors()), (402, vec![("insufficient_credits", "")]));
    assert_eq!(find(&team, ADA).await.status, 200, "half a credit fits");
    let paused = json!({"name": "sales", "paused": true});
    gateway.operator().put("/admin/v1/teams/sales", &paused).await;
    let refused = find(&team, "linkedin_url=linkedin.com/in/bob").await;
    assert_eq!((refused.status, refused.errors()), (403, vec![("team_paused", "")]));
    assert_eq!(gateway.vendor.look_ups_received(), 1);
    gateway.finish().await;
}
