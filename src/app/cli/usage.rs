//! `tollgate usage`: spend and remaining quotas of teams.

use clap::Args;
use serde_json::{Value, json};

use super::access::Access;
use super::client::Client;
use super::completion::team_names;
use super::failure::Failure;
use super::output::{Output, items, table, text};
use super::teams;

use crate::domain::team::TeamId;

/// The team to show.
#[derive(Args, Debug)]
pub(crate) struct UsageOf {
    #[command(flatten)]
    access: Access,
    /// A team, shown with its quotas. Default: all teams.
    #[arg(add = team_names())]
    team: Option<TeamId>,
}

const UNITS: [&str; 2] = ["email", "phone"];

/// Prints the usage of one team or of all.
pub(crate) async fn usage(asked: UsageOf, output: Output) -> Result<(), Failure> {
    let client = asked.access.client()?;
    if let Some(team) = asked.team {
        output.data(&of(&client, team.as_str()).await?, one_shown)?;
        return Ok(());
    }
    let mut usages = Vec::new();
    for team in items(&teams::all(&client).await?["teams"]) {
        usages.push(of(&client, team["team"].as_str().unwrap_or_default()).await?);
    }
    output.data(&json!({"teams": usages}), all_shown)?;
    Ok(())
}

async fn of(client: &Client, team: &str) -> Result<Value, Failure> {
    client.get(&["admin", "v1", "teams", team, "usage"], &[]).await
}

fn totals(usage: &Value) -> impl Iterator<Item = [String; 6]> {
    const NAMES: [&str; 4] = ["spent", "reserved", "unresolved", "avoided"];
    UNITS.into_iter().map(|unit| {
        let [spent, reserved, unresolved, avoided] =
            NAMES.map(|name| text(&usage["totals"][unit][name]));
        [text(&usage["team"]), unit.to_owned(), spent, reserved, unresolved, avoided]
    })
}

fn totals_shown(rows: impl IntoIterator<Item = [String; 6]>) -> String {
    let headings = ["team", "unit", "spent", "reserved", "unresolved", "avoided"];
    table(headings, &headings[2..], rows)
}

fn all_shown(usages: &Value) -> String {
    totals_shown(items(&usages["teams"]).flat_map(totals))
}

fn one_shown(usage: &Value) -> String {
    let names =
        ["unit", "period", "limit", "spent", "reserved", "unresolved", "remaining", "resets_at"];
    let headings =
        ["unit", "period", "limit", "spent", "reserved", "unresolved", "remaining", "resets"];
    let quotas = items(&usage["quotas"]).map(|quota| names.map(|name| text(&quota[name])));
    let totals = totals_shown(totals(usage));
    match items(&usage["quotas"]).count() {
        0 => format!("{totals}\n\nThe team has no quota."),
        _ => format!("{totals}\n\n{}", table(headings, &headings[2..7], quotas)),
    }
}
