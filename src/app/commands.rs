//! The commands, from settings to what is printed and the exit code.

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::adopt::adopt;
use super::cli::{
    self, Adjustment, BatchAction, Completion, Estimate, Failure, HealthUrl, KeyAction, On, Output,
    PersonAction, QuotaAction, Running, TeamAction, UsageOf, adjust, answer_shell, completion,
    estimate, health, print_audit, print_usage_error, problem, url_of, usage,
};
use super::doctor::doctor;
use super::failure::in_one_line;
use super::parts::Stores;
use super::signals::{ignore_hangups, told_to_stop, told_to_stop_or_hung_up};
use super::{demo, files, start};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, Faults, Place, Remark, Sources};
use crate::export::Trust;
use crate::http::audit_shown;
use crate::ledger::Ledger;
use crate::ledger::redis::Founding;
use crate::sandbox::{self, Sandbox};
use crate::telemetry::logs;
use crate::telemetry::metrics::Metrics;

/// The settings are wrong, and nothing was done.
const WRONG_SETTINGS: u8 = 2;

/// The books could not be read: nobody can say whether they agree.
const NOT_AUDITED: u8 = 2;

/// HTTP gateway in front of the Amplemarket API. No lead is paid for twice, no team exceeds its
/// quota, and every half-credit is recorded in a ledger.
#[derive(Debug, Parser)]
#[command(
    name = "tollgate",
    version,
    about,
    after_help = "Exit codes: 0 success; 1 refused or failed; 2 wrong arguments or settings, nothing was \
                  done; 3 no gateway answers."
)]
pub struct Arguments {
    /// Print data and errors as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a demo on this machine: sandbox vendor, gateway, a store in a temporary folder and two
    /// teams. It needs no other software and costs nothing.
    #[command(after_help = "Examples:\n  tollgate demo")]
    Demo,
    /// Run the gateway.
    #[command(after_help = "Examples:
  tollgate serve --config /etc/tollgate/tollgate.toml
  tollgate serve --set store.url=redis://127.0.0.1:6379")]
    Serve(Settings),
    /// Run only the sandbox vendor.
    #[command(after_help = "Examples:\n  tollgate sandbox --listen 127.0.0.1:8090")]
    Sandbox {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
    },
    /// Validate the configuration; print errors and effective settings.
    #[command(after_help = "Examples:
  tollgate check --config /etc/tollgate/tollgate.toml
  tollgate check --json")]
    Check(Settings),
    /// Check the store and its settings, the export folder, and the vendor and its key. Prints a remedy
    /// for each fault, and exits with 1 if there is one.
    #[command(after_help = "Examples:
  tollgate doctor --config /etc/tollgate/tollgate.toml
  tollgate doctor --json")]
    Doctor(Settings),
    /// Check that a gateway's process answers, at the address in the settings. For containers: exits
    /// with 1 if it does not.
    #[command(after_help = "Examples:
  tollgate health
  tollgate health --config /etc/tollgate/tollgate.toml
  tollgate health --url http://127.0.0.1:8081")]
    Health {
        #[command(flatten)]
        at: HealthUrl,
        #[command(flatten)]
        settings: Settings,
    },
    /// Manage teams.
    Team(On<TeamAction>),
    /// Manage the keys of a team.
    Key(On<KeyAction>),
    /// Manage the quotas of a team.
    Quota(On<QuotaAction>),
    /// Show what teams have spent, and what is left of their quotas.
    #[command(after_help = "Examples:
  tollgate usage
  tollgate usage sales
  tollgate usage --json | jq '.teams[] | {team, spent: .totals.email.spent}'")]
    Usage(UsageOf),
    /// List, show, cancel and resolve batches.
    Batch(On<BatchAction>),
    /// Erase a person's data.
    Person(On<PersonAction>),
    /// Estimate what enriching a file of leads would cost a team now. Nothing is reserved or sent.
    #[command(after_help = "Examples:
  tollgate estimate leads.csv --reveal-email
  tollgate estimate hubspot-export.csv --reveal-email --reveal-phone-numbers --json
  tollgate estimate leads.json --url http://tollgate.example --key-file key")]
    Estimate(Estimate),
    /// Recompute the counters from the journal and report differences. With --url a running gateway
    /// audits itself; without it the gateway must not be running.
    #[command(after_help = "Examples:
  tollgate audit --config /etc/tollgate/tollgate.toml
  tollgate audit --url http://127.0.0.1:8081 --token-file admin-token")]
    Audit {
        #[command(flatten)]
        running: Running,
        #[command(flatten)]
        settings: Settings,
    },
    /// Maintain the ledger.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Print a completion script for a shell. It completes commands, flags and team names.
    #[command(after_help = "Examples:
  source <(tollgate completion bash)
  tollgate completion zsh > ~/.zfunc/_tollgate
  tollgate completion fish > ~/.config/fish/completions/tollgate.fish")]
    Completion(Completion),
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Book a correction of a team's spend.
    #[command(after_help = "Examples:
  tollgate ledger adjust sales --unit email --amount -2.5 --reason 'credit note 17'
  tollgate ledger adjust sales --unit phone --amount 3 --reason 'invoice 2026-11'")]
    Adjust(Adjustment),
    /// Restore the ledger from exported files into an empty store, after the store was lost.
    #[command(after_help = "Examples:
  tollgate ledger adopt --from /backup/export --config /etc/tollgate/tollgate.toml")]
    Adopt {
        /// The folder of the exported files.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Accept files that cannot be verified: files of an earlier version, or written under another
        /// security.secret. Anyone with access to the folder could have changed them.
        #[arg(long)]
        unverified: bool,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Args, Debug)]
struct Settings {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting; overrides the file and the environment.
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
}

/// Parses the arguments of the process, runs the command and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    answer_shell::<Arguments>();
    match Arguments::try_parse() {
        Ok(arguments) => match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime.block_on(run(arguments)),
            Err(why) => failed(&why, Output::Text),
        },
        Err(error) => print_usage_error(&error, asked_output()),
    }
}

/// The output format of arguments that cannot be parsed.
fn asked_output() -> Output {
    if std::env::args_os().any(|argument| argument == "--json") {
        Output::Json
    } else {
        Output::Text
    }
}

/// Runs the command. Errors are printed on standard error.
async fn run(arguments: Arguments) -> ExitCode {
    let output = if arguments.json { Output::Json } else { Output::Text };
    match act(arguments.command, output).await {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<Failure>() {
            Some(failure) => failure.report(output),
            None => failed(error.as_ref(), output),
        },
    }
}

fn failed(error: &(dyn std::error::Error + 'static), output: Output) -> ExitCode {
    let line = in_one_line(error);
    output.error(&line, &problem("failed", "Failed", &line));
    ExitCode::FAILURE
}

async fn act(command: Command, output: Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo => demo::run().await?,
        Command::Serve(settings) => return with_settings(settings, output, serve).await,
        Command::Sandbox { listen } => serve_sandbox(listen).await?,
        Command::Check(settings) => return check(settings, output),
        Command::Doctor(settings) => match config::load(&sources(settings)) {
            Ok(loaded) => return doctor(&loaded, output).await,
            Err(faults) => return Ok(refuse(&faults, output)),
        },
        Command::Health { at: HealthUrl { url: Some(url) }, .. } => {
            return Ok(health(&url, output).await?);
        }
        Command::Health { settings, .. } => match config::load(&sources(settings)) {
            Ok(loaded) => return Ok(health(&url_of(&loaded.config.server), output).await?),
            Err(faults) => return Ok(refuse(&faults, output)),
        },
        Command::Team(team) => team.run(output).await?,
        Command::Key(key) => key.run(output).await?,
        Command::Quota(quota) => quota.run(output).await?,
        Command::Usage(of) => usage(of, output).await?,
        Command::Batch(batch) => batch.run(output).await?,
        Command::Person(person) => person.run(output).await?,
        Command::Estimate(asked) => estimate(asked, output).await?,
        Command::Audit { running, settings } => {
            if let Some(url) = &running.url {
                return Ok(cli::audit(url, &running.credentials, output).await?);
            }
            let audit = async |config| audit_or_say_why_not(config, output).await;
            return with_settings(settings, output, audit).await;
        }
        Command::Ledger(LedgerCommand::Adjust(adjustment)) => adjust(adjustment, output).await?,
        Command::Ledger(LedgerCommand::Adopt { from, unverified, settings }) => {
            let trust = if unverified { Trust::Unverified } else { Trust::Keyed };
            let adopt = async |config| adopt(config, &from, trust, output).await;
            return with_settings(settings, output, adopt).await;
        }
        Command::Completion(shell) => completion(&shell)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn with_settings<F: Future<Output = anyhow::Result<ExitCode>>>(
    settings: Settings,
    output: Output,
    act: impl FnOnce(Config) -> F,
) -> anyhow::Result<ExitCode> {
    match config::load(&sources(settings)) {
        Ok(loaded) => {
            logs::start(&loaded.config.telemetry)?;
            for warning in &loaded.warnings {
                tracing::warn!("{warning}");
            }
            act(loaded.config).await
        }
        Err(faults) => Ok(refuse(&faults, output)),
    }
}

/// Prints all faults of the configuration.
fn refuse(faults: &Faults, output: Output) -> ExitCode {
    match output {
        // If standard error is closed, only the exit code reports the fault.
        Output::Text => drop(say_error(faults)),
        Output::Json => {
            let mut problem = problem("invalid_settings", "Invalid Settings", &faults.to_string());
            problem["errors"] = faults.as_slice().iter().map(remark).collect();
            output.error("", &problem);
        }
    }
    ExitCode::from(WRONG_SETTINGS)
}

fn remark(remark: &Remark) -> Value {
    let Remark { place, key, wrong, remedy } = remark;
    json!({"place": place.to_string(), "key": key, "wrong": wrong, "remedy": remedy})
}

fn sources(settings: Settings) -> Sources {
    Sources::of_process(settings.config.as_deref(), settings.set)
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    ignore_hangups();
    files::write_no_core_dumps();
    // From before the first listener, so that no signal ends a process that serves already.
    let mut told_to_stop = pin!(told_to_stop());
    let app = tokio::select! {
        app = start(&config, Arc::new(SystemClock::default())) => app?,
        _ = &mut told_to_stop => return Ok(ExitCode::SUCCESS),
    };
    app.run(told_to_stop).await?;
    Ok(ExitCode::SUCCESS)
}

async fn serve_sandbox(listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("--listen {listen}"))?;
    let address = listener.local_addr()?;
    say(&format!("the sandbox vendor serves on http://{address}; its bill: /sandbox/bill"))?;
    let stopped = async {
        told_to_stop_or_hung_up().await;
    };
    sandbox::serve(listener, Sandbox::new(sandbox::Options::default()), stopped).await?;
    Ok(())
}

fn check(settings: Settings, output: Output) -> anyhow::Result<ExitCode> {
    let loaded = match config::load(&sources(settings)) {
        Ok(loaded) => loaded,
        Err(faults) => return Ok(refuse(&faults, output)),
    };
    let setting = |(key, value, place): (String, Option<toml::Value>, &Place)| json!({"key": key, "value": value, "place": place.to_string()});
    let data = json!({
        "settings": loaded.in_force.settings().map(setting).collect::<Vec<_>>(),
        "warnings": loaded.warnings.iter().map(remark).collect::<Vec<_>>(),
    });
    output.data(&data, |_| loaded.in_force.to_string())?;
    for warning in &loaded.warnings {
        output.note(&format!("warning: {warning}"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn audit_or_say_why_not(config: Config, output: Output) -> anyhow::Result<ExitCode> {
    match audit(config).await {
        Ok(found) => Ok(print_audit(&found, output)?),
        Err(why) => {
            let line = format!("the audit failed: {}", in_one_line(why.as_ref()));
            output.error(&line, &problem("not_audited", "Not Audited", &line));
            Ok(ExitCode::from(NOT_AUDITED))
        }
    }
}

async fn audit(config: Config) -> anyhow::Result<Value> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let stores =
        Stores::open(&config, &clock, &Arc::new(Metrics::new()), Founding::Refused, None).await?;
    Ok(serde_json::to_value(audit_shown(&stores.ledger.audit().await?))?)
}

/// Prints a line for whoever asked.
pub(super) fn say(text: &impl Display) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

fn say_error(text: &impl Display) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr().lock(), "{text}")?)
}
