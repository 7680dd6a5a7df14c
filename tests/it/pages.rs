//! What the pages tell people to type does what they say.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::ports::free;
use crate::support::process::signal;
use crate::support::wait::eventually;

const BINARY: &str = env!("CARGO_BIN_EXE_tollgate");

/// A shell line's answer: what it printed.
fn shell(folder: &Path, script: &str) -> String {
    let output = Command::new("bash").args(["-c", script]).current_dir(folder).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{script}\n{out}\n{err}");
    out
}

/// The body of an answer printed with its head.
fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    serde_json::from_str(body).unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

/// A process group that is killed when it is let go.
struct Group {
    leader: Child,
}

impl Group {
    fn start(command: &mut Command) -> Self {
        let leader = command.process_group(0).stdin(Stdio::null()).spawn().unwrap();
        Self { leader }
    }

    fn signal(&self, name: &str) {
        signal(name, format!("-{}", self.leader.id()));
    }

    /// Waits for its leader's end; whether that was a good one.
    async fn has_ended_well(&mut self) -> bool {
        let mut status = None;
        eventually("it ends", async || {
            status = self.leader.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.is_some_and(|status| status.success())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.leader.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal("KILL");
            let _ = self.leader.wait();
        }
    }
}

/// Reads what the demo prints, to its last line. What it prints to stays open: it may not be done.
fn welcome(out: ChildStdout) -> (String, BufReader<ChildStdout>) {
    let mut out = BufReader::new(out);
    let mut text = String::new();
    while !text.lines().next_back().is_some_and(|line| line.starts_with("Press Ctrl-C")) {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "it ended with {text}");
    }
    (text, out)
}

/// The commands to paste: indented, each to its last line.
fn commands(text: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("  ")) {
        let begins = ["  curl ", "  export "].iter().any(|word| line.starts_with(word));
        match commands.last_mut() {
            Some(last) if !begins => last.extend(["\n", line]),
            _ => commands.push(line.trim().to_owned()),
        }
    }
    commands
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_lines_tell_the_story_that_it_promises() {
    let temporary = tempfile::tempdir().unwrap();
    let mut demo = Command::new(BINARY);
    demo.arg("demo").env("TMPDIR", temporary.path()).stdout(Stdio::piped());
    let mut demo = Group::start(&mut demo);
    let out = demo.leader.stdout.take().unwrap();
    let (text, _out) = tokio::task::spawn_blocking(move || welcome(out)).await.unwrap();
    assert_eq!(temporary.path().read_dir().unwrap().count(), 1, "its data is there alone");
    let commands = commands(&text);
    let (exports, curls) = commands.split_at(3);
    assert!(exports.iter().all(|line| line.starts_with("export ")), "{commands:#?}");
    let [enrich, read, again, look_up, beyond, metrics, bill, usage, audit] = curls else {
        panic!("{commands:#?}")
    };
    let run = |line: &str| shell(temporary.path(), &format!("{}\n{line}", exports.join("\n")));

    let accepted = run(enrich);
    assert_eq!(status(&accepted), "202", "{accepted}");
    let id = body(&accepted)["id"].to_string();
    let mut ended = Value::Null;
    eventually("the demo's batch completes", async || {
        ended = body(&run(&read.replace("ID ", &format!("{id} "))));
        ended["status"] == "completed"
    })
    .await;
    assert_eq!(ended["results"][0]["result"]["name"], "Ada Lovelace");
    assert!(ended["results"].as_array().unwrap().iter().all(|r| r["status"] == "enriched"));

    let free = run(again);
    assert_eq!(body(&free)["status"], "completed", "{free}");
    assert!(free.contains("tollgate-credits-spent: email=0, phone=0"), "{free}");
    let looked_up = run(look_up);
    assert_eq!((status(&looked_up), &body(&looked_up)["name"]), ("200", &json!("Grace Hopper")));
    assert!(looked_up.contains("tollgate-credits-spent: email=0, phone=0"), "{looked_up}");
    let refused = run(beyond);
    assert_eq!(
        (status(&refused), &body(&refused)["_errors"][0]["code"]),
        ("402", &json!("insufficient_credits"))
    );

    let metrics = run(metrics);
    assert!(
        metrics
            .contains(r#"tollgate_credits_avoided_total{reason="cached_in_window",team="growth""#),
        "{metrics}"
    );
    let json = |line: &str| -> Value { serde_json::from_str(&run(line)).unwrap() };
    assert_eq!(json(bill)["email"], json(usage)["totals"]["email"]["spent"]);
    assert_eq!(json(audit)["mismatches"], json!(0));

    demo.signal("INT");
    assert!(demo.has_ended_well().await);
    assert_eq!(temporary.path().read_dir().unwrap().count(), 0, "its data goes with it");
}

/// The README's shell blocks for this binary, and free addresses in place of those it names:
/// callers', operators' and the sandbox's.
fn readme() -> (Vec<String>, [String; 3]) {
    let addresses = [free(), free(), free()].map(|address| address.to_string());
    let named = ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8090"];
    let mut text = include_str!("../../README.md")
        .replace("cargo build --release\n", "")
        .replace("target/release/tollgate", BINARY);
    for (named, free) in named.iter().zip(&addresses) {
        assert!(text.contains(named), "{named}");
        text = text.replace(named, free);
    }
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    (blocks.map(str::to_owned).collect(), addresses)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_lines_run_a_gateway_make_a_key_and_audit_the_books() {
    let folder = tempfile::tempdir().unwrap();
    let (blocks, [callers, operators, _]) = readme();
    let block = |part: &str| blocks.iter().find(|block| block.contains(part)).unwrap();
    let mut running = Command::new("bash");
    running.args(["-ec", block(" serve ")]).current_dir(folder.path());
    running.env("TOLLGATE_SERVER__LISTEN", &callers);
    running.env("TOLLGATE_SERVER__ADMIN_LISTEN", &operators);
    let mut running = Group::start(running.stdout(Stdio::null()).stderr(Stdio::null()));
    eventually("the README's gateway answers", async || {
        let asked = ["-sf", &format!("http://{operators}/readyz")];
        Command::new("curl").args(asked).stdout(Stdio::null()).status().unwrap().success()
    })
    .await;

    let made = shell(folder.path(), block(" team put "));
    let value = |name: &str| {
        let row = made.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        row.unwrap_or_else(|| panic!("{name} in {made}")).trim()
    };
    assert_eq!((value("team"), value("quotas")), ("sales", "500 email a day (Europe/Lisbon)"));
    let key = value("key");
    let enrich = format!(
        "curl -s http://{callers}/people/enrichment-requests -H 'Authorization: Bearer {key}' \
         --json '{{\"leads\": [{{\"email\": \"ada@x.example\"}}]}}'"
    );
    assert!(shell(folder.path(), &enrich).contains("\"queued\""));

    running.signal("TERM");
    running.has_ended_well().await;
    let audited = shell(folder.path(), block(" audit "));
    assert!(audited.contains(" 0 mismatches"), "{audited}");
}
