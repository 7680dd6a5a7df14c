//! Settings that cannot work: `check` refuses whatever `serve` would, names the place, and shows no
//! password.

use std::process::{Command, Output};

use crate::support::gateways::SECRET;

fn run(command: &str, settings: &[&str]) -> (Option<i32>, String) {
    let mut tollgate = Command::new(env!("CARGO_BIN_EXE_tollgate"));
    tollgate.arg(command).args(["--set", "vendor.api_key=any", "--set", SECRET]);
    for setting in settings {
        tollgate.args(["--set", setting]);
    }
    let Output { status, stdout, stderr } = tollgate.output().unwrap();
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn check_and_serve_refuse_the_same_addresses() {
    for (url, told) in [
        ("redis://x.io:99999", "has an invalid port"),
        ("redis://x.io:0", "has an invalid port"),
        ("redis://x.io/abc", "has a path that is not a database"),
        ("redis://x.io/99999", "has a path that is not a database"),
        ("redis://x.io?family=6", "has an unknown query parameter"),
        ("rediss://x.io?ssl_cert_reqs=none", "has an unknown query parameter"),
        ("redis://x.io?ca=/etc/ca.pem", "sets ca for connections without TLS"),
        ("rediss://x.io?ca=/no/such/file.pem", "the certificates in /no/such/file.pem"),
        ("rediss://x.io?ca=/dev/null", "/dev/null has no certificate"),
        ("redis://a,b", "names several hosts"),
        ("redis://a b", "has an invalid host"),
        ("redis://[x.io]", "has an invalid host"),
        ("redis-cluster://x.io/1", "names a database"),
        ("redis-sentinel://x.io", "does not name one service"),
        ("redis://x.io?replicas=0", "has an invalid number of replicas"),
        ("redis:x.io", "is not the address of a Redis"),
    ] {
        let setting = format!("store.url={url}");
        for command in ["check", "serve"] {
            let (code, text) = run(command, &[&setting]);
            assert_eq!(code, Some(2), "{command} {url}: {text}");
            assert!(text.contains("--set store.url: store.url: "), "{command} {url}: {text}");
            assert!(text.contains(told), "{command} {url}: {text}");
        }
    }
}

#[test]
fn no_malformed_address_shows_its_password() {
    for url in [
        "redis:/:hunter2@x.io",
        "redis://:hunter2@",
        "redis://:hunter2",
        "redis://eu:hunter2@x.io:hunter2",
        "redis://x.io?password=hunter2",
        "redos://eu:hunter2@x.io",
        "hunter2@x.io:6379",
        "REDIS://:hunter2@x.io",
        "embedded://:hunter2@x.io?x",
    ] {
        let setting = format!("store.url={url}");
        for settings in [[setting.as_str()], [url]] {
            let (code, text) = run("check", &settings);
            let is_folder = url.starts_with("embedded:") && settings == [setting.as_str()];
            assert_eq!(code, Some(if is_folder { 0 } else { 2 }), "{url}: {text}");
            assert!(!text.contains("hunter2"), "{url}: {text}");
        }
    }
}
