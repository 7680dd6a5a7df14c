//! The vendor's door, where everything that is sent is written down before the vendor sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tollgate::sandbox::{Options, Sandbox};

/// The sandbox vendor behind a door.
pub(crate) struct Door {
    pub(crate) vendor: Sandbox,
    pub(crate) address: SocketAddr,
    sent: Sent,
}

/// The bodies that came, in order.
type Sent = Arc<Mutex<Vec<Bytes>>>;

impl Door {
    /// A vendor that serves until the test ends.
    pub(crate) async fn open(options: Options) -> Self {
        let vendor = Sandbox::new(options);
        let sent = Sent::default();
        let router = vendor.router().layer(from_fn_with_state(Arc::clone(&sent), note));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        TaskTracker::new().spawn(async { axum::serve(listener, router).await });
        Self { vendor, address, sent }
    }

    /// How many submissions came, and how many jobs they carried: what a job is sent again with is
    /// the same, byte for byte.
    pub(crate) fn submissions_and_jobs(&self) -> (usize, usize) {
        let sent = self.sent.lock().unwrap();
        (sent.len(), sent.iter().collect::<BTreeSet<_>>().len())
    }

    /// For each lead that gives a LinkedIn address, the jobs that carried it.
    pub(crate) fn jobs_by_address(&self) -> BTreeMap<String, BTreeSet<Bytes>> {
        let mut jobs = BTreeMap::<_, BTreeSet<_>>::new();
        for body in self.sent.lock().unwrap().iter() {
            let job: Value = serde_json::from_slice(body).unwrap();
            // A probe of an outage carries no leads.
            for lead in job["leads"].as_array().into_iter().flatten() {
                if let Some(address) = lead["linkedin_url"].as_str() {
                    jobs.entry(address.to_owned()).or_default().insert(body.clone());
                }
            }
        }
        jobs
    }
}

async fn note(State(sent): State<Sent>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        // Whoever sent it was killed over it.
        return StatusCode::BAD_REQUEST.into_response();
    };
    if head.method == Method::POST {
        sent.lock().unwrap().push(body.clone());
    }
    next.run(Request::from_parts(head, Body::from(body))).await
}
