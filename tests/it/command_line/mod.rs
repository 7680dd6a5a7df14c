//! The command line, as processes of their own that ask a running gateway.

mod bad_calls;
mod batches;
mod completion;
mod estimating;
mod examining;
mod health;
mod page;
mod teams;

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::gateway::{ADMIN_TOKEN, TestGateway};

/// What a command came to.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    /// What it printed, as JSON.
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    /// What it printed on standard error, as JSON, where it printed no data.
    fn problem(&self) -> Value {
        assert_eq!(self.out, "", "{self:?}");
        serde_json::from_str(&self.err).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }
}

/// Runs `tollgate` with these arguments, and no more of this process's environment than it needs.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("an exit code");
    Ran { code, out: text(output.stdout), err: text(output.stderr) }
}

/// Runs a command on a gateway, as its operator.
fn on(gateway: &TestGateway, arguments: &[&str]) -> Ran {
    let url = format!("http://{}", gateway.app.operators);
    run(arguments, &[("TOLLGATE_URL", &url), ("TOLLGATE_TOKEN", ADMIN_TOKEN)])
}

/// The same, where it has to succeed; what it printed.
fn done(gateway: &TestGateway, arguments: &[&str]) -> String {
    let ran = on(gateway, arguments);
    assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    ran.out
}

/// The same, as JSON.
fn json(gateway: &TestGateway, arguments: &[&str]) -> Value {
    let ran = on(gateway, &[arguments, &["--json"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}: {ran:?}");
    ran.json()
}

/// The lines of a table, each as its words.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}
