//! Gathering: small jobs travel as one, and each batch is answered, charged and ended as if it had
//! travelled alone.

use std::time::Duration;

use tollgate::domain::policy::Policies;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::ids::{BatchId, JobId, ResultRef};
use tollgate::ledger::record::job::State;
use tollgate::ledger::step::{Gathered, Gathering, Room};
use tollgate::ledger::transition::read::{LeadReading, Status};
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, DAY, HOUR, TURN, attempt, first, terms};
use super::named::{ALL, EMAIL, NONE, found, leads};
use super::store::Store;
use super::sweeping::{LIFETIMES, sweep_by};

/// How long small jobs wait.
pub(super) const WAIT: Duration = Duration::from_millis(200);

/// Asks, and waits to be gathered.
pub(super) async fn wait<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    reveals: Reveals,
    names: &[&str],
) -> BatchId {
    let mut admission = books.admission(team, reveals, leads(names));
    admission.terms.gather_window = WAIT;
    let id = admission.batch;
    books.admit(admission).await.expect("it fits");
    id
}

pub(super) async fn gather<S: Store>(books: &Books<S>) -> Option<Gathered> {
    let gathering = Gathering { leads_max: terms().job_leads_max };
    books.ledger().gather(gathering).await.expect("the store is there")
}

/// A batch for each of these teams, one lead each, in a coach on which a turn has begun.
pub(super) async fn gathered<S: Store>(
    books: &Books<S>,
    asks: &[(&TeamId, &str)],
) -> (JobId, Vec<BatchId>) {
    let mut batches = Vec::new();
    for (team, name) in asks {
        batches.push(wait(books, team, EMAIL, &[*name]).await);
    }
    books.pass(WAIT);
    let coach = gather(books).await.expect("they have waited").coach;
    books.turn(coach).await;
    (coach, batches)
}

pub(super) async fn two_teams<S: Store>(books: &Books<S>) -> (TeamId, TeamId) {
    (books.team("sales", &[]).await, books.team("growth", &[]).await)
}

pub(super) async fn nobody_is_gathered_before_the_first_has_waited(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    wait(books, &sales, EMAIL, &["ada"]).await;
    wait(books, &sales, EMAIL, &["bob"]).await;
    let before = books.dump().await;
    assert_eq!(gather(books).await, None);
    assert!(books.ledger().lease(Room::each(9), TURN).await.unwrap().is_empty());
    assert_eq!(books.dump().await, before);
}

pub(super) async fn all_who_wait_travel_with_the_first(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let ada = wait(books, &sales, EMAIL, &["ada"]).await;
    books.pass(WAIT / 2);
    let bob = wait(books, &growth, EMAIL, &["bob", "cid"]).await;
    books.pass(WAIT / 2);
    let coach = first(ada).coach();
    assert_eq!(gather(books).await, Some(Gathered { coach, jobs: 2, leads: 3 }));
    assert_eq!(gather(books).await, None);
    let turns = books.ledger().lease(Room::each(9), TURN).await.unwrap();
    assert_eq!(turns.iter().map(|turn| turn.job.id).collect::<Vec<_>>(), [coach]);
    assert_eq!(books.job(first(bob)).await.state, State::Gathered(coach));

    books.send(coach).await;
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL), found("cid", NONE)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
    assert_eq!(books.email(&growth).await, "spent=2 reserved=0 unresolved=0");
    let reading = books.read(&growth, bob).await;
    assert_eq!(reading.status, Status::Completed);
    let at = |index| ResultRef { job: first(bob), index };
    let shown: Vec<_> = reading.leads.iter().filter_map(LeadReading::result).collect();
    assert_eq!(shown.iter().map(|kept| kept.at).collect::<Vec<_>>(), [at(0), at(1)]);
    assert_eq!(shown[0].turn, books.lease_of(coach).await);
}

pub(super) async fn other_reveals_travel_apart(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for (reveals, name) in [(EMAIL, "ada"), (ALL, "bob"), (EMAIL, "cid"), (ALL, "dan")] {
        wait(books, &sales, reveals, &[name]).await;
    }
    books.pass(WAIT);
    let one = gather(books).await.unwrap();
    let other = gather(books).await.unwrap();
    assert_eq!((one.jobs, other.jobs), (2, 2));
    let of = async |coach| books.job(coach).await.reveals;
    assert_eq!([of(one.coach).await, of(other.coach).await], [EMAIL, ALL]);
}

pub(super) async fn a_large_job_does_not_wait(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let names: Vec<String> = (0..101).map(|n| format!("{n}@x.io")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let large = wait(books, &sales, EMAIL, &names).await;
    let just_small = wait(books, &sales, ALL, &names[..100]).await;
    assert_eq!(books.job(first(large)).await.due, Some(books.now()));
    assert_eq!(books.job(first(just_small)).await.due, Some(books.now().after(WAIT)));
}

pub(super) async fn one_alone_travels_alone(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let ada = first(wait(books, &sales, EMAIL, &["ada"]).await);
    books.pass(WAIT);
    assert_eq!(gather(books).await, None);
    books.turn(ada).await;
    wait(books, &sales, EMAIL, &["bob"]).await;
    books.pass(WAIT);
    assert_eq!(gather(books).await, None, "whoever has a turn waits no more");
    books.send(ada).await;
    books.settle(ada, &[found("ada", EMAIL)]).await;
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=1.5 unresolved=0");
}

pub(super) async fn there_is_room_for_as_many_leads_as_the_vendor_takes(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for name in ["ada", "bob", "cid"] {
        wait(books, &sales, EMAIL, &[name]).await;
    }
    books.pass(WAIT);
    let gathering = Gathering { leads_max: 2 };
    let gathered = books.ledger().gather(gathering).await.unwrap().unwrap();
    assert_eq!((gathered.jobs, gathered.leads), (2, 2));
    assert_eq!(books.ledger().gather(gathering).await, Ok(None), "the third travels alone");
}

pub(super) async fn a_full_coach_is_settled_whole_and_the_rest_travels_in_another(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let names: Vec<String> = (0..510).map(|n| format!("{n}@x.io")).collect();
    for (n, name) in names.iter().enumerate() {
        wait(books, if n % 2 == 0 { &sales } else { &growth }, EMAIL, &[name]).await;
    }
    books.pass(WAIT);
    let (full, rest) = (gather(books).await.unwrap(), gather(books).await.unwrap());
    assert_eq!((full.jobs, rest.jobs, gather(books).await), (500, 10, None));
    for (gathered, riders) in [(full, &names[..500]), (rest, &names[500..])] {
        books.send(gathered.coach).await;
        let evidence: Vec<_> = riders.iter().map(|name| found(name, EMAIL)).collect();
        let settled = books.settle(gathered.coach, &evidence).await;
        assert_eq!(settled.parts.len(), riders.len());
    }
    for team in [&sales, &growth] {
        assert_eq!(books.email(team).await, "spent=382.5 reserved=0 unresolved=0");
    }
}

pub(super) async fn nobody_is_asked_for_twice_in_one_batch(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    // A team that keeps to itself joins no other, so the same lead waits twice.
    let policies = Policies { shared_cache: false, ..Policies::default() };
    let apart = books.team_with("apart", policies).await;
    for team in [&sales, &apart] {
        wait(books, team, EMAIL, &["ada"]).await;
    }
    books.pass(WAIT);
    assert_eq!(gather(books).await, None);
}

pub(super) async fn whoever_joins_a_gathered_job_is_answered_for_nothing(
    books: &Books<impl Store>,
) {
    let (sales, growth) = two_teams(books).await;
    let (coach, _) = gathered(books, &[(&sales, "ada"), (&sales, "bob")]).await;
    let early = books.ask(&growth, EMAIL, &["bob"]).await;
    books.send(coach).await;
    let late = books.ask(&growth, NONE, &["ada", "ada"]).await;
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    for batch in [early, late] {
        let reading = books.read(&growth, batch).await;
        assert_eq!(reading.status, Status::Completed);
        assert!(reading.leads.iter().all(|lead| lead.result().is_some()));
        assert!(!reading.batch.avoided.is_zero());
    }
}

pub(super) async fn a_gathered_batch_reads_where_its_coach_stands(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    let reading = books.read(&growth, batches[1]).await;
    assert_eq!((reading.status, reading.spent), (Status::Queued, None));
    books.send(coach).await;
    let reading = books.read(&growth, batches[1]).await;
    assert_eq!((reading.status, reading.spent), (Status::Processing, None));
    assert_eq!(reading.next_look, books.job(coach).await.due);
    let glance = books.ledger().glance().await.unwrap();
    assert_eq!((glance.queued, glance.processing), (0, 2));
    assert_eq!(glance.oldest_unsettled, Some(reading.batch.admitted_at));
    books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    assert_eq!(books.read(&growth, batches[1]).await.status, Status::Completed);
}

pub(super) async fn a_coach_settled_again_tells_the_same(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, _) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.send(coach).await;
    let evidence = [found("ada", EMAIL), found("bob", EMAIL)];
    let settled = books.settle(coach, &evidence).await;
    let before = books.dump().await;
    let again = books.settle(coach, &evidence).await;
    assert!(settled.is_first && !again.is_first);
    assert_eq!(again.parts, settled.parts);
    assert_eq!(books.dump().await, before);
    let short = books.try_settle(coach, &evidence[..1]).await;
    assert_eq!(short.map(|settled| settled.is_first), Ok(false));
}

pub(super) async fn a_gathered_job_has_no_turn_of_its_own(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let (_, batches) = gathered(books, &[(&sales, "ada"), (&sales, "bob")]).await;
    let job = books.job(first(batches[0])).await;
    let begun = books.ledger().begin_send(attempt(job.id, job.lease, 0)).await;
    assert_eq!(begun, Err(LedgerError::Fenced));
    assert_eq!(books.bind(job.id, 1).await, Err(LedgerError::Fenced));
    assert_eq!(
        books.try_settle(job.id, &[found("ada", EMAIL)]).await.err(),
        Some(LedgerError::Fenced)
    );
}

pub(super) async fn a_removed_person_in_a_coach_is_paid_and_not_kept(books: &Books<impl Store>) {
    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.send(coach).await;
    books.ledger().erase(vec![super::named::key("bob")], None).await.unwrap();
    let settled = books.settle(coach, &[found("ada", EMAIL), found("bob", EMAIL)]).await;
    let at = ResultRef { job: first(batches[1]), index: 0 };
    assert_eq!(settled.removed.iter().map(|kept| kept.at).collect::<Vec<_>>(), [at]);
    assert_eq!(books.read(&growth, batches[1]).await.leads, [LeadReading::Removed]);
    assert_eq!(books.email(&growth).await, "spent=1.5 reserved=0 unresolved=0");
    assert!(books.read(&sales, batches[0]).await.leads[0].result().is_some());
}

pub(super) async fn nothing_of_a_coach_is_left_once_it_is_over(books: &Books<impl Store>) {
    use tollgate::ledger::record::job::Reason;
    use tollgate::ledger::step::{Charged, Resolution};
    use tollgate::ledger::transition::sweep::Lifetimes;

    let (sales, growth) = two_teams(books).await;
    let (coach, batches) = gathered(books, &[(&sales, "ada"), (&growth, "bob")]).await;
    books.send(coach).await;
    books.give_up(coach, Reason::Deadline).await;
    let sweep = async || {
        let ttl = 8 * DAY;
        let lifetimes = Lifetimes { batch: ttl, results: ttl, leads: ttl, ..LIFETIMES };
        sweep_by(books, 100, lifetimes).await;
    };
    let resolve = async |batch| {
        let resolution = Resolution { batch, charged: Charged::Nothing, note: None };
        books.ledger().resolve(resolution).await.unwrap();
    };
    resolve(batches[0]).await;
    books.pass(9 * DAY);
    sweep().await;
    assert_eq!(books.ledger().job(first(batches[0])).await, Ok(None));
    assert_eq!(books.turn(coach).await.lease, books.lease_of(coach).await, "it is looked at still");
    resolve(batches[1]).await;
    books.pass(9 * DAY + HOUR);
    let turn = books.turn(coach).await;
    books.ledger().reschedule(coach, turn.lease, None).await.unwrap();
    sweep().await;
    assert_eq!(books.ledger().job(coach).await, Ok(None));
    assert_eq!(books.ledger().job(first(batches[1])).await, Ok(None));
}
