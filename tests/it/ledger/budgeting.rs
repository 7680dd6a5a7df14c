//! The request budget: one for all who ask, spent once, closed when the vendor says so.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tollgate::domain::budget::{Allowance, Errand, Leave, Rate, Rates, Reach};
use tollgate::ledger::Ledger;
use tollgate::ledger::step::Asking;

use super::books::{Books, HOUR, MINUTE};
use super::store::Store;

/// Half of a burst, which is what may be asked after jobs at once.
const AT_ONCE: u32 = 10;

fn asking(errand: Errand, wanted: u32) -> Asking {
    let number = |number| NonZeroU32::new(number).unwrap();
    let rates = Rates { requests: Rate(number(500)), look_ups: Rate(number(100)) };
    Asking { errand, wanted: number(wanted), rates, allowance: None, closed_for_max: HOUR }
}

/// To search, which may be done twice at once.
fn searching() -> Asking {
    let rate = Rate(NonZeroU32::new(30).unwrap());
    let allowance = Some(Allowance { name: "/people/search".to_owned(), rate });
    Asking { allowance, ..asking(Errand::Pass, 8) }
}

/// How often leave is given.
async fn given(ledger: &impl Ledger, errand: Errand, wanted: u32) -> u32 {
    match ledger.ask_leave(asking(errand, wanted)).await.unwrap() {
        Leave::Given(given) => given.get(),
        Leave::NotBefore(_) => 0,
    }
}

pub(super) async fn a_leave_is_spent_for_everybody(books: &Books<impl Store>) {
    assert_eq!(given(books.ledger(), Errand::Follow, 8).await, 8);
    assert_eq!(given(books.ledger(), Errand::Follow, 8).await, AT_ONCE - 8);
    assert_eq!(given(books.ledger(), Errand::Follow, 8).await, 0);
    books.pass(MINUTE);
    assert_eq!(given(books.ledger(), Errand::Follow, 8).await, 8);
}

pub(super) async fn whoever_has_to_wait_changes_nothing(books: &Books<impl Store>) {
    given(books.ledger(), Errand::Follow, AT_ONCE).await;
    let before = books.dump().await;
    let leave = books.ledger().ask_leave(asking(Errand::Follow, 1)).await.unwrap();
    let Leave::NotBefore(until) = leave else { panic!("{leave:?}") };
    assert_eq!(books.dump().await, before);
    books.pass_until(until);
    assert_eq!(given(books.ledger(), Errand::Follow, 1).await, 1);
}

pub(super) async fn of_many_at_once_no_more_are_given_leave_than_there_is<S: Store>(
    books: &Books<S>,
) {
    let mut asking = JoinSet::new();
    for _ in 0..60 {
        let ledger = Arc::clone(books.store.ledger());
        asking.spawn(async move { given(&*ledger, Errand::Submit, 1).await });
    }
    // A burst, but for what is left to look-ups.
    assert_eq!(asking.join_all().await.into_iter().sum::<u32>(), AT_ONCE + AT_ONCE / 2);
}

pub(super) async fn a_submission_goes_before_those_that_ask_after_jobs(books: &Books<impl Store>) {
    while given(books.ledger(), Errand::Follow, 8).await > 0 {}
    assert_eq!(given(books.ledger(), Errand::Submit, 1).await, 1);
}

pub(super) async fn what_the_vendor_asks_for_holds_for_everybody(books: &Books<impl Store>) {
    let until = books.now().after(MINUTE);
    books.ledger().leave_alone(until, Reach::Everything).await.unwrap();
    let before = books.dump().await;
    books.ledger().leave_alone(until, Reach::Everything).await.unwrap();
    books.ledger().leave_alone(books.now(), Reach::Everything).await.unwrap();
    assert_eq!(books.dump().await, before, "the longest wait is kept to");
    for errand in [Errand::LookUp, Errand::Submit, Errand::Follow, Errand::Pass] {
        let leave = books.ledger().ask_leave(asking(errand, 1)).await;
        assert_eq!(leave, Ok(Leave::NotBefore(until)));
    }
    books.pass(MINUTE.saturating_sub(Duration::from_millis(1)));
    assert_eq!(given(books.ledger(), Errand::Submit, 1).await, 0);
    books.pass(Duration::from_millis(1));
    assert_eq!(given(books.ledger(), Errand::Submit, 1).await, 1);
}

pub(super) async fn an_allowance_is_spent_beside_the_budget(books: &Books<impl Store>) {
    let two = Leave::Given(NonZeroU32::new(2).unwrap());
    assert_eq!(books.ledger().ask_leave(searching()).await, Ok(two));
    let before = books.dump().await;
    let leave = books.ledger().ask_leave(searching()).await.unwrap();
    let Leave::NotBefore(until) = leave else { panic!("{leave:?}") };
    assert_eq!(books.dump().await, before, "whoever waits for the one spends nothing of the other");
    assert_eq!(given(books.ledger(), Errand::Follow, AT_ONCE).await, AT_ONCE - 2);
    books.pass_until(until);
    let one = Leave::Given(NonZeroU32::MIN);
    assert_eq!(books.ledger().ask_leave(searching()).await, Ok(one));
}

pub(super) async fn a_word_about_an_allowance_holds_for_nobody_else(books: &Books<impl Store>) {
    let until = books.now().after(MINUTE);
    let name = searching().allowance.unwrap().name;
    books.ledger().leave_alone(until, Reach::Allowance(name)).await.unwrap();
    assert_eq!(books.ledger().ask_leave(searching()).await, Ok(Leave::NotBefore(until)));
    assert_eq!(given(books.ledger(), Errand::Pass, 1).await, 1);
    books.pass(MINUTE);
    assert!(matches!(books.ledger().ask_leave(searching()).await, Ok(Leave::Given(_))));
}

pub(super) async fn a_word_about_what_is_passed_on_holds_for_all_of_it_and_nothing_else(
    books: &Books<impl Store>,
) {
    let until = books.now().after(MINUTE);
    books.ledger().leave_alone(until, Reach::Passages).await.unwrap();
    for passing in [asking(Errand::Pass, 1), searching()] {
        assert_eq!(books.ledger().ask_leave(passing).await, Ok(Leave::NotBefore(until)));
    }
    for errand in [Errand::LookUp, Errand::Submit, Errand::Follow] {
        assert_eq!(given(books.ledger(), errand, 1).await, 1, "{errand:?}");
    }
    books.pass(MINUTE);
    assert_eq!(given(books.ledger(), Errand::Pass, 1).await, 1);
}

pub(super) async fn a_look_up_goes_before_submissions_and_has_a_bound_of_its_own(
    books: &Books<impl Store>,
) {
    let ledger = books.ledger();
    while given(ledger, Errand::Submit, 1).await > 0 {}
    assert_eq!(given(ledger, Errand::LookUp, 1).await, 1);
    books.pass(MINUTE);
    // A twenty-fifth of a hundred.
    assert_eq!(given(ledger, Errand::LookUp, 8).await, 4);
    assert_eq!(given(ledger, Errand::LookUp, 1).await, 0);
    assert_eq!(given(ledger, Errand::Submit, 1).await, 1);
}
