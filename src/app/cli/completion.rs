//! Shell completion, including the names of the gateway's teams.

use std::io;
use std::time::Duration;

use clap::{Args, CommandFactory};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::Shells;
use tokio::time::timeout;

use super::access::Access;
use super::failure::Failure;
use super::output::{items, text};
use super::teams;

/// The variable that requests candidates.
const VARIABLE: &str = "TOLLGATE_COMPLETE";

/// The longest wait for team names at a prompt.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The shell to print a script for.
#[derive(Args, Debug)]
pub(crate) struct Completion {
    /// The shell.
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    shell: String,
}

/// Prints candidates and ends the process if a shell requests them. Call it before there is a second
/// thread, since it changes the environment.
pub(crate) fn answer_shell<C: CommandFactory>() {
    CompleteEnv::with_factory(C::command).var(VARIABLE).complete();
}

/// Prints the completion script of a shell.
pub(crate) fn completion(asked: &Completion) -> Result<(), Failure> {
    let shells = Shells::builtins();
    let shell = shells.completer(&asked.shell).expect("each shell of the argument is built in");
    let name = "tollgate";
    Ok(shell.write_registration(VARIABLE, name, name, name, &mut io::stdout().lock())?)
}

/// Completes a team's name. URL and token come from the environment, since clap does not pass the
/// other words of the line.
pub(super) fn team_names() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // The timeout needs the runtime's timer from the start.
        let ask = async { timeout(TIMEOUT, names()).await };
        let names = runtime.map(|runtime| runtime.block_on(ask));
        let names = names.ok().and_then(Result::ok).and_then(Result::ok).unwrap_or_default();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}

async fn names() -> Result<Vec<String>, Failure> {
    let teams = teams::all(&Access::of_environment()?.client()?).await?;
    Ok(items(&teams["teams"]).map(|team| text(&team["team"])).collect())
}
