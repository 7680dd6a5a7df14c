//! A clock that a test sets, for processes of their own: a library shows it to them in place of the
//! machine's. Their monotonic clock is left alone.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// The library's source: libfaketime itself cannot be loaded beside the allocator of a Redis.
const SOURCE: &str = include_str!("fake_clock.c");

/// A clock that differs from the machine's by so many seconds.
pub(crate) struct FakeClock {
    folder: TempDir,
}

impl FakeClock {
    /// A clock that is right.
    pub(crate) fn new() -> Self {
        let clock = Self { folder: tempfile::tempdir().unwrap() };
        clock.set(0);
        let source = clock.folder.path().join("fake_clock.c");
        fs::write(&source, SOURCE).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(clock.library()).arg(source);
        assert!(compiler.status().unwrap().success(), "{compiler:?}");
        clock
    }

    /// Sets it so many seconds ahead of the machine's.
    pub(crate) fn set(&self, seconds: i64) {
        let aside = self.folder.path().join("aside");
        fs::write(&aside, seconds.to_string()).unwrap();
        fs::rename(aside, self.file()).unwrap();
    }

    /// Has a process go by it.
    pub(crate) fn show_to(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library()).env("FAKE_CLOCK", self.file());
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("fake_clock.so")
    }
}
