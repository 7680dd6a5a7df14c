//! Remarks: faults and warnings of a configuration, each with its place and its remedy.
//!
//! A remark never shows the value of a secret.

use std::fmt;
use std::sync::Arc;

/// The source of a setting. A later variant overrides an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Nowhere: it has no default and was not set.
    Nowhere,
    /// The built-in defaults.
    Default,
    /// The configuration file.
    File {
        /// The file's path, as it was given.
        name: Arc<str>,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// The environment: the variable's name.
    Environment(String),
    /// A flag: its key.
    Flag(String),
}

impl Place {
    /// Whether both have the same source, so that neither overrides the other.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str("not set"),
            Self::Default => f.write_str("default"),
            Self::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(key) => write!(f, "--set {key}"),
        }
    }
}

/// One fault or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where it is.
    pub place: Place,
    /// The setting that it is about; empty if a file cannot be parsed as TOML.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Remark {
    /// As in `tollgate.toml:3:1: vendor.timout: unknown key; did you mean vendor.timeout?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place != Place::Nowhere {
            write!(f, "{}: ", self.place)?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}; {}", self.wrong, self.remedy)
    }
}

/// Why a configuration cannot be used: every fault, in the order of their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<Remark>);

impl Faults {
    /// The faults in the order of their places.
    pub(super) fn new(mut faults: Vec<Remark>) -> Self {
        faults.sort_by(|a, b| a.place.cmp(&b.place));
        Self(faults)
    }

    /// Each of them; there is at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[Remark] {
        &self.0
    }
}

impl fmt::Display for Faults {
    /// One line for each, then their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(f, "{fault}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 fault in the configuration"),
            count => write!(f, "{count} faults in the configuration"),
        }
    }
}

impl std::error::Error for Faults {}
