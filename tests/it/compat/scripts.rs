//! Running a caller's script.

use std::fmt::Write as _;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::client::Client;

/// How long a script may take before the test gives up on it.
const SECONDS_MAX: &str = "120";

/// What brings the clients, where they are missing.
const INSTALL: &str = "tests/install-packages curl python3 python3-requests python3-httpx";

/// Whose scripts there are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    Curl,
    Requests,
    Httpx,
}

impl Program {
    pub(super) const ALL: [Self; 3] = [Self::Curl, Self::Requests, Self::Httpx];
    /// For habits that take more than a shell to have.
    pub(super) const PYTHON: [Self; 2] = [Self::Requests, Self::Httpx];

    /// Has a script of this client ask the gateway, or the vendor, in this caller's place, and
    /// gives what JSON it printed.
    pub(super) async fn run(
        self,
        script: &str,
        caller: &Client,
        arguments: &[&str],
        leads: &[Value],
    ) -> Vec<Value> {
        let mut command = self.command(script);
        command.args(arguments);
        command.env("AMPLEMARKET_BASE_URL", caller.base_url());
        command.env("AMPLEMARKET_API_KEY", &caller.key);
        let lines = leads.iter().fold(String::new(), |mut lines, lead| {
            writeln!(lines, "{lead}").unwrap();
            lines
        });
        let output = tokio::task::spawn_blocking(move || output(command, &lines)).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let told =
            format!("{self:?}, {script}: {}\n{out}\n{err}\nit needs: {INSTALL}", output.status);
        assert!(output.status.success(), "{told}");
        let values = serde_json::Deserializer::from_str(&out).into_iter();
        values.map(|value| value.unwrap_or_else(|why| panic!("{why} in {told}"))).collect()
    }

    /// Without the settings that this machine may have for proxies, names and passwords.
    fn command(self, script: &str) -> Command {
        let (folder, extension, interpreter) = match self {
            Self::Curl => ("curl", "sh", "/bin/bash"),
            Self::Requests => ("requests", "py", "/usr/bin/python3"),
            Self::Httpx => ("httpx", "py", "/usr/bin/python3"),
        };
        let file = folder_of_scripts().join(folder).join(script).with_extension(extension);
        let mut command = Command::new("timeout");
        command.arg(SECONDS_MAX).arg(interpreter).arg(file);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
        command
    }
}

fn folder_of_scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/compat")
}

/// Runs a command to its end.
fn output(mut command: Command, input: &str) -> Output {
    let mut lines = tempfile::tempfile().unwrap();
    lines.write_all(input.as_bytes()).unwrap();
    lines.rewind().unwrap();
    command.stdin(lines).output().unwrap()
}
