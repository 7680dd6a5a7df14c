//! Backlogs: one team's does not delay another's, whoever's backlog a person is in, and turns are
//! given no sooner than their requests are allowed.

use std::num::NonZeroU32;

use tollgate::domain::budget::{Rate, Rates};
use tollgate::domain::team::TeamId;
use tollgate::domain::time::Timestamp;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, JobId};
use tollgate::ledger::record::lane::Lane;
use tollgate::ledger::step::{PageReader, Room, Spending, Turn};

use super::books::{Books, HOUR, MINUTE, TURN, first};
use super::gathering::{gather, wait};
use super::named::{EMAIL, NONE};
use super::store::Store;
use super::turns::many_jobs;

/// As many turns as there are, within 500 requests a minute.
fn budgeted(each: usize) -> Room {
    let rate = |number| Rate(NonZeroU32::new(number).unwrap());
    let rates = Rates { requests: rate(500), look_ups: rate(350) };
    Room::each(each).within(Spending { rates, closed_for_max: HOUR })
}

async fn lease<S: Store>(books: &Books<S>, room: Room) -> Vec<Turn> {
    books.ledger().lease(room, TURN).await.unwrap()
}

async fn next_due<S: Store>(books: &Books<S>, room: Room) -> Option<Timestamp> {
    books.ledger().next_due(room).await.unwrap().0
}

fn job(batch: BatchId, ordinal: u32) -> JobId {
    JobId { batch, ordinal }
}

fn in_lane(turns: &[Turn], lane: Lane) -> Vec<(TeamId, JobId)> {
    let of_lane = turns.iter().filter(|turn| turn.lane == lane);
    of_lane.map(|turn| (turn.team.clone(), turn.job.id)).collect()
}

pub(super) async fn a_look_up_of_a_person_in_a_backlog_has_the_next_turn(
    books: &Books<impl Store>,
) {
    let backlog = many_jobs(books, "sales", 200).await;
    let growth = books.team("growth", &[]).await;
    books.pass(MINUTE);
    let joined = books.look_up(&growth, NONE, "sales-150").await;
    assert_eq!(books.read(&growth, joined).await.batch.dispositions.joined, 1);
    let turns = lease(books, Room::each(1)).await;
    let place = (growth.clone(), job(backlog, 150));
    assert_eq!(in_lane(&turns, Lane::UrgentSubmissions), std::slice::from_ref(&place));
    // Sent, it is polled before all that were sent before it.
    for ordinal in [0, 1, 2, 150] {
        books.send(job(backlog, ordinal)).await;
    }
    books.pass(HOUR);
    let turns = lease(books, Room::each(1)).await;
    assert_eq!(in_lane(&turns, Lane::UrgentPolls), [place]);
}

pub(super) async fn a_batch_that_joins_a_backlog_waits_in_its_own_teams_queue(
    books: &Books<impl Store>,
) {
    let backlog = many_jobs(books, "sales", 200).await;
    let growth = books.team("growth", &[]).await;
    books.pass(MINUTE);
    books.ask(&growth, NONE, &["sales-150"]).await;
    let before = books.job(job(backlog, 150)).await;
    books.ask(&growth, NONE, &["sales-150"]).await;
    assert_eq!(books.job(job(backlog, 150)).await, before, "only the first to join writes to it");
    let turns = lease(books, Room::each(2)).await;
    let mut taken = in_lane(&turns, Lane::Submissions);
    taken.sort();
    let sales: TeamId = "sales".parse().unwrap();
    assert_eq!(taken, [(growth, job(backlog, 150)), (sales, first(backlog))]);
}

pub(super) async fn a_look_up_that_joins_what_travels_in_a_coach_has_the_coach_sent_first(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let ada = wait(books, &sales, EMAIL, &["ada"]).await;
    wait(books, &sales, EMAIL, &["bob"]).await;
    many_jobs(books, "sales", 20).await;
    books.pass(MINUTE);
    let coach = gather(books).await.unwrap().coach;
    books.look_up(&growth, EMAIL, "bob").await;
    let turns = lease(books, Room::each(1)).await;
    assert_eq!(coach, first(ada).coach());
    assert_eq!(in_lane(&turns, Lane::UrgentSubmissions), [(growth, coach)]);
}

pub(super) async fn no_more_turns_are_given_than_requests_are_allowed(books: &Books<impl Store>) {
    many_jobs(books, "sales", 60).await;
    let growth = many_jobs(books, "growth", 1).await;
    let turns = lease(books, budgeted(32)).await;
    // A burst, but for what is left to look-ups.
    assert_eq!(turns.len(), 15);
    assert!(turns.iter().all(|turn| turn.requests == 1));
    assert!(turns.iter().any(|turn| turn.job.id == first(growth)));
    let before = books.dump().await;
    assert!(lease(books, budgeted(32)).await.is_empty());
    assert_eq!(books.dump().await, before, "what has to wait changes nothing");
    let next = next_due(books, budgeted(32)).await.unwrap();
    assert!(next > books.now());
    books.pass_until(next);
    assert_eq!(lease(books, budgeted(32)).await.len(), 1);
}

pub(super) async fn behind_a_backlog_of_thousands_another_teams_job_is_sent_and_polled_at_once(
    books: &Books<impl Store>,
) {
    let backlog = many_jobs(books, "sales", 3_000).await;
    for ordinal in 0..100 {
        books.send(job(backlog, ordinal)).await;
    }
    books.pass(HOUR);
    let growth = first(many_jobs(books, "growth", 1).await);
    let (mut sent, mut polled, mut turns) = (None, None, 0_u32);
    while polled.is_none() {
        for turn in lease(books, budgeted(32)).await {
            turns += 1;
            match turn.lane {
                Lane::Submissions if turn.job.id == growth => {
                    books.send(growth).await;
                    books.ledger().reschedule(growth, turn.lease, Some(books.now())).await.unwrap();
                    sent = Some(turns);
                }
                Lane::Polls if turn.job.id == growth => polled = Some(turns),
                _ => {}
            }
        }
        assert!(turns < 200, "sent after {sent:?} turns, and not polled");
        books.pass_until(next_due(books, budgeted(32)).await.unwrap());
    }
    // The second of the first burst, and soon after it.
    assert_eq!(sent, Some(1), "growth is before sales");
    assert!(polled.unwrap() < 40, "{polled:?}");
}

pub(super) async fn pages_of_a_large_job_go_round_with_other_teams_polls(
    books: &Books<impl Store>,
) {
    let growth = many_jobs(books, "growth", 6).await;
    let (large, before) = {
        let batch = many_jobs(books, "sales", 1).await;
        books.send(first(batch)).await;
        books.pass(HOUR);
        (first(batch), books.turn(first(batch)).await)
    };
    for ordinal in 0..6 {
        books.send(job(growth, ordinal)).await;
    }
    books.pass(MINUTE);
    let later = books.now().after(HOUR);
    books.ledger().reschedule(large, before.lease, Some(later)).await.unwrap();
    let reader = PageReader {
        job: large,
        lease: before.lease,
        lane: Lane::Polls,
        team: before.team.clone(),
        since: books.now(),
        pages: 8,
    };
    let room = || Room::from_iter([(Lane::Polls, 3)]).with_readers(vec![reader.clone()]);
    let due = next_due(books, room()).await;
    assert_eq!(due, Some(books.now()), "a page waits");
    let turns = lease(books, room()).await;
    let of_growth = turns.iter().filter(|turn| turn.team.as_str() == "growth").count();
    let pages = turns.iter().find(|turn| turn.job.id == large).unwrap();
    assert_eq!((of_growth, turns.len()), (3, 4), "{turns:?}");
    assert_eq!((pages.lease, pages.requests), (before.lease, 8));
    assert_eq!(books.lease_of(large).await, before.lease, "its turn goes on");

    // Where the budget is short, they alternate.
    let rooms = |each| budgeted(each).with_readers(vec![reader.clone()]);
    while !lease(books, rooms(0)).await.is_empty() {}
    let mut had = Vec::new();
    for _ in 0..4 {
        books.pass_until(next_due(books, rooms(3)).await.unwrap());
        had.extend(lease(books, rooms(3)).await.into_iter().map(|turn| turn.team.to_string()));
    }
    assert!(had.len() >= 4 && had.windows(2).all(|two| two[0] != two[1]), "{had:?}");
    // A turn that is over reads no further page.
    books.pass(HOUR);
    books.turn(large).await;
    let turns = lease(books, Room::each(0).with_readers(vec![reader.clone()])).await;
    assert!(turns.is_empty(), "{turns:?}");
}
