//! Verdicts: whose they are, how old they may be, and that they are looked for until they are there.

use std::num::NonZeroU32;
use std::time::Duration;

use tollgate::domain::budget::NoRoom;
use tollgate::domain::credits::Credits;
use tollgate::domain::limits::{Excess, UpTo};
use tollgate::domain::policy::Policies;
use tollgate::domain::share::Share;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::job::{Cause, State};
use tollgate::ledger::record::replay::{Retry, ToldBy};
use tollgate::ledger::step::{Refused, Room};
use tollgate::ledger::transition::call::Closing;
use tollgate::ledger::transition::validation::{ValidationOpened, ValidationOrder};

use super::books::{Books, DAY, HOUR, TURN, first};
use super::store::Store;
use super::sweeping::sweep;
use super::validating::{WINDOW, apart, end, open, order, take, try_open};

/// Has these addresses validated, and their verdicts brought home.
async fn know<S: Store>(books: &Books<S>, team: &TeamId, names: &[&str]) {
    let opened = open(books, team, names).await;
    let answered = u32::try_from(names.len()).unwrap();
    let batch = take(books, &opened).await;
    end(books, batch, answered, &[]).await;
}

/// How many of these would be sent anew by whoever takes no older verdicts.
async fn sent_anew<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    names: &[&str],
    max_age: Option<Duration>,
) -> usize {
    let order = ValidationOrder { max_age, ..order(books, team, names) };
    let Ok(ValidationOpened::Opened(opened)) = try_open(books, &order).await else { panic!() };
    opened.fresh.len()
}

pub(super) async fn a_team_that_keeps_to_itself_shares_no_verdict(books: &Books<impl Store>) {
    let (apart, sales) = (apart(books).await, books.team("sales", &[]).await);
    know(books, &sales, &["ada"]).await;
    let own = open(books, &apart, &["ada", "bob"]).await;
    assert_eq!(own.fresh, [0, 1], "it takes nothing from others");
    let batch = take(books, &own).await;
    let under_way = open(books, &sales, &["bob", "ada"]).await;
    assert_eq!(under_way.fresh, [0], "nobody joins it");
    end(books, batch, 1, &[1]).await;
    let again = open(books, &apart, &["ada", "bob"]).await;
    assert_eq!(again.fresh, [1], "it has its own, but for what came to nothing");
    assert_eq!(again.batch.dispositions.cached, 1);
}

pub(super) async fn a_verdict_is_taken_where_it_is_young_enough(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let strict = Policies { max_age: Some(DAY), ..Policies::default() };
    let strict = books.team_with("strict", strict).await;
    know(books, &sales, &["a", "b", "c", "d"]).await;
    books.pass(2 * HOUR);
    assert_eq!(sent_anew(books, &sales, &["a"], Some(3 * HOUR)).await, 0);
    assert_eq!(sent_anew(books, &sales, &["a"], Some(2 * HOUR)).await, 1);
    assert_eq!(sent_anew(books, &strict, &["b"], None).await, 0);
    books.pass(DAY);
    assert_eq!(sent_anew(books, &strict, &["b"], Some(9 * DAY)).await, 1, "the smaller age counts");
    assert_eq!(sent_anew(books, &sales, &["c"], None).await, 0);
}

pub(super) async fn whoever_wants_a_new_verdict_joins_what_is_under_way(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    take(books, &open(books, &sales, &["ada"]).await).await;
    books.pass(HOUR);
    assert_eq!(sent_anew(books, &sales, &["ada"], Some(Duration::ZERO)).await, 0);
}

pub(super) async fn verdicts_are_looked_for_in_turns_until_they_are_there(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let batch = take(books, &open(books, &sales, &["ada"]).await).await;
    let job = first(batch);
    assert!(
        books.ledger().lease(Room::each(9), TURN).await.unwrap().is_empty(),
        "not before its time"
    );
    for _ in 0..2 {
        books.pass(HOUR);
        let [turn] = books.ledger().lease(Room::each(9), TURN).await.unwrap().try_into().unwrap();
        assert_eq!((turn.job.id, turn.job.state), (job, State::Done));
        let next = books.now().after(HOUR);
        books.ledger().reschedule(job, turn.lease, Some(next)).await.unwrap();
        assert_eq!(books.job(job).await.due, Some(next));
    }
    end(books, batch, 1, &[]).await;
    let lease = books.job(job).await.lease;
    // Whoever had the turn meanwhile may put the next look off, of which there is none.
    books.ledger().reschedule(job, lease, Some(books.now())).await.unwrap();
    assert_eq!(books.ledger().next_due(Room::each(9)).await.unwrap().0, None);
    assert_eq!(books.email(&sales).await, "spent=1 reserved=0 unresolved=0");
}

pub(super) async fn a_validation_above_what_its_caller_allows_is_refused_and_changes_nothing(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    know(books, &sales, &["ada"]).await;
    let before = books.dump().await;
    let most = UpTo { email: Some(Credits::from_thousandths(1999)), phone: None };
    let order = ValidationOrder { most, ..order(books, &sales, &["ada", "bob", "eve", "bob"]) };
    let refused = try_open(books, &order).await;
    let Err(Refused::Beyond(Excess { needed, .. })) = refused else { panic!("{refused:?}") };
    assert_eq!(needed, Credits::from_thousandths(2000));
    assert_eq!(books.dump().await, before);
    let most = UpTo { email: Some(needed), phone: None };
    let opened = try_open(books, &ValidationOrder { most, ..order }).await;
    assert!(matches!(opened, Ok(ValidationOpened::Opened(_))), "{opened:?}");
}

pub(super) async fn a_callers_key_names_one_validation(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let by_caller = |made: ValidationOrder| {
        let retry = made.retry.map(|retry| Retry { by: ToldBy::Caller, window: DAY, ..retry });
        ValidationOrder { retry, ..made }
    };
    let refused = by_caller(order(books, &sales, &["ada"]));
    let Ok(ValidationOpened::Opened(opened)) = try_open(books, &refused).await else { panic!() };
    let (job, _) = opened.call.expect("it is fresh");
    books.ledger().close_call(job, Closing::NotCharged(Cause::Refused)).await.unwrap();
    let key = refused.retry.expect("it is told").key;
    let under_key = |made: ValidationOrder| {
        let retry = by_caller(made.clone()).retry.map(|retry| Retry { key, ..retry });
        ValidationOrder { retry, ..made }
    };

    // What was refused is no request, so the key is still free.
    let made = under_key(order(books, &sales, &["ada"]));
    let Ok(ValidationOpened::Opened(opened)) = try_open(books, &made).await else { panic!() };
    let batch = take(books, &opened).await;
    let other = try_open(books, &under_key(order(books, &sales, &["bob"]))).await;
    assert_eq!(other, Err(Refused::OtherRequest));
    books.pass(WINDOW);
    let again = ValidationOrder { retry: made.retry, ..order(books, &sales, &["ada"]) };
    assert_eq!(try_open(books, &again).await, Ok(ValidationOpened::Replayed(batch)));
    books.ledger().cancel_validation(batch, None).await.unwrap();
    assert_eq!(try_open(books, &again).await, Ok(ValidationOpened::Replayed(batch)));
    books.pass(DAY);
    let anew = try_open(books, &again).await;
    assert!(matches!(anew, Ok(ValidationOpened::Opened(_))), "{anew:?}");
}

pub(super) async fn a_call_stays_until_its_verdicts_are_home(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = take(books, &open(books, &sales, &["ada"]).await).await;
    books.pass(20 * DAY);
    sweep(books).await;
    assert!(end(books, batch, 0, &[0]).await, "the vendor has no verdict");
    assert_eq!(sent_anew(books, &sales, &["ada"], None).await, 1);
    sweep(books).await;
    assert_eq!(books.ledger().job(first(batch)).await, Ok(None));
}

pub(super) async fn no_more_addresses_are_sent_than_the_vendor_takes_in_an_hour(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let per_hour = NonZeroU32::new(3).unwrap();
    let share = Share::percent(100).unwrap();
    let of =
        |team, names: &[&str]| ValidationOrder { per_hour, share, ..order(books, team, names) };
    let made = of(&sales, &["ada", "bob"]);
    assert!(matches!(try_open(books, &made).await, Ok(ValidationOpened::Opened(_))));
    assert!(matches!(try_open(books, &made).await, Ok(ValidationOpened::Opened(_))), "as before");
    let before = books.dump().await;
    let refused = try_open(books, &of(&growth, &["eve", "joe"])).await;
    let Err(Refused::TooManyValidations(NoRoom::Before(until))) = refused else {
        panic!("{refused:?}")
    };
    let never = try_open(books, &of(&growth, &["eve", "joe", "kim", "liv"])).await;
    assert_eq!(never, Err(Refused::TooManyValidations(NoRoom::Ever)));
    assert_eq!(books.dump().await, before, "a refusal changes nothing");
    books.pass(until.since(books.now()));
    let opened = try_open(books, &of(&growth, &["eve", "joe", "kim"])).await;
    assert!(matches!(opened, Ok(ValidationOpened::Opened(_))), "{opened:?}");
}

pub(super) async fn one_team_has_only_its_share_of_an_hour_validated(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let per_hour = NonZeroU32::new(4).unwrap();
    let of = |team, names: &[&str]| ValidationOrder { per_hour, ..order(books, team, names) };
    let never = try_open(books, &of(&sales, &["ada", "bob", "cyd"])).await;
    assert_eq!(never, Err(Refused::TooManyValidations(NoRoom::Ever)), "more than half of four");
    for name in ["ada", "bob"] {
        let opened = try_open(books, &of(&sales, &[name])).await;
        assert!(matches!(opened, Ok(ValidationOpened::Opened(_))), "{name}: {opened:?}");
    }
    let refused = try_open(books, &of(&sales, &["cyd"])).await;
    let Err(Refused::TooManyValidations(NoRoom::Before(until))) = refused else {
        panic!("{refused:?}")
    };
    let other = try_open(books, &of(&growth, &["eve"])).await;
    assert!(matches!(other, Ok(ValidationOpened::Opened(_))), "{other:?}");
    books.pass(until.since(books.now()));
    let again = try_open(books, &of(&sales, &["cyd"])).await;
    assert!(matches!(again, Ok(ValidationOpened::Opened(_))), "{again:?}");
}
