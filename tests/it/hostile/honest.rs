//! An honest team: a steady pace of requests, each of which must be served at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::support::asking::{BATCHES, batch};
use crate::support::client::{Answer, Client};

/// How often the team asks for something.
const PACE: Duration = Duration::from_millis(100);
/// How many people the team asks for again and again.
const KNOWN: u64 = 20;

#[derive(Clone)]
pub(super) struct Honest {
    name: &'static str,
    /// One client for each replica.
    callers: Arc<Vec<Client>>,
    asked: Arc<AtomicU64>,
}

impl Honest {
    pub(super) async fn new(name: &'static str, callers: Vec<Client>) -> Self {
        let team = Self { name, callers: Arc::new(callers), asked: Arc::default() };
        let known: Vec<_> = (0..KNOWN).map(|n| team.lead(&format!("known-{n}"))).collect();
        let ended = team.callers[0].enrich(&json!({"leads": known})).await;
        assert_eq!(ended.body["status"], "completed", "{ended:?}");
        team
    }

    fn lead(&self, what: &str) -> serde_json::Value {
        json!({"linkedin_url": format!("https://www.linkedin.com/in/{}-{what}", self.name)})
    }

    /// Asks for a time: for known people, for new ones, for estimates and validations, cancels now
    /// and then, and reads what it asked for. Returns what each cached answer took.
    pub(super) async fn work(self, length: Duration) -> Vec<Duration> {
        let mut took = Vec::new();
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let began = Instant::now();
        while began.elapsed() < length {
            pace.tick().await;
            let n = self.asked.fetch_add(1, Ordering::Relaxed);
            let caller = &self.callers[usize::try_from(n).unwrap() % self.callers.len()];
            match n % 10 {
                0 => self.enrich_new(caller, n).await,
                1 => self.cancel_new(caller, n).await,
                2 => {
                    let leads = json!({"leads": [self.lead(&format!("known-{}", n % KNOWN))]});
                    self.served(caller.post("/gateway/v1/estimates", &leads).await, 200);
                }
                3 => {
                    let emails = json!({"emails": [format!("{}-{n}@acme.example", self.name)]});
                    self.served(caller.post("/email-validations", &emails).await, 202);
                }
                4 => self.served(caller.get("/gateway/v1/usage").await, 200),
                _ => took.push(self.ask_for_known(caller, n).await),
            }
        }
        took
    }

    async fn ask_for_known(&self, caller: &Client, n: u64) -> Duration {
        // Two people, so that few requests are the same as one of the last minutes.
        let (one, other) = (n % KNOWN, n / KNOWN % KNOWN);
        let leads = [one, other].map(|n| self.lead(&format!("known-{n}")));
        let began = Instant::now();
        let answer = caller.post(BATCHES, &json!({"leads": leads})).await;
        let took = began.elapsed();
        assert_eq!(answer.body["status"], "completed", "{}: {answer:?}", self.name);
        took
    }

    async fn enrich_new(&self, caller: &Client, n: u64) {
        let body = json!({"leads": [self.lead(&format!("new-{n}"))]});
        let accepted = caller.post(BATCHES, &body).await;
        let id = accepted.id();
        self.served(accepted, 202);
        self.served(caller.get(&batch(id)).await, 200);
        let ended = caller.ended(id).await;
        assert_eq!(ended.body["status"], "completed", "{}: {ended:?}", self.name);
    }

    async fn cancel_new(&self, caller: &Client, n: u64) {
        let body = json!({"leads": [self.lead(&format!("canceled-{n}"))]});
        let accepted = caller.post(BATCHES, &body).await;
        let id = accepted.id();
        self.served(accepted, 202);
        let canceled = json!({"status": "canceled"});
        self.served(caller.send_json(Method::PATCH, &batch(id), &canceled).await, 200);
    }

    fn served(&self, answer: Answer, status: u16) {
        assert_eq!(answer.status, status, "{}: {answer:?}", self.name);
    }
}
