//! Runs the `tollgate` command.

use std::process::ExitCode;

use clap::Parser;
use tollgate::app::commands::{Arguments, run};

#[tokio::main]
async fn main() -> ExitCode {
    run(Arguments::parse()).await
}
