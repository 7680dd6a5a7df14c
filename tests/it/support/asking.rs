//! What only tests ask of a client and of its answers.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::client::{Answer, Client};
use super::wait::Patience;

/// Where batches are asked for.
pub(crate) const BATCHES: &str = "/people/enrichment-requests";

/// How long a gateway that may have been killed may take over an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The path of a batch.
pub(crate) fn batch(id: u64) -> String {
    format!("{BATCHES}/{id}")
}

impl Client {
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Asks a gateway that may be killed meanwhile; nothing where no answer came whole.
    pub(crate) async fn try_send(&self, request: RequestBuilder) -> Option<Answer> {
        let answer = request.timeout(PATIENCE).send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer { status, headers, body, text })
    }

    /// Has a batch admitted.
    pub(crate) async fn start(&self, body: &Value) -> Answer {
        let accepted = self.post(BATCHES, body).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        accepted
    }

    /// As [`Client::start`], for a gateway whose store is or was in trouble: as callers do, it sends
    /// the request again while that is refused for a while.
    pub(crate) async fn start_retrying(&self, body: &Value) -> Answer {
        let accepted = self.insist(self.json(Method::POST, BATCHES, body)).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        accepted
    }

    /// As [`Client::enrich`], with [`Client::start_retrying`].
    pub(crate) async fn enrich_retrying(&self, body: &Value) -> Answer {
        let accepted = self.start_retrying(body).await;
        self.ended(accepted.id()).await
    }

    /// Sends a request again for as long as it is told to come back later.
    pub(crate) async fn insist(&self, request: RequestBuilder) -> Answer {
        let mut patience = Patience::new();
        loop {
            let answer = self.send(request.try_clone().expect("its body is in memory")).await;
            if answer.status != 503 || answer.header("retry-after").is_none() {
                return answer;
            }
            patience.look_again("it is not refused for a while").await;
        }
    }

    /// Reads a path, with [`Client::insist`].
    pub(crate) async fn insist_on(&self, path: &str) -> Answer {
        self.insist(self.request(Method::GET, path)).await
    }

    /// Has people enriched and waits for the end of the batch.
    pub(crate) async fn enrich(&self, body: &Value) -> Answer {
        let accepted = self.start(body).await;
        self.ended(accepted.id()).await
    }

    /// Waits for the end of a batch and answers its first page.
    pub(crate) async fn ended(&self, id: u64) -> Answer {
        let mut patience = Patience::new();
        loop {
            let answer = self.insist_on(&batch(id)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            if answer.has_ended() {
                return answer;
            }
            patience.look_again("the batch ends").await;
        }
    }

    /// The first page of a batch.
    pub(crate) async fn read(&self, id: u64) -> Answer {
        let answer = self.get(&batch(id)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Cancels a batch.
    pub(crate) async fn cancel(&self, id: u64) -> Answer {
        self.patch(&batch(id), &json!({"status": "canceled"})).await
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Whether nothing more will come.
    pub(crate) fn has_ended(&self) -> bool {
        !["queued", "processing"].contains(&self.body["status"].as_str().unwrap())
    }

    pub(crate) fn results(&self) -> &[Value] {
        self.body["results"].as_array().unwrap_or_else(|| panic!("no results in {self:?}"))
    }

    /// The entries of `_errors`, each as its code and where it points.
    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let entries = self.body["_errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        entries
            .iter()
            .map(|entry| (text(&entry["code"]), text(&entry["source"]["pointer"])))
            .collect()
    }
}

/// A string, or an empty one where there is none.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
