//! The charge gate: a person is paid as found once in a window, each reveal once for good.

use std::time::Duration;

use tollgate::domain::identity::keys::NameMarks;
use tollgate::domain::pricing::PhoneBasis;
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::ids::JobId;
use tollgate::ledger::record::job::Reason;
use tollgate::ledger::step::{Admission, Begun, Evidence};

use super::books::{Books, DAY, HOUR, QUIET, WINDOW, first};
use super::named::{ALL, EMAIL, NONE, PHONE, found, found_under, leads, numbers, person};
use super::store::Store;

/// Asks past the cache, and sends.
async fn ask_anew<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    reveals: Reveals,
    names: &[&str],
) -> JobId {
    let job = first(admit_anew(books, books.admission(team, reveals, leads(names))).await);
    books.send(job).await;
    job
}

async fn admit_anew<S: Store>(
    books: &Books<S>,
    mut admission: Admission,
) -> tollgate::ledger::ids::BatchId {
    books.pass(Duration::from_millis(1));
    admission.terms.person_ttl = Duration::ZERO;
    let id = admission.batch;
    books.admit(admission).await.unwrap();
    id
}

async fn charged<S: Store>(books: &Books<S>, job: JobId, evidence: &[Evidence]) -> String {
    books.settle(job, evidence).await.parts[0].charged.amounts().to_string()
}

const FREE: &str = "email=0, phone=0";
const FIND: &str = "email=0.5, phone=0";

pub(super) async fn a_person_is_charged_once_inside_the_window(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    let sent_at = books.job(job).await.first_sent_at.unwrap();
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);

    let ends = sent_at.after(WINDOW);
    books.pass_until(ends.before(Duration::from_millis(2)));
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(books.now().after(Duration::from_millis(1)), ends);
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FREE);
}

pub(super) async fn a_person_is_charged_again_once_the_window_may_have_turned(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    let sent_at = books.job(job).await.first_sent_at.unwrap();
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);

    let ends = sent_at.after(WINDOW);
    books.pass_until(ends.before(Duration::from_millis(1)));
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(books.now(), ends);
    let settled = books.settle(job, &[found("ada", NONE)]).await;
    assert_eq!(settled.parts[0].charged.amounts().to_string(), FIND);
    assert_eq!(settled.perhaps_free, 1, "the vendor's own window lasts ten minutes longer");
}

pub(super) async fn the_window_runs_from_the_first_send(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    books.pass(2 * HOUR);
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);
    books.pass(22 * HOUR);
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);
}

pub(super) async fn no_read_and_no_free_answer_extends_the_window(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    for _ in 0..3 {
        books.pass(6 * HOUR);
        books.read(&sales, batch).await;
        books.ask(&sales, NONE, &["ada"]).await;
        let job = ask_anew(books, &sales, NONE, &["ada"]).await;
        assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FREE);
    }
    books.pass(6 * HOUR);
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);
}

pub(super) async fn an_upgrade_buys_the_reveal_alone(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, PHONE, &["ada"], &[found("ada", PHONE)]).await;
    let batch = books.ask(&sales, ALL, &["ada"]).await;
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=1 unresolved=0");
    books.send(first(batch)).await;
    assert_eq!(charged(books, first(batch), &[found("ada", ALL)]).await, "email=1, phone=0");
}

pub(super) async fn an_upgrade_near_the_turn_of_the_window_reserves_the_find(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    books.pass(21 * HOUR);
    books.ask(&sales, EMAIL, &["ada"]).await;
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=1.5 unresolved=0");
}

pub(super) async fn an_upgrade_sent_late_reserves_the_find_before_it_leaves(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    books.buy(&sales, NONE, &["ada"], &[found("ada", NONE)]).await;
    let batch = books.ask(&sales, EMAIL, &["ada"]).await;
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=1 unresolved=0");
    books.pass(23 * HOUR);
    assert!(matches!(books.begin_send(first(batch)).await, Begun::Attempt(1)));
    assert_eq!(books.email(&sales).await, "spent=0.5 reserved=1.5 unresolved=0");
    books.bind(first(batch), 1).await.unwrap();
    books.pass(HOUR);
    let settled = books.settle(first(batch), &[found("ada", EMAIL)]).await;
    assert!(settled.parts[0].exceeded.is_zero());
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
}

pub(super) async fn a_reveal_is_paid_once_for_good(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    books.buy(&sales, ALL, &["ada"], &[found("ada", ALL)]).await;
    books.pass(400 * DAY);
    let job = ask_anew(books, &growth, ALL, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", ALL)]).await, FIND);
}

pub(super) async fn a_reveal_that_came_back_empty_is_not_paid(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let job = ask_anew(books, &sales, ALL, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);
    let job = ask_anew(books, &sales, ALL, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", ALL)]).await, "email=1, phone=1");
}

pub(super) async fn two_leads_that_turn_out_to_be_one_person_pay_once(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let one = ask_anew(books, &sales, ALL, &["ada", "countess"]).await;
    let other = ask_anew(books, &growth, ALL, &["lovelace"]).await;
    let ada = found("ada", ALL);
    assert_eq!(charged(books, one, &[ada.clone(), ada.clone()]).await, "email=1.5, phone=1");
    assert_eq!(charged(books, other, &[ada]).await, FREE);
}

pub(super) async fn where_each_number_is_charged_a_known_one_is_free(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let shows = |names: &[&str]| Evidence::Found {
        person: person("ada"),
        aliases: vec![],
        answers_key: true,
        shown: numbers(names),
        name: NameMarks::default(),
    };
    for (names, due) in
        [(&["1", "2"][..], "phone=2"), (&["2", "3"], "phone=1"), (&["1"], "phone=0")]
    {
        let mut admission = books.admission(&sales, PHONE, leads(&["ada"]));
        admission.terms.prices.phone_basis = PhoneBasis::Number;
        let job = first(admit_anew(books, admission).await);
        books.send(job).await;
        let charged = charged(books, job, &[shows(names)]).await;
        assert!(charged.ends_with(due), "{charged} for {names:?}");
    }
}

pub(super) async fn late_evidence_that_would_shorten_the_window_is_charged(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    // The vendor may have charged this one now, and the next one thirty hours later again.
    let late = ask_anew(books, &sales, NONE, &["countess"]).await;
    books.give_up(late, Reason::Deadline).await;
    books.pass(30 * HOUR);
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    let ada = found_under("ada", NONE, &["countess"]);
    assert_eq!(charged(books, job, std::slice::from_ref(&ada)).await, FIND);
    let settled = books.settle(late, std::slice::from_ref(&ada)).await;
    assert_eq!(settled.parts[0].charged.amounts().to_string(), FIND);
    assert_eq!(settled.perhaps_free, 1);

    // The window that the other one opened is as it was.
    books.pass(20 * HOUR);
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(charged(books, job, &[ada]).await, FREE);
}

pub(super) async fn an_earlier_send_that_settles_beside_it_shortens_the_window(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let earlier = ask_anew(books, &sales, NONE, &["countess"]).await;
    books.pass(HOUR);
    let later = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(charged(books, later, &[found("ada", NONE)]).await, FIND);
    assert_eq!(charged(books, earlier, &[found("ada", NONE)]).await, FREE);
    books.pass(23 * HOUR);
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);
}

pub(super) async fn an_unanswered_attempt_may_be_charged_as_late_as_it_may_end(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);

    // The vendor may be at work on the attempt that it did not answer when the window turns.
    books.pass(22 * HOUR);
    let doubted = first(admit_anew(books, books.admission(&sales, NONE, leads(&["ada"]))).await);
    books.begin_send(doubted).await;
    books.unanswered(doubted).await;
    books.pass(QUIET);
    books.send(doubted).await;
    let settled = books.settle(doubted, &[found("ada", NONE)]).await;
    assert_eq!(settled.parts[0].charged.amounts().to_string(), FIND);
    assert_eq!(settled.perhaps_free, 1, "it may as well have ended before");
}

pub(super) async fn an_unanswered_attempt_well_inside_the_window_is_free(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[]).await;
    let job = ask_anew(books, &sales, NONE, &["ada"]).await;
    assert_eq!(charged(books, job, &[found("ada", NONE)]).await, FIND);
    books.pass(20 * HOUR);
    let doubted = first(admit_anew(books, books.admission(&sales, NONE, leads(&["ada"]))).await);
    books.begin_send(doubted).await;
    books.unanswered(doubted).await;
    books.pass(QUIET);
    books.send(doubted).await;
    assert_eq!(charged(books, doubted, &[found("ada", NONE)]).await, FREE);
}
