//! `tollgate estimate`: the cost of enriching a file of leads now.

mod columns;
mod sheet;
mod sum;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use url::Url;

use self::columns::Columns;
use self::sheet::{Sheet, decode};
use self::sum::Sum;
use super::access::secret;
use super::client::Client;
use super::failure::Failure;
use super::output::Output;
use crate::domain::lead::{Field, Fields, Lead};

/// The leads per request: the default of `server.leads_max`. A gateway that accepts fewer refuses the
/// request, and smaller parts are sent.
const LEADS_MAX: usize = 10_000;

/// The file and the team's key.
#[derive(Args, Debug)]
pub(crate) struct Estimate {
    /// The leads as CSV or JSON, with the headings of common CRM exports. - reads standard input.
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    /// Include the reveal of email addresses.
    #[arg(long)]
    reveal_email: bool,
    /// Include the reveal of phone numbers.
    #[arg(long)]
    reveal_phone_numbers: bool,
    /// The URL of the gateway's caller listener.
    #[arg(long, value_name = "URL", env = "TOLLGATE_URL", default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// A key of the team. Other users of this machine can see it in the process list: prefer --key-file,
    /// or the variables `TOLLGATE_KEY` and `TOLLGATE_KEY_FILE`.
    #[arg(long, value_name = "KEY", conflicts_with = "key_file")]
    key: Option<SecretString>,
    /// A file that contains the key.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file of CA certificates (PEM) to trust besides the public ones.
    #[arg(long, value_name = "FILE", env = "TOLLGATE_CA_FILE")]
    ca_file: Option<PathBuf>,
}

/// The leads of a file, and the rows that were left out.
struct Leads {
    /// Each lead with the number of its row.
    identified: Vec<(u64, Value)>,
    /// Rows that identify no person.
    nameless: Vec<u64>,
    /// Rows with an invalid value: an email address without an @, or a text that is too long.
    unusable: Vec<u64>,
}

/// Prints the estimate for a file.
pub(crate) async fn estimate(asked: Estimate, output: Output) -> Result<(), Failure> {
    let key = secret(asked.key.as_ref(), asked.key_file.as_deref(), "KEY", "the team's key")?;
    let client = Client::new(&asked.url, key, asked.ca_file.as_deref())?;
    let shown_name = asked.file.display();
    let wrong = |why: &str| Failure::Usage(format!("{shown_name}: {why}"));
    let text = decode(&read(&asked.file).map_err(|why| wrong(&why.to_string()))?);
    let sheet = Sheet::read(&text).map_err(|why| wrong(&why))?;
    let columns = Columns::of(&sheet.headings, |column| sheet.sample(column));
    let leads = leads_of(&sheet, &columns);
    let about = about(&sheet, &columns, &leads);
    note(output, &about, sheet.counted);
    if leads.identified.is_empty() {
        return Err(wrong("no row has an email, LinkedIn URL or name"));
    }
    let reveals = (asked.reveal_email, asked.reveal_phone_numbers);
    let sum = ask(&client, &leads.identified, reveals, sheet.counted).await?;
    if sum.parts > 1 {
        output.note(&format!(
            "estimated in {} parts: a person in two parts is counted twice",
            sum.parts
        ));
    }
    output.data(&sum.document(&about), sum::shown)?;
    Ok(())
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file)
}

fn leads_of(sheet: &Sheet, columns: &Columns) -> Leads {
    let mut found = Leads { identified: Vec::new(), nameless: Vec::new(), unusable: Vec::new() };
    for row in &sheet.rows {
        let mut fields = columns.read(&row.cells);
        if let Err(faults) = Lead::new(fields.clone()) {
            found.unusable.push(row.number);
            for fault in faults {
                fields[fault.field()] = None;
            }
        }
        let names = [Field::Email, Field::LinkedinUrl, Field::Name];
        if names.into_iter().all(|field| fields[field].is_none()) {
            found.nameless.push(row.number);
        } else {
            found.identified.push((row.number, lead(&fields)));
        }
    }
    found
}

fn lead(fields: &Fields) -> Value {
    let given = |field: Field| Some((field.name().to_owned(), fields[field].clone()?.into()));
    Value::Object(Field::ALL.into_iter().filter_map(given).collect::<Map<_, _>>())
}

/// The columns and rows that were used and left out.
fn about(sheet: &Sheet, columns: &Columns, leads: &Leads) -> Value {
    let name = |column: &usize| sheet.headings[*column].trim().to_owned();
    let mut taken = Map::new();
    let mut is_taken = vec![false; sheet.headings.len()];
    for (field, places) in columns.taken() {
        for place in &places {
            is_taken[*place] = true;
        }
        taken.insert(field.name().to_owned(), places.iter().map(name).collect());
    }
    let left = (0..is_taken.len()).filter(|column| !is_taken[*column]).map(|column| name(&column));
    json!({
        "rows": sheet.rows.len(),
        "columns": taken,
        "columns_left": left.filter(|name| !name.is_empty()).collect::<Vec<_>>(),
        "rows_without_identity": leads.nameless,
        "rows_with_unusable_values": leads.unusable,
    })
}

/// Prints notes about the columns and rows.
fn note(output: Output, about: &Value, counted: &str) {
    let list = |value: &Value| {
        let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        names.collect::<Vec<_>>().join(", ")
    };
    for (field, headings) in about["columns"].as_object().into_iter().flatten() {
        output.note(&format!("{field}: {}", list(headings)));
    }
    if about["columns_left"] != json!([]) {
        output.note(&format!("not used: {}", list(&about["columns_left"])));
    }
    for (name, what) in [
        ("rows_without_identity", "have no email, LinkedIn URL or name and are left out"),
        (
            "rows_with_unusable_values",
            "have an invalid email address or a text that is too long, which is left out",
        ),
    ] {
        let rows = about[name].as_array().map(Vec::as_slice).unwrap_or_default();
        if !rows.is_empty() {
            let rows_max = 10;
            let shown = rows.iter().take(rows_max).map(Value::to_string).collect::<Vec<_>>();
            let more = rows.len().saturating_sub(rows_max);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let (count, all) = (rows.len(), &about["rows"]);
            let shown = shown.join(", ");
            output.note(&format!("{count} of {all} rows {what}: {counted} {shown}{more}"));
        }
    }
}

/// Estimates all leads, in as few parts as the gateway accepts.
async fn ask(
    client: &Client,
    leads: &[(u64, Value)],
    (email, phones): (bool, bool),
    counted: &str,
) -> Result<Sum, Failure> {
    let mut sum = Sum::default();
    let (mut rest, mut size) = (leads, LEADS_MAX);
    while !rest.is_empty() {
        let (part, after) = rest.split_at(size.min(rest.len()));
        let body = json!({
            "leads": part.iter().map(|(_, lead)| lead).collect::<Vec<_>>(),
            "reveal_email": email,
            "reveal_phone_numbers": phones,
        });
        match client.post(&["gateway", "v1", "estimates"], &body).await {
            Ok(answer) => {
                sum.add(&answer);
                rest = after;
            }
            Err(Failure::Refused(problem)) if is_too_much(&problem) && part.len() > 1 => {
                size = part.len().div_ceil(2);
            }
            Err(Failure::Refused(problem)) => return Err(placed(problem, part, counted)),
            Err(failure) => return Err(failure),
        }
    }
    Ok(sum)
}

fn is_too_much(problem: &Value) -> bool {
    let is_of_leads = |code: &Value| code == "too_many_leads";
    problem["status"] == 413
        || is_of_leads(&problem["code"])
        || problem["errors"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| is_of_leads(&one["code"])))
}

/// An error with the rows of the file in its details.
fn placed(mut problem: Value, part: &[(u64, Value)], counted: &str) -> Failure {
    for fault in problem["errors"].as_array_mut().into_iter().flatten() {
        let pointer = fault["pointer"].as_str().unwrap_or_default();
        let index = pointer.strip_prefix("/leads/").and_then(|rest| rest.split('/').next());
        let row = index.and_then(|index| part.get(index.parse::<usize>().ok()?));
        if let Some((number, _)) = row {
            let detail = fault["detail"].as_str().unwrap_or_default();
            fault["detail"] = format!("{detail} ({counted} {number} of the file)").into();
        }
    }
    Failure::Refused(problem)
}
