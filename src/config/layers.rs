//! Layers: merges the sources in order and records the source of each setting.
//!
//! This module checks the keys and the types of their values. `reading` parses the values.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::remarks::{Place, Remark};
use super::routes::{self, RouteTable};
use super::schema::{self, Form};
use super::sources::Sources;

const VARIABLE_PREFIX: &str = "TOLLGATE_";

/// The variables that the commands read and that are not settings, without their prefix.
const OF_THE_COMMANDS: [&str; 6] = ["URL", "KEY", "KEY_FILE", "TOKEN", "TOKEN_FILE", "CA_FILE"];

/// The prefix of the keys of routes.
const ROUTE_PREFIX: &str = "routes.";

/// A value as it was written. Perhaps a secret, so it has no `Debug`.
pub(super) struct Setting {
    /// Its source.
    pub(super) place: Place,
    /// Its text without quotes. The memory is wiped on drop.
    pub(super) text: Zeroizing<String>,
}

/// The effective settings and the faults found so far. A key and its `_file` are never both
/// effective.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) settings: BTreeMap<String, Setting>,
    pub(super) routes: RouteTable,
    pub(super) faults: Vec<Remark>,
    pub(super) warnings: Vec<Remark>,
}

/// Merges the sources over the defaults.
pub(super) fn lay(sources: &Sources) -> Layers {
    let mut layers = Layers::default();
    for known in schema::known().iter().filter(|known| known.has_default) {
        layers.set(&known.key, known.sample.clone(), Place::Default);
    }
    layers.lay_routes(schema::DEFAULTS, |_| Place::Default);
    match &sources.file {
        Some((name, Ok(text))) => layers.lay_file(name, text),
        Some((name, Err(error))) => {
            let wrong = format!("{name} cannot be read: {error}");
            layers.refuse(Place::Nowhere, "", wrong, "give the path of a readable file in UTF-8");
        }
        None => {}
    }
    for (name, value) in &sources.environment {
        layers.lay_variable(name, value);
    }
    for flag in &sources.flags {
        layers.lay_flag(flag);
    }
    layers
}

impl Layers {
    fn lay_file(&mut self, name: &Arc<str>, text: &str) {
        let at = |span: Range<usize>| place_in_file(name, text, span.start);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let wrong = format!("not TOML: {}", error.message().replace('\n', ", "));
            self.refuse(at(error.span().unwrap_or_default()), "", wrong, "correct the line");
        }
        if !errors.is_empty() {
            return; // What a broken file means is a guess.
        }
        let sections = schema::sections();
        for (section, value) in document.get_ref() {
            let place = at(section.span());
            match value.get_ref() {
                DeValue::Table(table) if section.get_ref() == routes::SECTION => {
                    self.faults.extend(self.routes.lay(table, at));
                }
                DeValue::Table(table) if sections.contains(&section.get_ref().as_ref()) => {
                    for (name, value) in table {
                        let key = format!("{}.{}", section.get_ref(), name.get_ref());
                        self.lay_value(&key, value.get_ref(), at(name.span()));
                    }
                }
                DeValue::Table(_) | DeValue::Array(_) => {
                    let known = schema::nearest_section(section.get_ref());
                    let remedy =
                        meant(known, || format!("the sections are {}", sections.join(", ")));
                    self.refuse(place, section.get_ref(), "unknown section", remedy);
                }
                _ => self.refuse_unknown(section.get_ref(), place),
            }
        }
    }

    fn lay_value(&mut self, key: &str, value: &DeValue<'_>, place: Place) {
        let Some(known) = schema::find(key) else {
            return self.refuse_unknown(key, place);
        };
        match (Form::of(value), known.form) {
            (Some((form, text)), expected) if form == expected => self.set(key, text, place),
            (_, Form::Text) => {
                let wrong = format!("is {} where text belongs", a_kind(value));
                self.refuse(
                    place,
                    key,
                    wrong,
                    format!("write it in quotes, as in \"{}\"", known.sample),
                );
            }
            (_, Form::Flag) => {
                let wrong = format!("is {} where true or false belongs", a_kind(value));
                self.refuse(place, key, wrong, "write true or false, without quotes");
            }
            (_, Form::Number) => {
                let wrong = format!("is {} where a number belongs", a_kind(value));
                self.refuse(
                    place,
                    key,
                    wrong,
                    format!("write bare digits, as in {}", known.sample),
                );
            }
        }
    }

    fn lay_variable(&mut self, name: &str, value: &OsStr) {
        let Some(path) = name.strip_prefix(VARIABLE_PREFIX) else { return };
        if !path.contains("__") {
            return self.doubt_variable(name, path, value);
        }
        let key = path.to_ascii_lowercase().replacen("__", ".", 1);
        let place = Place::Environment(name.to_owned());
        match value.to_str() {
            _ if key.starts_with(ROUTE_PREFIX) => {
                let remedy = "set routes in the file or with --set";
                self.refuse(place, &key, "environment variables cannot set routes", remedy);
            }
            _ if schema::find(&key).is_none() => self.refuse_unknown(&key, place),
            Some(text) => self.set(&key, text.to_owned(), place),
            None => self.refuse(place, &key, "is not UTF-8", "write it in UTF-8"),
        }
    }

    /// Warns of a variable that has only single underscores. It is not a setting but may be meant
    /// as one.
    fn doubt_variable(&mut self, name: &str, path: &str, value: &OsStr) {
        if OF_THE_COMMANDS.contains(&path) || is_of_kubernetes(path, value) {
            return;
        }
        let remedy = meant(schema::nearest_key_to_variable(path).map(|key| variable(&key)), || {
            "a setting needs two underscores after its section, as in TOLLGATE_STORE__URL"
                .to_owned()
        });
        self.warnings.push(Remark {
            place: Place::Environment(name.to_owned()),
            key: String::new(),
            wrong: "is not a variable of the gateway and has no effect".to_owned(),
            remedy,
        });
    }

    fn lay_flag(&mut self, flag: &str) {
        let (key, value) = match flag.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value)),
            None => (flag.trim(), None),
        };
        // Otherwise the key could be a misplaced URL with a password.
        let is_key = |key: &str| {
            key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let key = if key.starts_with(ROUTE_PREFIX) || is_key(key) { key } else { "<redacted>" };
        let place = Place::Flag(key.to_owned());
        match value {
            Some(text) if key.starts_with(ROUTE_PREFIX) => self.lay_route(key, text, &place),
            _ if schema::find(key).is_none() => self.refuse_unknown(key, place),
            Some(text) => self.set(key, text.to_owned(), place),
            None => self.refuse(place, key, "has no value", "write section.key=value"),
        }
    }

    /// A route in a flag has the form of the file, except that words need no quotes.
    fn lay_route(&mut self, key: &str, text: &str, place: &Place) {
        let is_quoted = text.trim_start().starts_with(['"', '\'', '{']);
        let value = if is_quoted { text.to_owned() } else { toml::Value::from(text).to_string() };
        self.lay_routes(&format!("{key} = {value}"), |_| place.clone());
    }

    fn lay_routes(&mut self, text: &str, at: impl Fn(Range<usize>) -> Place) {
        match DeTable::parse(text) {
            Ok(document) => {
                let section = document.get_ref().get(routes::SECTION);
                let table = section.and_then(|section| section.get_ref().as_table());
                self.faults.extend(table.into_iter().flat_map(|table| self.routes.lay(table, &at)));
            }
            Err(error) => {
                let remedy = "write --set 'routes.\"/people/search\"=free'";
                let wrong = format!("not TOML: {}", error.message().replace('\n', ", "));
                self.refuse(at(0..0), text, wrong, remedy);
            }
        }
    }

    /// Sets a setting, overriding earlier layers and its twin: a secret and the file that holds it
    /// are one setting with two names.
    fn set(&mut self, key: &str, text: String, place: Place) {
        let twin = match key.strip_suffix("_file") {
            Some(secret) => secret.to_owned(),
            None => format!("{key}_file"),
        };
        if self.settings.get(&twin).is_some_and(|set| set.place.is_beside(&place)) {
            let wrong = format!("is set together with {twin}");
            self.refuse(place, key, wrong, "set one of the two");
            return;
        }
        self.settings.remove(&twin);
        self.settings.insert(key.to_owned(), Setting { place, text: text.into() });
    }

    fn refuse_unknown(&mut self, key: &str, place: Place) {
        let nearest = schema::nearest_key(key).map(|key| match place {
            Place::Environment(_) => variable(key),
            _ => key.to_owned(),
        });
        let remedy = meant(nearest, || "see the list in docs/configuration.md".to_owned());
        self.refuse(place, key, "unknown key", remedy);
    }

    fn refuse(
        &mut self,
        place: Place,
        key: &str,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (wrong, remedy) = (wrong.into(), remedy.into());
        self.faults.push(Remark { place, key: key.to_owned(), wrong, remedy });
    }
}

/// Whether Kubernetes sets such variables for a service named `tollgate`, or with that prefix.
fn is_of_kubernetes(path: &str, value: &OsStr) -> bool {
    let is_address = value.to_str().is_some_and(|text| text.contains("://"));
    path.ends_with("SERVICE_HOST")
        || path.contains("SERVICE_PORT")
        || (path.starts_with("PORT") || path.contains("_PORT"))
            && (is_address || path.contains("_TCP") || path.contains("_UDP"))
}

/// The environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

fn meant(nearest: Option<impl AsRef<str>>, otherwise: impl FnOnce() -> String) -> String {
    nearest.map_or_else(otherwise, |nearest| format!("did you mean {}?", nearest.as_ref()))
}

fn a_kind(value: &DeValue<'_>) -> String {
    match value.type_str() {
        kind @ ("integer" | "array") => format!("an {kind}"),
        kind => format!("a {kind}"),
    }
}

fn place_in_file(name: &Arc<str>, text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Place::File {
        name: Arc::clone(name),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}
