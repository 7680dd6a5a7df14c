//! The binary as a process of its own, that can be killed and started again on the same data.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tollgate::sandbox::Sandbox;

use super::books::Books;
use super::client::{Client, connections};
use super::fake_clock::FakeClock;
use super::gateway::{ADMIN_TOKEN, settings};
use super::ports::free;
use super::wait::eventually;

/// How many lines of its log are shown where a test fails.
const LINES_SHOWN: usize = 30;

/// A gateway in a process of its own.
pub(crate) struct Process {
    child: Option<Child>,
    settings: Vec<String>,
    pub(crate) callers: SocketAddr,
    operators: SocketAddr,
    http: reqwest::Client,
    /// What it prints and logs.
    output: NamedTempFile,
    /// How many files it may have open, where that is not as many as this process may.
    files_max: Option<usize>,
    /// The clock that it goes by, where that is not the machine's.
    clock: Option<Arc<FakeClock>>,
}

impl Process {
    /// A gateway on the data in a folder, in front of this vendor.
    pub(crate) async fn start(vendor: SocketAddr, data: &Path, further: &[&str]) -> Self {
        Self::on(vendor, &format!("embedded:{}", data.display()), further).await
    }

    /// A gateway on a store, in front of this vendor.
    pub(crate) async fn on(vendor: SocketAddr, store: &str, further: &[&str]) -> Self {
        let mut process = Self::not_yet(vendor, store, further);
        process.start_again().await;
        process
    }

    /// The same, which is still to be started.
    pub(crate) fn not_yet(vendor: SocketAddr, store: &str, further: &[&str]) -> Self {
        let (callers, operators) = (free(), free());
        let mut settings = settings(vendor, store);
        settings.push(format!("server.listen={callers}"));
        settings.push(format!("server.admin_listen={operators}"));
        settings.extend(further.iter().map(|&setting| setting.to_owned()));
        let http = connections();
        let output = NamedTempFile::new().unwrap();
        Self {
            child: None,
            settings,
            callers,
            operators,
            http,
            output,
            files_max: None,
            clock: None,
        }
    }

    /// The same, by this clock.
    pub(crate) fn by(mut self, clock: &Arc<FakeClock>) -> Self {
        self.clock = Some(Arc::clone(clock));
        self
    }

    /// The same, which may open no more files than these.
    pub(crate) fn with_files_max(mut self, files_max: usize) -> Self {
        self.files_max = Some(files_max);
        self
    }

    /// Starts the gateway on the data that it left.
    pub(crate) async fn start_again(&mut self) {
        self.launch();
        self.ready().await;
    }

    /// Starts the gateway, which may have to wait for its store.
    pub(crate) fn launch(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let mut command = self.command("serve");
        let output = || self.output.as_file().try_clone().unwrap();
        let command = command.stdin(Stdio::null()).stdout(output()).stderr(output());
        self.child = Some(command.spawn().unwrap());
    }

    /// Waits until the gateway is ready.
    pub(crate) async fn ready(&mut self) {
        let ready = format!("http://{}/readyz", self.operators);
        let child = self.child.as_mut().expect("it was started");
        eventually("the gateway is ready", async || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "it did not start");
            self.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Whether it was started and not killed since.
    pub(crate) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    fn command(&self, words: &str) -> Command {
        const TOLLGATE: &str = env!("CARGO_BIN_EXE_tollgate");
        let mut command = match self.files_max {
            None => Command::new(TOLLGATE),
            Some(files_max) => {
                let mut command = Command::new("sh");
                let script = format!("ulimit -n {files_max} && exec \"$0\" \"$@\"");
                command.args(["-c", &script, TOLLGATE]);
                command
            }
        };
        command.args(words.split(' '));
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        if let Some(clock) = &self.clock {
            clock.show_to(&mut command);
        }
        command
    }

    /// Adds a setting for the next start.
    pub(crate) fn set(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and then its end.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.exit().await
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        signal(name, self.child.as_ref().expect("it runs").id());
    }

    /// Waits for its end.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let mut status = None;
        eventually("the process ends", async || {
            status = child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.expect("it has ended")
    }

    /// As [`Process::run`], on addresses of its own.
    pub(crate) fn run_elsewhere(&self, command: &str) -> Output {
        let addresses = ["server.listen=127.0.0.1:0", "server.admin_listen=127.0.0.1:0"];
        let mut command = self.command(command);
        for address in addresses {
            command.args(["--set", address]);
        }
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// What it has printed and logged so far.
    pub(crate) fn output(&self) -> String {
        read(&self.output)
    }

    /// Runs another command on the same settings, to its end.
    pub(crate) fn run(&self, command: &str) -> Output {
        self.command(command).stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn operator(&self) -> Client {
        Client::new(self.http.clone(), self.operators, ADMIN_TOKEN)
    }

    /// A client on the callers' side with this key.
    pub(crate) fn caller(&self, key: &str) -> Client {
        Client::new(self.http.clone(), self.callers, key)
    }

    /// Waits until no reservation is open, and checks that the books agree with themselves and, to
    /// the half-credit, with the vendor's bill.
    pub(crate) async fn balance(&self, vendor: &Sandbox) {
        let books = Books::at_rest(&self.operator(), vendor).await;
        books.assert_resolved();
        books.assert_equal();
    }

    /// A team without bounds, and a client of it.
    pub(crate) async fn team(&self, name: &str) -> Client {
        self.team_with(name, json!([])).await
    }

    /// A team with these quotas, and a client of it.
    pub(crate) async fn team_with(&self, name: &str, quotas: Value) -> Client {
        let operator = self.operator();
        let path = format!("/admin/v1/teams/{name}");
        let team = json!({"name": name, "quotas": quotas});
        let put = operator.insist(operator.json(Method::PUT, &path, &team)).await;
        assert!(put.status == 201 || put.status == 200, "{put:?}");
        let (path, key) = (format!("{path}/keys"), json!({"name": "tests"}));
        let made = operator.insist(operator.json(Method::POST, &path, &key)).await;
        assert_eq!(made.status, 201, "{made:?}");
        self.caller(made.body["key"].as_str().unwrap())
    }
}

impl Process {
    /// Prints the last that it logged, and where the whole of it is kept.
    fn show_output(&mut self) {
        self.output.disable_cleanup(true);
        let output = self.output();
        let (info, other): (Vec<_>, Vec<_>) =
            output.lines().partition(|line| line.contains(r#""level":"INFO""#));
        let last = other[other.len().saturating_sub(LINES_SHOWN)..].join("\n");
        #[expect(clippy::print_stderr, reason = "shown where a test fails, and nowhere else")]
        {
            eprintln!(
                "the gateway at {} logged {} lines, {} of them information; all are in {}, and the \
                 last of the others are:\n{last}",
                self.callers,
                info.len() + other.len(),
                info.len(),
                self.output.path().display(),
            );
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        if std::thread::panicking() {
            self.show_output();
        }
    }
}

fn read(output: &NamedTempFile) -> String {
    std::fs::read_to_string(output.path()).unwrap()
}

/// Sends a signal to a process, or to a group of them where the number is negative.
pub(crate) fn signal(name: &str, process: impl std::fmt::Display) {
    let kill = format!("kill -{name} -- {process}");
    assert!(Command::new("bash").args(["-c", &kill]).status().unwrap().success(), "{kill}");
}
