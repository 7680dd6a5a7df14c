//! The rules of a whole configuration.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;
use crate::domain::pricing::Prices;

const KEY: (&str, &str) = ("TOLLGATE_VENDOR__API_KEY", "vendor-key-0123456789");

fn with_key() -> Sources {
    Sources::none().with_environment([KEY])
}

fn file(text: &str) -> Sources {
    with_key().with_text("tollgate.toml", text)
}

fn flags(flags: &[&str]) -> Sources {
    with_key().with_flags(flags.iter().copied())
}

fn faults(sources: &Sources) -> Vec<String> {
    load(sources).unwrap_err().as_slice().iter().map(Remark::to_string).collect()
}

fn warnings(sources: &Sources) -> Vec<String> {
    load(sources).unwrap().warnings.iter().map(Remark::to_string).collect()
}

#[test]
fn the_defaults_and_a_vendor_key_are_a_configuration() {
    let config = load(&with_key()).unwrap().config;
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.body_bytes_max, 8 << 20);
    assert_eq!(config.vendor.base_url.as_str(), "https://api.amplemarket.com/");
    assert_eq!(config.vendor.api_key.expose_secret(), KEY.1);
    assert_eq!(config.vendor.on_no_answer, OnNoAnswer::Retry);
    assert_eq!(config.store.url, StoreUrl::Embedded("tollgate-data".into()));
    assert_eq!((config.store.epoch, config.store.durability), (None, Durability::Single));
    assert_eq!(config.ledger.export_dir, None);
    assert_eq!(config.ledger.keep, Duration::from_hours(400 * 24));
    assert_eq!(config.prices, Prices::PUBLISHED);
    assert_eq!(config.prices.window_margin, Duration::from_mins(10));
    assert_eq!(config.cache.batch_ttl, Duration::from_hours(7 * 24));
    assert!(config.security.secret.is_none() && config.admin.token.is_none());
    assert_eq!(config.telemetry.log_format, None);
}

#[test]
fn each_source_overrides_the_one_before_it() {
    let timeout = |sources: &Sources| load(sources).unwrap().config.vendor.timeout.as_secs();
    let sources = file("[vendor]\ntimeout = \"20s\"");
    assert_eq!(timeout(&sources), 20);
    let sources = sources.with_environment([KEY, ("TOLLGATE_VENDOR__TIMEOUT", "10s")]);
    assert_eq!(timeout(&sources), 10);
    let sources = sources.with_flags(["vendor.timeout=6s", "vendor.timeout=5s"]);
    assert_eq!(timeout(&sources), 5);
}

#[test]
fn every_fault_is_reported_with_its_place_and_a_remedy() {
    let text = "\
listen = \"127.0.0.1:1\"

[server]
leads_max = \"10\"
  body_bytes_max = 8388608

[venodr]
timeout = \"1s\"

[vendor]
timout = \"1s\"
quiet_period = \"2 minutes\"
attempts_max = true
";
    let sources = Sources::none()
        .with_text("tollgate.toml", text)
        .with_environment([
            ("TOLLGATE_CACHE__PERSON_TLT", "1h"),
            ("TOLLGATE_STORE__URL", "sqlite:books"),
        ])
        .with_flags(["prices.person_found=free", "server.listen"]);
    let reported = load(&sources).unwrap_err().to_string();
    let expected = "\
vendor.api_key: is not set; \
    set it, or vendor.api_key_file, or TOLLGATE_VENDOR__API_KEY in the environment
tollgate.toml:1:1: listen: unknown key; did you mean server.listen?
tollgate.toml:4:1: server.leads_max: is a string where a number belongs; \
    write bare digits, as in 10000
tollgate.toml:5:3: server.body_bytes_max: is an integer where text belongs; \
    write it in quotes, as in \"8MiB\"
tollgate.toml:7:2: venodr: unknown section; did you mean vendor?
tollgate.toml:11:1: vendor.timout: unknown key; did you mean vendor.timeout?
tollgate.toml:12:1: vendor.quiet_period: \"2 minutes\" is not a duration; \
    write one such as 250ms, 30s, 5m, 24h or 7d
tollgate.toml:13:1: vendor.attempts_max: is a boolean where a number belongs; \
    write bare digits, as in 3
TOLLGATE_CACHE__PERSON_TLT: cache.person_tlt: unknown key; \
    did you mean TOLLGATE_CACHE__PERSON_TTL?
TOLLGATE_STORE__URL: store.url: \"sqlite:<redacted>\" is not a store; \
    write embedded:DIR, memory:, redis://, rediss://, redis-cluster:// or redis-sentinel://
--set prices.person_found: prices.person_found: \"free\" is not a number of credits; \
    write one such as 0.5, with at most three decimals
--set server.listen: server.listen: has no value; write section.key=value
12 faults in the configuration";
    assert_eq!(reported, expected);
}

#[test]
fn invalid_toml_is_reported_with_line_and_column() {
    let reported =
        faults(&file("[server]\nlisten = \"127.0.0.1:1\nleads_max = 1\nleads_max = 2\n"));
    assert!(reported[0].starts_with("tollgate.toml:2:"), "{reported:?}");
    assert!(
        reported.iter().any(|fault| fault.starts_with("tollgate.toml:4:1: not TOML: dup")),
        "{reported:?}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let reported = faults(&Sources::none().with_file("no/such/file.toml".as_ref()));
    assert_eq!(reported.len(), 1, "what it would have said is not known: {reported:?}");
    assert!(reported[0].starts_with("no/such/file.toml cannot be read"), "{reported:?}");
}

#[test]
fn sections_of_later_releases_are_unknown() {
    for text in ["[[teams]]\nname = \"sales\"", "[alerts]\nthresholds = [50]"] {
        assert!(faults(&file(text))[0].contains("unknown section"), "{text}");
    }
}

#[test]
fn a_redis_needs_a_secret_that_every_replica_has() {
    let redis = "store.url=redis://redis.internal";
    let reported = faults(&flags(&[redis]));
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert!(reported[0].starts_with("security.secret: is not set"), "{reported:?}");
    assert!(reported[0].contains("openssl rand -hex 32"), "{reported:?}");
    let secret = format!("security.secret={}", "ab12".repeat(16));
    let config = load(&flags(&[redis, &secret])).unwrap().config;
    let StoreUrl::Redis(address) = config.store.url else { panic!("it is a Redis") };
    assert_eq!(address.to_string(), "redis://redis.internal:6379/0?namespace=default");
}

#[test]
fn the_password_of_a_redis_is_not_shown() {
    let secret = format!("security.secret={}", "ab12".repeat(16));
    let loaded = load(&flags(&["store.url=redis://eu:hunter2@host/0", &secret])).unwrap();
    assert!(loaded.in_force.to_string().contains("url = \"redis://eu:<redacted>@host/0\""));
    assert!(!format!("{loaded:?}").contains("hunter2"));
    for wrong in [
        "redis://eu:hunter2@",
        "redos://eu:hunter2@host",
        "redis:/:hunter2@host",
        "redis://:hunter2",
        "redis://host?password=hunter2",
        "hunter2@host:6379",
    ] {
        let reported = faults(&flags(&[&format!("store.url={wrong}"), &secret]));
        assert!(
            reported[0].contains("store.url: ") && !reported[0].contains("hunter2"),
            "{reported:?}"
        );
    }
    let reported = faults(&flags(&["redis://eu:hunter2@host/0"]));
    assert!(!reported.concat().contains("hunter2"), "given in the place of a key: {reported:?}");
}

#[test]
fn a_secret_can_be_given_as_a_file_and_is_trimmed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "a-token-of-the-operators\n").unwrap();
    let flag = format!("admin.token_file={}", path.display());
    let loaded = load(&flags(&[&flag])).unwrap();
    assert_eq!(loaded.config.admin.token.unwrap().expose_secret(), "a-token-of-the-operators");
    let missing = faults(&flags(&["admin.token_file=no/such/file"]));
    assert!(missing[0].contains("the file \"no/such/file\" cannot be read"), "{missing:?}");
}

#[test]
fn a_secret_and_its_file_are_one_setting_with_two_names() {
    let text = "[vendor]\napi_key_file = \"no/such/file\"";
    let loaded = load(&file(text)).unwrap();
    assert_eq!(loaded.config.vendor.api_key.expose_secret(), KEY.1);
    let text = "[admin]\ntoken = \"a-token-of-the-operators\"\ntoken_file = \"x\"";
    let reported = faults(&file(text));
    assert!(
        reported[0].contains("admin.token_file: is set together with admin.token"),
        "{reported:?}"
    );
}

#[test]
fn no_fault_and_no_print_shows_a_secret() {
    let bad = ["admin.token=hunter2", "security.secret=hunter2", "vendor.api_key=hun ter2"];
    let url = "vendor.base_url=https://x:hunter2@x.io";
    let reported = faults(&flags(&[bad[0], bad[1], bad[2], url]));
    assert_eq!(reported.len(), 4, "{reported:?}");
    assert!(!reported.join("\n").contains("ter2"), "{reported:?}");

    let secret = "ab12".repeat(16);
    let good = format!("security.secret={secret}");
    let loaded = load(&flags(&["admin.token=a-token-of-the-operators", &good])).unwrap();
    let shown = format!("{:?}\n{}", loaded, loaded.in_force);
    for secret in [KEY.1, "a-token-of-the-operators", &secret] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(loaded.in_force.to_string().matches("\"<redacted>\"").count(), 3);
}

#[test]
fn effective_settings_are_printed_with_their_sources() {
    let sources = file("[server]\nleads_max = 5\n").with_flags(["prices.person_found=0.25"]);
    let printed = load(&sources).unwrap().in_force.to_string();
    for line in [
        "[server]",
        "listen = \"127.0.0.1:8080\"  # default",
        "leads_max = 5  # tollgate.toml:2:1",
        "person_found = 0.25  # --set prices.person_found",
        "api_key = \"<redacted>\"  # TOLLGATE_VENDOR__API_KEY",
        "#token = \"\"  # not set",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} is not in\n{printed}");
    }
    assert!(toml::from_str::<toml::Table>(&printed).is_ok());
}

#[test]
fn settings_that_cannot_work_together_are_refused() {
    for (given, key) in [
        (&["server.leads_max=0"][..], "server.leads_max"),
        (&["server.leads_max=100001"], "server.leads_max"),
        (&["server.body_bytes_max=0B"], "server.body_bytes_max"),
        (&["server.bodies_bytes_max=7MiB"], "server.bodies_bytes_max"),
        (&["server.bodies_max=2816"], "server.bodies_max"),
        (&["server.look_ups_max=1792"], "server.look_ups_max"),
        (&["server.passages_max=1024"], "server.passages_max"),
        (&["server.passages_max=0"], "server.passages_max"),
        (&["server.calls_max=0"], "server.calls_max"),
        (&["server.bodies_at_once=0"], "server.bodies_at_once"),
        (&["server.bodies_wait=0s"], "server.bodies_wait"),
        (&["server.unread_wait=0s"], "server.unread_wait"),
        (&["server.replay_window=25h"], "server.replay_window"),
        (&["server.admin_listen=127.0.0.1:8080"], "server.admin_listen"),
        (&["server.admin_listen=0.0.0.0:8080"], "server.admin_listen"),
        (&["vendor.poll_interval_min=31s"], "vendor.poll_interval_min"),
        (&["vendor.poll_interval_min=0s"], "vendor.poll_interval_min"),
        (&["vendor.base_url=http://vendor.internal"], "vendor.base_url"),
        (&["vendor.timeout=0s"], "vendor.timeout"),
        (&["vendor.attempts_max=0"], "vendor.attempts_max"),
        (&["vendor.answer_bytes_max=1MiB"], "vendor.answer_bytes_max"),
        (&["vendor.gather_window=61s"], "vendor.gather_window"),
        (&["vendor.requests_per_minute=0"], "vendor.requests_per_minute"),
        (&["vendor.find_requests_per_minute=0"], "vendor.find_requests_per_minute"),
        (&["server.find_wait=0s"], "server.find_wait"),
        (&["server.find_wait=11m"], "server.find_wait"),
        (&["vendor.quiet_period=9h"], "vendor.quiet_period"),
        (&["vendor.job_deadline=367d"], "vendor.job_deadline"),
        (&["prices.window_margin=24h"], "prices.window_margin"),
        (&["prices.phone_numbers_max=0"], "prices.phone_numbers_max"),
        (&["prices.person_found=1001"], "prices.person_found"),
        (&["store.epoch=x"], "store.epoch"),
        (&["store.url=memory:", "store.epoch=00000000000000ff"], "store.epoch"),
        (&["store.durability=none"], "store.durability"),
        (&["ledger.keep=31d"], "ledger.keep"),
        (&["ledger.keep=9999d"], "ledger.keep"),
        (&["ledger.export_dir="], "ledger.export_dir"),
        (&["cache.person_ttl=91d"], "cache.person_ttl"),
        (&["cache.not_found_ttl=91d"], "cache.not_found_ttl"),
        (&["cache.validation_ttl=91d"], "cache.validation_ttl"),
        (&["cache.batch_ttl=91d"], "cache.batch_ttl"),
        (&["cache.batch_ttl=0s"], "cache.batch_ttl"),
        (&["telemetry.log_filter=tollgate=loud"], "telemetry.log_filter"),
    ] {
        let reported = faults(&flags(given));
        assert_eq!(reported.len(), 1, "{given:?}: {reported:?}");
        assert!(
            reported[0].starts_with(&format!("--set {key}: {key}: ")),
            "{given:?}: {reported:?}"
        );
    }
}

#[test]
fn a_short_window_works_with_a_smaller_margin_and_shorter_attempts() {
    let short = ["prices.person_window=5s", "vendor.quiet_period=1s"];
    assert_eq!(faults(&flags(&short)).len(), 1);
    let workable = ["prices.person_window=5s", "vendor.quiet_period=1s", "prices.window_margin=1s"];
    let config = load(&flags(&workable)).unwrap().config;
    assert_eq!(config.prices.person_window, Duration::from_secs(5));
}

#[test]
fn only_a_vendor_on_this_machine_may_use_plain_http() {
    for url in ["http://localhost:9000", "http://127.0.0.1:9000", "http://[::1]:9000"] {
        assert!(load(&flags(&[&format!("vendor.base_url={url}")])).is_ok(), "{url}");
    }
}

#[test]
fn attempts_are_checked_only_if_an_unanswered_post_is_sent_again() {
    let long = ["vendor.quiet_period=9h", "vendor.on_no_answer=hold"];
    assert!(load(&flags(&long)).is_ok());
}

#[test]
fn a_fault_of_one_setting_is_not_reported_again_for_another() {
    let reported =
        faults(&flags(&["vendor.poll_interval_max=soon", "vendor.poll_interval_min=40s"]));
    assert_eq!(reported.len(), 1, "{reported:?}");
}

#[test]
fn small_values_only_cause_warnings() {
    for given in [
        "vendor.timeout=500ms",
        "vendor.quiet_period=1s",
        "cache.person_ttl=1s",
        "cache.not_found_ttl=0s",
        "server.body_bytes_max=1KiB",
        "store.url=memory:",
        "ledger.export_dir=tollgate-data/export",
    ] {
        let all_set = ["admin.token=a-token-of-the-operators", "ledger.export_dir=/backup", given];
        let sources = flags(&all_set);
        let reported = warnings(&sources);
        assert!(!reported.is_empty() && reported[0].starts_with("--set "), "{given}: {reported:?}");
    }
    let environment = [KEY, ("TOLLGATE_ADMIN__TOKEN", "a-token-of-the-operators")];
    let all_set = Sources::none().with_environment(environment);
    let reported = warnings(&all_set.with_flags(["ledger.export_dir=/backup"]));
    assert!(reported.is_empty(), "the defaults need no warning: {reported:?}");
}

#[test]
fn a_journal_that_is_never_trimmed_causes_a_warning() {
    for store in ["store.url=embedded:data", "store.url=redis://127.0.0.1/"] {
        let secret =
            "security.secret=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let reported = warnings(&flags(&[store, "admin.token=a-token-of-the-operators", secret]));
        let is_said =
            |line: &String| line.contains("ledger.export_dir: is not set, so the journal");
        assert!(reported.iter().any(is_said), "{store}: {reported:?}");
    }
}

#[test]
fn variables_of_other_programs_are_ignored() {
    let environment = [
        KEY,
        ("TOLLGATE_PORT", "tcp://10.0.0.1:8080"),
        ("TOLLGATE_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("TOLLGATE_SERVICE_HOST", "10.0.0.1"),
        ("TOLLGATE_SERVICE_PORT_HTTP", "8080"),
        ("TOLLGATE_ADMIN_SERVICE_PORT", "8081"),
        ("TOLLGATE_URL", "http://127.0.0.1:8081"),
        ("TOLLGATE_TOKEN_FILE", "/run/token"),
        ("VENDOR__TIMEOUT", "x"),
    ];
    let loaded = load(&Sources::none().with_environment(environment)).unwrap();
    let of_variables = loaded.warnings.iter().filter(|reported| reported.key.is_empty());
    assert_eq!(of_variables.count(), 0, "{:?}", loaded.warnings);
}

#[test]
fn an_unknown_variable_causes_a_warning_with_the_probable_setting() {
    for (variable, reported) in [
        ("TOLLGATE_STORE_URL", "did you mean TOLLGATE_STORE__URL?"),
        ("TOLLGATE_VENDOR_API_KEY", "did you mean TOLLGATE_VENDOR__API_KEY?"),
        ("TOLLGATE_VENDOR_APIKEY_FILE", "did you mean TOLLGATE_VENDOR__API_KEY_FILE?"),
        ("TOLLGATE_SERVER_LISTN", "did you mean TOLLGATE_SERVER__LISTEN?"),
        ("TOLLGATE_COLOUR", "a setting needs two underscores after its section"),
    ] {
        let loaded = load(&Sources::none().with_environment([KEY, (variable, "hunter2")])).unwrap();
        let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
        let is_said = |line: &&String| line.starts_with(variable) && line.contains(reported);
        assert_eq!(warnings.iter().filter(is_said).count(), 1, "{variable}: {warnings:?}");
        assert!(!warnings.concat().contains("hunter2"), "{warnings:?}");
    }
}
