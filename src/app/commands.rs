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
use tokio::net::TcpListener;

use super::adopt::adopt;
use super::failure::in_one_line;
use super::parts::Stores;
use super::signals::{ignore_hangups, told_to_stop, told_to_stop_or_hung_up};
use super::{demo, files, start};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, Sources};
use crate::export::Trust;
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
#[command(name = "tollgate", version, about)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a demo on this machine: sandbox vendor, gateway, a store in a temporary folder and two
    /// teams. It needs no other software and costs nothing.
    Demo,
    /// Run the gateway.
    Serve(Settings),
    /// Run only the sandbox vendor.
    Sandbox {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:8090")]
        listen: SocketAddr,
    },
    /// Validate the configuration; print errors and effective settings.
    Check(Settings),
    /// Recompute the counters from the journal and report differences. The gateway must not be
    /// running; a running gateway is audited at /admin/v1/audit.
    Audit(Settings),
    /// Maintain the ledger.
    #[command(subcommand)]
    Ledger(LedgerCommand),
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Restore the ledger from exported files into an empty store, after the store was lost.
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

/// Does what the arguments say. What went wrong is printed in one line.
pub async fn run(arguments: Arguments) -> ExitCode {
    match act(arguments).await {
        Ok(code) => code,
        Err(error) => {
            // If the output is closed, only the exit code reports the fault.
            let _ = say_error(&format!("Error: {}", in_one_line(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}

async fn act(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Demo => demo::run().await.map(|()| ExitCode::SUCCESS),
        Command::Serve(settings) => with_settings(settings, serve).await,
        Command::Sandbox { listen } => serve_sandbox(listen).await.map(|()| ExitCode::SUCCESS),
        Command::Check(settings) => check(settings),
        Command::Audit(settings) => with_settings(settings, audit_or_say_why_not).await,
        Command::Ledger(LedgerCommand::Adopt { from, unverified, settings }) => {
            let trust = if unverified { Trust::Unverified } else { Trust::Keyed };
            with_settings(settings, async |config| adopt(config, &from, trust).await).await
        }
    }
}

async fn with_settings<F: Future<Output = anyhow::Result<ExitCode>>>(
    settings: Settings,
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
        Err(faults) => {
            say_error(&faults)?;
            Ok(ExitCode::from(WRONG_SETTINGS))
        }
    }
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

fn check(settings: Settings) -> anyhow::Result<ExitCode> {
    match config::load(&sources(settings)) {
        Ok(loaded) => {
            say(&loaded.in_force)?;
            for warning in &loaded.warnings {
                say_error(&format!("warning: {warning}"))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            say_error(&faults)?;
            Ok(ExitCode::from(WRONG_SETTINGS))
        }
    }
}

async fn audit_or_say_why_not(config: Config) -> anyhow::Result<ExitCode> {
    match audit(config).await {
        Ok(code) => Ok(code),
        Err(why) => {
            say_error(&format!("the audit failed: {}", in_one_line(why.as_ref())))?;
            Ok(ExitCode::from(NOT_AUDITED))
        }
    }
}

async fn audit(config: Config) -> anyhow::Result<ExitCode> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let stores =
        Stores::open(&config, &clock, &Arc::new(Metrics::new()), Founding::Refused, None).await?;
    let audit = stores.ledger.audit().await?;
    for mismatch in &audit.mismatches {
        let (tally, by) = (&mismatch.tally, mismatch.by.name());
        let (is, should) = (mismatch.stands, mismatch.should);
        say(&format!(
            "{} {} {}: by the {by}, spent {} should be {}, reserved {} should be {}, unresolved {} \
             should be {}, avoided {} should be {}",
            tally.team,
            tally.unit,
            tally.period,
            is.spent,
            should.spent,
            is.reserved,
            should.reserved,
            is.unresolved,
            should.unresolved,
            is.avoided,
            should.avoided,
        ))?;
    }
    for (stage, job) in &audit.misplaced {
        say(&format!("job {job}: wrongly in the index of {} jobs", stage.name()))?;
    }
    let count = audit.differences();
    say(&format!("{} entries, {} tallies, {count} mismatches", audit.entries, audit.tallies))?;
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints a line for whoever asked.
pub(super) fn say(text: &impl Display) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

fn say_error(text: &impl Display) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr().lock(), "{text}")?)
}
