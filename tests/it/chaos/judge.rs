//! What must be true once all is healed.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::books::{Books, credits};
use crate::support::client::{Answer, Client};
use crate::support::gateways::Gateways;
use crate::support::people::{plain, status_of};
use crate::support::process::Process;

use super::asked::{Accepted, Asked, is_watched};
use super::door::Door;
use super::load::{BOUND, BOUNDED};
use super::say;

/// The most leads in one batch.
const LEADS_MAX: usize = 5_000;

/// Every promise is kept, nobody was sent by two jobs, and both books say the same.
pub(super) async fn judge(mut gateways: Gateways, door: &Door, asked: Asked) {
    assert!(!asked.accepted.is_empty(), "nothing was accepted: nothing was tried");
    let asked = Arc::new(asked);
    every_batch_is_answered(&asked).await;
    what_is_in_doubt_is_resolved(&gateways.replicas[0].operator(), door, &asked).await;
    the_bound_held(&gateways.replicas[0].operator()).await;
    nobody_was_sent_by_two_jobs(door);
    everybody_can_be_asked_for(&gateways.replicas[0], &asked).await;
    books_balance(&gateways.replicas[0].operator(), door).await;
    for replica in &mut gateways.replicas {
        assert!(replica.terminate().await.success(), "it ends well");
    }
    let audit = gateways.replicas[0].run("audit");
    assert!(audit.status.success(), "{audit:?}");
}

/// How many batches are read at once.
const READERS: usize = 8;

async fn every_batch_is_answered(asked: &Arc<Asked>) {
    let mut readers = JoinSet::new();
    for first in 0..READERS {
        let asked = Arc::clone(asked);
        readers.spawn(async move {
            for (turn, accepted) in asked.accepted.iter().skip(first).step_by(READERS).enumerate() {
                // Any replica reports the same, so each batch is read from one of them.
                let caller = &accepted.callers[turn % accepted.callers.len()];
                is_answered(accepted, &caller.ended(accepted.id).await);
            }
        });
    }
    readers.join_all().await;
}

fn is_answered(accepted: &Accepted, ended: &Answer) {
    if accepted.is_bounded || accepted.is_canceled {
        // A bounded team may lack the credits for leads that failed in another team's batch, and a
        // cancelled batch has no results for the rest of its leads.
        return;
    }
    assert_eq!(ended.body["status"], "completed", "{ended:?}");
    for (person, result) in accepted.watched.iter().zip(ended.results()) {
        assert_eq!(result["status"], status_of(*person), "person {person}: {ended:?}");
    }
}

/// Only what was cancelled while it was in doubt is unresolved, and it covers what the vendor charged
/// and our books do not show. An operator says that none of it was charged; what of it was, the books
/// learn when everybody is asked for again.
async fn what_is_in_doubt_is_resolved(operator: &Client, door: &Door, asked: &Asked) {
    let books = Books::at_rest(operator, &door.vendor).await;
    let units = [(books.ours.email, books.bill.email), (books.ours.phone, books.bill.phone)];
    for (ours, bill) in units {
        let bill = credits(bill);
        assert!(ours.spent <= bill && bill <= ours.spent + ours.unresolved, "\n{books}");
    }
    let canceled = asked.accepted.iter().filter(|accepted| accepted.is_canceled);
    let canceled: BTreeSet<_> = canceled.map(|accepted| accepted.id).collect();
    let mut resolved = 0;
    loop {
        let path = "/admin/v1/batches?state=unresolved";
        let page = operator.insist_on(path).await;
        let batches = page.body["batches"].as_array().unwrap();
        if batches.is_empty() {
            break;
        }
        for batch in batches {
            let id = batch["id"].as_u64().unwrap();
            assert!(canceled.contains(&id), "{batch}");
            let path = format!("/admin/v1/batches/{id}/resolve");
            let word = json!({"outcome": "not_charged", "reason": "the trial is over"});
            let answer = operator.post(&path, &word).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            resolved += 1;
        }
    }
    say(&format!("{resolved} batches were resolved\n{books}"));
}

/// Ours and the vendor's, to the half-credit, with nothing in doubt; and the vendor's second bill,
/// as if it had no dedupe of its own, is no lower.
async fn books_balance(operator: &Client, door: &Door) {
    let books = Books::at_rest(operator, &door.vendor).await;
    books.assert_resolved();
    books.assert_equal();
    let second = door.vendor.bill().without_dedupe;
    assert!(credits(second.email) >= credits(books.bill.email), "{second:?}\n{books}");
    assert!(credits(second.phone) >= credits(books.bill.phone), "{second:?}\n{books}");
}

async fn the_bound_held(operator: &Client) {
    let usage = operator.get(&format!("/admin/v1/teams/{BOUNDED}/usage")).await;
    for unit in ["email", "phone"] {
        let spent = usage.body["totals"][unit]["spent"].as_f64().unwrap();
        assert!(spent <= f64::from(BOUND), "{usage:?}");
    }
}

/// One job is enough for whoever is only ever asked for under one key and with one reveal, however
/// often it had to be sent.
fn nobody_was_sent_by_two_jobs(door: &Door) {
    let (submissions, jobs) = door.submissions_and_jobs();
    say(&format!("{jobs} jobs were sent in {submissions} submissions"));
    let mut watched = 0;
    for (address, jobs) in door.jobs_by_address() {
        let person = address.rsplit('-').next().and_then(|number| number.parse().ok());
        if person.is_some_and(is_watched) {
            watched += 1;
            assert_eq!(jobs.len(), 1, "{address} was sent by {jobs:#?}");
        }
    }
    assert!(watched > 0, "nobody was watched");
}

/// What the vendor charged and could never tell, it tells now; so both books say the same after.
async fn everybody_can_be_asked_for(gateway: &Process, asked: &Asked) {
    let team = gateway.team("everybody").await;
    let everybody: Vec<_> = asked.people.iter().copied().collect();
    for people in everybody.chunks(LEADS_MAX) {
        let leads: Vec<_> = people.iter().copied().map(plain).collect();
        let all = json!({"leads": leads, "reveal_email": true, "reveal_phone_numbers": true});
        let ended = team.enrich(&all).await;
        assert_eq!(ended.body["status"], "completed", "{ended:?}");
    }
}
