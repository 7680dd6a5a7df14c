//! A fast vendor for measurements. It takes batches and has their results at once, answers a free
//! path, and answers as a canned peer where it stands behind a proxy. It keeps a bill.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::spawn_local;

use super::people;

/// The vendor's state. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Mock(Rc<State>);

#[derive(Default)]
struct State {
    next_id: Cell<u64>,
    batches: RefCell<HashMap<u64, Vec<String>>>,
    /// Everybody who was found and whose email was revealed.
    paid: RefCell<HashSet<String>>,
    canned: RefCell<Bytes>,
    canned_status: Cell<u16>,
}

#[derive(Deserialize)]
struct Submission {
    leads: Vec<Lead>,
}

#[derive(Deserialize)]
struct Lead {
    linkedin_url: String,
}

impl Mock {
    /// Serves as the vendor at one address and as the canned peer at another, for ever.
    pub(crate) async fn start() -> (Self, SocketAddr, SocketAddr) {
        let mock = Self::default();
        let vendor = mock.serve(Self::answer_as_vendor).await;
        let canned = mock.serve(|mock, _, _, _| mock.canned()).await;
        (mock, vendor, canned)
    }

    /// What the canned peer answers from now on.
    pub(crate) fn can(&self, status: u16, body: Vec<u8>) {
        self.0.canned_status.set(status);
        *self.0.canned.borrow_mut() = body.into();
    }

    /// What the vendor has charged, in half email credits: one for each person found, two for an
    /// email.
    pub(crate) fn billed_halves(&self) -> u64 {
        self.0.paid.borrow().len() as u64 * 3
    }

    async fn serve(
        &self,
        answer: impl Fn(&Self, &Method, &str, &[u8]) -> Response<Full<Bytes>> + Copy + 'static,
    ) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mock = self.clone();
        spawn_local(async move {
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                stream.set_nodelay(true).expect("TCP has the option");
                let mock = mock.clone();
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let mock = mock.clone();
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
                        let body = body.unwrap_or_default();
                        Ok::<_, Infallible>(answer(&mock, &head.method, head.uri.path(), &body))
                    }
                });
                spawn_local(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        address
    }

    fn canned(&self) -> Response<Full<Bytes>> {
        json(self.0.canned_status.get(), self.0.canned.borrow().clone())
    }

    fn answer_as_vendor(&self, method: &Method, path: &str, body: &[u8]) -> Response<Full<Bytes>> {
        const BATCHES: &str = "/people/enrichment-requests";
        match (method, path.strip_prefix(BATCHES)) {
            (&Method::POST, Some("")) => self.submit(body),
            (&Method::GET, Some(id)) => self.read(id.trim_start_matches('/')),
            _ => json(200, people::contacts().into()),
        }
    }

    fn submit(&self, body: &[u8]) -> Response<Full<Bytes>> {
        let submission: Submission = serde_json::from_slice(body).expect("leads");
        let urls: Vec<_> = submission.leads.into_iter().map(|lead| lead.linkedin_url).collect();
        self.0.paid.borrow_mut().extend(urls.iter().cloned());
        let id = self.0.next_id.get() + 1;
        self.0.next_id.set(id);
        self.0.batches.borrow_mut().insert(id, urls);
        json(202, people::batch(id, "queued", &[]).into())
    }

    /// A batch is read once, so it is forgotten then.
    fn read(&self, id: &str) -> Response<Full<Bytes>> {
        let id: u64 = id.parse().expect("an id");
        let urls = self.0.batches.borrow().get(&id).cloned().unwrap_or_default();
        json(200, people::batch(id, "completed", &urls).into())
    }
}

fn json(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    Response::builder()
        .status(StatusCode::from_u16(status).expect("a status"))
        .header("content-type", "application/json")
        .body(Full::new(body))
        .expect("it is well-formed")
}
