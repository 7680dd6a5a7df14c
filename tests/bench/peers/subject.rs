//! What is measured: Tollgate over each of its stores, and the proxies beside it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::counting::Counting;
use super::process::{Core, Process};
use super::redis::Redis;
use super::tollgate::Tollgate;
use crate::process::free;

/// One of those that are compared. It runs from the first round to the last.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    _folder: Option<TempDir>,
}

pub(crate) enum Kind {
    Tollgate {
        gateway: Tollgate,
        redis: Option<Redis>,
    },
    /// A gateway whose round trips are counted; nothing else of it is measured.
    Counted {
        gateway: Tollgate,
        trips: Counting,
        _redis: Redis,
    },
    Proxy {
        process: Process,
        address: SocketAddr,
    },
}

impl Subject {
    pub(crate) async fn tollgate_on_redis(vendor: SocketAddr) -> Self {
        let redis = Redis::start().await;
        let store = format!("redis://{}", redis.address);
        let gateway = Tollgate::start(vendor, &store).await;
        let kind = Kind::Tollgate { gateway, redis: Some(redis) };
        Self { name: "Tollgate, Redis", kind, _folder: None }
    }

    pub(crate) async fn tollgate_embedded(vendor: SocketAddr) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = format!("embedded:{}", folder.path().display());
        let gateway = Tollgate::start(vendor, &store).await;
        let kind = Kind::Tollgate { gateway, redis: None };
        Self { name: "Tollgate, embedded", kind, _folder: Some(folder) }
    }

    pub(crate) async fn tollgate_counted(vendor: SocketAddr) -> Self {
        let redis = Redis::start().await;
        let trips = Counting::before(redis.address).await;
        let gateway = Tollgate::start(vendor, &format!("redis://{}", trips.address)).await;
        let kind = Kind::Counted { gateway, trips, _redis: redis };
        Self { name: "Tollgate, counted", kind, _folder: None }
    }

    /// The proxies that are installed, each passing requests on to the canned peer.
    pub(crate) async fn proxies(canned: SocketAddr) -> Vec<Self> {
        let mut all = Vec::new();
        for (name, program, setting, arguments) in [
            ("nginx", "nginx", nginx as Setting, &["-c"][..]),
            ("haproxy", "haproxy", haproxy, &["-db", "-f"]),
            ("Envoy", "envoy", envoy, &["--concurrency", "1", "--log-level", "error", "-c"]),
        ] {
            match program_path(program) {
                Some(path) => all.push(Self::proxy(name, &path, setting, arguments, canned).await),
                None => crate::say(&format!("{name} is not measured: there is no `{program}`")),
            }
        }
        all
    }

    async fn proxy(
        name: &'static str,
        program: &Path,
        setting: Setting,
        arguments: &[&str],
        canned: SocketAddr,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = free();
        // Envoy takes the format of its settings from the name of the file.
        let file = folder.path().join("proxy.yaml");
        fs::write(&file, setting(address, canned, folder.path())).expect("a file");
        let file = file.display().to_string();
        let arguments = arguments.iter().copied().chain([file.as_str()]);
        let program = program.display().to_string();
        let process = Process::start(Core::Measured, &program, arguments);
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while TcpStream::connect(address).await.is_err() {
            look.tick().await;
        }
        Self { name, kind: Kind::Proxy { process, address }, _folder: Some(folder) }
    }
}

/// Where a program is: on the path, or where `tests/bench/install-peers` puts it.
fn program_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin");
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), installed]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

type Setting = fn(SocketAddr, SocketAddr, &Path) -> String;

fn nginx(listen: SocketAddr, peer: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_max_body_size 16m; client_body_buffer_size 1m; proxy_buffers 16 64k;
  keepalive_requests 100000000;
  upstream peer {{ server {peer}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen {listen};
    location / {{ proxy_pass http://peer; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}
  }}
}}
"
    )
}

fn haproxy(listen: SocketAddr, peer: SocketAddr, _: &Path) -> String {
    format!(
        "global
  nbthread 1
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen peer
  bind {listen}
  server peer {peer}
"
    )
}

fn envoy(listen: SocketAddr, peer: SocketAddr, _: &Path) -> String {
    let at = |address: SocketAddr| {
        format!("{{socket_address: {{address: {}, port_value: {}}}}}", address.ip(), address.port())
    };
    format!(
        "static_resources:
  listeners:
  - address: {listen}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          route_config:
            virtual_hosts:
            - name: all
              domains: [\"*\"]
              routes:
              - match: {{prefix: \"/\"}}
                route: {{cluster: peer}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: peer
    type: STATIC
    connect_timeout: 5s
    load_assignment:
      cluster_name: peer
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {peer}}}
",
        listen = at(listen),
        peer = at(peer),
    )
}
