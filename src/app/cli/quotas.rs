//! `tollgate quota`: the quotas of a team.

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::On;
use super::completion::team_names;
use super::confirm::Confirmation;
use super::failure::Failure;
use super::output::{Output, items, table, text};
use super::quota_spec::{QuotaSpec, merge, remove};
use super::teams;
use crate::domain::team::TeamId;

/// The actions on quotas.
#[derive(Debug, Subcommand)]
pub(crate) enum QuotaAction {
    /// List a team's quotas. `tollgate usage TEAM` shows what is spent of them.
    #[command(
        after_help = "Examples:\n  tollgate quota list sales\n  tollgate quota list sales --json"
    )]
    List {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
    },
    /// Set quotas of a team without changing its other quotas. A new limit applies from the next
    /// request; previous spend counts.
    #[command(after_help = "Examples:
  tollgate quota set sales email/month=500 phone/month=50
  tollgate quota set sales email/day=40,time_zone=Europe/Lisbon,action=warn
  tollgate quota set sales --remove phone/month --yes")]
    Set {
        /// The team.
        #[arg(add = team_names())]
        team: TeamId,
        /// Quotas, as in `email/month=500,time_zone=Europe/Lisbon,action=warn`. Units are email and
        /// phone; periods day, week, month and total. Where there is one of the unit and period, what
        /// is not given stays as it is.
        #[arg(value_name = "QUOTA", required_unless_present = "removed")]
        quotas: Vec<QuotaSpec>,
        /// A quota to remove, as in phone/month.
        #[arg(long = "remove", value_name = "UNIT/PERIOD", id = "removed")]
        removed: Vec<QuotaSpec>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

impl On<QuotaAction> {
    /// Runs the action.
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.access.client()?;
        match self.action {
            QuotaAction::List { team } => {
                output.data(&quotas_of(&teams::show(&client, &team).await?), shown)?;
            }
            QuotaAction::Set { team, quotas, removed, confirmation } => {
                if !removed.is_empty() {
                    confirmation.ask(&format!("Remove quotas of team {team}"))?;
                }
                let mut body = teams::show(&client, &team).await?;
                for quota in &removed {
                    remove(&mut body["quotas"], quota)?;
                }
                for quota in &quotas {
                    merge(&mut body["quotas"], quota)?;
                }
                output.data(&quotas_of(&teams::put(&client, &team, &body).await?), shown)?;
            }
        }
        Ok(())
    }
}

fn quotas_of(team: &Value) -> Value {
    json!({"team": team["team"], "quotas": team["quotas"]})
}

fn shown(team: &Value) -> String {
    let names = ["unit", "period", "limit", "time_zone", "action"];
    let headings = ["unit", "period", "limit", "time zone", "action"];
    let row = |quota: &Value| names.map(|name| text(&quota[name]));
    table(headings, &["limit"], items(&team["quotas"]).map(row))
}
