//! Processes on a core, and what they use.

use std::ffi::OsStr;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A core that processes are kept on.
#[derive(Clone, Copy)]
pub(crate) enum Core {
    /// What is measured runs here, one at a time.
    Measured,
    /// Load, vendor and Redis run here.
    Rest,
}

impl Core {
    fn number(self) -> &'static str {
        match self {
            Self::Measured => "0",
            Self::Rest => "1",
        }
    }
}

/// Keeps this process, with all of its threads, on a core.
pub(crate) fn stay_on(core: Core) {
    let process = std::process::id().to_string();
    let done = Command::new("taskset")
        .args(["-acp", core.number(), &process])
        .stdout(Stdio::null())
        .status()
        .expect("apt-get install util-linux");
    assert!(done.success(), "two cores are needed");
}

/// A process on a core, killed when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start<A: AsRef<OsStr>>(
        core: Core,
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let child = Command::new("taskset")
            .args(["-c", core.number(), program])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|why| panic!("{program}: {why}"));
        Self(child)
    }

    /// The time on a processor of the process and of those that it started.
    pub(crate) fn cpu(&self) -> Duration {
        family(self.0.id()).into_iter().map(cpu_of).sum()
    }

    /// Resident memory of the process and of those that it started, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        family(self.0.id()).into_iter().map(resident_of).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut family = family(self.0.id());
        family.retain(|id| *id != self.0.id());
        let _ = self.0.kill();
        let _ = self.0.wait();
        // Workers end with their parent; those that do not are ended here.
        for id in family {
            let _ =
                Command::new("kill").args(["-9", &id.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// A process and all below it.
fn family(id: u32) -> Vec<u32> {
    let mut all = vec![id];
    let mut next = 0;
    while next < all.len() {
        let id = all[next];
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        all.extend(
            children.unwrap_or_default().split_whitespace().filter_map(|id| id.parse::<u32>().ok()),
        );
        next += 1;
    }
    all
}

/// The first figure of `schedstat` is the nanoseconds that a thread has run.
fn cpu_of(id: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let ran = threads.filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    let nanoseconds = ran.filter_map(|line| line.split(' ').next()?.parse::<u64>().ok());
    Duration::from_nanos(nanoseconds.sum())
}

fn resident_of(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kibibytes.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0) * 1024
}
