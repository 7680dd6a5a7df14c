//! `tollgate key`: the API keys of a team.

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::On;
use super::completion::team_names;
use super::confirm::Confirmation;
use super::failure::Failure;
use super::output::{Output, items, record, table, text};
use super::teams;
use crate::domain::team::TeamId;

/// The actions on keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// List a team's keys.
    #[command(
        after_help = "Examples:\n  tollgate key list sales\n  tollgate key list sales --json"
    )]
    List {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
    },
    /// Create a key. The key is shown only once.
    #[command(after_help = "Examples:
  tollgate key create sales --name crm-sync
  tollgate key create sales --name nightly --scope enrich --reveal email --expires-at 2027-06-30T00:00:00Z
  tollgate key create sales --name office --network 10.0.0.0/8
  tollgate key create sales --name ci --json | jq -r .key > key")]
    Create {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
        /// A descriptive name.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// An allowed scope. Default: all. docs/api.md lists the scopes.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// An allowed reveal, email or phones. Default: both.
        #[arg(long = "reveal", value_name = "REVEAL")]
        reveals: Vec<String>,
        /// Allow no reveals.
        #[arg(long, conflicts_with = "reveals")]
        no_reveals: bool,
        /// An allowed client network, as in 10.0.0.0/8. Default: any.
        #[arg(long = "network", value_name = "NETWORK")]
        networks: Vec<String>,
        /// The expiry, as in 2027-06-30T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// Revoke a key at once, on every replica.
    #[command(after_help = "Examples:\n  tollgate key revoke sales 8dc4238e87f29d4b --yes")]
    Revoke {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
        /// The key's id, as `key list` shows it.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

impl On<KeyAction> {
    /// Runs the action.
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.access.client()?;
        match self.action {
            KeyAction::List { team } => {
                output.data(&client.get(&keys(&team), &[]).await?, shown)?;
            }
            KeyAction::Create { team, name, scopes, reveals, no_reveals, networks, expires_at } => {
                let mut body = json!({"name": name});
                for (property, values) in [("scopes", scopes), ("networks", networks)] {
                    if !values.is_empty() {
                        body[property] = values.into();
                    }
                }
                if no_reveals || !reveals.is_empty() {
                    body["reveals"] = reveals.into();
                }
                if let Some(moment) = expires_at {
                    body["expires_at"] = moment.into();
                }
                output.data(&client.post(&keys(&team), &body).await?, made)?;
                output.note("The key is shown only once. Store it as a secret.");
            }
            KeyAction::Revoke { team, id, confirmation } => {
                confirmation.ask(&format!("Revoke key {id} of team {team}"))?;
                client.delete(&[&keys(&team)[..], &[id.as_str()]].concat()).await?;
                let data = json!({"team": team.as_str(), "id": id, "revoked": true});
                output.done(&data, &format!("key {id} of team {team} is revoked"))?;
            }
        }
        Ok(())
    }
}

fn keys(team: &TeamId) -> Vec<&str> {
    [&teams::path(team)[..], &["keys"]].concat()
}

fn shown(list: &Value) -> String {
    let names =
        ["id", "name", "created_at", "expires_at", "revoked_at", "scopes", "reveals", "networks"];
    let headings = ["id", "name", "created", "expires", "revoked", "scopes", "reveals", "networks"];
    table(headings, &[], items(&list["keys"]).map(|key| names.map(|name| text(&key[name]))))
}

fn made(key: &Value) -> String {
    let names = ["id", "key", "name", "created_at", "expires_at", "scopes", "reveals", "networks"];
    record(names.map(|name| (name, text(&key[name]))))
}
