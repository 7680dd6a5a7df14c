//! The operator changes how long answers are known and batches can be read.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate::clock::ManualClock;

use super::{assert_answered, estimated, people};
use crate::support::asking::{BATCHES, batch};
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

const DAY: Duration = Duration::from_hours(24);

/// A gateway that is started again with other settings, by a clock that stands still.
struct Bench {
    gateway: TestGateway,
    clock: Arc<ManualClock>,
    key: String,
}

impl Bench {
    async fn start(settings: &[&str]) -> Self {
        let (setup, clock) = Setup::with_clock();
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let setup = Setup { store: Store::Embedded, settings, ..setup };
        let gateway = TestGateway::with(setup).await;
        let key = gateway.team("sales", 10_000).await.key;
        Self { gateway, clock, key }
    }

    async fn restarted(self, settings: &[&str]) -> Self {
        Self { gateway: self.gateway.restarted(settings, |_| ()).await, ..self }
    }

    fn team(&self) -> Client {
        self.gateway.caller(&self.key)
    }

    /// Waits for the end of what was accepted.
    async fn ended(&self, path: &str) -> Answer {
        let mut answer = None;
        let (team, step) = (self.team(), Duration::from_millis(100));
        let ended = async || {
            let read = team.get(path).await;
            assert_eq!(read.status, 200, "{read:?}");
            answer.insert(read).has_ended()
        };
        self.gateway.eventually_by(&self.clock, step, "it ends", ended).await;
        answer.unwrap()
    }

    async fn enrich(&self, body: &Value) -> Answer {
        let accepted = self.team().start(body).await;
        self.ended(&batch(accepted.id())).await
    }

    async fn validate(&self, email: &str) -> Answer {
        let body = json!({"emails": [{"email": email}]});
        let accepted = self.team().post("/email-validations", &body).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let id = accepted.body["id"].as_str().unwrap();
        self.ended(&format!("/email-validations/{id}")).await
    }

    /// Waits until this process has removed jobs.
    async fn jobs_are_swept(&self) {
        let operator = self.gateway.operator();
        eventually("old jobs are removed", async || {
            let swept = "tollgate_swept_rows_total{kind=\"jobs\"}";
            Scrape::of(&operator).await.value(swept).is_some_and(|rows| rows > 0.0)
        })
        .await;
    }
}

#[tokio::test]
async fn who_was_known_for_a_second_is_not_known_for_a_day_by_a_raised_lifetime() {
    let short = ["cache.person_ttl=1s", "cache.not_found_ttl=1s", "cache.batch_ttl=1m"];
    let short = [&short[..], &["vendor.job_deadline=1m"]].concat();
    let bench = Bench::start(&short).await;
    assert_answered(&bench.enrich(&people("a", 2)).await);
    bench.clock.advance(Duration::from_mins(10));
    let bench = bench.restarted(&["cache.person_ttl=24h", "cache.not_found_ttl=24h"]).await;
    let team = bench.team();
    assert_eq!(estimated(&team, &people("a", 2)).await, (1, 2, 0.0));
    assert_answered(&bench.enrich(&people("a", 2)).await);
    assert_eq!(bench.gateway.vendor.posts_received(), 2);
    let known = team.start(&people("a", 2)).await;
    assert_answered(&known);
    let found = "/people/find?linkedin_url=linkedin.com/in/reachable-a-0&reveal_email=true";
    let found = team.get(found).await;
    assert_eq!(found.status, 200, "{found:?}");
    bench.gateway.finish().await;
}

#[tokio::test]
async fn what_ended_reads_as_it_did_when_lifetimes_are_lowered() {
    let long = ["cache.person_ttl=30d", "cache.not_found_ttl=60d"];
    let bench = Bench::start(&long).await;
    bench.enrich(&people("a", 2)).await;
    bench.enrich(&people("b", 0)).await;
    bench.clock.advance(29 * DAY);
    let team = bench.team();
    let cached = team.start(&people("a", 2)).await;
    assert_answered(&cached);
    let nobody = team.start(&people("b", 0)).await;
    assert_answered(&nobody);

    let bench = bench.restarted(&["cache.person_ttl=1h", "cache.not_found_ttl=1h"]).await;
    bench.jobs_are_swept().await;
    bench.clock.advance(6 * DAY);
    for before in [cached, nobody] {
        let after = bench.team().read(before.id()).await;
        assert_eq!(after.body, before.body);
    }
    bench.gateway.finish().await;
}

#[tokio::test]
async fn who_was_not_found_stays_so_however_long_that_is_known() {
    let bench = Bench::start(&["cache.person_ttl=1s", "cache.not_found_ttl=30d"]).await;
    bench.enrich(&people("a", 0)).await;
    bench.clock.advance(29 * DAY);
    let cached = bench.team().start(&people("a", 0)).await;
    assert_answered(&cached);
    // What it was answered with is swept.
    bench.clock.advance(6 * DAY);
    let bench = bench.restarted(&["cache.not_found_ttl=1s"]).await;
    bench.jobs_are_swept().await;
    let after = bench.team().read(cached.id()).await;
    assert_eq!(after.body, cached.body);
    bench.gateway.finish().await;
}

/// Whatever lifetime is raised or lowered between two starts: each lead is answered, from what is known
/// or by the vendor, what has ended reads as it did until it is forgotten, and nothing is paid twice.
#[tokio::test]
async fn no_change_of_a_lifetime_leaves_anybody_without_an_answer() {
    let lifetimes = ["cache.person_ttl", "cache.not_found_ttl", "cache.validation_ttl"];
    let lifetimes = [&lifetimes[..], &["cache.batch_ttl"]].concat();
    let values = ["1m", "6h", "30d"];
    let waits = [Duration::from_mins(2), Duration::from_hours(7), 8 * DAY, 29 * DAY];
    let mut bench = Bench::start(&["vendor.job_deadline=1m"]).await;
    let mut n = 0;
    for lifetime in lifetimes {
        for before in values {
            for after in values.iter().filter(|after| **after != before) {
                n += 1;
                bench = bench.restarted(&[&format!("{lifetime}={before}")]).await;
                let what = format!("{lifetime} from {before} to {after}");
                bench = answers_over(bench, n, waits, &format!("{lifetime}={after}"), &what).await;
            }
        }
        bench = bench.restarted(&[&format!("{lifetime}=1h")]).await;
    }
    bench.gateway.finish().await;
}

/// Asks for people of their own before and after a change, at several times.
async fn answers_over(
    bench: Bench,
    n: usize,
    waits: [Duration; 4],
    change: &str,
    what: &str,
) -> Bench {
    let (body, email) = (people(&n.to_string(), 1), format!("ada.{n}@example.com"));
    let mut ended: Vec<(String, Answer)> = Vec::new();
    let mut bench = bench;
    for (round, wait) in [waits[n % 4], waits[n / 4 % 4], waits[n % 3]].into_iter().enumerate() {
        let answer = bench.enrich(&body).await;
        assert_answered(&answer);
        ended.push((batch(answer.id()), answer));
        let verdict = bench.validate(&email).await;
        assert!(verdict.results()[0]["result"].is_string(), "{what}: {verdict:?}");
        let path = format!("/email-validations/{}", verdict.body["id"].as_str().unwrap());
        ended.push((path, verdict));
        bench.clock.advance(wait);
        if round == 1 {
            bench = bench.restarted(&[change]).await;
        }
        for (path, before) in &ended {
            let after = bench.team().get(path).await;
            assert!(after.status == 404 || after.body == before.body, "{what}: {after:?}");
        }
    }
    assert_eq!(bench.team().post(BATCHES, &body).await.status, 202);
    bench
}
