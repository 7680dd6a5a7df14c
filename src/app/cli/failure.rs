//! Failures of commands: their text, their JSON and their exit codes.

use std::fmt;
use std::io;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::Output;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The gateway refused the request, with these problem details.
    Refused(Value),
    /// The arguments are wrong or the action was not confirmed. Nothing was done.
    Usage(String),
    /// No gateway answers.
    Unreachable(String),
    /// Standard output cannot be written.
    Output(io::Error),
}

/// The exit codes, besides 0 and 1.
const USAGE: u8 = 2;
const UNREACHABLE: u8 = 3;

impl Failure {
    /// Prints the failure and returns the exit code.
    pub(crate) fn report(&self, output: Output) -> ExitCode {
        if let Self::Output(error) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            // The reader stopped early, as `head` does.
            return ExitCode::SUCCESS;
        }
        output.error(&self.to_string(), &self.problem());
        match self {
            Self::Refused(_) | Self::Output(_) => ExitCode::FAILURE,
            Self::Usage(_) => ExitCode::from(USAGE),
            Self::Unreachable(_) => ExitCode::from(UNREACHABLE),
        }
    }

    /// The failure as problem details (RFC 9457). Only the gateway's own have a status.
    fn problem(&self) -> Value {
        let ours = |code, title| problem(code, title, &self.to_string());
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::Usage(_) => ours("usage", "Usage"),
            Self::Unreachable(_) => ours("unreachable", "Unreachable"),
            Self::Output(_) => ours("output", "Output"),
        }
    }
}

/// Problem details of the command's own, without a status.
pub(crate) fn problem(code: &str, title: &str, detail: &str) -> Value {
    let r#type = format!("urn:tollgate:problem:{code}");
    json!({"type": r#type, "title": title, "code": code, "detail": detail})
}

/// Prints a parse error and returns the exit code. Help and version are printed unchanged.
pub(crate) fn print_usage_error(error: &clap::Error, output: Output) -> ExitCode {
    if error.use_stderr() && output == Output::Json {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned();
        return Failure::Usage(text).report(output);
    }
    // If the output is closed, only the exit code reports the fault.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => write_problem(problem, f),
            Self::Usage(why) | Self::Unreachable(why) => f.write_str(why),
            Self::Output(why) => write!(f, "the output cannot be written: {why}"),
        }
    }
}

/// As in `404 not_found: There is no such team`, and one line per fault.
fn write_problem(problem: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    write!(f, "{} {}: {}", problem["status"], text(&problem["code"]), text(&problem["detail"]))?;
    for fault in problem["errors"].as_array().into_iter().flatten() {
        let place = match text(&fault["pointer"]) {
            pointer if pointer.is_empty() => String::new(),
            pointer => format!("{pointer}: "),
        };
        write!(f, "\n  {place}{}: {}", text(&fault["code"]), text(&fault["detail"]))?;
    }
    Ok(())
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_printed_with_each_place() {
        let refused = Failure::Refused(json!({
            "type": "urn:tollgate:problem:invalid_request", "title": "Invalid Request",
            "status": 400, "code": "invalid_request", "detail": "The request has faults",
            "errors": [
                {"code": "invalid_field", "detail": "a unit is one of: email, phone", "pointer": "/unit"},
                {"code": "type_error", "detail": "Expected an object", "pointer": ""},
            ],
        }));
        assert_eq!(
            refused.to_string(),
            "400 invalid_request: The request has faults\n  \
             /unit: invalid_field: a unit is one of: email, phone\n  \
             type_error: Expected an object"
        );
    }

    #[test]
    fn what_no_gateway_answered_is_a_problem_without_a_status() {
        let problem = Failure::Unreachable("nothing listens".to_owned()).problem();
        assert_eq!(problem["code"], "unreachable");
        assert_eq!(problem["detail"], "nothing listens");
        assert_eq!(problem.get("status"), None);
    }
}
