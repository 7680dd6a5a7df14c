//! Forgetting: what is over goes, and nothing else.

use std::time::Duration;

use tollgate::domain::period::Period;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::BatchId;
use tollgate::ledger::record::job::{Cause, Reason};
use tollgate::ledger::step::Evidence;
use tollgate::ledger::transition::read::{LeadReading, Status};
use tollgate::ledger::transition::sweep::{Lifetimes, Sweep, SweepFrom};

use super::books::{Books, DAY, MINUTE, first, quota};
use super::gathering::{WAIT, gather};
use super::keys::{put as put_key, revoke};
use super::named::{EMAIL, NONE, found, found_under, key, leads};
use super::store::Store;
use super::trimming::{KEEP_DAYS, trim};

const BATCH_TTL_DAYS: u32 = 7;
const RESULTS_TTL_DAYS: u32 = 10;

/// How long rows are kept where a case does not say otherwise. Accounts stay.
pub(super) const LIFETIMES: Lifetimes = Lifetimes {
    batch: DAY.saturating_mul(BATCH_TTL_DAYS),
    results: DAY.saturating_mul(RESULTS_TTL_DAYS),
    leads: DAY,
    addresses: DAY.saturating_mul(RESULTS_TTL_DAYS),
    validations: DAY.saturating_mul(RESULTS_TTL_DAYS),
    accounts: DAY.saturating_mul(9999),
    due_within: Duration::from_hours(24),
};

/// Every kind of rows, from its first row on.
pub(super) const KINDS: [SweepFrom; 11] = [
    SweepFrom::Batches(None),
    SweepFrom::Jobs(None),
    SweepFrom::Remnants,
    SweepFrom::Replays,
    SweepFrom::Validations(None),
    SweepFrom::Leads(None),
    SweepFrom::Superseded(None),
    SweepFrom::Addresses(None),
    SweepFrom::Tallies,
    SweepFrom::Keys,
    SweepFrom::Due(None),
];

/// Sweeps a round of every kind, so many rows a slice; answers how many rows were removed.
pub(super) async fn sweep_by<S: Store>(
    books: &Books<S>,
    rows: usize,
    lifetimes: Lifetimes,
) -> usize {
    let mut removed = 0;
    for kind in KINDS {
        let mut next = Some(kind);
        while let Some(from) = next {
            let swept = books.ledger().sweep(Sweep { from, rows, lifetimes }).await.unwrap();
            removed += swept.removed;
            next = swept.next;
        }
    }
    removed
}

/// Sweeps all there is, a few rows at a time.
pub(super) async fn sweep<S: Store>(books: &Books<S>) {
    sweep_by(books, 2, LIFETIMES).await;
}

async fn is_read<S: Store>(books: &Books<S>, batch: BatchId) -> bool {
    let sales = "sales".parse().unwrap();
    books.ledger().read(sales, batch, 0, 9).await.unwrap().is_some()
}

pub(super) async fn a_batch_is_read_for_its_time_from_its_end(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.ask(&sales, NONE, &["ada"]).await;
    books.pass(DAY);
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", NONE)]).await;
    books.pass((DAY * BATCH_TTL_DAYS).saturating_sub(MINUTE));
    sweep(books).await;
    assert!(is_read(books, batch).await);
    books.pass(MINUTE);
    sweep(books).await;
    assert!(!is_read(books, batch).await);
    assert!(books.ledger().job(first(batch)).await.unwrap().is_some(), "others may point there");
    books.pass(DAY * (RESULTS_TTL_DAYS - BATCH_TTL_DAYS));
    sweep(books).await;
    assert!(books.ledger().job(first(batch)).await.unwrap().is_none());
}

pub(super) async fn payments_and_the_journal_stay(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let entries = books.journal().await.len();
    books.pass(400 * DAY);
    sweep(books).await;
    assert_eq!(books.journal().await.len(), entries);
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    books.send(first(batch)).await;
    books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
}

pub(super) async fn what_is_under_way_or_unresolved_stays(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batches = [
        books.ask(&sales, NONE, &["ready"]).await,
        books.ask(&sales, NONE, &["bound"]).await,
        books.ask(&sales, NONE, &["lost"]).await,
        books.buy(&sales, NONE, &["unmatched"], &[Evidence::Unmatched]).await,
        books.ask(&sales, NONE, &["canceled"]).await,
    ];
    books.send(first(batches[1])).await;
    books.lose(first(batches[2])).await;
    books.send(first(batches[4])).await;
    books.ledger().cancel(batches[4], None).await.unwrap();
    let kept = async || {
        let rows = books.dump().await;
        // What is known under lead keys is another matter, and so is what was submitted on a day.
        let stays = |row: &String| !row.starts_with("leads ") && !row.starts_with("uses ");
        rows.into_iter().filter(stays).collect::<Vec<_>>()
    };
    let before = kept().await;
    books.pass(400 * DAY);
    sweep(books).await;
    assert_eq!(kept().await, before);
}

pub(super) async fn whoever_is_stranded_is_not_forgotten(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let dead = first(books.ask(&sales, NONE, &["ada"]).await);
    let joined = books.ask(&sales, NONE, &["ada"]).await;
    books.void(dead, Cause::Refused).await;
    books.pass(400 * DAY);
    sweep(books).await;
    assert_eq!(books.turn(dead).await.stranded, [joined]);
    assert_eq!(books.redrive(joined, dead).await.fresh, 1);
}

pub(super) async fn nothing_of_a_void_job_is_left(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let before = books.dump().await.len();
    let batch = books.ask(&sales, NONE, &["ada", "ada"]).await;
    books.void(first(batch), Cause::Refused).await;
    books.pass(400 * DAY);
    sweep(books).await;
    let rows = books.dump().await;
    let kinds: Vec<_> = rows.iter().filter_map(|row| row.split(' ').next()).collect();
    let kept = ["teams", "tallies", "uses", "journal", "numbers"];
    assert!(rows.len() > before && kinds.iter().all(|kind| kept.contains(kind)), "{kinds:?}");
}

pub(super) async fn a_removed_person_stays_removed_under_every_key(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let ada = found_under("ada", NONE, &["ada@x.io"]);
    books.buy(&sales, NONE, &["in/ada"], &[ada]).await;
    books.ledger().erase(vec![key("in/ada")], None).await.unwrap();
    books.pass(400 * DAY);
    sweep(books).await;
    let batch = books.ask(&sales, NONE, &["in/ada", "ada@x.io"]).await;
    assert_eq!(books.read(&sales, batch).await.leads, [LeadReading::Removed; 2]);
}

pub(super) async fn an_alias_goes_when_it_is_of_no_more_use(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["in/ada"], &[found("ada", NONE)]).await;
    books.pass(DAY.saturating_sub(MINUTE));
    sweep(books).await;
    let known = books.admit(books.admission(&sales, NONE, leads(&["in/ada"]))).await.unwrap();
    assert_eq!(known.batch.dispositions.cached, 1);
    books.pass(MINUTE);
    sweep(books).await;
    assert!(!books.dump().await.iter().any(|row| row.starts_with("leads ")));
}

pub(super) async fn what_was_resolved_waits_for_late_evidence_a_while(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let lost = books.ask(&sales, NONE, &["ada"]).await;
    books.send(first(lost)).await;
    books.give_up(first(lost), Reason::Deadline).await;
    books.pass(400 * DAY);
    super::resolving::resolve(books, lost, "0").await;
    sweep(books).await;
    books.settle(first(lost), &[found("ada", NONE)]).await;
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=0 unresolved=0");
    sweep(books).await;
    assert_eq!(books.read(&sales, lost).await.status, Status::Completed, "it has just ended");
}

pub(super) async fn what_nobody_could_learn_the_charge_of_and_costs_nothing_goes(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let names = ["ada", "bob", "cyd"];
    let known = names.map(|name| found(name, NONE));
    books.buy(&sales, NONE, &names, &known).await;
    let mut lost = Vec::new();
    for name in names {
        let mut anew = books.admission(&sales, NONE, leads(&[name]));
        anew.max_age = Some(Duration::ZERO);
        if name != "cyd" {
            anew.terms.gather_window = WAIT;
        }
        lost.push(first(anew.batch));
        books.admit(anew).await.unwrap();
    }
    books.pass(WAIT);
    let coach = gather(books).await.expect("two have waited").coach;
    books.turn(coach).await;
    for job in [coach, lost[2]] {
        books.lose(job).await;
    }
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    let is_kept = async |job| books.ledger().job(job).await.unwrap().is_some();
    books.pass((DAY * RESULTS_TTL_DAYS).saturating_sub(MINUTE));
    sweep(books).await;
    assert!(is_kept(coach).await && is_kept(lost[2]).await, "evidence may still come");
    books.pass(MINUTE);
    // The coach goes once the last of its passengers has gone.
    sweep(books).await;
    sweep(books).await;
    for job in lost.into_iter().chain([coach]) {
        assert!(!is_kept(job).await, "{job}");
    }
}

pub(super) async fn what_is_looked_at_again_stays(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let lost = first(books.ask(&sales, NONE, &["ada"]).await);
    books.send(lost).await;
    books.give_up(lost, Reason::Deadline).await;
    super::resolving::resolve(books, lost.batch, "0").await;
    books.pass(400 * DAY);
    sweep(books).await;
    let turn = books.turn(lost).await;
    books.ledger().reschedule(lost, turn.lease, None).await.unwrap();
    sweep(books).await;
    assert!(books.ledger().job(lost).await.unwrap().is_none());
}

pub(super) async fn a_superseded_result_is_listed_apart_until_it_is_over(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let rows = async |table: &str| {
        let dump = books.dump().await;
        let rows = dump.into_iter().filter(|row| row.starts_with(&format!("{table} ")));
        rows.map(|row| row.len()).collect::<Vec<_>>()
    };
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let short = rows("persons").await;
    for _ in 0..20 {
        books.pass(MINUTE);
        let mut anew = books.admission(&sales, EMAIL, leads(&["ada"]));
        anew.max_age = Some(Duration::ZERO);
        let job = first(anew.batch);
        books.admit(anew).await.unwrap();
        books.send(job).await;
        books.settle(job, &[found("ada", EMAIL)]).await;
    }
    assert_eq!(rows("persons").await, short, "however often a person is asked for");
    assert_eq!(rows("superseded").await.len(), 20);
    books.pass(DAY * RESULTS_TTL_DAYS);
    sweep(books).await;
    assert_eq!(rows("superseded").await.len(), 0);
}

/// How many tallies there are.
async fn tallies<S: Store>(books: &Books<S>) -> usize {
    books.dump().await.iter().filter(|row| row.starts_with("tallies ")).count()
}

pub(super) async fn a_tally_goes_once_its_period_is_long_over_and_its_entries_are_trimmed(
    books: &Books<impl Store>,
) {
    let lifetimes = Lifetimes { accounts: DAY * KEEP_DAYS, ..LIFETIMES };
    let sales = books.team("sales", &[quota(Period::Month, "99")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    let lost = books.ask(&sales, EMAIL, &["bob"]).await;
    books.lose(first(lost)).await;
    let before = tallies(books).await;
    books.pass(400 * DAY);
    sweep_by(books, 2, lifetimes).await;
    assert_eq!(tallies(books).await, before, "its entries are there");
    assert!(trim(books, u64::MAX).await > 0);
    sweep_by(books, 2, lifetimes).await;
    assert_eq!(tallies(books).await, before, "something of it is unresolved");
    super::resolving::resolve(books, lost, "0").await;
    books.pass(DAY * (KEEP_DAYS + 1));
    assert!(trim(books, u64::MAX).await > 0);
    sweep_by(books, 2, lifetimes).await;
    assert_eq!(tallies(books).await, before - 1, "that of the month is gone");
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.ledger().audit().await.unwrap().mismatches, []);
}

pub(super) async fn a_revoked_key_goes_after_its_time(books: &Books<impl Store>) {
    let lifetimes = Lifetimes { accounts: DAY * KEEP_DAYS, ..LIFETIMES };
    let sales = books.team("sales", &[]).await;
    for id in ["one", "two"] {
        put_key(books, &sales, id).await;
    }
    assert!(revoke(books, &sales, "one").await);
    let left = async || {
        sweep_by(books, 2, lifetimes).await;
        let keys = books.ledger().keys(sales.clone()).await.unwrap();
        keys.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    books.pass((DAY * KEEP_DAYS).saturating_sub(MINUTE));
    assert_eq!(left().await, ["one", "two"]);
    books.pass(MINUTE);
    assert_eq!(left().await, ["two"]);
}
