//! What is known is answered without the vendor, for as long as the settings say.

use std::time::Duration;

use tollgate::domain::avoided::AvoidedReason;
use tollgate::ledger::record::batch::Dispositions;
use tollgate::ledger::step::Evidence;
use tollgate::ledger::transition::read::{LeadReading, Status};

use super::books::{Books, DAY, HOUR, first, terms};
use super::named::{ALL, EMAIL, NONE, found, leads};
use super::store::Store;

const CACHED: Dispositions =
    Dispositions { submitted: 1, repeated: 0, cached: 1, joined: 0, fresh: 0, trimmed: 0 };
const FRESH: Dispositions =
    Dispositions { submitted: 1, repeated: 0, cached: 0, joined: 0, fresh: 1, trimmed: 0 };

pub(super) async fn a_known_person_is_answered_to_every_team_for_nothing(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let bought = books.buy(&sales, ALL, &["ada"], &[found("ada", ALL)]).await;
    let admission = books.admission(&growth, EMAIL, leads(&["ada"]));
    let id = admission.batch;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.dispositions, CACHED);
    let avoided: Vec<_> = admitted.avoided.iter().map(|a| (a.reason, a.amounts.email)).collect();
    let half = "0.5".parse().unwrap();
    let one = "1".parse().unwrap();
    assert_eq!(avoided, [(AvoidedReason::CachedInWindow, half), (AvoidedReason::OwnedReveal, one)]);
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");

    let reading = books.read(&growth, id).await;
    assert_eq!((reading.status, reading.ended_at), (Status::Completed, Some(books.now())));
    assert_eq!(reading.leads, books.read(&sales, bought).await.leads);
}

pub(super) async fn a_person_is_known_for_as_long_as_the_settings_say(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    let settled_at = books.now();
    books.pass(DAY);
    for (wait, known) in [(0, CACHED), (1, FRESH)] {
        books.pass(Duration::from_millis(wait));
        let admitted = books.admit(books.admission(&sales, NONE, leads(&["ada"]))).await.unwrap();
        assert_eq!(admitted.batch.dispositions, known, "{:?}", books.now().since(settled_at));
    }
}

pub(super) async fn an_answer_after_the_window_avoids_what_the_vendor_would_charge(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    books.pass(48 * HOUR);
    let mut admission = books.admission(&sales, NONE, leads(&["ada"]));
    admission.terms.person_ttl = 90 * DAY;
    let admitted = books.admit(admission).await.unwrap();
    assert_eq!(admitted.batch.dispositions, CACHED);
    assert_eq!(admitted.avoided[0].reason, AvoidedReason::CachedAfterWindow);
}

pub(super) async fn nobody_is_known_for_as_long_as_the_settings_say(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, ALL, &["nemo"], &[Evidence::NotFound]).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    books.pass(terms().not_found_ttl);
    for (wait, known) in [(0, CACHED), (1, FRESH)] {
        books.pass(Duration::from_millis(wait));
        let admission = books.admission(&sales, ALL, leads(&["nemo"]));
        let id = admission.batch;
        let admitted = books.admit(admission).await.unwrap();
        assert_eq!(admitted.batch.dispositions, known);
        let reads = if known == CACHED { LeadReading::NotFound } else { LeadReading::Pending };
        assert_eq!(books.read(&sales, id).await.leads, [reads]);
    }
}

pub(super) async fn a_reveal_that_came_back_empty_is_known_to_be_empty(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, ALL, &["ada"], &[found("ada", NONE)]).await;
    let admitted = books.admit(books.admission(&sales, ALL, leads(&["ada"]))).await.unwrap();
    assert_eq!(admitted.batch.dispositions, CACHED);
}

pub(super) async fn a_reveal_that_was_not_asked_is_not_known(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    let admitted = books.admit(books.admission(&sales, EMAIL, leads(&["ada"]))).await.unwrap();
    assert_eq!(admitted.batch.dispositions, FRESH);
}

pub(super) async fn what_was_answered_with_an_error_is_not_known(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.buy(&sales, ALL, &["ada"], &[Evidence::Unanswered]).await;
    assert_eq!(books.email(&sales).await, "spent=0 reserved=0 unresolved=0");
    assert_eq!(books.read(&sales, batch).await.status, Status::Error);
    let again = books.ask(&sales, ALL, &["ada"]).await;
    assert_eq!(books.job(first(again)).await.leads, 1);
}
