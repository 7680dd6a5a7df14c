//! Reads a file of leads, CSV or JSON, as headings and rows.

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::{Encoding, WINDOWS_1252};
use serde_json::{Deserializer, Map, Value};

use super::columns::Columns;

/// The separators that are tried.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The headings must be within so many rows. Some exports begin with notes.
const HEADINGS_WITHIN: usize = 20;

/// The first line in which Excel declares the separator.
const SEPARATOR_LINE: &str = "sep=";

/// Headings and rows.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) headings: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// What row numbers count: `line` or `item`.
    pub(super) counted: &'static str,
}

/// A row that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its line in a CSV file or its position in a list, from 1.
    pub(super) number: u64,
    pub(super) cells: Vec<String>,
}

/// Decodes a file. Without a byte order mark it is UTF-8, or else Windows-1252, which Excel writes in
/// Western languages.
pub(super) fn decode(bytes: &[u8]) -> String {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => encoding_rs::UTF_8,
        None => WINDOWS_1252,
    };
    encoding.decode(bytes).0.into_owned()
}

impl Sheet {
    /// Reads JSON if the text begins like it, else CSV.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with(['[', '{']) { Self::json(text) } else { Self::csv(text) }
    }

    /// The first non-blank value of a column.
    pub(super) fn sample(&self, column: usize) -> Option<&str> {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        cells.map(|cell| cell.trim()).find(|cell| !cell.is_empty())
    }

    fn csv(text: &str) -> Result<Self, String> {
        let first = text.lines().next().unwrap_or_default().trim_matches('"');
        let (separators, passed_over) = match first.strip_prefix(SEPARATOR_LINE).map(str::as_bytes)
        {
            Some([separator]) => (vec![*separator], 1),
            _ => (SEPARATORS.to_vec(), 0),
        };
        let found = separators.into_iter().filter_map(|separator| {
            let rows = rows(text, separator).skip(passed_over).take(HEADINGS_WITHIN);
            let known = rows.map(|row| Columns::of(&row.cells, |_| Some("linkedin.com/")).count());
            // The row with the most known headings, the first of them.
            let (place, known) =
                known.enumerate().max_by_key(|(at, known)| (*known, HEADINGS_WITHIN - at))?;
            (known > 0).then_some((known, separator, place + passed_over))
        });
        // The separator with the most, the first of them.
        let best = found.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((_, separator, place)) = best else {
            return Err(
                "no known heading in the first rows, such as Email, LinkedIn URL, First Name, \
                        Company or Website"
                    .to_owned(),
            );
        };
        let mut rows = rows(text, separator).skip(place);
        let headings = rows.next().map(|row| row.cells).unwrap_or_default();
        Ok(Self { headings, rows: rows.collect(), counted: "line" })
    }

    /// Reads a list of objects, an object with a list in `leads`, or one object after another.
    fn json(text: &str) -> Result<Self, String> {
        let mut objects: Vec<Map<String, Value>> = Vec::new();
        for value in Deserializer::from_str(text).into_iter::<Value>() {
            let items = match value.map_err(|why| format!("it is not JSON: {why}"))? {
                Value::Array(items) => items,
                Value::Object(mut object) => match object.remove("leads") {
                    Some(Value::Array(leads)) => leads,
                    Some(other) => {
                        object.insert("leads".to_owned(), other);
                        vec![Value::Object(object)]
                    }
                    None => vec![Value::Object(object)],
                },
                _ => return Err("it is JSON, but not a list of objects".to_owned()),
            };
            for item in items {
                let Value::Object(object) = item else {
                    return Err("it is JSON, but not every item is an object".to_owned());
                };
                objects.push(object);
            }
        }
        let mut headings: Vec<String> = Vec::new();
        for name in objects.iter().flat_map(Map::keys) {
            if !headings.contains(name) {
                headings.push(name.clone());
            }
        }
        let row = |(number, object): (u64, &Map<String, Value>)| Row {
            number,
            cells: headings.iter().map(|name| cell(object.get(name))).collect(),
        };
        let rows = (1..).zip(&objects).map(row).collect();
        Ok(Self { headings, rows, counted: "item" })
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The rows that are not blank.
fn rows(text: &str, separator: u8) -> impl Iterator<Item = Row> {
    let mut reader = ReaderBuilder::new();
    reader.delimiter(separator).has_headers(false).flexible(true);
    let records = reader.from_reader(text.as_bytes()).into_records();
    // Reading UTF-8 from memory does not fail.
    records.filter_map(Result::ok).filter_map(|record: StringRecord| {
        let is_blank = record.iter().all(|cell| cell.trim().is_empty());
        let number = record.position().map_or(0, |at| line(text, at));
        let cells = record.iter().map(str::to_owned).collect();
        (!is_blank).then_some(Row { number, cells })
    })
}

/// The line of a record. Its position is before preceding empty lines.
fn line(text: &str, at: &csv::Position) -> u64 {
    let start = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let before = text.as_bytes().get(start..).unwrap_or_default().iter();
    let empty = before.take_while(|byte| b"\r\n".contains(byte)).filter(|byte| **byte == b'\n');
    (at.line()..).nth(empty.count()).unwrap_or(at.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<(u64, Vec<String>)>) {
        let sheet = Sheet::read(text).unwrap();
        (sheet.headings, sheet.rows.into_iter().map(|row| (row.number, row.cells)).collect())
    }

    fn cells(cells: [&str; 2]) -> Vec<String> {
        cells.map(str::to_owned).into()
    }

    #[test]
    fn every_dialect_is_the_same_sheet() {
        let wanted = (cells(["Email", "Company"]), vec![(2, cells(["ada@x.io", "X, \"Y\"; Z"]))]);
        for text in [
            "Email,Company\nada@x.io,\"X, \"\"Y\"\"; Z\"\n",
            "Email;Company\r\nada@x.io;\"X, \"\"Y\"\"; Z\"\r\n",
            "Email\tCompany\nada@x.io\t\"X, \"\"Y\"\"; Z\"",
        ] {
            assert_eq!(read(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn notes_before_the_headings_and_blank_rows_are_passed_over() {
        let text = "Notes:\n\"When exporting your data, some may be missing.\"\n\n\
                    First Name,Last Name\nAda,Lovelace\n,\n\nGrace,Hopper\n";
        let (headings, rows) = read(text);
        assert_eq!(headings, cells(["First Name", "Last Name"]));
        assert_eq!(rows, [(5, cells(["Ada", "Lovelace"])), (8, cells(["Grace", "Hopper"]))]);
        let excel = read("sep=;\nEmail;Company\na@x.io;A,B\n");
        assert_eq!(excel.1, [(3, cells(["a@x.io", "A,B"]))]);
    }

    #[test]
    fn what_excel_writes_is_decoded() {
        let text = "Prénom;Société\nAda;Café\n";
        let utf_16: Vec<u8> = "\u{feff}"
            .encode_utf16()
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let western: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        for bytes in
            [text.as_bytes().to_vec(), [b"\xef\xbb\xbf", text.as_bytes()].concat(), utf_16, western]
        {
            assert_eq!(decode(&bytes), text);
        }
    }

    #[test]
    fn lists_of_objects_are_sheets_too() {
        let wanted = (
            cells(["email", "Company"]),
            vec![(1, cells(["ada@x.io", ""])), (2, cells(["", "X"]))],
        );
        for text in [
            r#"[{"email": "ada@x.io"}, {"email": null, "Company": "X"}]"#,
            r#"{"leads": [{"email": "ada@x.io"}, {"email": null, "Company": "X"}]}"#,
            "{\"email\": \"ada@x.io\"}\n{\"email\": null, \"Company\": \"X\"}\n",
        ] {
            assert_eq!(read(text), wanted, "{text:?}");
        }
        for text in ["[1]", "{", "[{\"email\": \"a\"}] 7"] {
            assert!(Sheet::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_file_without_a_known_heading_is_refused() {
        for text in ["", "a,b\n1,2\n", "ada@x.io\ngrace@x.io\n"] {
            assert!(Sheet::read(text).unwrap_err().contains("heading"), "{text:?}");
        }
    }
}
