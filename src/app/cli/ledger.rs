//! `tollgate ledger adjust`: corrections of a team's books.

use clap::Args;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::access::Access;
use super::completion::team_names;
use super::failure::Failure;
use super::output::{Output, record, text};
use super::quota_spec::number;
use crate::app::secret::random;
use crate::domain::credits::Credits;
use crate::domain::team::TeamId;

/// A correction of a team's spend.
#[derive(Args, Debug)]
pub(crate) struct Adjustment {
    #[command(flatten)]
    access: Access,
    /// The team.
    #[arg(add = team_names())]
    team: TeamId,
    /// The unit of the credits.
    #[arg(long, value_parser = ["email", "phone"])]
    unit: String,
    /// The credits to add to the spend; negative to subtract.
    #[arg(long, value_name = "CREDITS", allow_negative_numbers = true)]
    amount: Credits,
    /// The reason. It is stored in the ledger: do not name a person.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// A key under which the adjustment is booked at most once. Default: a random key.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Books the correction.
pub(crate) async fn adjust(asked: Adjustment, output: Output) -> Result<(), Failure> {
    let client = asked.access.client()?;
    let key = asked.idempotency_key.unwrap_or_else(|| hex::encode(&random()[..16]));
    let value = HeaderValue::from_str(&key);
    let value = value.map_err(|_| Failure::Usage("no header takes this key".to_owned()))?;
    let headers = HeaderMap::from_iter([(HeaderName::from_static("idempotency-key"), value)]);
    let body = json!({
        "team": asked.team.as_str(),
        "unit": asked.unit,
        "amount": number(asked.amount),
        "reason": asked.reason,
    });
    let path = ["admin", "v1", "ledger", "adjustments"];
    let booked = client.send(Method::POST, &path, &[], headers, Some(&body)).await;
    if let Err(Failure::Unreachable(why)) = booked {
        // The request may have been processed.
        return Err(Failure::Unreachable(format!(
            "{why}. Whether it was booked is unknown; the same command with --idempotency-key {key} \
             books it once"
        )));
    }
    output.data(&booked?, shown)?;
    Ok(())
}

fn shown(entry: &Value) -> String {
    let names = ["entry", "team", "unit", "amount", "reason"];
    record(names.map(|name| (name, text(&entry[name]))))
}
