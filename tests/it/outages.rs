//! A vendor that does not answer submissions for longer than a job has attempts: nothing is sent but a
//! probe now and then, no job burns its attempts, and all is answered once the vendor is back.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tollgate::clock::{Clock, ManualClock};
use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule};

use crate::support::asking::BATCHES;
use crate::support::client::{Answer, Client};
use crate::support::gateway::{Setup, Store, TestGateway};
use crate::support::metrics::Scrape;
use crate::support::wait::eventually;

/// By the clock of the test.
const QUIET: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;

/// Longer than anything takes that waits for nobody, and shorter than a look-up waits.
const SOON: Duration = Duration::from_secs(5);

const SETTINGS: [&str; 3] =
    ["vendor.quiet_period=10s", "server.find_wait=10m", "routes.\"/people/search\"={ email = 1 }"];

struct Trial {
    gateway: TestGateway,
    clock: Arc<ManualClock>,
    team: Client,
}

impl Trial {
    async fn start() -> Self {
        Self::over(Store::Memory, &[]).await
    }

    async fn over(store: Store, further: &[&str]) -> Self {
        let (setup, clock) = Setup::with_clock();
        let settings = SETTINGS.iter().chain(further).map(|&setting| setting.to_owned()).collect();
        let gateway = TestGateway::with(Setup { settings, store, ..setup }).await;
        let team = gateway.team("sales", 1_000).await;
        Self { gateway, clock, team }
    }

    fn posts(&self) -> u64 {
        self.gateway.vendor.posts_received()
    }

    fn set_faults(&self, rules: impl IntoIterator<Item = Rule>) {
        self.gateway.vendor.set_faults(Faults::of(rules));
    }

    /// Lets some time go by, in steps that leave every task a moment.
    async fn pass(&self, time: Duration) {
        let until = self.clock.now().after(time);
        while self.clock.now() < until {
            self.step().await;
        }
    }

    async fn step(&self) {
        self.clock.advance(Duration::from_millis(500));
        self.gateway.app.gateway.look_now();
        self.is_open().await;
    }

    /// Whether the circuit is shown as open.
    async fn is_open(&self) -> bool {
        let scrape = Scrape::of(&self.gateway.operator()).await;
        scrape.value("tollgate_vendor_circuit_open") == Some(1.0)
    }

    /// Three batches that the vendor does not answer, so that the circuit opens.
    async fn break_down(&self, faults: impl IntoIterator<Item = Rule>) -> Vec<u64> {
        self.set_faults(faults);
        let mut ids = Vec::new();
        for n in 0..3 {
            ids.push(self.team.start(&person(n)).await.id());
        }
        eventually("the circuit opens", async || self.is_open().await).await;
        ids
    }

    /// Waits until every batch is answered while time goes on.
    async fn all_answered(&self, ids: &[u64]) {
        for id in ids {
            let mut answer = self.team.read(*id).await;
            eventually("the batch ends", async || {
                self.step().await;
                answer = self.team.read(*id).await;
                answer.has_ended()
            })
            .await;
            assert_eq!(answer.body["status"], "completed", "{answer:?}");
        }
    }

    async fn reasons(&self) -> String {
        let ready = self.gateway.operator().get("/readyz").await;
        assert_eq!((ready.status, &ready.body["ready"]), (200, &json!(true)), "{ready:?}");
        ready.body["reasons"].to_string()
    }

    async fn find(&self, name: &str) -> Answer {
        let path = format!("/people/find?linkedin_url=linkedin.com/in/{name}-reachable");
        timeout(SOON, self.team.get(&path)).await.expect("nobody waits for what is not sent")
    }

    async fn validate(&self, email: &str) -> Answer {
        self.team.post("/email-validations", &json!({"emails": [{"email": email}]})).await
    }

    async fn search(&self) -> Answer {
        let request = self.team.request(Method::POST, "/people/search");
        let request = request.header("content-type", "application/json");
        self.team.send(request.body(json!({"titles": ["cto"]}).to_string())).await
    }
}

/// An answer that sends nothing says when it pays to come again.
fn refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    let after = answer.header("retry-after").unwrap().parse::<u64>().unwrap();
    assert!((1..=QUIET.as_secs()).contains(&after), "{answer:?}");
}

fn person(n: usize) -> Value {
    json!({"leads": [{"linkedin_url": format!("linkedin.com/in/reachable-{n}")}]})
}

/// Nothing at all is answered.
fn down() -> [Rule; 1] {
    [Rule::always(Operation::Any, FaultKind::status(500))]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_longer_than_all_attempts_costs_no_batch_its_answer() {
    for store in [Store::Memory, Store::Embedded] {
        let trial = Trial::over(store, &[]).await;
        let mut ids = trial.break_down(down()).await;
        let (before, began) = (trial.posts(), trial.clock.now());
        let outage = 2 * QUIET * ATTEMPTS;
        while trial.clock.now().since(began) < outage {
            ids.push(trial.team.start(&person(ids.len())).await.id());
            trial.step().await;
        }
        let probes = trial.posts() - before;
        assert!((1..=6).contains(&probes), "{probes} submissions in an outage of {outage:?}");
        let reasons = trial.reasons().await;
        assert!(reasons.contains("has not answered"), "{reasons}");

        trial.set_faults([]);
        trial.all_answered(&ids).await;
        assert!(!trial.is_open().await);
        assert_eq!(trial.reasons().await, "[]");
        trial.gateway.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_batch_is_answered_after_any_outage() {
    let trial = Trial::start().await;
    trial.set_faults(down());
    let id = trial.team.start(&person(0)).await.id();
    eventually("it was sent", async || trial.posts() == 1).await;
    trial.pass(30 * QUIET).await;
    assert!(!trial.team.read(id).await.has_ended());
    let email = trial.gateway.sums().await.email;
    assert_eq!((email.reserved, email.unresolved), (0.5, 0.0), "it has an attempt left");
    trial.set_faults([]);
    trial.all_answered(&[id]).await;
    trial.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendor_says_when_it_is_tried_again() {
    let trial = Trial::start().await;
    let FaultKind::Status(failure) = FaultKind::status(503) else { unreachable!() };
    let later = FaultKind::Status(Failure { retry_after_seconds: Some(60), ..failure });
    let ids = trial.break_down([Rule::always(Operation::Submit, later)]).await;
    let posts = trial.posts();
    trial.pass(Duration::from_secs(55)).await;
    assert_eq!(trial.posts(), posts, "the vendor asked for a minute");
    eventually("it is tried", async || {
        trial.step().await;
        trial.posts() > posts
    })
    .await;
    trial.set_faults([]);
    trial.all_answered(&ids).await;
    trial.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_outage_only_what_is_known_is_answered_and_nothing_else_is_reserved() {
    let trial = Trial::start().await;
    eventually("ada is known", async || {
        trial.step().await;
        trial.find("ada").await.status == 200
    })
    .await;
    let validated = trial.validate("ada@x.example").await;
    assert_eq!(validated.status, 202, "{validated:?}");
    let ids = trial.break_down(down()).await;
    let (posts, look_ups) = (trial.posts(), trial.gateway.vendor.look_ups_received());

    refused(&trial.find("bob").await);
    refused(&trial.validate("bob@x.example").await);
    refused(&trial.search().await);
    assert_eq!(trial.find("ada").await.status, 200, "what is known is answered");
    assert_eq!(trial.validate("ada@x.example").await.status, 202, "it is joined, or known");
    assert_eq!(trial.gateway.sums().await.email.reserved, 1.5, "nothing but the batches");
    let asked = (trial.posts(), trial.gateway.vendor.look_ups_received());
    assert_eq!(asked, (posts, look_ups), "nothing was sent");

    trial.set_faults([]);
    trial.all_answered(&ids).await;
    assert_eq!(trial.find("bob").await.status, 200);
    assert_eq!(trial.validate("bob@x.example").await.status, 202);
    assert_eq!(trial.search().await.status, 201);
    trial.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_when_an_outage_begins_is_told_at_once() {
    let trial = Trial::start().await;
    trial.set_faults(down());
    let mut looking_up = JoinSet::new();
    for name in ["ada", "bob", "eve"] {
        let team = trial.team.clone();
        let path = format!("/people/find?linkedin_url=linkedin.com/in/{name}-reachable");
        looking_up.spawn(async move { timeout(SOON, team.get(&path)).await });
    }
    for told in looking_up.join_all().await {
        refused(&told.expect("nobody waits for what is not sent"));
    }
    trial.set_faults([]);
    eventually("all are answered", async || {
        trial.step().await;
        trial.gateway.sums().await.email.reserved == 0.0
    })
    .await;
    for name in ["ada", "bob", "eve"] {
        assert_eq!(trial.find(name).await.status, 200);
    }
    trial.gateway.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_nobody_answered_shut_out_others_until_the_vendor_answers_something_free() {
    let trial = Trial::start().await;
    trial.set_faults(down());
    for n in 0..3 {
        let unanswered = trial.validate(&format!("{n}@x.example")).await;
        assert_eq!(unanswered.status, 504, "{unanswered:?}");
    }
    eventually("the circuit opens", async || trial.is_open().await).await;
    refused(&trial.validate("bob@x.example").await);
    assert_eq!(trial.posts(), 3);
    trial.clock.advance(QUIET);
    refused(&trial.validate("bob@x.example").await);
    assert_eq!(trial.posts(), 4, "the vendor was asked something free");
    assert_eq!(trial.gateway.sums().await.email.unresolved, 3.0, "and no call was lost to it");

    trial.set_faults([]);
    trial.clock.advance(2 * QUIET);
    let validated = trial.validate("bob@x.example").await;
    assert_eq!(validated.status, 202, "{validated:?}");
    eventually("the circuit closes", async || !trial.is_open().await).await;
    assert_eq!(trial.search().await.status, 201);
    trial.gateway.finish_in_doubt().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_waits_the_vendor_is_asked_whether_it_is_back() {
    let trial = Trial::start().await;
    trial.set_faults(down());
    for _ in 0..3 {
        assert_eq!(trial.search().await.status, 504);
    }
    eventually("the circuit opens", async || trial.is_open().await).await;
    trial.set_faults([]);
    eventually("the circuit closes", async || {
        trial.step().await;
        !trial.is_open().await
    })
    .await;
    assert_eq!(trial.posts(), 1, "it was asked once, for nobody");
    trial.gateway.finish_in_doubt().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_outage_of_submissions_what_the_vendor_has_is_brought_home() {
    let trial = Trial::start().await;
    let taken = trial.team.start(&person(100)).await.id();
    eventually("the vendor took it", async || trial.posts() == 1).await;
    let submissions = [Rule::always(Operation::Submit, FaultKind::status(503))];
    let mut ids = trial.break_down(submissions).await;
    trial.all_answered(&[taken]).await;
    assert!(trial.is_open().await);
    let waits = trial.team.post(BATCHES, &person(101)).await;
    assert_eq!((waits.status, &waits.body["status"]), (202, &json!("queued")));
    ids.push(waits.id());
    trial.set_faults([]);
    trial.all_answered(&ids).await;
    trial.gateway.finish().await;
}
