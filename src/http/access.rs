//! Access: one log line and one measurement for each request, and the id that ties log lines to it.
//!
//! Never a query, a body or a path: only the template or pattern of the route that it took.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::field::Empty;
use tracing::{Instrument, Span, info, info_span};

use crate::domain::request_id::RequestId;
use crate::domain::team::TeamId;
use crate::telemetry::metrics::Metrics;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// By which route a request was passed on. An answer carries it here, since no router matched the
/// request: the table of routes did.
#[derive(Clone, Debug)]
pub(super) struct RouteLabel(pub(super) Arc<str>);

/// Serves a request inside a span of its own, and says how it went.
pub(super) async fn record(
    State(metrics): State<Arc<Metrics>>,
    route: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let id = request_id(request.headers());
    let span = info_span!("request", request.id = id.as_str(), team = Empty);
    let header = HeaderValue::from_str(id.as_str()).expect("an id is valid in a header");
    request.extensions_mut().insert(id);

    let mut response = next.run(request).instrument(span.clone()).await;

    response.headers_mut().insert(X_REQUEST_ID, header);
    let (status, took) = (response.status(), started.elapsed());
    let passed = response.extensions_mut().remove::<RouteLabel>();
    let route = match (&route, &passed) {
        (Some(matched), _) => Some(matched.as_str()),
        (None, passed) => passed.as_ref().map(|RouteLabel(pattern)| pattern.as_ref()),
    };
    metrics.serve(route, &method, status, took);
    let (route, status, millis) =
        (route.unwrap_or("unmatched"), status.as_u16(), took.as_secs_f64() * 1000.0);
    span.in_scope(|| {
        info!(
            http.method = %method, http.route = route, http.status = status, duration_ms = millis,
            "answered {method} {route} with {status} in {millis:.1} ms"
        );
    });
    response
}

/// Notes whose request this is.
pub(super) fn note_team(team: &TeamId) {
    Span::current().record("team", team.as_str());
}

/// The caller's own id where it is fit for a log line, else a random one.
fn request_id(headers: &HeaderMap) -> RequestId {
    let own = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    own.unwrap_or_else(random_id)
}

fn random_id() -> RequestId {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    hex::encode(bytes).parse().expect("hex digits are valid in an id")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[tokio::test]
    async fn a_request_is_one_line_and_one_measurement_by_route_never_by_path() {
        let metrics = Arc::new(Metrics::new());
        let handler = async || note_team(&"sales".parse().unwrap());
        let router = Router::new()
            .route("/batches/{id}", get(handler))
            .layer(from_fn_with_state(Arc::clone(&metrics), record));
        let written = Written::default();
        let lines = tracing_subscriber::fmt().json().flatten_event(true);
        let logging = tracing::subscriber::set_default(lines.with_writer(written.clone()).finish());
        for path in ["/batches/8675309?email=lovelace@x.example", "/elsewhere/lovelace"] {
            let request = Request::get(path).header("x-request-id", "r1").body(Body::empty());
            router.clone().oneshot(request.unwrap()).await.unwrap();
        }
        drop(logging);

        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [matched, unmatched] = &lines[..] else { panic!("{text}") };
        assert_eq!(matched["http.method"], "GET");
        assert_eq!(matched["http.route"], "/batches/{id}");
        assert_eq!(matched["http.status"], 200);
        assert!(matched["duration_ms"].is_number());
        assert_eq!(matched["span"]["request.id"], "r1");
        assert_eq!(matched["span"]["team"], "sales");
        assert_eq!(unmatched["http.route"], "unmatched");
        let shown = metrics.render();
        assert!(shown.contains(r#"_count{method="GET",route="/batches/{id}",status="200"} 1"#));
        assert!(shown.contains(r#"_count{method="GET",route="unmatched",status="404"} 1"#));
        for private in ["8675309", "lovelace"] {
            assert!(!text.contains(private) && !shown.contains(private), "{private} is shown");
        }
    }
}
