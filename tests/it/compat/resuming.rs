//! Batches that another process asks for again, by their id.

use std::time::Duration;

use super::scripts::Program;
use super::{SOON, reachable};
use crate::support::gateway::{Setup, TestGateway};
use crate::support::process::Process;
use crate::support::vendor::{self, taking};
use crate::support::wait::eventually;

const PROGRAMS: [Program; 2] = [Program::Curl, Program::Requests];

#[tokio::test]
async fn a_batch_is_resumed_by_its_id_days_later() {
    for program in PROGRAMS {
        let (setup, clock) = Setup::with_clock();
        let gateway = TestGateway::with(setup).await;
        let team = gateway.team("sales", 100).await;
        let folder = tempfile::tempdir().unwrap();
        let notes = folder.path().join("notes").display().to_string();
        let leads = ["ada", "grace"].map(reachable);
        program.run("resume", &team, &[SOON, &notes], &leads).await;
        eventually("the vendor has answered", async || {
            clock.advance(Duration::from_millis(100));
            gateway.app.gateway.look_now();
            gateway.sums().await.email.reserved == 0.0
        })
        .await;
        clock.advance(Duration::from_hours(6 * 24));
        let printed = program.run("resume", &team, &[SOON, &notes], &[]).await;
        assert_eq!(printed[0]["results"][1]["result"]["name"], "Grace Reachable");
        gateway.finish().await;
    }
}

#[tokio::test]
async fn a_batch_is_resumed_by_its_id_after_the_gateway_was_killed() {
    for program in PROGRAMS {
        let (judge, address) = vendor::start(taking(Duration::from_millis(100))).await;
        let data = tempfile::tempdir().unwrap();
        let mut gateway = Process::start(address, data.path(), &[]).await;
        let team = gateway.team("sales").await;
        let notes = data.path().join("notes").display().to_string();
        let leads = ["ada", "grace"].map(reachable);
        program.run("resume", &team, &[SOON, &notes], &leads).await;
        gateway.kill();
        gateway.start_again().await;
        let printed = program.run("resume", &team, &[SOON, &notes], &[]).await;
        assert_eq!(printed[0]["results"][1]["result"]["name"], "Grace Reachable");
        gateway.balance(&judge).await;
    }
}
