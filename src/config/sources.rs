//! Sources: the file, the environment and the flags, before they are parsed.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The sources of settings besides the defaults. Holds secrets, so it has no `Debug`.
#[derive(Default)]
pub struct Sources {
    pub(super) file: Option<(Arc<str>, io::Result<String>)>,
    pub(super) environment: Vec<(String, OsString)>,
    pub(super) flags: Vec<String>,
}

impl Sources {
    /// Only the defaults.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The sources of this process: a file, if one was named, its environment, and flags of the
    /// form `section.key=value`.
    #[must_use]
    pub fn of_process(file: Option<&Path>, flags: Vec<String>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the only place that reads it")]
        let environment = std::env::vars_os();
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        let sources =
            Self::none().with_environment(environment.filter_map(named)).with_flags(flags);
        match file {
            Some(path) => sources.with_file(path),
            None => sources,
        }
    }

    /// With the file at this path. A file that cannot be read is a fault of the configuration.
    #[must_use]
    pub fn with_file(self, path: &Path) -> Self {
        let file = Some((path.display().to_string().into(), std::fs::read_to_string(path)));
        Self { file, ..self }
    }

    /// With this text in place of a file.
    #[must_use]
    pub fn with_text(self, name: &str, text: &str) -> Self {
        Self { file: Some((name.into(), Ok(text.to_owned()))), ..self }
    }

    /// With these variables; variables that do not belong to the gateway are ignored.
    #[must_use]
    pub fn with_environment<N: Into<String>, V: Into<OsString>>(
        self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let environment =
            variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { environment, ..self }
    }

    /// With these flags, each `section.key=value`; a later one overrides an earlier one.
    #[must_use]
    pub fn with_flags<F: Into<String>>(self, flags: impl IntoIterator<Item = F>) -> Self {
        Self { flags: flags.into_iter().map(Into::into).collect(), ..self }
    }
}
