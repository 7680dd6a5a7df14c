//! Exposure: valid settings that give others access.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::reading::Reading;
use super::remarks::Place;
use super::schema::SECRETS;
use super::sections::{Config, Store};
use super::values::{StoreUrl, Unfit};

pub(super) fn check(config: &Config, reading: &mut Reading) {
    let operators = config.server.admin_listen.ip();
    if operators.is_unspecified() {
        let unfit = Unfit::new(
            "operators are served on all network interfaces of this machine",
            "set one address, or make sure that only operators and Prometheus can reach the port",
        );
        reading.warn(&["server.admin_listen"], unfit);
    }
    if !config.security.retired.is_empty() && config.security.secret.is_none() {
        let wrong = "is set and security.secret is not, so there is no current secret";
        let unfit = Unfit::new(wrong, "set the new secret as security.secret");
        reading.refuse(&["security.retired_secrets"], unfit);
    }
    check_store(&config.store, reading);
    for key in SECRETS {
        let place = reading.settings.get(key).map(|setting| &setting.place);
        if matches!(place, Some(Place::Flag(_))) {
            let wrong = "is in a flag, which every user of this machine can read";
            let remedy = format!("use {key}_file, or the environment");
            reading.warn(&[key], Unfit::new(wrong, remedy));
        }
    }
}

fn check_store(store: &Store, reading: &mut Reading) {
    match &store.url {
        StoreUrl::Redis(address) if address.hosts_in_clear().any(|host| !is_this_machine(host)) => {
            let unfit = Unfit::new(
                "sends the books, and the password if there is one, unencrypted over the network",
                "use rediss://, or tls=true for a cluster or sentinels",
            );
            reading.warn(&["store.url"], unfit);
        }
        StoreUrl::Embedded(folder) if is_open_to_others(folder) => {
            let unfit = Unfit::new(
                "is a folder that other users of this machine can read",
                "run `chmod 700` on it: it contains the books and possibly the secret",
            );
            reading.warn(&["store.url"], unfit);
        }
        StoreUrl::Memory | StoreUrl::Redis(_) | StoreUrl::Embedded(_) => {}
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether the folder exists and others than its owner have access.
fn is_open_to_others(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|folder| folder.permissions().mode() & 0o007 != 0)
}

#[cfg(test)]
mod tests {
    use super::super::{Sources, load};

    /// The warnings about one setting.
    fn warnings(key: &str, flags: &[&str]) -> Vec<String> {
        let environment = [
            ("TOLLGATE_VENDOR__API_KEY", "vendor-key-0123456789".to_owned()),
            ("TOLLGATE_SECURITY__SECRET", "ab12".repeat(16)),
        ];
        let sources = Sources::none().with_environment(environment);
        let loaded = load(&sources.with_flags(flags.iter().copied())).unwrap();
        let about = loaded.warnings.iter().filter(|remark| remark.key == key);
        about.map(|remark| remark.wrong.clone()).collect()
    }

    #[test]
    fn a_redis_in_clear_on_another_machine_is_warned_of() {
        for (store, is_warned) in [
            ("redis://127.0.0.1/", false),
            ("redis://localhost/", false),
            ("redis://[::1]/", false),
            ("rediss://redis.example/", false),
            ("redis-cluster://a.example,b.example?tls=true", false),
            ("redis://redis.example/", true),
            ("redis-cluster://127.0.0.1:7000,10.0.0.2:7000", true),
            ("redis-sentinel://a.example:26379/main", true),
        ] {
            let reported = warnings("store.url", &[&format!("store.url={store}")]);
            let is_told = reported.iter().any(|wrong| wrong.contains("unencrypted"));
            assert_eq!(is_told, is_warned, "{store}: {reported:?}");
        }
    }

    #[test]
    fn operators_served_on_every_network_are_warned_of() {
        for (listen, count) in
            [("127.0.0.1:1", 0), ("10.0.0.1:1", 0), ("0.0.0.0:1", 1), ("[::]:1", 1)]
        {
            let flag = format!("server.admin_listen={listen}");
            assert_eq!(warnings("server.admin_listen", &[&flag]).len(), count, "{listen}");
        }
    }

    #[test]
    fn a_secret_in_a_flag_is_warned_of() {
        assert!(warnings("vendor.api_key", &[]).is_empty());
        assert_eq!(warnings("vendor.api_key", &["vendor.api_key=another-key-0123"]).len(), 1);
        assert_eq!(warnings("admin.token", &["admin.token=a-token-of-the-operators"]).len(), 1);
    }

    #[test]
    fn a_folder_that_others_can_read_is_warned_of() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let flag = format!("store.url=embedded:{}", folder.path().display());
        for (mode, is_warned) in [(0o700, false), (0o750, false), (0o755, true)] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path(), permissions).unwrap();
            let reported = warnings("store.url", &[&flag]);
            let is_told = reported.iter().any(|wrong| wrong.contains("other users"));
            assert_eq!(is_told, is_warned, "{mode:o}: {reported:?}");
        }
    }
}
