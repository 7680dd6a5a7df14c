//! Confirmation of actions that cannot be undone.

use std::io::{self, IsTerminal, Write};

use clap::Args;

use super::failure::Failure;

/// Whether to run without a question.
#[derive(Args, Debug)]
pub(crate) struct Confirmation {
    /// Do not ask for confirmation. Required without a terminal.
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Asks for confirmation unless --yes was given. `what` is like `Close team sales`.
    pub(super) fn ask(&self, what: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Failure::Usage(format!(
                "{what}: this cannot be undone and there is no terminal to confirm it; use --yes"
            )));
        }
        write!(io::stderr(), "{what}? This cannot be undone. [y/N] ")?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        if is_yes(&answer) {
            Ok(())
        } else {
            Err(Failure::Usage("not confirmed: nothing was done".to_owned()))
        }
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "Y", " yes \r\n", "YES"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n", "yess", "ja", "1"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }
}
