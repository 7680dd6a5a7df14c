//! `tollgate health`: checks that a gateway's process answers, for containers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use reqwest::redirect;
use serde_json::json;
use url::Url;

use super::failure::Failure;
use super::output::Output;
use crate::app::failure::in_one_line;
use crate::config::Server;

/// Shorter than the timeout of container health checks, which is 30 seconds by default.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The gateway to check.
#[derive(Args, Debug)]
pub(crate) struct HealthUrl {
    /// The URL of the operator listener. Default: the `server.admin_listen` of the settings.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<Url>,
}

/// Requests `/livez`. The exit code is 1 if it does not answer, as container runtimes expect.
pub(crate) async fn health(url: &Url, output: Output) -> Result<ExitCode, Failure> {
    match ask(url).await {
        Ok(()) => {
            output.data(&json!({"alive": true, "url": url.as_str()}), |_| "alive".to_owned())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            let _ = Failure::Unreachable(format!("{url} does not answer: {why}")).report(output);
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The URL of the operator listener in these settings, as seen from this machine.
pub(crate) fn url_of(server: &Server) -> Url {
    let scheme = if server.admin_tls.is_some() { "https" } else { "http" };
    let mut address = server.admin_listen;
    if address.ip().is_unspecified() {
        address.set_ip(loopback(address));
    }
    format!("{scheme}://{address}/").parse().expect("an address and a port make a URL")
}

fn loopback(address: SocketAddr) -> IpAddr {
    match address {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

async fn ask(url: &Url) -> Result<(), String> {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        // The certificate is rarely for a loopback address, and no secret is sent.
        .tls_danger_accept_invalid_certs(true)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .build();
    let said = |why: reqwest::Error| in_one_line(&why.without_url());
    let at = url.join("/livez").map_err(|why| why.to_string())?;
    let answer = client.map_err(said)?.get(at).send().await.map_err(said)?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("HTTP status {}", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Sources, load};

    use super::*;

    fn asked(settings: &[&str]) -> String {
        let key = ["vendor.api_key=x"];
        let flags = settings.iter().chain(&key).map(|&flag| flag.to_owned());
        url_of(&load(&Sources::none().with_flags(flags)).unwrap().config.server).to_string()
    }

    #[test]
    fn a_gateway_on_every_address_is_asked_on_this_machine() {
        for (listen, url) in [
            ("127.0.0.1:8081", "http://127.0.0.1:8081/"),
            ("10.0.0.7:9", "http://10.0.0.7:9/"),
            ("0.0.0.0:8081", "http://127.0.0.1:8081/"),
            ("[::]:8081", "http://[::1]:8081/"),
        ] {
            assert_eq!(asked(&[&format!("server.admin_listen={listen}")]), url);
        }
    }
}
