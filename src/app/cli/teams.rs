//! `tollgate team`: the teams.

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::On;
use super::client::Client;
use super::completion::team_names;
use super::confirm::Confirmation;
use super::failure::Failure;
use super::output::{Output, items, record, table, text};
use super::quota_spec::{QuotaSpec, merge};
use crate::domain::team::TeamId;

/// The actions on teams.
#[derive(Debug, Subcommand)]
pub(crate) enum TeamAction {
    /// List all teams.
    #[command(after_help = "Examples:\n  tollgate team list\n  tollgate team list --json")]
    List,
    /// Show one team with its quotas and policies.
    #[command(
        after_help = "Examples:\n  tollgate team show sales\n  tollgate team show sales --json"
    )]
    Show {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
    },
    /// Create or change a team. Properties that are not given keep their value.
    #[command(after_help = "Examples:
  tollgate team put sales --quota email/month=500 --quota phone/month=50
  tollgate team put sales --name 'Sales EMEA' --policy phones=false --policy max_age=7d
  tollgate team put sales --paused true
  tollgate team put trial --unlimited")]
    Put {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
        /// A descriptive name.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// A quota, as in `email/month=500,time_zone=Europe/Lisbon,action=warn`. It replaces the quota of
        /// the same unit, period and time zone.
        #[arg(long = "quota", value_name = "QUOTA")]
        quotas: Vec<QuotaSpec>,
        /// A policy, as in phones=false. docs/api.md lists them.
        #[arg(long = "policy", value_name = "NAME=VALUE", value_parser = policy)]
        policies: Vec<(String, Value)>,
        /// Whether the team is paused. Requests of a paused team that cost credits are refused.
        #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
        paused: Option<bool>,
        /// Create a team without quotas. A new team needs this or a --quota.
        #[arg(long, conflicts_with = "quotas")]
        unlimited: bool,
    },
    /// Close a team. Its keys are revoked at once; open work is still settled.
    #[command(after_help = "Examples:\n  tollgate team delete trial --yes")]
    Delete {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

impl On<TeamAction> {
    /// Runs the action.
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.access.client()?;
        match self.action {
            TeamAction::List => output.data(&all(&client).await?, list_shown)?,
            TeamAction::Show { team } => output.data(&show(&client, &team).await?, shown)?,
            TeamAction::Put { team, name, quotas, policies, paused, unlimited } => {
                let there = match show(&client, &team).await {
                    Err(Failure::Refused(problem)) if problem["status"] == 404 => None,
                    found => Some(found?),
                };
                if there.is_none() && quotas.is_empty() && !unlimited {
                    return Err(Failure::Usage(format!(
                        "{team} is a new team: give its quotas, as in --quota email/month=500, or use \
                         --unlimited"
                    )));
                }
                let mut body = there.unwrap_or_else(|| json!({"quotas": []}));
                if let Some(name) = name {
                    body["name"] = name.into();
                }
                if let Some(paused) = paused {
                    body["paused"] = paused.into();
                }
                for (name, value) in policies {
                    body["policies"][name] = value;
                }
                for quota in quotas {
                    merge(&mut body["quotas"], &quota)?;
                }
                output.data(&put(&client, &team, &body).await?, shown)?;
            }
            TeamAction::Delete { team, confirmation } => {
                confirmation.ask(&format!("Close team {team}"))?;
                client.delete(&path(&team)).await?;
                let data = json!({"team": team.as_str(), "closed": true});
                output.done(&data, &format!("team {team} is closed"))?;
            }
        }
        Ok(())
    }
}

/// The path of a team.
pub(super) fn path(team: &TeamId) -> [&str; 4] {
    ["admin", "v1", "teams", team.as_str()]
}

/// Requests one team.
pub(super) async fn show(client: &Client, team: &TeamId) -> Result<Value, Failure> {
    client.get(&path(team), &[]).await
}

/// Replaces a team.
pub(super) async fn put(client: &Client, team: &TeamId, body: &Value) -> Result<Value, Failure> {
    client.put(&path(team), body).await
}

/// Requests all teams, page by page.
pub(super) async fn all(client: &Client) -> Result<Value, Failure> {
    let mut teams = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let query: Vec<_> = cursor.iter().map(|cursor| ("cursor", cursor.as_str())).collect();
        let page = client.get(&["admin", "v1", "teams"], &query).await?;
        teams.extend(items(&page["teams"]).cloned());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(json!({"teams": teams, "next_cursor": null}));
        }
    }
}

/// Parses a policy. true, false, null and whole numbers are JSON values, everything else is text.
fn policy(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it as in phones=false")?;
    let value = match value {
        "true" | "false" | "null" => serde_json::from_str(value).unwrap_or_default(),
        number if number.parse::<u32>().is_ok() => serde_json::from_str(number).unwrap_or_default(),
        text => text.into(),
    };
    Ok((name.to_owned(), value))
}

/// As in `500 email a month (Europe/Lisbon), warns`.
pub(super) fn quota_in_words(quota: &Value) -> String {
    let [unit, period, zone] = ["unit", "period", "time_zone"].map(|name| text(&quota[name]));
    let period = if period == "total" { "in total".to_owned() } else { format!("a {period}") };
    let zone = if zone == "UTC" { String::new() } else { format!(" ({zone})") };
    let warns = if quota["action"] == "warn" { ", warns only" } else { "" };
    format!("{} {unit} {period}{zone}{warns}", quota["limit"])
}

fn quotas_in_words(team: &Value) -> String {
    match items(&team["quotas"]).map(quota_in_words).collect::<Vec<_>>() {
        none if none.is_empty() => "no quota".to_owned(),
        quotas => quotas.join("; "),
    }
}

fn list_shown(list: &Value) -> String {
    let row = |team: &Value| {
        [text(&team["team"]), text(&team["name"]), text(&team["paused"]), quotas_in_words(team)]
    };
    table(["team", "name", "paused", "quotas"], &[], items(&list["teams"]).map(row))
}

/// One team, one property per line.
fn shown(team: &Value) -> String {
    let policies = team["policies"].as_object().into_iter().flatten();
    let policies = policies.map(|(name, value)| (name.as_str(), text(value)));
    let about = ["team", "name", "paused"].map(|name| (name, text(&team[name])));
    record(about.into_iter().chain([("quotas", quotas_in_words(team))]).chain(policies))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_as_what_it_looks_like() {
        for (given, value) in [
            ("phones=false", json!(false)),
            ("requests_per_minute=60", json!(60)),
            ("max_age=24h", json!("24h")),
            ("max_age=null", json!(null)),
            ("max_age=", json!("")),
        ] {
            assert_eq!(policy(given).unwrap().1, value, "{given}");
        }
        assert!(policy("phones").is_err());
    }
}
