//! The release binary as a process of its own, with a sandbox vendor in this one.

use std::net::{SocketAddr, TcpListener as FreePort};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tollgate::sandbox::{self, Sandbox};

use crate::client::{Client, connections};

const ADMIN_TOKEN: &str = "the-token-of-the-benchmarks-operator";

/// A gateway that is killed when it is let go.
pub(crate) struct Gateway {
    process: Child,
    data: TempDir,
    vendor: Sandbox,
    callers: SocketAddr,
    operators: SocketAddr,
    http: reqwest::Client,
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        let vendor = Sandbox::new(sandbox::Options {
            processing: Duration::from_millis(20),
            ..sandbox::Options::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = sandbox::serve(listener, vendor.clone(), std::future::pending());
        tokio_util::task::TaskTracker::new().spawn(serving);

        let data = tempfile::tempdir().expect("a folder");
        let (callers, operators) = (free(), free());
        let process = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .args(["serve", "--set", &format!("server.listen={callers}")])
            .args(["--set", &format!("server.admin_listen={operators}")])
            .args(["--set", &format!("vendor.base_url=http://{address}")])
            .args(["--set", "vendor.api_key=sandbox"])
            .args(["--set", "vendor.poll_interval_min=20ms"])
            .args(["--set", "limits.requests_per_minute=0"])
            .args(["--set", "limits.requests_at_once=0"])
            .args(["--set", "limits.open_batches=0"])
            .args(["--set", "limits.kept_bytes=0B"])
            .args(["--set", "limits.leads_per_day=0"])
            .args(["--set", "limits.idempotency_keys=0"])
            .args(["--set", "vendor.requests_per_minute=1000000"])
            .args(["--set", "vendor.find_requests_per_minute=1000000"])
            .args(["--set", &format!("store.url=embedded:{}", data.path().display())])
            .args(["--set", &format!("admin.token={ADMIN_TOKEN}")])
            .args(["--set", "telemetry.log_filter=error"])
            .stdin(Stdio::null())
            .spawn()
            .expect("the release binary starts");
        let http = connections();
        let gateway = Self { process, data, vendor, callers, operators, http };
        gateway.is_ready().await;
        gateway
    }

    async fn is_ready(&self) {
        let ready = format!("http://{}/readyz", self.operators);
        let mut look = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            look.tick().await;
            if self.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
        }
        panic!("the gateway did not become ready");
    }

    fn operator(&self) -> Client {
        Client::new(self.http.clone(), self.operators, ADMIN_TOKEN)
    }

    /// A team without bounds, and a client of it.
    pub(crate) async fn open_team(&self) -> Client {
        let operator = self.operator();
        operator.put("/admin/v1/teams/bench", &json!({"name": "Bench", "quotas": []})).await;
        let made = operator.post("/admin/v1/teams/bench/keys", &json!({"name": "bench"})).await;
        let key = made.body["key"].as_str().expect("a key");
        Client::new(self.http.clone(), self.callers, key)
    }

    /// Resident memory of the gateway's process.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kibibytes.and_then(|count| count.parse::<u64>().ok()).expect("a number of kB") * 1024
    }

    pub(crate) fn store_bytes(&self) -> u64 {
        bytes_below(self.data.path())
    }

    /// The books against the vendor's bill.
    pub(crate) async fn balance(&self) {
        let usage = self.operator().get("/admin/v1/teams/bench/usage").await;
        let bill = self.vendor.bill();
        let ours = usage.body["totals"]["email"]["spent"].as_f64().expect("a number") * 2.0;
        let theirs = f64::from(bill.email.halves());
        assert!((ours - theirs).abs() < 0.5, "our books {ours} halves, the vendor's {theirs}");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free() -> SocketAddr {
    let port = FreePort::bind("127.0.0.1:0").expect("a free port");
    port.local_addr().expect("an address")
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|metadata| metadata.len()).sum()
}
