//! Steps that go through a long journal or many jobs go through a piece of them each.

use std::collections::BTreeMap;

use tollgate::domain::credits::{Amounts, Credits, Unit};
use tollgate::domain::period::{Period, PeriodId};
use tollgate::domain::pricing::Charges;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, JobId};
use tollgate::ledger::record::entry::{Change, Entry, Fact};
use tollgate::ledger::step::Room;
use tollgate::ledger::transition::lost::OpenParts;

use super::{Metered, move_away};
use crate::ledger::adopting::{Exported, adopt_here, export};
use crate::ledger::books::{Books, QUIET, TURN, quota};
use crate::ledger::turns::many_jobs;

/// How many entries the journal has.
const ENTRIES: usize = 20_000;

/// How many of them are of jobs that are still open.
const OPEN: usize = 2_000;

/// Reservations of half a credit that are open, and corrections by half a credit.
fn journal(books: &Books<Metered>, team: &TeamId) -> Vec<Entry> {
    let half = Amounts::of(Unit::Email, Credits::from_thousandths(500));
    let entry = |n: usize| {
        let batch = BatchId::new(u64::try_from(n + 1).unwrap()).unwrap();
        let is_open = n < OPEN;
        let change = if is_open {
            Change { reserved: half, ..Change::default() }
        } else {
            Change { spent: half, ..Change::default() }
        };
        Entry {
            at: books.now(),
            team: team.clone(),
            fact: if is_open { Fact::Reserved } else { Fact::Adjusted },
            batch: is_open.then_some(batch),
            job: is_open.then_some(JobId { batch, ordinal: 0 }),
            dated: books.now(),
            periods: vec![(Unit::Email, PeriodId::total())],
            change,
            charges: if is_open { Charges::ZERO } else { Charges::of_other(half) },
            note: None,
        }
    };
    (0..ENTRIES).map(entry).collect()
}

#[tokio::test]
async fn a_long_journal_is_adopted_and_a_new_quota_counted_over_it() {
    let books = Books::<Metered>::open().await;
    let sales = books.team("sales", &[]).await;
    let exported = of_entries(&books, journal(&books, &sales)).await;
    let adopted = books.beside().await;
    move_away(&adopted).await;
    adopt_here(&adopted, &exported).await;
    assert_eq!(adopted.email(&sales).await, "spent=9000 reserved=0 unresolved=1000");
    adopted.team("sales", &[quota(Period::Day, "99999"), quota(Period::Month, "99999")]).await;
    for n in [0, 1] {
        assert_eq!(adopted.period(&sales, n).await, "spent=9000 reserved=0 unresolved=1000");
    }
    assert_eq!(adopted.ledger().unmetered().audit().await.unwrap().mismatches, []);
}

/// What an export holds of a team with these entries.
async fn of_entries(books: &Books<Metered>, entries: Vec<Entry>) -> Exported {
    let mut open = OpenParts::default();
    for entry in &entries {
        open.note(entry);
    }
    let mut exported = export(books, &[], 0).await;
    exported.legacy.tallies = Vec::new();
    exported.inheritance.open = open.into_jobs();
    exported.entries = entries;
    exported
}

#[tokio::test]
async fn what_no_job_is_known_to_have_open_is_adopted_a_piece_at_a_time() {
    const TEAMS: usize = 1_200;
    let books = Books::<Metered>::open().await;
    let mut entries = Vec::new();
    for n in 0..TEAMS {
        let team = books.team(&format!("team-{n}"), &[]).await;
        entries.extend(journal(&books, &team).into_iter().take(1));
    }
    let mut exported = of_entries(&books, entries).await;
    exported.inheritance.open = BTreeMap::new();
    let adopted = books.beside().await;
    move_away(&adopted).await;
    adopt_here(&adopted, &exported).await;
    // An adoption whose last answer was lost is begun again from the top.
    adopted.ledger().end_adoption(exported.inheritance).await.unwrap();
    for n in [0, 7, TEAMS - 1] {
        let team = format!("team-{n}").parse().unwrap();
        assert_eq!(adopted.email(&team).await, "spent=0 reserved=0 unresolved=0.5");
    }
    assert_eq!(adopted.ledger().unmetered().audit().await.unwrap().mismatches, []);
}

#[tokio::test]
async fn many_turns_are_taken_over() {
    let books = Books::<Metered>::open().await;
    many_jobs(&books, "sales", 2_600).await;
    assert_eq!(books.ledger().lease(Room::each(40), TURN).await.unwrap().len(), 40);
    move_away(&books).await;
    assert_eq!(books.ledger().take_over(QUIET, TURN).await, Ok(2_600));
    assert_eq!(books.ledger().lease(Room::each(40), TURN).await.unwrap().len(), 40);
    assert_eq!(books.ledger().take_over(QUIET, TURN).await, Ok(2_600));
    books.balance().await;
}
