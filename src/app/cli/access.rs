//! Access to a gateway's admin API: its URL and the admin token.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use secrecy::SecretString;
use url::Url;

use super::client::Client;
use super::failure::Failure;

/// The gateway's URL and the credentials for it.
#[derive(Args, Debug)]
pub(crate) struct Access {
    /// The URL of the gateway's operator listener.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "TOLLGATE_URL",
        default_value = "http://127.0.0.1:8081"
    )]
    url: Url,
    #[command(flatten)]
    credentials: Credentials,
}

/// An optional running gateway.
#[derive(Args, Debug)]
pub(crate) struct Running {
    /// The URL of a running gateway's operator listener.
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<Url>,
    #[command(flatten)]
    pub(crate) credentials: Credentials,
}

/// The admin token, and the certificates to trust.
#[derive(Args, Debug)]
pub(crate) struct Credentials {
    /// The admin token. Other users of this machine can see it in the process list: prefer
    /// --token-file, or the variables `TOLLGATE_TOKEN` and `TOLLGATE_TOKEN_FILE`.
    #[arg(long, global = true, value_name = "TOKEN", conflicts_with = "token_file")]
    token: Option<SecretString>,
    /// A file that contains the admin token.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file of CA certificates (PEM) to trust besides the public ones.
    #[arg(long, global = true, value_name = "FILE", env = "TOLLGATE_CA_FILE")]
    ca_file: Option<PathBuf>,
}

/// An action on a running gateway.
#[derive(Args, Debug)]
pub(crate) struct On<A: Subcommand> {
    #[command(flatten)]
    pub(crate) access: Access,
    #[command(subcommand)]
    pub(crate) action: A,
}

/// Access from the environment, without a command.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    access: Access,
}

impl Access {
    /// Reads the environment and the defaults.
    pub(super) fn of_environment() -> Result<Self, Failure> {
        let alone = Alone::try_parse_from(["tollgate"]);
        alone.map(|alone| alone.access).map_err(|why| Failure::Usage(why.to_string()))
    }

    /// A client of the gateway.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        self.credentials.client(&self.url)
    }
}

impl Credentials {
    /// A client of the gateway at this address.
    pub(super) fn client(&self, url: &Url) -> Result<Client, Failure> {
        Client::new(url, self.secret()?, self.ca_file.as_deref())
    }

    fn secret(&self) -> Result<SecretString, Failure> {
        secret(self.token.as_ref(), self.token_file.as_deref(), "TOKEN", "the admin token")
    }
}

/// Reads a secret from a flag, from the file of a flag, or from the environment, in this order. `name`
/// names flag and variable: TOKEN is --token and `TOLLGATE_TOKEN`.
pub(super) fn secret(
    given: Option<&SecretString>,
    file: Option<&Path>,
    name: &str,
    what: &str,
) -> Result<SecretString, Failure> {
    match (given, file) {
        (Some(secret), _) => return Ok(secret.clone()),
        (None, Some(file)) => return read_secret(file),
        (None, None) => {}
    }
    let in_variable = format!("TOLLGATE_{name}");
    if let Some(secret) = variable(&in_variable) {
        let secret = secret.into_string().ok().filter(|secret| !secret.is_empty());
        let wrong = || Failure::Usage(format!("{in_variable} is empty or not UTF-8"));
        return secret.map(SecretString::from).ok_or_else(wrong);
    }
    match variable(&format!("{in_variable}_FILE")) {
        Some(file) => read_secret(Path::new(&file)),
        None => Err(Failure::Usage(format!(
            "{what} is missing: give --{}-file FILE, or set {in_variable} or {in_variable}_FILE",
            name.to_lowercase()
        ))),
    }
}

/// Reads a secret from a file, without the line break at its end.
fn read_secret(file: &Path) -> Result<SecretString, Failure> {
    let unread = |why: &dyn std::fmt::Display| {
        Failure::Usage(format!("the secret in {} cannot be read: {why}", file.display()))
    };
    let text = std::fs::read_to_string(file).map_err(|why| unread(&why))?;
    match text.trim() {
        "" => Err(unread(&"the file is empty")),
        secret => Ok(secret.to_owned().into()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "not settings of the gateway; clap cannot express a flag that overrides two variables"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
