//! One `redis-server`, which can be killed and started again on the same data.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use redis::InfoDict;
use tempfile::TempDir;

use crate::support::fake_clock::FakeClock;
use crate::support::ports::free;
use crate::support::process::signal;
use crate::support::wait::{Patience, eventually};

use super::asking::ask;
use super::documented;

/// What a durable server is set to: every write is in the append-only file before it is answered,
/// and nothing is ever dropped to make room.
const DURABLE: [&str; 5] = [
    "save \"\"",
    "appendonly yes",
    "appendfsync always",
    "maxmemory-policy noeviction",
    // A replica that comes is not kept waiting for another.
    "repl-diskless-sync-delay 0",
];

/// How often another port is tried where somebody else was faster.
const PORTS_MAX: usize = 20;

/// In the server's folder; the server may rewrite it.
const SETTINGS: &str = "redis.conf";
/// In the server's folder: what the server says.
const OUTPUT: &str = "output";

/// A server on a port and in a folder of its own, killed when it goes out of scope.
pub(crate) struct Server {
    child: Option<Child>,
    address: SocketAddr,
    folder: TempDir,
    kind: Kind,
    /// The clock that it goes by, where that is not the machine's.
    clock: Option<Arc<FakeClock>>,
}

/// What the binary runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Store,
    ClusterNode,
    Sentinel,
}

impl Server {
    /// A server that loses nothing that it has answered.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same, with these lines of `redis.conf` after those of [`Server::start`].
    pub(crate) async fn with(settings: &[&str]) -> Self {
        Self::start_as(Kind::Store, &[&DURABLE, settings].concat()).await
    }

    /// A node that knows no other yet; settings as for [`Server::with`].
    pub(super) async fn cluster_node(settings: &[&str]) -> Self {
        Self::start_as(Kind::ClusterNode, &[&DURABLE, settings].concat()).await
    }

    /// A sentinel.
    pub(super) async fn sentinel(settings: &[&str]) -> Self {
        Self::start_as(Kind::Sentinel, settings).await
    }

    /// A server that goes by this clock.
    pub(crate) async fn by(clock: &Arc<FakeClock>) -> Self {
        Self::start_by(Kind::Store, &DURABLE, Some(Arc::clone(clock))).await
    }

    async fn start_as(kind: Kind, settings: &[&str]) -> Self {
        Self::start_by(kind, settings, None).await
    }

    async fn start_by(kind: Kind, settings: &[&str], clock: Option<Arc<FakeClock>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { child: None, address: free(), folder, kind, clock };
        for _ in 0..PORTS_MAX {
            server.write_settings(settings);
            if server.run().await {
                return server;
            }
            server.address = free();
        }
        panic!("somebody else was faster at {PORTS_MAX} ports")
    }

    fn write_settings(&self, further: &[&str]) {
        let mut lines = vec![
            format!("bind {}", self.address.ip()),
            format!("port {}", self.address.port()),
            format!("dir {}", self.folder.path().display()),
        ];
        if self.kind == Kind::Store {
            lines.push(documented::user());
        }
        if self.kind == Kind::ClusterNode {
            lines.push("cluster-enabled yes".to_owned());
            lines.push(format!("cluster-port {}", free().port()));
        }
        lines.extend(further.iter().map(|&line| line.to_owned()));
        fs::write(self.folder.path().join(SETTINGS), lines.join("\n") + "\n").unwrap();
    }

    /// Runs the binary until it answers; false where its port is somebody else's.
    async fn run(&mut self) -> bool {
        assert!(self.child.is_none(), "it runs");
        let output = File::create(self.folder.path().join(OUTPUT)).unwrap();
        let mut command = Command::new("redis-server");
        command.arg(self.folder.path().join(SETTINGS));
        if self.kind == Kind::Sentinel {
            command.arg("--sentinel");
        }
        if let Some(clock) = &self.clock {
            clock.show_to(&mut command);
        }
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        let child = command.spawn().unwrap_or_else(|why| match why.kind() {
            ErrorKind::NotFound => panic!("no redis-server here: apt-get install redis-server"),
            _ => panic!("redis-server: {why}"),
        });
        self.child = Some(child);
        let mut patience = Patience::new();
        while !self.answers().await {
            if self.child.as_mut().expect("it was started").try_wait().unwrap().is_some() {
                self.child = None;
                let output = self.output();
                assert!(output.contains("Address already in use"), "it did not start:\n{output}");
                return false;
            }
            patience.look_again("the server answers").await;
        }
        true
    }

    /// Whether it is this process that answers, with all its data read.
    async fn answers(&self) -> bool {
        let Ok(info) = ask::<InfoDict>(self.address, &["INFO"]).await else { return false };
        let pid = self.child.as_ref().map(Child::id);
        info.get("process_id") == pid
            && info.get::<u8>("loading").is_none_or(|loading| loading == 0)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a gateway's store.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// What it has said since its last start.
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.folder.path().join(OUTPUT)).unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill_hard(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it where it was, on the data that it left.
    pub(crate) async fn start_again(&mut self) {
        let mut patience = Patience::new();
        while !self.run().await {
            patience.look_again("its port is its own again").await;
        }
    }

    /// A copy of all that it has on its disk.
    pub(crate) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_files(self.folder.path(), copy.path());
        copy
    }

    /// Puts a copy in the place of what it has on its disk. It was killed before.
    pub(crate) fn put_back(&self, copy: &TempDir) {
        assert!(self.is_dead(), "it runs");
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
        }
        copy_files(copy.path(), self.folder.path());
    }

    /// Has it stand still: it takes connections, as the system does that for it, and answers
    /// nothing.
    pub(crate) async fn pause(&self) {
        signal("STOP", self.pid());
        eventually("the server stands still", async || !self.is_up()).await;
    }

    /// Undoes [`Server::pause`], if need be; what it was sent meanwhile it does now.
    pub(crate) fn resume(&self) {
        signal("CONT", self.pid());
    }

    /// Whether it was killed.
    pub(crate) fn is_dead(&self) -> bool {
        self.child.is_none()
    }

    /// Whether it runs and does not stand still.
    pub(crate) fn is_up(&self) -> bool {
        self.child.as_ref().is_some_and(|child| {
            let state = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
            !state.contains(") T ")
        })
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }
}

/// Copies what is in a folder to another one.
fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&copy).unwrap();
            copy_files(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // This kills it standing still, too.
        if self.child.is_some() {
            self.kill_hard();
        }
    }
}
