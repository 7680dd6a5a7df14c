//! Removed persons: never asked for again, never shown, and what was due is paid all the same.

use std::time::Duration;

use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{JobId, ResultRef};
use tollgate::ledger::step::Holding;
use tollgate::ledger::transition::read::{LeadReading, Status};

use super::books::{Books, first};
use super::named::{
    ALL, EMAIL, NONE, found, found_under, key, lead, lead_with, leads, person, removed,
};
use super::store::Store;

/// Erases by these keys; answers whose results are to be erased.
async fn erase<S: Store>(books: &Books<S>, names: &[&str]) -> Vec<ResultRef> {
    let keys = names.iter().map(|name| key(name)).collect();
    let erased = books.ledger().erase(keys, None).await.unwrap();
    erased.results.into_iter().map(|result| result.at).collect()
}

fn only_lead_of(job: JobId) -> ResultRef {
    ResultRef { job, index: 0 }
}

pub(super) async fn a_removed_lead_is_not_sent(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    assert_eq!(erase(books, &["ada"]).await, []);
    let batch = books.ask(&sales, EMAIL, &["ada", "ada"]).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    let reading = books.read(&sales, batch).await;
    assert_eq!(reading.status, Status::Completed);
    assert_eq!(reading.leads, [LeadReading::Removed; 2]);
}

pub(super) async fn either_key_of_a_lead_is_enough(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    erase(books, &["ada@x.io"]).await;
    let asked = vec![lead("in/ada"), lead_with("in/ada", "ada@x.io"), lead("in/ada")];
    let admission = books.admission(&sales, EMAIL, asked);
    let batch = admission.batch;
    books.admit(admission).await.unwrap();
    let reads = books.read(&sales, batch).await.leads;
    assert_eq!(reads, [LeadReading::Pending, LeadReading::Removed, LeadReading::Pending]);
}

pub(super) async fn a_person_is_removed_under_every_key(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let ada = found_under("ada", EMAIL, &["in/ada", "ada@x.io"]);
    let bought = books.buy(&sales, EMAIL, &["in/ada"], &[ada]).await;
    let cached = books.ask(&growth, EMAIL, &["ada@x.io"]).await;
    assert_eq!(erase(books, &["ada@x.io"]).await, [only_lead_of(first(bought))]);
    for (team, batch) in [(&sales, bought), (&growth, cached)] {
        assert_eq!(books.read(team, batch).await.leads, [LeadReading::Removed]);
    }
    let again = books.ask(&growth, NONE, &["in/ada"]).await;
    assert_eq!(books.read(&growth, again).await.leads, [LeadReading::Removed]);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn a_person_can_be_removed_by_the_vendors_name(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found("ada", NONE)]).await;
    let erased = books.ledger().erase(vec![], Some(person("ada"))).await.unwrap();
    assert_eq!(erased.results.len(), 1);
    let admitted = books.admit(books.admission(&sales, NONE, leads(&["in/ada"]))).await.unwrap();
    assert_eq!(admitted.batch.dispositions.fresh, 0);
}

pub(super) async fn what_was_under_way_is_paid_and_not_kept(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, EMAIL, &["in/ada"]).await;
    books.send(first(batch)).await;
    // Erased by a key that only the result shows.
    erase(books, &["ada@x.io"]).await;
    let ada = found_under("ada", EMAIL, &["in/ada", "ada@x.io"]);
    let settled = books.settle(first(batch), &[ada]).await;
    assert_eq!(settled.removed[0].at, only_lead_of(first(batch)));
    assert_eq!(settled.removed.len(), 1);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.read(&sales, batch).await.leads, [LeadReading::Removed]);
    let again = books.ask(&sales, NONE, &["in/ada"]).await;
    assert_eq!(books.read(&sales, again).await.leads, [LeadReading::Removed]);
}

pub(super) async fn whom_the_vendor_removed_is_removed_here(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let ada = found_under("ada", NONE, &["ada@x.io"]);
    let bought = books.buy(&sales, NONE, &["in/ada"], &[ada]).await;
    let batch = books.buy(&sales, EMAIL, &["in/ada"], &[removed(&["in/ada"])]).await;
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=0 unresolved=0");
    for batch in [bought, batch, books.ask(&sales, NONE, &["ada@x.io"]).await] {
        assert_eq!(books.read(&sales, batch).await.leads, [LeadReading::Removed]);
    }
}

pub(super) async fn asked_again_it_changes_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found("ada", NONE)]).await;
    let keys: Vec<_> = ["in/ada", "unheard"].map(key).into();
    let previewed = books.ledger().removal(keys.clone(), None).await.unwrap();
    let erased = books.ledger().erase(keys.clone(), None).await.unwrap();
    assert_eq!(previewed, erased, "a preview answers the same");
    let before = books.dump().await;
    books.pass(super::books::HOUR);
    // Whoever was to erase the results may have died before.
    assert_eq!(books.ledger().erase(keys.clone(), None).await.unwrap(), erased);
    assert_eq!(books.dump().await, before);
    books.pass(super::books::DAY * 60);
    let later = books.ledger().erase(keys, None).await.unwrap();
    assert_eq!(later.results, [], "by then the vault has forgotten them");
}

pub(super) async fn whoever_joined_reads_removed_too(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let batch = books.ask(&sales, NONE, &["in/ada"]).await;
    let joined = books.ask(&growth, NONE, &["in/ada"]).await;
    books.send(first(batch)).await;
    books.settle(first(batch), &[removed(&["in/ada"])]).await;
    assert_eq!(books.read(&growth, joined).await.leads, [LeadReading::Removed]);
    assert_eq!(books.read(&growth, joined).await.status, Status::Completed);
}

pub(super) async fn results_that_were_superseded_are_erased_too(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let mut bought = Vec::new();
    for reveals in [NONE, EMAIL, NONE, ALL, EMAIL, ALL] {
        let mut anew = books.admission(&sales, reveals, leads(&["in/ada"]));
        anew.max_age = Some(Duration::ZERO);
        let job = first(anew.batch);
        books.admit(anew).await.unwrap();
        books.send(job).await;
        books.settle(job, &[found("ada", reveals)]).await;
        bought.push(only_lead_of(job));
    }
    let mut erased = erase(books, &["in/ada"]).await;
    erased.sort_unstable();
    assert_eq!(erased, bought, "whoever was answered with one could read it still");
}

pub(super) async fn all_teams_that_hold_a_person_are_named(books: &Books<impl Store>) {
    let mut teams = Vec::new();
    for name in ["paid", "cached", "joined", "waits", "other", "gone"] {
        teams.push(books.team(name, &[]).await);
    }
    let [paid, cached, joined, waits, other, gone] = &teams[..] else { panic!() };
    let bought = books.ask(paid, EMAIL, &["in/ada"]).await;
    books.ask(joined, EMAIL, &["x", "in/ada"]).await;
    books.send(first(bought)).await;
    let ada = found_under("ada", EMAIL, &["in/ada", "ada@x.io"]);
    books.settle(first(bought), &[ada]).await;
    books.ask(cached, EMAIL, &["ada@x.io"]).await;
    let mut anew = books.admission(waits, EMAIL, leads(&["in/ada"]));
    anew.max_age = Some(Duration::ZERO);
    books.admit(anew).await.unwrap();
    books.buy(other, NONE, &["in/bob"], &[found("bob", NONE)]).await;
    books.ask(gone, NONE, &["ada@x.io"]).await;
    books.ledger().close_team(gone.clone()).await.unwrap();

    let removal = books.ledger().erase(vec![key("in/ada")], None).await.unwrap();
    let (mut found, mut after) = (std::collections::BTreeSet::new(), None);
    loop {
        let (keys, answers) = (vec![key("in/ada")], removal.answers.clone());
        let holding = Holding { keys, answers, after, batches: 2 };
        let holders = books.ledger().holders(holding).await.unwrap();
        found.extend(holders.teams);
        after = holders.next;
        if after.is_none() {
            break;
        }
    }
    let all = [paid, cached, joined, waits, gone].map(Clone::clone);
    assert_eq!(found, all.into());
}
