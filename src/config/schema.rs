//! The schema: the settings, as `config/tollgate.toml` lists them.
//!
//! That file is the only list. Its values are the defaults. A line such as `#api_key = ""` (no
//! blank after the `#`) names a setting without a default and shows the form of its value. Routes
//! are not settings: their keys are defined by the operator, and [`routes`] parses them.

use std::sync::LazyLock;

use toml::de::{DeTable, DeValue};

use super::routes;

/// The defaults, and every setting.
pub(super) const DEFAULTS: &str = include_str!("../../config/tollgate.toml");

/// Settings that are never shown, and can be given as `<key>_file`.
pub(super) const SECRETS: [&str; 4] =
    ["vendor.api_key", "security.secret", "security.retired_secrets", "admin.token"];

/// The form of a value in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In quotes.
    Text,
    /// Bare digits.
    Number,
    /// `true` or `false`.
    Flag,
}

impl Form {
    /// The form and the text of a value; `None` for forms that no setting has.
    pub(super) fn of(value: &DeValue<'_>) -> Option<(Self, String)> {
        match value {
            DeValue::String(text) => Some((Self::Text, text.to_string())),
            DeValue::Integer(number) => Some((Self::Number, number.to_string())),
            DeValue::Float(number) => Some((Self::Number, number.to_string())),
            DeValue::Boolean(flag) => Some((Self::Flag, flag.to_string())),
            _ => None,
        }
    }
}

/// A known setting.
#[derive(Debug)]
pub(super) struct Known {
    /// `section.name`.
    pub(super) key: String,
    /// The form of its value.
    pub(super) form: Form,
    /// The default, or an example if there is no default.
    pub(super) sample: String,
    /// Whether the sample is the default.
    pub(super) has_default: bool,
    /// Whether its value is never shown.
    pub(super) is_secret: bool,
}

/// Every setting, in the order of the file.
pub(super) fn known() -> &'static [Known] {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let defaults = settings_in(DEFAULTS);
        let everything = settings_in(&with_every_setting(DEFAULTS));
        let has_default = |key: &str| defaults.iter().any(|(known, ..)| known == key);
        everything
            .into_iter()
            .map(|(key, form, sample)| Known {
                has_default: has_default(&key),
                is_secret: SECRETS.contains(&key.as_str()),
                key,
                form,
                sample,
            })
            .collect()
    });
    &KNOWN
}

/// The setting with that key, or the secret whose `_file` key it is.
pub(super) fn find(key: &str) -> Option<&'static Known> {
    let named = |name: &str| known().iter().find(|setting| setting.key == name);
    named(key).or_else(|| key.strip_suffix("_file").and_then(named).filter(|found| found.is_secret))
}

/// The sections: those with settings in the order of the file, then the one with routes.
pub(super) fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> =
        known().iter().filter_map(|setting| setting.key.split('.').next()).collect();
    sections.dedup();
    sections.push(routes::SECTION);
    sections
}

/// The setting that was probably meant: the same name in another section, or a similar key.
pub(super) fn nearest_key(key: &str) -> Option<&'static str> {
    let name = |key: &'static str| key.split('.').nth(1);
    let same_name = key.rsplit('.').next();
    let keys = || known().iter().map(|setting| setting.key.as_str());
    keys().find(|known| name(known) == same_name).or_else(|| nearest(key, keys()))
}

/// The setting that a variable was probably meant for. The variable is given without its prefix,
/// and its sections are separated by single underscores.
pub(super) fn nearest_key_to_variable(path: &str) -> Option<String> {
    let path = path.to_ascii_lowercase();
    let files =
        known().iter().filter(|known| known.is_secret).map(|known| known.key.clone() + "_file");
    let keys = known().iter().map(|known| known.key.clone()).chain(files);
    let distance = |key: &String| strsim::damerau_levenshtein(&path, &key.replace('.', "_"));
    let (distance, key) = keys.map(|key| (distance(&key), key)).min()?;
    (distance <= path.len() / 4).then_some(key)
}

/// The section that was probably meant.
pub(super) fn nearest_section(section: &str) -> Option<&'static str> {
    nearest(section, sections())
}

fn nearest(text: &str, candidates: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(text, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .map(|(_, candidate)| candidate)
}

/// The text with the settings without a default uncommented.
fn with_every_setting(text: &str) -> String {
    let switched_on = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => {
            format!("{setting}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(switched_on).collect()
}

fn settings_in(text: &str) -> Vec<(String, Form, String)> {
    let document = DeTable::parse(text).expect("config/tollgate.toml is TOML, as a test holds");
    let mut settings = Vec::new();
    let has_settings = |section: &str| section != routes::SECTION;
    for (section, table) in
        document.get_ref().iter().filter(|(name, _)| has_settings(name.get_ref()))
    {
        let table = table.get_ref().as_table().expect("every setting stands in a section");
        for (name, value) in table {
            let (form, sample) =
                Form::of(value.get_ref()).expect("a setting is text, a number or a flag");
            let key = format!("{}.{}", section.get_ref(), name.get_ref());
            settings.push((name.span().start, (key, form, sample)));
        }
    }
    settings.sort_by_key(|(position, _)| *position);
    settings.into_iter().map(|(_, setting)| setting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_a_setting_without_a_default() {
        for key in SECRETS {
            let secret = find(key).unwrap();
            assert!(!secret.has_default && secret.is_secret, "{key}");
            assert_eq!(find(&format!("{key}_file")).unwrap().key, key);
        }
        assert!(find("vendor.timeout_file").is_none());
    }

    #[test]
    fn settings_without_a_default_are_known_too() {
        let without: Vec<_> = known().iter().filter(|known| !known.has_default).collect();
        let keys: Vec<_> = without.iter().map(|known| known.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "server.tls_cert",
                "server.tls_key",
                "server.admin_tls_cert",
                "server.admin_tls_key",
                "server.admin_hosts",
                "server.trusted_proxies",
                "server.health_path",
                "vendor.api_key",
                "store.epoch",
                "ledger.export_dir",
                "security.secret",
                "security.retired_secrets",
                "admin.token",
                "telemetry.log_format"
            ]
        );
    }

    #[test]
    fn a_misspelled_key_has_a_nearest_key() {
        assert_eq!(nearest_key("vendor.timout"), Some("vendor.timeout"));
        assert_eq!(nearest_key("listen"), Some("server.listen"));
        assert_eq!(nearest_key("cache.person_window"), Some("prices.person_window"));
        assert_eq!(nearest_key("colour"), None);
        assert_eq!(nearest_section("venodr"), Some("vendor"));
        assert_eq!(nearest_section("teams"), None);
    }
}
