//! `tollgate batch`: lists, shows, cancels and resolves batches of all teams.

use clap::Subcommand;
use serde_json::{Value, json};

use super::access::On;
use super::completion::team_names;
use super::confirm::Confirmation;
use super::failure::Failure;
use super::output::{Output, items, record, table, text};
use super::quota_spec::number;
use crate::domain::credits::Credits;
use crate::domain::team::TeamId;

/// The actions on batches.
#[derive(Debug, Subcommand)]
pub(crate) enum BatchAction {
    /// List batches, the latest first.
    #[command(after_help = "Examples:
  tollgate batch list --state unresolved
  tollgate batch list --team sales --limit 20 --json")]
    List {
        /// Only batches of this team.
        #[arg(long, add = team_names())]
        team: Option<TeamId>,
        /// Only batches in this state, such as processing or unresolved.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Show one batch: its credits, the slot of each lead and its ledger entries. Leads are not shown.
    #[command(
        after_help = "Examples:\n  tollgate batch show 70213\n  tollgate batch show 70213 --json"
    )]
    Show {
        /// The batch.
        id: u64,
        #[command(flatten)]
        page: Page,
    },
    /// Cancel a batch. Unsent leads are released; leads already sent can still be charged.
    #[command(after_help = "Examples:\n  tollgate batch cancel 70213 --reason 'wrong list' --yes")]
    Cancel {
        /// The batch.
        id: u64,
        /// The reason. It is stored in the ledger: do not name a person.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Resolve the unresolved credits of a batch, as the vendor's account shows them.
    #[command(after_help = "Examples:
  tollgate batch resolve 70213 --outcome not_charged --reason 'not on the invoice'
  tollgate batch resolve 70213 --outcome charged --reason 'invoice 2026-11'
  tollgate batch resolve 70213 --outcome charged --email 1.5 --phone 0 --reason 'invoice 2026-11'")]
    Resolve {
        /// The batch.
        id: u64,
        /// Whether the vendor charged the batch.
        #[arg(long, value_parser = ["charged", "not_charged"])]
        outcome: String,
        /// The email credits charged. Default: all that are unresolved.
        #[arg(long, value_name = "CREDITS", requires = "phone")]
        email: Option<Credits>,
        /// The phone credits charged.
        #[arg(long, value_name = "CREDITS", requires = "email")]
        phone: Option<Credits>,
        /// The reason. It is stored in the ledger: do not name a person.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// A page of a list.
#[derive(clap::Args, Debug)]
pub(crate) struct Page {
    /// The number of items, 1 to 100.
    #[arg(long, value_name = "N", default_value = "100")]
    limit: String,
    /// The `next_cursor` of the previous page.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl Page {
    fn query(&self) -> Vec<(&str, &str)> {
        let cursor = self.cursor.iter().map(|cursor| ("cursor", cursor.as_str()));
        cursor.chain([("limit", self.limit.as_str())]).collect()
    }
}

impl On<BatchAction> {
    /// Runs the action.
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let client = self.access.client()?;
        match self.action {
            BatchAction::List { team, state, page } => {
                let mut query = page.query();
                query.extend(team.as_ref().map(|team| ("team", team.as_str())));
                query.extend(state.as_ref().map(|state| ("state", state.as_str())));
                let list = client.get(&["admin", "v1", "batches"], &query).await?;
                output.data(&list, list_shown)?;
                note_next(output, &list, "batches");
            }
            BatchAction::Show { id, page } => {
                let id = id.to_string();
                let batch = client.get(&["admin", "v1", "batches", &id], &page.query()).await?;
                output.data(&batch, shown)?;
                note_next(output, &batch, "slots");
            }
            BatchAction::Cancel { id, reason, confirmation } => {
                confirmation.ask(&format!("Cancel batch {id}"))?;
                let id = id.to_string();
                let path = ["admin", "v1", "batches", &id, "cancel"];
                output.data(&client.post(&path, &json!({"reason": reason})).await?, summary)?;
            }
            BatchAction::Resolve { id, outcome, email, phone, reason } => {
                let mut body = json!({"outcome": outcome, "reason": reason});
                if let (Some(email), Some(phone)) = (email, phone) {
                    body["credits"] = json!({"email": number(email), "phone": number(phone)});
                }
                let id = id.to_string();
                let path = ["admin", "v1", "batches", &id, "resolve"];
                output.data(&client.post(&path, &body).await?, resolved)?;
            }
        }
        Ok(())
    }
}

fn note_next(output: Output, page: &Value, what: &str) {
    if let Some(cursor) = page["next_cursor"].as_str() {
        output.note(&format!("There are more {what}: --cursor {cursor}"));
    }
}

/// As in `email 1.5, phone 0`.
fn amounts(value: &Value) -> String {
    if value.is_null() {
        return "-".to_owned();
    }
    format!("email {}, phone {}", text(&value["email"]), text(&value["phone"]))
}

/// One kind of credits in both units.
fn credits(batch: &Value, kind: &str) -> String {
    let [email, phone] = ["email", "phone"].map(|unit| text(&batch["credits"][unit][kind]));
    format!("email {email}, phone {phone}")
}

fn list_shown(list: &Value) -> String {
    let headings =
        ["id", "team", "kind", "state", "admitted", "leads", "spent", "reserved", "unresolved"];
    let row = |batch: &Value| {
        let [id, team, kind, state, admitted, leads] =
            ["id", "team", "kind", "state", "admitted_at", "leads"].map(|name| text(&batch[name]));
        let [spent, reserved, unresolved] =
            ["spent", "reserved", "unresolved"].map(|kind| credits(batch, kind));
        [id, team, kind, state, admitted, leads, spent, reserved, unresolved]
    };
    table(headings, &["id", "leads"], items(&list["batches"]).map(row))
}

fn summary(batch: &Value) -> String {
    let names = ["id", "team", "kind", "state", "status", "admitted_at", "ended_at", "leads"];
    let about = names.map(|name| (name, text(&batch[name])));
    let canceled = ["at", "reason"].map(|name| text(&batch["canceled"][name])).join(": ");
    let canceled = (!batch["canceled"].is_null()).then_some(("canceled", canceled));
    let sums = ["spent", "reserved", "unresolved"].map(|kind| (kind, credits(batch, kind)));
    record(about.into_iter().chain(canceled).chain(sums))
}

fn shown(batch: &Value) -> String {
    let slot = |slot: &Value| {
        let [position, kind, why] = ["position", "slot", "why"].map(|name| text(&slot[name]));
        [position, kind, amounts(&slot["cost"]), why]
    };
    let slots = table(["lead", "slot", "cost", "why"], &["lead"], items(&batch["slots"]).map(slot));
    let entry = |entry: &Value| {
        let sums = ["spent", "reserved", "unresolved"].map(|name| amounts(&entry[name]));
        let [spent, reserved, unresolved] = sums;
        [
            text(&entry["at"]),
            text(&entry["fact"]),
            spent,
            reserved,
            unresolved,
            text(&entry["note"]),
        ]
    };
    let headings = ["at", "entry", "spent", "reserved", "unresolved", "note"];
    let entries = table(headings, &[], items(&batch["entries"]).map(entry));
    format!("{}\n\n{slots}\n\n{entries}", summary(batch))
}

fn resolved(word: &Value) -> String {
    let [batch, outcome] = ["batch", "outcome"].map(|name| (name, text(&word[name])));
    let [booked, released] = ["booked", "released"].map(|name| (name, amounts(&word[name])));
    record([batch, outcome, booked, released])
}
