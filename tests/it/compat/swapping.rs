//! A swap of base URL and key, and nothing else.

use std::time::Duration;

use serde_json::Value;

use super::scripts::Program;
use super::{SOON, reachable};
use crate::support::client::{Client, connections};
use crate::support::gateway::{TestGateway, credits};
use crate::support::vendor::{self, taking};

/// What every lead got, whatever the ids of the batches.
fn results(batches: &[Value]) -> Vec<&Value> {
    batches.iter().map(|batch| &batch["results"]).collect()
}

#[tokio::test]
async fn a_base_url_and_a_key_are_all_that_a_swap_takes() {
    for program in Program::ALL {
        let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
        let with_vendor = Client::new(connections(), address, "sandbox");
        let gateway = TestGateway::start().await;
        let with_gateway = gateway.team("sales", 100).await;
        let leads = ["ada", "grace", "nobody", "alan"].map(reachable);

        let before = program.run("one_by_one", &with_vendor, &[SOON], &leads).await;
        let after = program.run("one_by_one", &with_gateway, &[SOON], &leads).await;
        assert_eq!(results(&before), results(&after), "{program:?}");
        let usage = gateway.usage("sales").await;
        assert_eq!(usage["totals"]["email"]["spent"], credits(judge.bill().email));
        gateway.finish().await;
    }
}
