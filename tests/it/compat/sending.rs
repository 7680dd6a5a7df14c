//! Bodies as clients send them: large, packed, in pieces, in the vendor's own media type.

use serde_json::{Value, json};

use super::scripts::Program;
use crate::support::gateway::TestGateway;
use crate::support::people::plain;

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_leads_arrive_packed_in_pieces_and_in_the_vendors_media_type() {
    let gateway = TestGateway::start().await;
    let team = gateway.team("sales", 100_000).await;
    let leads: Vec<Value> = (0..10_000).map(plain).collect();
    let vendors = "application/vnd.amp+json";
    for (program, media_type) in [
        (Program::Curl, vendors),
        (Program::Requests, vendors),
        (Program::Httpx, "application/json"),
    ] {
        let printed = program.run("large", &team, &[], &leads).await;
        assert_eq!(printed.last().unwrap()["media_type"], media_type, "{program:?}");
        let ended = team.ended(printed[0]["id"].as_u64().unwrap()).await;
        let told = (&ended.body["status"], &ended.body["results"][99]["linkedin_url"]);
        assert_eq!(told, (&json!("completed"), &leads[99]["linkedin_url"]));
    }
    assert_eq!(gateway.vendor.leads_received().len(), leads.len(), "only the first has paid");
    gateway.finish().await;
}
