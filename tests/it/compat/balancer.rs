//! What stands between callers and a gateway, and now and then loses an answer that the gateway has
//! given.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::support::client::{Client, connections};

/// How the answer to a POST is lost.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    /// The balancer answers in the gateway's place.
    Status(StatusCode),
    /// The connection breaks.
    Cut,
}

/// The balancer, as a caller sees it who asks through it.
#[derive(Clone)]
pub(super) struct Balancer {
    gateway: String,
    connections: reqwest::Client,
    losses: Arc<Mutex<VecDeque<Loss>>>,
    address: SocketAddr,
}

impl Balancer {
    /// A balancer in front of what a caller asks. It loses the answers to as many POSTs as there
    /// are losses, and forwards everything else as it is.
    pub(super) async fn losing(losses: &[Loss], caller: &Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let balancer = Self {
            gateway: caller.base_url(),
            connections: connections(),
            losses: Arc::new(Mutex::new(losses.iter().copied().collect())),
            address,
        };
        let router = Router::new().fallback(forward).with_state(balancer.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        balancer
    }

    /// The same caller, who now asks through the balancer.
    pub(super) fn caller(&self, caller: &Client) -> Client {
        Client::new(self.connections.clone(), self.address, &caller.key)
    }

    /// That every loss has struck.
    pub(super) fn has_lost_all(&self) -> bool {
        self.losses.lock().unwrap().is_empty()
    }

    fn next_loss(&self) -> Option<Loss> {
        self.losses.lock().unwrap().pop_front()
    }
}

async fn forward(State(balancer): State<Balancer>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    head.headers.remove(header::HOST);
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let asked = balancer
        .connections
        .request(head.method.clone(), balancer.gateway.clone() + &head.uri.to_string());
    let answer = asked.headers(head.headers).body(body).send().await.unwrap();
    let told = (answer.status(), answer.headers().clone(), answer.bytes().await.unwrap());
    let loss = (head.method == Method::POST).then(|| balancer.next_loss()).flatten();
    match loss {
        None => told.into_response(),
        Some(Loss::Status(status)) => status.into_response(),
        Some(Loss::Cut) => Body::new(Broken).into_response(),
    }
}

/// A body that breaks off, and the connection with it.
struct Broken;

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}
