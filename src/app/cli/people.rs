//! `tollgate person`: erases a person's data.

use clap::{Args, Subcommand};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

use super::access::On;
use super::confirm::Confirmation;
use super::failure::Failure;
use super::output::{Output, items, record, text};

/// The actions on a person's data.
#[derive(Debug, Subcommand)]
pub(crate) enum PersonAction {
    /// Show what an erasure would remove, without a change.
    #[command(after_help = "Examples:
  tollgate person preview --email ada@analytical.example
  tollgate person preview --linkedin-url linkedin.com/in/ada-lovelace --json")]
    Preview(Named),
    /// Erase a person's data under all known identifiers.
    #[command(after_help = "Examples:
  tollgate person erase --email ada@analytical.example --yes
  tollgate person erase --person-id 16e4bded-0000-4000-8000-000000000001 --yes --json")]
    Erase {
        #[command(flatten)]
        named: Named,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

/// One identifier of a person.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct Named {
    /// An email address.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The URL of a LinkedIn profile.
    #[arg(long, value_name = "URL")]
    linkedin_url: Option<String>,
    /// The vendor's id of the person.
    #[arg(long, value_name = "ID")]
    person_id: Option<String>,
}

impl Named {
    fn body(self) -> Value {
        let Self { email, linkedin_url, person_id } = self;
        let ways = [("email", email), ("linkedin_url", linkedin_url), ("person_id", person_id)];
        let given =
            ways.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

const ERASE: [&str; 4] = ["admin", "v1", "persons", "erase"];

impl On<PersonAction> {
    /// Runs the action.
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.access.client()?;
        match self.action {
            PersonAction::Preview(named) => {
                let (query, body) = ([("preview", "true")], named.body());
                let headers = HeaderMap::new();
                let found = client.send(Method::POST, &ERASE, &query, headers, Some(&body)).await?;
                output.data(&found, |found| shown(found, "would be erased"))?;
            }
            PersonAction::Erase { named, confirmation } => {
                confirmation.ask("Erase this person's data")?;
                let erased = client.post(&ERASE, &named.body()).await?;
                output.data(&erased, |erased| shown(erased, "erased"))?;
            }
        }
        Ok(())
    }
}

fn shown(erasure: &Value, heading: &str) -> String {
    let about = [(heading, text(&erasure["erased"])), ("teams", text(&erasure["teams"]))];
    let kept = items(&erasure["kept"])
        .map(|kept| ("kept", format!("{}: {}", text(&kept["what"]), text(&kept["why"]))));
    let receipt = [("receipt", text(&erasure["receipt"]))];
    record(about.into_iter().chain(kept).chain(receipt))
}
