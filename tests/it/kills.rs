//! `kill -9` of the real binary, at named points and at random: every batch that was accepted ends,
//! and the books are equal to the vendor's bill.

use std::time::Duration;

use serde_json::json;
use tollgate::sandbox::{Faults, Operation, Sandbox};

use crate::support::asking::BATCHES;
use crate::support::client::Client;
use crate::support::faulty_disk::Dice;
use crate::support::metrics::Scrape;
use crate::support::people::{handle, plain, spelled};
use crate::support::process::Process;
use crate::support::vendor::{self, held, taking};
use crate::support::wait::eventually;

const KILLS: usize = 50;
const PEOPLE: usize = 120;

/// Where in a batch's life the process is killed, as it shows from outside.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// The caller has its 202.
    Accepted,
    /// The vendor took the job, and its answer is still under way.
    Taken,
    /// The vendor's answer was written down.
    Bound,
    /// The vendor was asked for the answer.
    Polled,
    /// The batch has ended for its caller.
    Settled,
    /// Some moment after the POST began, in milliseconds.
    Random(u64),
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_no_batch_and_no_half_credit() {
    let (judge, address) = vendor::start(taking(Duration::from_millis(30))).await;
    let data = tempfile::tempdir().unwrap();
    // Each kill may cost a batch an attempt.
    let mut gateway = Process::start(address, data.path(), &["vendor.attempts_max=60"]).await;
    let team = gateway.team("sales").await;
    let mut dice = Dice::new(4);
    let mut accepted = Vec::new();
    for number in 0..KILLS {
        let point = match number % 6 {
            0 => Point::Accepted,
            1 => Point::Taken,
            2 => Point::Bound,
            3 => Point::Polled,
            4 => Point::Settled,
            _ => Point::Random(dice.below(120)),
        };
        let is_taken = matches!(point, Point::Taken);
        judge.set_faults(if is_taken { held(Operation::Submit) } else { Faults::default() });
        accepted.extend(post_and_reach(point, &gateway, &team, &judge, &mut dice).await);
        gateway.kill();
        let audit = gateway.run("audit");
        assert!(audit.status.success(), "after a kill at {point:?}: {audit:?}");
        gateway.start_again().await;
    }
    judge.set_faults(Faults::default());
    for id in accepted {
        let ended = team.ended(id).await;
        assert_eq!(ended.body["status"], "completed", "{ended:?}");
    }
    let everybody: Vec<_> = (0..PEOPLE).map(plain).collect();
    team.enrich(&json!({"leads": everybody, "reveal_email": true, "reveal_phone_numbers": true}))
        .await;
    gateway.balance(&judge).await;
}

/// Posts a batch and waits for the point; answers the batch's id if its caller got one.
async fn post_and_reach(
    point: Point,
    gateway: &Process,
    team: &Client,
    vendor: &Sandbox,
    dice: &mut Dice,
) -> Option<u64> {
    let people = u64::try_from(PEOPLE).unwrap();
    let mut leads: Vec<_> = (0..=dice.below(8))
        .map(|_| spelled(usize::try_from(dice.below(people)).unwrap(), dice))
        .collect();
    // Somebody new, so that there is always something to send.
    leads.push(json!({"email": format!("{}.{}@fresh.example", handle(7), dice.below(u64::MAX))}));
    let body = json!({"leads": leads, "reveal_email": dice.percent(50)});
    let request = team
        .request(reqwest::Method::POST, BATCHES)
        .header("content-type", "application/json")
        .body(body.to_string());
    if let Point::Random(millis) = point {
        // The answer may be lost with the process; the batch is then found by its effects alone.
        let in_time = tokio::time::timeout(Duration::from_millis(millis), request.send()).await;
        let answer = in_time.ok()?.ok()?;
        let body: serde_json::Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        return body["id"].as_u64();
    }
    let before = Seen::now(gateway, vendor).await;
    let accepted = team.send(request).await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    eventually("the point is reached", async || {
        let seen = Seen::now(gateway, vendor).await;
        match point {
            Point::Accepted | Point::Random(_) => true,
            Point::Taken => seen.posts > before.posts,
            Point::Bound => seen.accepted > before.accepted,
            Point::Polled => seen.reads > before.reads,
            Point::Settled => team.read(accepted.id()).await.body["status"] == "completed",
        }
    })
    .await;
    Some(accepted.id())
}

/// What shows from outside.
struct Seen {
    posts: u64,
    accepted: f64,
    reads: f64,
}

impl Seen {
    async fn now(gateway: &Process, vendor: &Sandbox) -> Self {
        let scrape = Scrape::of(&gateway.operator()).await;
        let count = |labels: &str| {
            let name = "tollgate_vendor_request_duration_seconds_count";
            scrape.sum(&format!("{name}{{operation={labels}"))
        };
        let (accepted, reads) = (count("\"submit\",outcome=\"accepted\""), count("\"read\""));
        Self { posts: vendor.posts_received(), accepted, reads }
    }
}
