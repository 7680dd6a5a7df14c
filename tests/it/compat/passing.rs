//! Whatever else programs ask of the vendor.

use std::time::Duration;

use super::scripts::Program;
use crate::support::client::{Client, connections};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::vendor::{self, taking};

#[tokio::test]
async fn what_is_free_is_answered_as_by_the_vendor_and_what_may_spend_is_refused() {
    for program in Program::ALL {
        let (_, address) = vendor::start(taking(Duration::from_millis(30))).await;
        let with_vendor = Client::new(connections(), address, "sandbox");
        // Programs that change the account need routes that say so.
        let changed = ["POST /sequences/*", "DELETE /excluded-*"];
        let routes = changed.map(|route| format!("routes.\"{route}\"=free"));
        let gateway =
            TestGateway::with(Setup::with_settings(&routes.each_ref().map(String::as_str))).await;
        let with_gateway = gateway.team("sales", 100).await;

        let before = program.run("other_paths", &with_vendor, &[], &[]).await;
        let after = program.run("other_paths", &with_gateway, &[], &[]).await;
        assert_eq!(before[..4], after[..4], "{program:?}");
        let search = (&after[4]["status"], &after[4]["body"]["_errors"][0]["code"]);
        assert_eq!(search, (&403.into(), &"route_not_allowed".into()), "{after:?}");
        gateway.finish().await;
    }
}
