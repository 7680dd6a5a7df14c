//! Starts that fail, or are probably not what was meant: one line says why.

use std::process::{Command, Output};

use crate::support::gateways::SECRET;
use crate::support::ports::free;
use crate::support::redis::Server;

/// Runs a command with these settings and variables, to its end.
fn run(words: &[&str], settings: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut tollgate = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    tollgate.args(words).args(["--set", "vendor.api_key=any"]);
    for setting in settings {
        tollgate.args(["--set", setting]);
    }
    let Output { status, stdout, stderr } =
        tollgate.envs(variables.iter().copied()).output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

/// The lines of a text that are no log lines.
fn said(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('{')).collect()
}

#[tokio::test]
async fn a_start_that_fails_says_why_in_one_line_and_each_cause_once() {
    let evicts = Server::with(&["maxmemory-policy allkeys-lru", "appendonly no"]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let in_use = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let in_use = format!("server.listen={}", in_use.local_addr().unwrap());
    let at_file = format!("store.url=embedded:{}", file.display());
    let redis = format!("store.url={}", evicts.url());
    let admin = format!("server.admin_listen={}", free());
    let callers = format!("server.listen={}", free());
    for (settings, why) in [
        (vec![at_file.as_str(), &callers, &admin], "exists"),
        (vec!["store.url=memory:", &in_use, &admin], "in use"),
        (vec![&redis, SECRET, &callers, &admin], "allkeys-lru"),
    ] {
        for backtrace in ["0", "1", "full"] {
            let (code, text) = run(&["serve"], &settings, &[("RUST_BACKTRACE", backtrace)]);
            assert_eq!(code, Some(1), "{text}");
            let [line] = said(&text)[..] else { panic!("it is not one line: {text}") };
            assert!(line.starts_with("Error: "), "{line}");
            assert_eq!(line.matches(why).count(), 1, "{why}: {line}");
        }
    }
}

#[test]
fn a_variable_that_is_no_setting_is_warned_of_with_the_one_that_was_probably_meant() {
    let variables = [("TOLLGATE_STORE_URL", "redis://:hunter2@x.io"), ("TOLLGATE_URL", "http://x")];
    let (code, text) = run(&["check"], &[], &variables);
    assert_eq!(code, Some(0), "{text}");
    let warning = "warning: TOLLGATE_STORE_URL: is not a variable of the gateway and has no \
                   effect; did you mean TOLLGATE_STORE__URL?";
    assert!(text.contains(warning), "{text}");
    assert!(!text.contains("TOLLGATE_URL:") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_vendor_on_another_machine_is_reached_unencrypted_only_where_that_is_said() {
    let (at, allowed) = ("vendor.base_url=http://sandbox:8090/", "vendor.allow_http=true");
    let (code, text) = run(&["check"], &[at], &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("set vendor.allow_http to true"), "{text}");
    let (code, text) = run(&["check"], &[at, allowed], &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("warning: --set vendor.base_url: vendor.base_url: sends the key"),
        "{text}"
    );
}

#[test]
fn a_health_path_is_none_of_the_gateways_own() {
    for (path, told) in [
        ("healthz", "is not a path"),
        ("/people/find", "is one of the gateway's own paths"),
        ("/Gateway/health", "is one of the gateway's own paths"),
        ("/health/{id}", "is not a path"),
        ("/health/*", "is not a plain path"),
        ("//health", "is not a path"),
    ] {
        let setting = format!("server.health_path={path}");
        let (code, text) = run(&["check"], &[&setting], &[]);
        assert_eq!(code, Some(2), "{path}: {text}");
        assert!(text.contains(told), "{path}: {text}");
    }
    for path in ["/", "/healthz", "/-/health.txt"] {
        let setting = format!("server.health_path={path}");
        assert_eq!(run(&["check"], &[&setting], &[]).0, Some(0), "{path}");
    }
}
