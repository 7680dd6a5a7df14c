//! Leads that the vendor reads otherwise than the gateway: their answers decide nothing for others.

use serde_json::json;
use tollgate::sandbox::ReadBy;

use super::{asked, assert_is, gateway_before};
use crate::support::asking::BATCHES;
use crate::support::gateway::TestGateway;

#[tokio::test]
async fn an_address_with_a_port_does_not_make_its_email_somebody_elses() {
    let gateway = gateway_before(ReadBy::Lenient).await;
    let (mallory, sales) = (gateway.team("mallory", 100).await, gateway.team("sales", 100).await);
    for (n, url) in
        ["https://www.linkedin.com:443/in/person-7", "https://ada@www.linkedin.com/in/person-7"]
            .into_iter()
            .enumerate()
    {
        let email = format!("victim.number.{n}.reachable@acme.example");
        let slug = format!("victim-number-{n}-reachable");
        assert_is(&mallory, json!({"linkedin_url": url, "email": email}), "person-7").await;
        assert_is(&sales, json!({ "email": email }), &slug).await;
        assert_is(&mallory, json!({ "email": email }), &slug).await;
    }
    gateway.finish().await;
}

#[tokio::test]
async fn a_look_up_of_such_an_address_does_not_either() {
    let gateway = gateway_before(ReadBy::Lenient).await;
    let (mallory, sales) = (gateway.team("mallory", 100).await, gateway.team("sales", 100).await);
    let crossed = "/people/find?linkedin_url=https://www.linkedin.com:443/in/person-7\
                   &email=person.9@acme.example";
    let found = mallory.get(crossed).await;
    assert_eq!(found.body["linkedin_url"], "https://www.linkedin.com/in/person-7");
    let found = sales.get("/people/find?email=person.9@acme.example").await;
    assert_eq!(found.body["linkedin_url"], "https://www.linkedin.com/in/person-9");
    gateway.finish().await;
}

#[tokio::test]
async fn a_profile_beside_an_email_that_the_vendor_goes_by_is_not_that_person() {
    let gateway = gateway_before(ReadBy::EmailFirst).await;
    let (mallory, sales) = (gateway.team("mallory", 100).await, gateway.team("sales", 100).await);
    let vip = "https://www.linkedin.com/in/victim-vip";
    let crossed = json!({"linkedin_url": vip, "email": "person.11@acme.example"});
    assert_is(&mallory, crossed.clone(), "person-11").await;
    assert_is(&sales, json!({ "linkedin_url": vip }), "victim-vip").await;
    // Asked once more as a whole, it is what the vendor took it for.
    assert_is(&sales, crossed, "person-11").await;
    assert_eq!(gateway.vendor.leads_received().len(), 2);
    gateway.finish().await;
}

#[tokio::test]
async fn nobody_found_for_two_keys_says_nothing_of_either() {
    let gateway = gateway_before(ReadBy::EmailFirst).await;
    let (mallory, sales) = (gateway.team("mallory", 100).await, gateway.team("sales", 100).await);
    let vip = "https://www.linkedin.com/in/victim-vip";
    let crossed = json!({"linkedin_url": vip, "email": "some.nobody@acme.example"});
    assert_eq!(asked(&mallory, &crossed).await.0, "not_found");
    assert_is(&sales, json!({ "linkedin_url": vip }), "victim-vip").await;
    gateway.finish().await;
}

#[tokio::test]
async fn a_removal_empties_no_batch_of_somebody_else() {
    let gateway = gateway_before(ReadBy::Lenient).await;
    let (mallory, sales) = (gateway.team("mallory", 100).await, gateway.team("sales", 100).await);
    let victim = json!({"email": "person.31.reachable@acme.example"});
    let paid = sales.enrich(&json!({"leads": [victim], "reveal_email": true})).await;
    for url in
        ["https://linkedin.com:443/in/somebody-removed", "https://linkedin.com/in/somebody-removed"]
    {
        let crossed = json!({"linkedin_url": url, "email": "person.31.reachable@acme.example"});
        let request = mallory.json(reqwest::Method::POST, BATCHES, &json!({"leads": [crossed]}));
        let accepted = mallory.send(request.header("cache-control", "no-cache")).await;
        let answer = mallory.ended(accepted.id()).await;
        assert_eq!(answer.results()[0]["status"], "gdpr_removed");
    }
    assert_eq!(sales.read(paid.id()).await.results(), paid.results());
    assert_is(&sales, victim, "person-31-reachable").await;
    assert_eq!(gateway.vendor.leads_received().len(), 3, "it was known");
    gateway.finish().await;
}

#[tokio::test]
async fn an_encoded_slug_is_sent_decoded_and_echoed_as_it_was() {
    let gateway = TestGateway::start().await;
    let sales = gateway.team("sales", 100).await;
    let written = [
        json!({"linkedin_url": "https://uk.linkedin.com/in/%70%32%30/de?trk=x"}),
        json!({"email": " \u{212a}ATE@acme.example"}),
        json!({"name": "Ada  LOVELACE", "company_domain": "https://www.Acme.example/about"}),
    ];
    let answer = sales.enrich(&json!({ "leads": written })).await;
    for (result, written) in answer.results().iter().zip(&written) {
        for (field, text) in written.as_object().unwrap() {
            assert_eq!(&result[field], text);
        }
    }
    let sent = gateway.vendor.leads_received();
    let expected = ["https://www.linkedin.com/in/p20", "kate@acme.example", "Ada LOVELACE"];
    assert_eq!(sent, expected);
    gateway.finish().await;
}

#[tokio::test]
async fn only_the_canonical_address_is_validated() {
    let gateway = TestGateway::start().await;
    let (mallory, sales) = (gateway.team("mallory", 100).await, gateway.team("sales", 100).await);
    for (client, email) in [(&mallory, "\u{212a}ate@acme.example"), (&sales, "kate@acme.example")] {
        let body = json!({"emails": [{ "email": email }]});
        let accepted = client.post("/email-validations", &body).await;
        assert!([200, 202].contains(&accepted.status), "{accepted:?}");
    }
    assert_eq!(gateway.vendor.addresses_received(), ["kate@acme.example"]);
    gateway.finish().await;
}
