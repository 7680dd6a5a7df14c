//! Reading: parses the text of settings into typed values and collects every remark.
//!
//! A value that cannot be parsed is a fault. Its default replaces it, so that the other settings
//! are still parsed and checked.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::layers::{Layers, Setting, variable};
use super::remarks::{Place, Remark};
use super::routes::RouteTable;
use super::schema;
use super::values::{Unfit, Value};

/// The effective settings, and the remarks so far.
pub(super) struct Reading {
    pub(super) settings: BTreeMap<String, Setting>,
    pub(super) routes: RouteTable,
    pub(super) faults: Vec<Remark>,
    pub(super) warnings: Vec<Remark>,
}

impl Reading {
    pub(super) fn of(layers: Layers) -> Self {
        let Layers { settings, routes, faults, warnings } = layers;
        Self { settings, routes, faults, warnings }
    }

    /// A setting that has a default.
    pub(super) fn value<T: Value>(&mut self, key: &str) -> T {
        self.optional(key).unwrap_or_else(|| {
            let known = schema::find(key).expect("each setting that is read is in the schema");
            T::read(&known.sample).expect("each default can be read, as a test holds")
        })
    }

    /// A setting without a default.
    pub(super) fn optional<T: Value>(&mut self, key: &str) -> Option<T> {
        let text = self.settings.get(key)?.text.clone();
        let quoted = |Unfit { wrong, remedy }| {
            Unfit::new(format!("{} {wrong}", T::shown(&text)).trim_start(), remedy)
        };
        T::read(&text).map_err(|unfit| self.refuse(&[key], quoted(unfit))).ok()
    }

    /// A secret, given itself or as a file that holds it.
    pub(super) fn secret<T: Value>(&mut self, key: &str) -> Option<T> {
        let file_key = format!("{key}_file");
        let Some(file) = self.settings.get(&file_key) else {
            return self.optional(key);
        };
        let read = std::fs::read_to_string(file.text.as_str()).map(Zeroizing::new).map_err(|why| {
            let wrong = format!("the file \"{}\" cannot be read: {why}", file.text.as_str());
            Unfit::new(wrong, "give the path of a file that contains only the secret")
        });
        read.and_then(|text| T::read(text.trim()))
            .map_err(|unfit| self.refuse(&[&file_key], unfit))
            .ok()
    }

    /// A required secret. If its file cannot be read, it does not also count as missing.
    pub(super) fn required_secret<T: Value + Default>(&mut self, key: &str) -> T {
        let is_file_known = self.faults.iter().all(|fault| !fault.key.is_empty());
        if is_file_known && !self.is_set(key) {
            let remedy = format!("set it, or {key}_file, or {} in the environment", variable(key));
            self.refuse(&[key], Unfit::new("is not set", remedy));
        }
        self.secret(key).unwrap_or_default()
    }

    /// Whether a setting, or the file of a secret, was given.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.settings.contains_key(key) || self.settings.contains_key(&format!("{key}_file"))
    }

    /// Adds a fault about several settings, at the one that has the latest source. Does nothing if
    /// one of them already has a fault, because its value is then only the default.
    pub(super) fn refuse(&mut self, keys: &[&str], unfit: Unfit) {
        self.faults.extend(self.remark(keys, unfit));
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, keys: &[&str], unfit: Unfit) {
        self.warnings.extend(self.remark(keys, unfit));
    }

    /// Adds the faults and warnings of the routes.
    pub(super) fn check_routes(&mut self, requests_per_minute: u32) {
        self.faults.extend(self.routes.faults());
        self.warnings.extend(self.routes.warnings(requests_per_minute));
    }

    fn remark(&self, keys: &[&str], unfit: Unfit) -> Option<Remark> {
        if self.faults.iter().any(|fault| keys.contains(&fault.key.as_str())) {
            return None;
        }
        let place = |key: &&str| {
            self.settings.get(*key).map_or(Place::Nowhere, |setting| setting.place.clone())
        };
        let key = keys.iter().rev().max_by_key(|key| place(key))?;
        let Unfit { wrong, remedy } = unfit;
        Some(Remark { place: place(key), key: (*key).to_owned(), wrong, remedy })
    }
}
