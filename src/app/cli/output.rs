//! Output as tables or as JSON.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Tables, with notes on standard error.
    Text,
    /// JSON, including errors.
    Json,
}

impl Output {
    /// Prints data as JSON, or as the text that `shown` makes of it.
    pub(crate) fn data(self, data: &Value, shown: impl FnOnce(&Value) -> String) -> io::Result<()> {
        let text = match self {
            Self::Text => shown(data),
            Self::Json => format!("{data:#}"),
        };
        writeln!(io::stdout().lock(), "{text}")
    }

    /// Reports success of a request that returns no data.
    pub(crate) fn done(self, data: &Value, sentence: &str) -> io::Result<()> {
        match self {
            Self::Text => {
                self.note(sentence);
                Ok(())
            }
            Self::Json => self.data(data, |_| String::new()),
        }
    }

    /// Prints a note on standard error, but not with JSON.
    pub(crate) fn note(self, sentence: &str) {
        if self == Self::Text {
            // If standard error is closed, the note is lost.
            let _ = writeln!(io::stderr().lock(), "{sentence}");
        }
    }

    /// Prints an error.
    pub(crate) fn error(self, text: &str, problem: &Value) {
        let mut stderr = io::stderr().lock();
        // If standard error is closed, only the exit code reports the fault.
        let _ = match self {
            Self::Text => writeln!(stderr, "Error: {text}"),
            Self::Json => writeln!(stderr, "{problem}"),
        };
    }
}

/// A table. Columns whose heading is in `numbers` are aligned to the right.
pub(super) fn table<const N: usize>(
    headings: [&str; N],
    numbers: &[&str],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headings.map(str::to_uppercase));
    for row in rows {
        table.add_row(row);
    }
    for (column, heading) in table.column_iter_mut().zip(headings) {
        column.set_padding((0, 2));
        if numbers.contains(&heading) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Names and values, one pair per line.
pub(super) fn record<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (name, value) in pairs {
        table.add_row([name.to_owned(), value]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// A value as text. Control characters are replaced, so that they cannot drive the terminal.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.replace(char::is_control, "\u{fffd}"),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// The items of a list.
pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_aligned_to_the_right_and_no_line_ends_in_blanks() {
        let rows = [["sales", "7.5"], ["growth", "12"]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["team", "spent"], &["spent"], rows),
            "TEAM    SPENT\nsales     7.5\ngrowth     12"
        );
    }

    #[test]
    fn no_value_moves_the_cursor() {
        assert_eq!(text(&json!("a\u{1b}[2Jb\n")), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(text(&json!([1.5, "x", null])), "1.5, x, -");
    }
}
