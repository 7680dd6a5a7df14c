//! The headers that tools send by default.

use serde_json::json;

use super::scripts::Program;
use super::{SOON, gateway, reachable};

#[tokio::test(flavor = "multi_thread")]
async fn the_headers_that_tools_send_by_default_are_taken_and_buy_once() {
    let gateway = gateway().await;
    let team = gateway.team("sales", 100).await;
    let put = json!({"policies": {"ignore_no_cache": true}});
    gateway.operator().put("/admin/v1/teams/sales", &put).await;
    let leads = [reachable("ada"), reachable("grace")];
    for tool in ["n8n", "postman", "postman", "n8n"] {
        let printed = Program::Curl.run("defaults", &team, &[tool, SOON], &leads).await;
        let ended = printed.last().unwrap();
        assert_eq!(ended["status"], "completed", "{tool}: {ended}");
        assert!(ended["results"][1]["result"]["email"].is_string(), "{tool}: {ended}");
    }
    assert_eq!(gateway.vendor.leads_received().len(), 2);
    gateway.finish().await;
}
