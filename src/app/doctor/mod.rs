//! `tollgate doctor`: checks the store, the export folder and the vendor of a configuration. It does not
//! change the ledger and sends no request that costs credits.

mod embedded;
mod redis;
mod vendor;

use std::process::ExitCode;

use serde_json::{Value, json};

use super::cli::Output;
use crate::config::{Config, Loaded, StoreUrl};

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Ok,
    /// It works, but is probably not intended.
    Warning,
    /// A gateway would not start or work.
    Fault,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

/// The finding of one check.
#[derive(Debug)]
struct Finding {
    /// The part that was checked.
    part: &'static str,
    level: Level,
    what: String,
    /// The remedy, if one is needed.
    remedy: Option<String>,
}

impl Finding {
    fn ok(part: &'static str, what: impl Into<String>) -> Self {
        Self { part, level: Level::Ok, what: what.into(), remedy: None }
    }

    fn warning(part: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, level: Level::Warning, what: what.into(), remedy: Some(remedy.into()) }
    }

    fn fault(part: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, level: Level::Fault, what: what.into(), remedy: Some(remedy.into()) }
    }
}

/// Runs all checks and prints the findings. The exit code is 1 if there is a fault.
pub(super) async fn doctor(loaded: &Loaded, output: Output) -> anyhow::Result<ExitCode> {
    let config = &loaded.config;
    let remarks = loaded.warnings.iter().map(|remark| {
        let what = format!("{}: {}: {}", remark.place, remark.key, remark.wrong);
        Finding::warning("settings", what, &remark.remedy)
    });
    let mut findings: Vec<_> = remarks.collect();
    if findings.is_empty() {
        findings.push(Finding::ok("settings", "valid"));
    }
    findings.extend(store(config).await);
    findings.extend(export(config));
    findings.push(vendor::look(config).await);
    let is_well = findings.iter().all(|finding| finding.level != Level::Fault);
    output.data(&document(&findings, is_well), |_| shown(&findings))?;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn store(config: &Config) -> Vec<Finding> {
    match &config.store.url {
        StoreUrl::Memory => vec![Finding::warning(
            "store",
            "memory: keeps the ledger only while the process runs",
            "set store.url to a Redis or to embedded:FOLDER",
        )],
        StoreUrl::Embedded(dir) => embedded::look(dir, config.store.reserve).await,
        StoreUrl::Redis(address) => redis::look(config, address).await,
    }
}

/// Checks that the export folder is writable, with an unnamed temporary file.
fn export(config: &Config) -> Option<Finding> {
    let dir = config.ledger.export_dir.as_ref()?;
    let place = dir.display();
    Some(match tempfile::tempfile_in(dir) {
        Ok(_) => Finding::ok("export", format!("{place} is writable")),
        Err(why) => Finding::fault(
            "export",
            format!("{place} is not writable: {why}"),
            "create the folder of ledger.export_dir, writable for the user that runs the gateway",
        ),
    })
}

fn document(findings: &[Finding], is_well: bool) -> Value {
    let shown = |finding: &Finding| {
        let Finding { part, level, what, remedy } = finding;
        json!({"part": part, "level": level.name(), "what": what, "remedy": remedy})
    };
    json!({"ok": is_well, "checks": findings.iter().map(shown).collect::<Vec<_>>()})
}

/// One line per finding, followed by its remedy.
fn shown(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let Finding { part, level, what, remedy } = finding;
        let line = format!("{:<8} {part}: {what}", level.name());
        match remedy {
            Some(remedy) => format!("{line}\n{:<8} {remedy}", ""),
            None => line,
        }
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
