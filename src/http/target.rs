//! Request targets: brought into one form before any route is looked at.
//!
//! A client that takes the gateway for a proxy sends the whole URL (absolute form, RFC 9112, 3.2.2),
//! and one whose base URL ends in a slash sends two of them. Neither makes another path.

use axum::Router;
use axum::extract::Request;
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderMap, Uri, header};
use tower::util::MapRequestLayer;

use super::problem::{INVALID_PATH, Problem};

/// The router, which is given every target in one form.
///
/// `is_own` says of a path whether the gateway serves it: only there slashes in the middle and at the
/// end are dropped. Elsewhere they are the vendor's to read.
pub(super) fn in_one_form(router: Router, is_own: fn(&str) -> bool) -> Router {
    let normalize = move |mut request: Request| {
        let uri = in_one_form_of(request.uri(), request.headers(), is_own);
        if let Some(uri) = uri {
            *request.uri_mut() = uri;
        }
        request
    };
    Router::new().fallback_service(router).layer(MapRequestLayer::new(normalize))
}

/// Refuses a target that names another host than the request is for.
pub(super) fn check(uri: &Uri) -> Result<(), Problem> {
    match uri.authority() {
        None => Ok(()),
        Some(_) => Err(INVALID_PATH.says(
            "Request a path, or an http URL without a user name whose host equals the Host header",
        )),
    }
}

/// The target in origin form with its slashes in order; none where it is so already, or has to be
/// refused.
fn in_one_form_of(uri: &Uri, headers: &HeaderMap, is_own: fn(&str) -> bool) -> Option<Uri> {
    let path = match (uri.authority(), uri.scheme()) {
        (None, None) if !uri.path().contains("//") && !uri.path().ends_with('/') => return None,
        (None, None) => uri.path(),
        (Some(authority), Some(scheme)) if is_for_us(authority, scheme, headers) => uri.path(),
        _ => return None,
    };
    if !path.starts_with('/') {
        return None;
    }
    let path = with_slashes_in_order(path, is_own);
    let target = match uri.query() {
        None => path,
        Some(query) => format!("{path}?{query}"),
    };
    target.parse::<PathAndQuery>().ok().map(Uri::from)
}

fn is_for_us(authority: &Authority, scheme: &Scheme, headers: &HeaderMap) -> bool {
    let default_port = match scheme.as_str().to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let named = |host: &str| host.strip_suffix(default_port).unwrap_or(host).to_ascii_lowercase();
    let host = headers.get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    host.is_none_or(|host| named(host) == named(authority.as_str()))
}

fn with_slashes_in_order(path: &str, is_own: fn(&str) -> bool) -> String {
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let tidy = format!("/{}", segments.join("/"));
    if is_own(&tidy) { tidy } else { format!("/{}", path.trim_start_matches('/')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(target: &str, host: Option<&str>) -> String {
        let uri: Uri = target.parse().unwrap();
        let host = host.map(|host| (header::HOST, host.parse().unwrap()));
        let is_own = |path: &str| path.starts_with("/own");
        in_one_form_of(&uri, &host.into_iter().collect(), is_own).unwrap_or(uri).to_string()
    }

    #[test]
    fn a_target_has_one_form_however_it_was_written() {
        for (target, form) in [
            ("/own/a?b=c", "/own/a?b=c"),
            ("/own/a/", "/own/a"),
            ("//own//a//?b=/c//", "/own/a?b=/c//"),
            ("http://x.io/own/a", "/own/a"),
            ("HTTP://X.io:80//own/a?", "/own/a?"),
            ("https://x.io:443/theirs/7", "/theirs/7"),
            ("http://x.io", "/"),
            ("http://x.io?b=c", "/?b=c"),
            ("//theirs/7", "/theirs/7"),
            ("/theirs//7/", "/theirs//7/"),
            ("/", "/"),
            ("//", "/"),
            ("*", "*"),
        ] {
            assert_eq!(of(target, Some("x.io")), form, "{target}");
        }
        assert_eq!(of("http://any.example/own", None), "/own");
    }

    #[test]
    fn a_target_of_another_host_stays_as_it_is_and_is_refused() {
        for target in [
            "http://y.io/own",
            "ftp://x.io/own",
            "http://u:p@x.io/own",
            "http://x.io:81/own",
            "x.io:1",
        ] {
            let uri: Uri = of(target, Some("x.io")).parse().unwrap();
            assert!(check(&uri).is_err(), "{target} became {uri}");
        }
        assert!(check(&"/own".parse().unwrap()).is_ok());
    }
}
