//! What a folder of exports holds.

use std::collections::BTreeMap;
use std::path::Path;

use tollgate::domain::team::TeamId;
use tollgate::domain::time::Timestamp;
use tollgate::export::{Books, CheckKey, CheckKeys, Exported, Fault, Trust};

use super::client::Client;
use super::wait::eventually;

/// Opens a folder, whatever secret it was written under.
pub(crate) fn open(dir: &Path) -> Result<Exported, Fault> {
    let none = CheckKeys::new(CheckKey::new([0; 32], &[0; 32]), Vec::new());
    Exported::open(dir, &none, Trust::Unverified)
}

/// Reads the books that a folder holds.
pub(crate) fn read(dir: &Path) -> Result<Books, Fault> {
    open(dir)?.books(Timestamp::EPOCH)
}

/// Waits until a folder holds all that the store does. Teams and keys are written with a checkpoint,
/// after the entries, so a folder that holds every entry may still lack them.
pub(crate) async fn holds_all(dir: &Path, operator: &Client) {
    let entries = operator.get("/admin/v1/audit").await.body["entries"].as_u64().unwrap();
    let mut roster = BTreeMap::new();
    for team in operator.get("/admin/v1/teams").await.body["teams"].as_array().unwrap() {
        let id = team["team"].as_str().unwrap();
        let keys = operator.get(&format!("/admin/v1/teams/{id}/keys")).await;
        let keys = keys.body["keys"].as_array().unwrap().len();
        roster.insert(id.to_owned(), (team["quotas"].as_array().unwrap().len(), keys));
    }
    eventually("all is exported", async || {
        read(dir).is_ok_and(|books| books.entries == entries && roster_of(&books) == roster)
    })
    .await;
}

/// How many quotas and keys each team has.
fn roster_of(books: &Books) -> BTreeMap<String, (usize, usize)> {
    let roster = &books.inheritance.roster;
    let keys_of = |id: &TeamId| roster.keys.iter().filter(|key| key.team == *id).count();
    let teams = roster
        .teams
        .iter()
        .map(|team| (team.id.as_str().to_owned(), (team.quotas.len(), keys_of(&team.id))));
    teams.collect()
}
