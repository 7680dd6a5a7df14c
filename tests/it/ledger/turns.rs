//! Turns with jobs: one at a time, fenced by a growing lease, fair to teams.

use std::collections::{BTreeMap, BTreeSet};

use tollgate::domain::team::TeamId;
use tollgate::ledger::ids::{BatchId, JobId};
use tollgate::ledger::record::job::{Reason, State, Way};
use tollgate::ledger::record::lane::Lane;
use tollgate::ledger::step::{Admission, Room};
use tollgate::ledger::transition::sweep::{Lifetimes, Sweep, SweepFrom};
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, DAY, HOUR, MINUTE, QUIET, TURN, first};
use super::named::{EMAIL, NONE, found, leads};
use super::store::Store;
use super::sweeping::LIFETIMES;

/// A batch of so many jobs of one lead each.
pub(super) async fn many_jobs<S: Store>(books: &Books<S>, team: &str, count: usize) -> BatchId {
    let team = books.team(team, &[]).await;
    let names: Vec<_> = (0..count).map(|n| format!("{team}-{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut admission = books.admission(&team, NONE, leads(&names));
    admission.terms.job_leads_max = 1;
    let id = admission.batch;
    books.admit(admission).await.unwrap();
    id
}

pub(super) async fn one_has_the_turn_until_it_ends(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let turn = books.turn(job).await;
    assert!(books.ledger().lease(Room::each(9), TURN).await.unwrap().is_empty());
    books.pass(TURN);
    assert!(books.turn(job).await.lease > turn.lease);
}

pub(super) async fn a_turn_ends_with_when_to_look_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let turn = books.turn(job).await;
    let later = books.now().after(HOUR);
    books.ledger().reschedule(job, turn.lease, Some(later)).await.unwrap();
    assert_eq!(books.ledger().next_due(Room::each(1)).await, Ok((Some(later), books.now())));
    books.pass(HOUR.saturating_sub(MINUTE));
    assert!(books.ledger().lease(Room::each(9), TURN).await.unwrap().is_empty());
    books.pass(MINUTE);
    books.turn(job).await;
}

pub(super) async fn a_job_put_off_further_than_any_may_be_is_due_now(books: &Books<impl Store>) {
    let (sales, finance) = (books.team("sales", &[]).await, books.team("finance", &[]).await);
    let far = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let near = first(books.ask(&sales, EMAIL, &["bob"]).await);
    let alone = first(books.ask(&finance, EMAIL, &["eve"]).await);
    let turns = books.ledger().lease(Room::each(9), TURN).await.unwrap();
    for turn in turns {
        let by = if turn.job.id == near { MINUTE } else { DAY };
        let until = books.now().after(by);
        books.ledger().reschedule(turn.job.id, turn.lease, Some(until)).await.unwrap();
    }
    // Of a queue the first jobs are read: one that is put off for a moment hides what follows.
    let room = || Room::each(1).due_within(HOUR);
    assert_eq!(books.ledger().next_due(room()).await, Ok((Some(books.now()), books.now())));
    let leased = async || {
        let turns = books.ledger().lease(room(), TURN).await.unwrap();
        turns.iter().map(|turn| turn.job.id).collect::<Vec<_>>()
    };
    assert_eq!(leased().await, [alone]);
    assert_eq!(leased().await, []);

    let lifetimes = Lifetimes { due_within: HOUR, ..LIFETIMES };
    let (mut next, mut brought_forward) = (Some(SweepFrom::Due(None)), 0);
    while let Some(from) = next {
        let swept = books.ledger().sweep(Sweep { from, rows: 1, lifetimes }).await.unwrap();
        (next, brought_forward) = (swept.next, brought_forward + swept.removed);
    }
    assert_eq!(brought_forward, 1);
    assert_eq!(leased().await, [far]);
}

pub(super) async fn a_living_job_is_always_looked_at_again(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let lease = books.turn(job).await.lease;
    let never = books.ledger().reschedule(job, lease, None).await;
    assert!(matches!(never, Err(LedgerError::Invariant(_))));
    books.send(job).await;
    books.give_up(job, Reason::Deadline).await;
    books.ledger().reschedule(job, lease, None).await.unwrap();
    assert_eq!(books.ledger().next_due(Room::each(1)).await, Ok((None, books.now())));
}

pub(super) async fn nothing_is_due_once_all_is_settled(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    assert_eq!(books.ledger().next_due(Room::each(1)).await, Ok((None, books.now())));
}

pub(super) async fn turns_go_round_the_teams(books: &Books<impl Store>) {
    many_jobs(books, "sales", 100).await;
    books.pass(MINUTE);
    let (growth, labs) = (many_jobs(books, "growth", 2).await, many_jobs(books, "labs", 1).await);
    let turns = books.ledger().lease(Room::each(6), TURN).await.unwrap();
    let mut taken: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for turn in &turns {
        taken.entry(turn.job.parts[0].team.as_str()).or_default().push(turn.job.id);
    }
    assert_eq!(taken["growth"], [first(growth), JobId { batch: growth, ordinal: 1 }]);
    assert_eq!(taken["labs"], [first(labs)]);
    assert_eq!(taken["sales"].len(), 3);
}

pub(super) async fn one_turn_at_a_time_goes_round_the_teams_too(books: &Books<impl Store>) {
    many_jobs(books, "sales", 100).await;
    books.pass(MINUTE);
    let growth = many_jobs(books, "growth", 1).await;
    let mut taken = Vec::new();
    for _ in 0..2 {
        taken.extend(books.ledger().lease(Room::each(1), TURN).await.unwrap());
    }
    assert!(taken.iter().any(|turn| turn.job.id == first(growth)));
}

pub(super) async fn behind_any_backlog_of_one_team_another_has_the_next_turn(
    books: &Books<impl Store>,
) {
    let backlog = many_jobs(books, "sales", 10_000).await;
    books.pass(MINUTE);
    let growth = many_jobs(books, "growth", 1).await;
    let turns = books.ledger().lease(Room::each(2), TURN).await.unwrap();
    let taken: BTreeSet<_> = turns.iter().map(|turn| turn.job.id).collect();
    assert_eq!(taken, BTreeSet::from([first(backlog), first(growth)]));
    // Sent, it waits to be polled behind those of the other team that were sent before.
    for ordinal in 0..200 {
        books.send(JobId { batch: backlog, ordinal }).await;
    }
    books.pass(HOUR);
    books.send(first(growth)).await;
    books.pass(HOUR);
    let room = || Room::from_iter([(Lane::Polls, 1)]);
    let mut polled = Vec::new();
    for _ in 0..2 {
        polled.extend(books.ledger().lease(room(), TURN).await.unwrap());
    }
    assert!(polled.iter().any(|turn| turn.job.id == first(growth)), "{polled:?}");
}

pub(super) async fn of_many_teams_each_has_its_turn_before_any_has_its_third(
    books: &Books<impl Store>,
) {
    const TEAMS: usize = 40;
    for n in 0..TEAMS {
        // Large ones and small ones in the order of their names.
        many_jobs(books, &format!("team-{n:02}"), 1 + 11 * (n % 3)).await;
    }
    let mut turns = BTreeMap::<_, usize>::new();
    while turns.len() < TEAMS {
        for turn in books.ledger().lease(Room::each(7), TURN).await.unwrap() {
            *turns.entry(turn.team).or_default() += 1;
        }
        assert!(turns.values().all(|count| *count < 3), "{turns:?}");
    }
}

pub(super) async fn the_longest_due_of_a_team_is_first(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let early = books.ask(&sales, NONE, &["ada"]).await;
    books.pass(MINUTE);
    let late = books.ask(&sales, NONE, &["bob"]).await;
    for batch in [early, late] {
        let turns = books.ledger().lease(Room::each(1), TURN).await.unwrap();
        assert_eq!(turns[0].job.id, first(batch));
    }
}

pub(super) async fn what_was_put_off_for_longer_than_a_turn_stays_so(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, NONE, &["ada"]).await);
    let turn = &books.ledger().lease(Room::each(1), TURN).await.unwrap()[0];
    let later = books.now().after(DAY);
    books.ledger().reschedule(job, turn.lease, Some(later)).await.unwrap();
    assert_eq!(books.ledger().take_over(QUIET, TURN).await, Ok(1));
    assert_eq!(books.job(job).await.due, Some(later));
}

pub(super) async fn who_takes_over_finds_every_turn_free(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let ready = first(books.ask(&sales, NONE, &["ada"]).await);
    let sending = first(books.ask(&sales, NONE, &["bob"]).await);
    let bound = first(books.ask(&sales, NONE, &["cyd"]).await);
    let before = books.ledger().lease(Room::each(9), HOUR).await.unwrap();
    books.begin_send(sending).await;
    books.send(bound).await;

    assert_eq!(books.ledger().take_over(QUIET, HOUR).await, Ok(3));
    let doubted = books.job(sending).await;
    assert_eq!((doubted.state, doubted.unanswered), (State::Unknown, 1));
    assert_eq!(doubted.due, Some(books.now().after(QUIET)), "the vendor is left in quiet");
    let turns = books.ledger().lease(Room::each(9), TURN).await.unwrap();
    let free: Vec<_> = turns.iter().map(|turn| turn.job.id).collect();
    assert_eq!(free, [ready, bound]);
    for turn in before {
        assert!(books.job(turn.job.id).await.lease > turn.lease, "whoever had it is fenced");
    }
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1.5 unresolved=0");
}

pub(super) async fn a_turn_that_was_forgotten_has_a_number_of_its_own(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = first(books.ask(&sales, EMAIL, &["ada"]).await);
    let forgotten = books.turn(job).await.lease;
    books.pass(TURN);
    // As far as a store knows that has forgotten it, the next turn is a job's first.
    let other = first(books.ask(&sales, EMAIL, &["bob"]).await);
    assert!(books.turn(other).await.lease > forgotten);
}

/// A look-up on the books.
async fn look_up<S: Store>(books: &Books<S>, team: &TeamId, name: &str) -> JobId {
    let admission = books.admission(team, NONE, leads(&[name]));
    let admission = Admission { way: Way::LookUp, ..admission };
    let job = first(admission.batch);
    books.admit(admission).await.unwrap();
    job
}

pub(super) async fn a_look_up_goes_before_batches_that_have_waited_for_longer(
    books: &Books<impl Store>,
) {
    many_jobs(books, "sales", 100).await;
    books.pass(MINUTE);
    let look_up = look_up(books, &"sales".parse().unwrap(), "ada").await;
    let turns = books.ledger().lease(Room::each(1), TURN).await.unwrap();
    assert_eq!((turns[0].job.id, turns.len()), (look_up, 2));
}

pub(super) async fn each_lane_has_turns_of_its_own(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let bound = first(books.ask(&sales, NONE, &["ada"]).await);
    books.send(bound).await;
    books.pass(HOUR);
    let look_up = look_up(books, &sales, "bob").await;
    let ready = first(books.ask(&sales, NONE, &["cyd"]).await);
    for (lane, job) in [(Lane::Submissions, ready), (Lane::LookUps, look_up), (Lane::Polls, bound)]
    {
        let room = Room::from_iter([(lane, 9)]);
        let (due, now) = books.ledger().next_due(room.clone()).await.unwrap();
        assert!(due.is_some_and(|due| due <= now), "{lane:?}");
        let turns = books.ledger().lease(room.clone(), TURN).await.unwrap();
        assert_eq!(turns.iter().map(|turn| turn.job.id).collect::<Vec<_>>(), [job], "{lane:?}");
        let later = books.now().after(TURN);
        assert_eq!(books.ledger().next_due(room).await, Ok((Some(later), books.now())));
    }
    let none = books.ledger().next_due(Room::each(0)).await.unwrap();
    assert_eq!(none.0, None, "where there is no room, nothing is due");
}
