//! The binary as a process of its own, that can be killed and started again on the same data.

use std::net::{SocketAddr, TcpListener as FreePort};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::json;

use super::client::{Client, connections};
use super::gateway::{ADMIN_TOKEN, settings};
use super::wait::eventually;

/// A gateway in a process of its own.
pub(crate) struct Process {
    child: Option<Child>,
    settings: Vec<String>,
    data: PathBuf,
    pub(crate) callers: SocketAddr,
    operators: SocketAddr,
    http: reqwest::Client,
}

impl Process {
    /// A gateway on the data in a folder, in front of this vendor.
    pub(crate) async fn start(vendor: SocketAddr, data: &Path, further: &[&str]) -> Self {
        let (callers, operators) = (free(), free());
        let mut settings = settings(vendor, &format!("embedded:{}", data.display()));
        settings.push(format!("server.listen={callers}"));
        settings.push(format!("server.admin_listen={operators}"));
        settings.push("telemetry.log_filter=error".to_owned());
        settings.extend(further.iter().map(|&setting| setting.to_owned()));
        let http = connections();
        let data = data.to_owned();
        let mut process = Self { child: None, settings, data, callers, operators, http };
        process.start_again().await;
        process
    }

    /// Starts the gateway on the data that it left.
    pub(crate) async fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let mut command = self.command("serve");
        self.child = Some(command.stdin(Stdio::null()).spawn().unwrap());
        let ready = format!("http://{}/readyz", self.operators);
        eventually("the gateway is ready", async || {
            self.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.arg(name);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Runs another command on the same settings, to its end.
    pub(crate) fn run(&self, command: &str) -> Output {
        self.command(command).stdin(Stdio::null()).output().unwrap()
    }

    /// What the process takes of memory.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let id = self.child.as_ref().expect("it runs").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    }

    /// What its data takes of the disk.
    pub(crate) fn store_bytes(&self) -> u64 {
        let entries = std::fs::read_dir(&self.data).unwrap().flatten();
        entries.map(|entry| entry.metadata().unwrap().len()).sum()
    }

    pub(crate) fn operator(&self) -> Client {
        Client::new(self.http.clone(), self.operators, ADMIN_TOKEN)
    }

    /// A team without bounds, and a client of it.
    pub(crate) async fn team(&self, name: &str) -> Client {
        let operator = self.operator();
        let path = format!("/admin/v1/teams/{name}");
        let put = operator.put(&path, &json!({"name": name, "quotas": []})).await;
        assert!(put.status == 201 || put.status == 200, "{put:?}");
        let made = operator.post(&format!("{path}/keys"), &json!({"name": "tests"})).await;
        Client::new(self.http.clone(), self.callers, made.body["key"].as_str().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

fn free() -> SocketAddr {
    FreePort::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
