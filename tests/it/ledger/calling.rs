//! Calls: set aside before a byte leaves, ended by any certain word, unresolved without one.

use tollgate::domain::credits::{Amounts, Unit};
use tollgate::domain::limits::{Excess, UpTo};
use tollgate::domain::period::Period;
use tollgate::domain::pricing::Prices;
use tollgate::domain::team::TeamId;
use tollgate::domain::team_limits::TeamLimits;
use tollgate::ledger::ids::{BatchId, JobId, Token};
use tollgate::ledger::record::job::{Cause, Reason, State, Way};
use tollgate::ledger::record::team::{NewTeam, Standing};
use tollgate::ledger::step::{Charged, Refused, Resolution, Room};
use tollgate::ledger::transition::call::{CallOpened, Closing, Opened, Opening};
use tollgate::ledger::{Ledger, LedgerError};

use super::books::{Books, QUIET, TURN, quota};
use super::named::NONE;
use super::store::Store;

/// So many email credits.
pub(super) fn email(credits: &str) -> Amounts {
    Amounts::of(Unit::Email, credits.parse().unwrap())
}

/// A call that nobody opened before.
pub(super) fn opening<S: Store>(books: &Books<S>, team: &TeamId, worst: &str) -> Opening {
    let admission = books.admission(team, NONE, vec![]);
    Opening {
        batch: admission.batch,
        token: admission.token,
        team: team.clone(),
        worst: email(worst),
        most: UpTo::ANY,
        retry: None,
        prices: Prices::PUBLISHED,
        lease_for: TURN,
        limits: TeamLimits::NONE,
    }
}

pub(super) async fn try_open<S: Store>(
    books: &Books<S>,
    opening: &Opening,
) -> Result<Opened, Refused> {
    let opened = books.ledger().open_call(opening.clone()).await.expect("the store is there");
    opened.map(|opened| match opened {
        CallOpened::Opened(opened) => opened,
        CallOpened::Before(before) => panic!("it is no retry: {before:?}"),
    })
}

async fn open<S: Store>(books: &Books<S>, team: &TeamId, worst: &str) -> JobId {
    try_open(books, &opening(books, team, worst)).await.expect("it fits").job
}

pub(super) async fn close<S: Store>(books: &Books<S>, job: JobId, closing: Closing) {
    books.ledger().close_call(job, closing).await.expect("it was opened");
}

async fn resolve<S: Store>(books: &Books<S>, batch: BatchId, charged: Charged) {
    books.ledger().resolve(Resolution { batch, charged, note: None }).await.expect("it is there");
}

pub(super) async fn a_call_is_on_the_books_before_it_is_made(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = open(books, &sales, "3").await;
    let stands = books.job(job).await;
    assert_eq!((stands.way, stands.state, stands.attempts), (Way::Call, State::Sending, 1));
    assert_eq!(stands.due, Some(books.now().after(TURN)));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=3 unresolved=0");
}

pub(super) async fn what_a_call_costs_is_charged_and_the_rest_released(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for (charged, spent) in [("3", "3"), ("2", "5"), ("0", "5")] {
        let job = open(books, &sales, "3").await;
        close(books, job, Closing::Charged(email(charged))).await;
        assert_eq!(books.job(job).await.state, State::Done);
        let expected = format!("spent={spent} reserved=0 unresolved=0");
        assert_eq!(books.email(&sales).await, expected);
    }
}

pub(super) async fn a_call_charged_beyond_its_reservation_is_booked_whole(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = open(books, &sales, "1").await;
    let closing = Closing::Charged(email("1.5"));
    let settled = books.ledger().close_call(job, closing).await.unwrap();
    assert_eq!(settled.parts[0].exceeded, email("0.5"));
    assert_eq!(books.email(&sales).await, "spent=1.5 reserved=0 unresolved=0");
}

pub(super) async fn a_call_that_was_certainly_not_taken_is_void(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for cause in [Cause::Refused, Cause::VendorCredits, Cause::NotSent] {
        let job = open(books, &sales, "2").await;
        close(books, job, Closing::NotCharged(cause)).await;
        assert_eq!(books.job(job).await.state, State::Void(cause));
    }
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
}

pub(super) async fn an_unanswered_call_is_unresolved_and_never_made_again(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = open(books, &sales, "2").await;
    close(books, job, Closing::Unanswered).await;
    let stands = books.job(job).await;
    assert_eq!((stands.state, stands.due), (State::Unresolved(Reason::NoAnswer), None));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=2");
    resolve(books, job.batch, Charged::All).await;
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
}

pub(super) async fn a_call_whose_maker_died_is_given_up_by_the_next_turn(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = open(books, &sales, "2").await;
    books.pass(TURN);
    let turn = books.turn(job).await;
    assert_eq!(turn.job.state, State::Sending);
    let ledger = books.ledger();
    for _ in 0..2 {
        ledger.unanswered(job, turn.lease, books.now().after(QUIET)).await.unwrap();
        let stands = books.job(job).await;
        assert_eq!((stands.state, stands.due), (State::Unresolved(Reason::NoAnswer), None));
    }
    let until = books.now();
    assert_eq!(ledger.put_back(job, turn.lease, until).await, Err(LedgerError::Fenced));
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=2");
}

pub(super) async fn who_takes_over_gives_up_the_calls_that_were_being_made(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = open(books, &sales, "2").await;
    books.ledger().take_over(QUIET, TURN).await.unwrap();
    assert_eq!(books.job(job).await.state, State::Unresolved(Reason::NoAnswer));
    assert_eq!(books.ledger().next_due(Room::each(1)).await.unwrap().0, None);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=2");
}

pub(super) async fn certain_word_that_comes_late_ends_what_was_unresolved(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    for (closing, spent) in [
        (Closing::Charged(email("2")), "2"),
        (Closing::NotCharged(Cause::Refused), "2"),
        (Closing::Charged(email("1")), "3"),
    ] {
        let job = open(books, &sales, "2").await;
        close(books, job, Closing::Unanswered).await;
        close(books, job, closing).await;
        let expected = format!("spent={spent} reserved=0 unresolved=0");
        assert_eq!(books.email(&sales).await, expected);
        let is_void = matches!(books.job(job).await.state, State::Void(_));
        assert_eq!(is_void, matches!(closing, Closing::NotCharged(_)));
    }
}

pub(super) async fn certain_word_after_an_operators_is_booked_as_the_difference(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = open(books, &sales, "2").await;
    close(books, job, Closing::Unanswered).await;
    resolve(books, job.batch, Charged::Nothing).await;
    close(books, job, Closing::Charged(email("2"))).await;
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");

    let job = open(books, &sales, "2").await;
    close(books, job, Closing::Unanswered).await;
    resolve(books, job.batch, Charged::All).await;
    close(books, job, Closing::NotCharged(Cause::Refused)).await;
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
}

pub(super) async fn a_call_asked_again_changes_nothing(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let order = opening(books, &sales, "2");
    let opened = try_open(books, &order).await.unwrap();
    let before = books.dump().await;
    let again = try_open(books, &order).await.unwrap();
    assert_eq!((again.job, again.lease), (opened.job, opened.lease));
    assert_eq!(books.dump().await, before);

    for closing in
        [Closing::Charged(email("2")), Closing::NotCharged(Cause::Refused), Closing::Unanswered]
    {
        let order = opening(books, &sales, "2");
        let job = try_open(books, &order).await.unwrap().job;
        close(books, job, closing).await;
        let before = books.dump().await;
        let again = books.ledger().close_call(job, closing).await.unwrap();
        assert!(!again.is_first);
        assert_eq!(books.ledger().open_call(order).await, Err(LedgerError::Fenced));
        assert_eq!(books.dump().await, before, "{closing:?}");
    }
}

pub(super) async fn a_call_that_does_not_fit_is_refused_and_changes_nothing(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "5")]).await;
    open(books, &sales, "3").await;
    let before = books.dump().await;
    let refused = try_open(books, &opening(books, &sales, "2.5")).await;
    let Err(Refused::Quota(short)) = refused else { panic!("{refused:?}") };
    assert_eq!((short.reserved, short.needed), (email("3").email, email("2.5").email));
    let other = Opening { token: Token::new([250; 16]), ..opening(books, &sales, "1") };
    let taken = Opening { batch: BatchId::new(1).unwrap(), ..other };
    assert_eq!(try_open(books, &taken).await, Err(Refused::Collision));
    let stranger = Opening { team: "nobody".parse().unwrap(), ..opening(books, &sales, "1") };
    assert_eq!(try_open(books, &stranger).await, Err(Refused::NoTeam));
    assert_eq!(books.dump().await, before);

    let paused = NewTeam { standing: Standing::Paused, ..NewTeam::open("Sales") };
    books.ledger().put_team(sales.clone(), paused).await.unwrap();
    assert_eq!(try_open(books, &opening(books, &sales, "1")).await, Err(Refused::Paused));
}

pub(super) async fn a_call_above_what_its_caller_allows_is_refused_and_changes_nothing(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Day, "2")]).await;
    let before = books.dump().await;
    let allowed = email("2.5").email;
    let most = UpTo { email: Some(allowed), phone: None };
    let refused = try_open(books, &Opening { most, ..opening(books, &sales, "3") }).await;
    let excess = Excess { unit: Unit::Email, needed: email("3").email, allowed };
    assert_eq!(refused, Err(Refused::Beyond(excess)), "rather than that the quota is short");
    assert_eq!(books.dump().await, before);
    try_open(books, &Opening { most, ..opening(books, &sales, "2") }).await.unwrap();
}

pub(super) async fn a_call_is_no_batch_of_leads(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = open(books, &sales, "2").await;
    let ledger = books.ledger();
    assert_eq!(ledger.read(sales, job.batch, 0, 10).await, Ok(None));
    assert_eq!(books.bind(job, 7).await, Err(LedgerError::Fenced));
    assert_eq!(books.try_settle(job, &[]).await, Err(LedgerError::Fenced));
    let unknown = ledger.close_call(JobId { ordinal: 7, ..job }, Closing::Unanswered).await;
    assert_eq!(unknown, Err(LedgerError::Fenced));
}
