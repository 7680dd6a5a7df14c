//! Bodies as clients send them: large, packed, in pieces, in the vendor's own media type.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::gateway;
use super::scripts::Program;
use crate::support::client::Client;
use crate::support::people::plain;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_leads_arrive_packed_in_pieces_and_in_the_vendors_media_type() {
    let gateway = gateway().await;
    let team = gateway.team("sales", 100_000).await;
    let leads: Vec<Value> = (0..10_000).map(plain).collect();
    let vendors = "application/vnd.amp+json";
    let mut ids = BTreeSet::new();
    for (program, media_type) in [
        (Program::Curl, vendors),
        (Program::Requests, vendors),
        (Program::Httpx, "application/json"),
    ] {
        let printed = program.run("large", &team, &[], &leads).await;
        assert_eq!(printed.last().unwrap()["media_type"], media_type, "{program:?}");
        let id = printed[0]["id"].as_u64().unwrap();
        let ended = team.ended(id).await;
        let told = (&ended.body["status"], &ended.body["results"][99]["linkedin_url"]);
        assert_eq!(told, (&json!("completed"), &leads[99]["linkedin_url"]));
        ids.insert(id);
    }
    assert_eq!(ids.len(), 1, "however it is sent, it is the same request");
    assert_eq!(gateway.vendor.leads_received().len(), leads.len());
    gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_refused_unread_gets_its_response_whatever_its_size() {
    const SIZES: [&str; 4] = ["100", "100000", "1000000", "9000000"];
    let gateway = gateway().await;
    let team = gateway.team("sales", 100).await;
    let operator = gateway.operator();
    let with_key = |client: &Client, key: &str| {
        let mut client = client.clone();
        client.key = key.to_owned();
        client
    };
    let json = "application/json";
    let keys = "/admin/v1/teams/sales/keys";
    let mut scripts = JoinSet::new();
    for (client, method, path, media_type, status) in [
        (team.clone(), "POST", "/people/enrichment-requests", "text/plain", 415),
        (team.clone(), "POST", "/not-forwarded", json, 403),
        (with_key(&team, "tg_0"), "POST", "/email-validations", json, 401),
        (operator.clone(), "POST", keys, "text/plain", 415),
        (with_key(&operator, "nobody"), "POST", keys, json, 401),
    ] {
        for program in Program::ALL {
            let client = client.clone();
            scripts.spawn(async move {
                let arguments = [&[method, path, media_type], &SIZES[..]].concat();
                let statuses = program.run("refused", &client, &arguments, &[]).await;
                assert!(statuses.len() >= 2 * SIZES.len(), "{program:?}: {statuses:?}");
                let wrong = statuses.iter().find(|&told| *told != json!(status));
                assert_eq!(wrong, None, "{program:?} {method} {path}: {statuses:?}");
            });
        }
    }
    scripts.join_all().await;
    assert_eq!(gateway.vendor.posts_received(), 0);
    gateway.finish().await;
}
