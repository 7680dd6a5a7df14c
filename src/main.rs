//! Runs the `tollgate` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tollgate::app::commands::main()
}
