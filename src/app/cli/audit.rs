//! `tollgate audit --url`: has a running gateway compare its books with the journal.

use std::process::ExitCode;

use serde_json::Value;
use url::Url;

use super::access::Credentials;
use super::failure::Failure;
use super::output::{Output, items, text};

/// Has a running gateway audit its books. The exit code is 1 if they differ.
pub(crate) async fn audit(
    url: &Url,
    credentials: &Credentials,
    output: Output,
) -> Result<ExitCode, Failure> {
    print(&credentials.client(url)?.get(&["admin", "v1", "audit"], &[]).await?, output)
}

/// Prints the result of an audit and returns the exit code.
pub(crate) fn print(found: &Value, output: Output) -> Result<ExitCode, Failure> {
    output.data(found, shown)?;
    Ok(if found["mismatches"] == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One line per difference, then the counts.
fn shown(found: &Value) -> String {
    const NAMES: [&str; 4] = ["spent", "reserved", "unresolved", "avoided"];
    let difference = |one: &Value| {
        let [team, unit, period, by] =
            ["team", "unit", "period", "by"].map(|name| text(&one[name]));
        let sums = NAMES.map(|name| {
            let [is, should] = ["stands", "should"].map(|side| text(&one[side][name]));
            format!("{name} {is} should be {should}")
        });
        format!("{team} {unit} {period}: by the {by}, {}", sums.join(", "))
    };
    let misplaced = |one: &Value| {
        format!("job {}: wrongly in the index of {} jobs", text(&one["job"]), text(&one["stage"]))
    };
    let differences = items(&found["differences"]).map(difference);
    let misplaced = items(&found["misplaced"]).map(misplaced);
    let [entries, tallies, count] =
        ["entries", "tallies", "mismatches"].map(|name| text(&found[name]));
    let sum = format!("{entries} entries, {tallies} tallies, {count} mismatches");
    differences.chain(misplaced).chain([sum]).collect::<Vec<_>>().join("\n")
}
