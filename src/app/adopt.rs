//! `tollgate ledger adopt`: books that were exported go on in a store that has none.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use serde_json::{Value, json};

use super::cli::{Output, number};
use super::parts::Stores;
use super::secret;
use super::secrets::Secrets;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, StoreUrl};
use crate::domain::credits::Amounts;
use crate::domain::period::PeriodId;
use crate::domain::team::TeamId;
use crate::export::{Books, Exported, Fault, Trust};
use crate::ledger::Ledger;
use crate::ledger::record::team::Key;
use crate::ledger::redis::Founding;
use crate::ledger::transition::adopt::{Adoptable, Inheritance};
use crate::ledger::transition::checkpoint::Roster;
use crate::ledger::transition::epoch::Holdings;
use crate::telemetry::metrics::Metrics;

/// How many entries are posted in one step.
const ENTRIES: usize = 500;

/// Restores the books from a folder, all of which is verified before the store is touched.
pub(super) async fn adopt(
    config: Config,
    from: &Path,
    trust: Trust,
    output: Output,
) -> anyhow::Result<ExitCode> {
    if config.store.url == StoreUrl::Memory {
        bail!(
            "store.url is memory:, which keeps nothing after the command ends: name another store"
        );
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let exported = open(&config, from, trust)?;
    let epoch = exported.epoch;
    if let Some(pinned) = config.store.epoch.filter(|pinned| *pinned != epoch) {
        let dir = from.display();
        bail!("store.epoch is {pinned}, and {dir} holds books of epoch {epoch}: name its folder");
    }
    let books = exported.books(clock.now().before(config.ledger.keep))?;
    let stores =
        Stores::open(&config, &clock, &Arc::new(Metrics::new()), Founding::Adopting, None).await?;
    let Books { legacy, inheritance, entries, torn, unverified } = books;
    let next = match stores.ledger.begin_adoption(legacy).await? {
        Adoptable::From(next) => next,
        Adoptable::Occupied(found) => bail!("{}", refusal(&found)),
    };
    post_entries(&stores.ledger, &exported, next).await?;
    stores.ledger.end_adoption(inheritance.clone()).await?;
    let balances = balances(&stores.ledger, &inheritance).await?;
    let keys = keys(&exported, &inheritance.roster);
    let unverified: Vec<_> = unverified.iter().map(|path| path.display().to_string()).collect();
    let data = json!({
        "epoch": epoch.to_string(),
        "balances": balances,
        "keys": keys,
        "unverified": unverified,
        "torn": torn.map(|path| path.display().to_string()),
        "teams": inheritance.roster.teams.len(),
        "entries": entries,
    });
    output.data(&data, shown)?;
    if let Some(disk) = &stores.disk {
        disk.close().await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the folder under the secret that its files should be written under.
fn open(config: &Config, from: &Path, trust: Trust) -> anyhow::Result<Exported> {
    let secrets = match (Secrets::of(&config.security), &config.store.url) {
        (Some(secrets), _) => Some(secrets),
        (None, StoreUrl::Embedded(dir)) => secret::found(dir)?.map(Secrets::alone),
        (None, _) => None,
    };
    let is_lost = secrets.is_none();
    let keys = secrets.unwrap_or_else(|| Secrets::alone(secret::random())).check_keys();
    match Exported::open(from, &keys, trust) {
        Err(Fault::OtherKey { .. }) if is_lost => bail!(
            "the secret that the files were written under is not there: put secret.hex back into \
             the folder of the store, or give security.secret; without it nothing can be verified, \
             and the files are adopted only with --unverified"
        ),
        opened => Ok(opened?),
    }
}

/// Every key that callers may use from now on, for an operator to look through.
fn keys(exported: &Exported, roster: &Roster) -> Vec<Value> {
    let known = exported.before.as_ref().map(|before| &before.roster.keys);
    let shown = |key: &Key| {
        let is_new = known.is_some_and(|known| known.iter().all(|before| before.id != key.id));
        let Key { id, team, name, created_at, revoked_at, .. } = key;
        json!({
            "team": team.as_str(), "id": id, "name": name, "created_at": created_at.to_string(),
            "revoked_at": revoked_at.map(|moment| moment.to_string()), "new": is_new,
        })
    };
    roster.keys.iter().map(shown).collect()
}

/// Posts every entry from `next` on.
async fn post_entries(
    ledger: &impl Ledger,
    exported: &Exported,
    mut next: u64,
) -> anyhow::Result<()> {
    let mut slice = Vec::with_capacity(ENTRIES);
    for read in exported.entries() {
        let (number, entry) = read?;
        if number >= next {
            slice.push(entry);
        }
        if slice.len() == ENTRIES {
            next = ledger.adopt_entries(next, std::mem::take(&mut slice)).await?;
        }
    }
    ledger.adopt_entries(next, slice).await?;
    Ok(())
}

/// What the books now say of all time, team by team.
async fn balances(ledger: &impl Ledger, inheritance: &Inheritance) -> anyhow::Result<Vec<Value>> {
    let mut lost: BTreeMap<&TeamId, Amounts> = BTreeMap::new();
    for part in inheritance.open.values().flatten() {
        let reserved = lost.entry(&part.team).or_default();
        *reserved = reserved.plus(part.reserved);
    }
    let total = PeriodId::total();
    let adopted = ledger.checkpoint().await?;
    let totals = adopted.tallies.iter().filter(|(key, _)| key.period == total);
    let shown = totals.map(|(key, tally)| {
        let reserved = lost.get(&key.team).copied().unwrap_or_default().in_unit(key.unit);
        json!({
            "team": key.team.as_str(), "unit": key.unit.name(), "spent": number(tally.spent),
            "unresolved": number(tally.unresolved), "reserved_before": number(reserved),
            "avoided": number(tally.avoided),
        })
    });
    Ok(shown.collect())
}

/// The result as text.
fn shown(data: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let items = |name: &str| data[name].as_array().cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for one in items("balances") {
        let [team, unit, spent, unresolved, reserved, avoided] =
            ["team", "unit", "spent", "unresolved", "reserved_before", "avoided"]
                .map(|name| text(&one[name]));
        lines.push(format!(
            "{team} {unit}: spent {spent}, unresolved {unresolved}, of which {reserved} was \
             reserved, avoided {avoided}"
        ));
    }
    let keys: Vec<_> = items("keys");
    for key in keys.iter().filter(|key| key["revoked_at"].is_null()) {
        let new =
            if key["new"] == true { ", which the checkpoint before did not have" } else { "" };
        let [team, id, created_at] = ["team", "id", "created_at"].map(|name| text(&key[name]));
        let name = key["name"].as_str().unwrap_or_default();
        lines.push(format!("{team} key {id} ({name:?}), created at {created_at}{new}"));
    }
    for path in items("unverified") {
        lines.push(format!("{} was not verified: anyone could have written it", text(&path)));
    }
    if let Some(path) = data["torn"].as_str() {
        lines.push(format!("the incomplete last line of {path} is skipped"));
    }
    let [epoch, teams, entries] = ["epoch", "teams", "entries"].map(|name| text(&data[name]));
    lines.push(format!(
        "adopted the books of epoch {epoch}: {teams} teams, {} keys, {entries} entries read",
        keys.len()
    ));
    lines.join("\n")
}

fn refusal(found: &Holdings) -> String {
    let Holdings { epoch, adopting, teams, first_entry, next_entry } = found;
    if let Some(other) = adopting {
        return format!(
            "the store has half of the books of epoch {other}: adopt those again from their own \
             folder, or name an empty store"
        );
    }
    let epoch = epoch.map_or_else(|| "no epoch".to_owned(), |epoch| format!("epoch {epoch}"));
    format!(
        "the store has books of {epoch}, with {teams} teams and the entries from {first_entry} to \
         below {next_entry}: books are adopted only by an empty store"
    )
}
