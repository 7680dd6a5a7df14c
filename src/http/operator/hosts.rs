//! Which hosts the operators' listener answers to.
//!
//! A page in an operator's browser can have its own name lead to this listener (DNS rebinding), and
//! would then read metrics and health as if they were its own. Such a request names the page's host.
//! An address is no name that somebody else could have lead here, so addresses are always answered.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::details::ProblemDetails;
use crate::http::problem::HOST_NOT_ALLOWED;

/// Names that are answered besides addresses and `localhost`.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Arc<[String]>);

impl Hosts {
    pub(super) fn of(names: &[String]) -> Self {
        Self(names.into())
    }

    /// Whether a request for this host, perhaps with a port, is answered.
    fn allow(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        name.parse::<IpAddr>().is_ok()
            || name.eq_ignore_ascii_case("localhost")
            || self.0.iter().any(|allowed| name.eq_ignore_ascii_case(allowed))
    }
}

/// Refuses requests for other hosts. One that names none comes from no browser.
pub(super) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let named = request.headers().get_all(header::HOST);
    let is_allowed = |host: &str| hosts.allow(host);
    if named.iter().all(|host| host.to_str().is_ok_and(is_allowed)) {
        return next.run(request).await;
    }
    let detail = "This host name is not allowed for the operators' listener; add it to \
                  server.admin_hosts, or use an IP address";
    ProblemDetails(HOST_NOT_ALLOWED.says(detail)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_localhost_and_listed_names_are_answered() {
        let hosts = Hosts::of(&["tollgate.example".to_owned()]);
        for host in [
            "127.0.0.1:8081",
            "10.1.2.3",
            "[::1]:8081",
            "[2001:db8::7]",
            "localhost:8081",
            "LOCALHOST",
            "Tollgate.Example:443",
            "tollgate.example.",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in ["", "evil.example", "tollgate.example.evil.example", "localhost.evil.example"]
        {
            assert!(!hosts.allow(host), "{host}");
        }
    }
}
