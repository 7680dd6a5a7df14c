//! Validations: an address is paid once as long as it counts, and nobody waits for what may die.

use std::num::NonZeroU32;
use std::time::Duration;

use tollgate::domain::credits::{Amounts, Unit};
use tollgate::domain::identity::keys::{LeadKey, ReplayKey, RequestKey};
use tollgate::domain::limits::UpTo;
use tollgate::domain::period::Period;
use tollgate::domain::policy::Policies;
use tollgate::domain::pricing::Prices;
use tollgate::domain::share::Share;
use tollgate::domain::team::TeamId;
use tollgate::domain::team_limits::TeamLimits;
use tollgate::domain::uuid::Uuid;
use tollgate::ledger::Ledger;
use tollgate::ledger::ids::{BatchId, ResultRef};
use tollgate::ledger::record::job::Cause;
use tollgate::ledger::record::replay::{Retry, ToldBy};
use tollgate::ledger::step::{Lost, Refused};
use tollgate::ledger::transition::call::Closing;
use tollgate::ledger::transition::read::Status;
use tollgate::ledger::transition::sweep::Lifetimes;
use tollgate::ledger::transition::validation::{
    AddressReading, OpenedValidation, ValidationEnd, ValidationOpened, ValidationOrder,
    ValidationReading,
};

use super::books::{Books, DAY, HOUR, TURN, first, quota};
use super::named::{EMAIL, NONE, found_under, key};
use super::store::Store;
use super::sweeping::{LIFETIMES, sweep_by};

pub(super) const TTL: Duration = DAY.saturating_mul(30);
/// More addresses than any test validates in an hour.
const PER_HOUR: NonZeroU32 = NonZeroU32::new(15_000).unwrap();

pub(super) const WINDOW: Duration = Duration::from_mins(5);

pub(super) fn one_credit() -> Amounts {
    Amounts::of(Unit::Email, "1".parse().unwrap())
}

/// An order that nobody made before.
pub(super) fn order<S: Store>(books: &Books<S>, team: &TeamId, names: &[&str]) -> ValidationOrder {
    let admission = books.admission(team, NONE, vec![]);
    let mark = *admission.token.as_bytes();
    ValidationOrder {
        batch: admission.batch,
        token: admission.token,
        team: team.clone(),
        addresses: names.iter().map(|name| key(name)).collect::<Vec<LeadKey>>(),
        retry: Some(Retry {
            key: ReplayKey::from_bytes(mark),
            request: RequestKey::from_bytes(mark),
            by: ToldBy::Content,
            window: WINDOW,
            batch_ttl: 7 * DAY,
            lost: None,
        }),
        price: one_credit(),
        most: UpTo::ANY,
        prices: Prices::PUBLISHED,
        ttl: TTL,
        max_age: None,
        readable_for: 7 * DAY,
        lease_for: TURN,
        lost: Lost::NOTHING,
        addresses_expire_at: books.now().after(TTL + 7 * DAY),
        field_bytes: 0,
        limits: TeamLimits::NONE,
        per_hour: PER_HOUR,
        share: Share::HALF,
    }
}

pub(super) async fn try_open<S: Store>(
    books: &Books<S>,
    order: &ValidationOrder,
) -> Result<ValidationOpened, Refused> {
    books.ledger().open_validation(order.clone()).await.expect("the store is there")
}

pub(super) async fn open<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    names: &[&str],
) -> OpenedValidation {
    let opened = try_open(books, &order(books, team, names)).await.expect("it fits");
    let ValidationOpened::Opened(opened) = opened else { panic!("{opened:?}") };
    *opened
}

/// A team that keeps to itself.
pub(super) async fn apart<S: Store>(books: &Books<S>) -> TeamId {
    let policies = Policies { shared_cache: false, ..Policies::default() };
    books.team_with("apart", policies).await
}

/// The vendor takes a validation's call.
pub(super) async fn take<S: Store>(books: &Books<S>, opened: &OpenedValidation) -> BatchId {
    let (job, _) = opened.call.expect("something was fresh");
    let fresh = opened.fresh.iter().map(|_| one_credit()).sum();
    let named = Uuid::from_bytes([7; 16]);
    let closing = Closing::Named { amounts: fresh, named, poll_at: books.now().after(HOUR) };
    books.ledger().close_call(job, closing).await.expect("it was opened");
    job.batch
}

pub(super) async fn end<S: Store>(
    books: &Books<S>,
    batch: BatchId,
    answered: u32,
    missing: &[u32],
) -> bool {
    let results_until = books.now().after(TTL + 7 * DAY);
    let end = ValidationEnd { batch, answered, missing: missing.into(), results_until };
    books.ledger().end_validation(end).await.expect("the store is there")
}

pub(super) async fn read<S: Store>(
    books: &Books<S>,
    team: &TeamId,
    batch: BatchId,
) -> ValidationReading {
    let read = books.ledger().read_validation(team.clone(), batch, 0, 100).await;
    read.expect("the store is there").expect("it is its team's")
}

pub(super) async fn an_address_is_sent_once_while_it_counts(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let opened = open(books, &sales, &["ada", "bob", "ada"]).await;
    assert_eq!(opened.fresh, [0, 1]);
    assert_eq!(opened.batch.dispositions.repeated, 1);
    let batch = take(books, &opened).await;
    assert!(end(books, batch, 2, &[]).await);
    assert!(!end(books, batch, 2, &[]).await, "it ends once");
    let reading = read(books, &sales, batch).await;
    assert_eq!(reading.status, Status::Completed);
    let at = |index| AddressReading::Kept(ResultRef { job: first(batch), index });
    assert_eq!(reading.addresses, [at(0), at(1), at(0)]);

    books.pass(TTL.saturating_sub(HOUR));
    let known = open(books, &growth, &["bob", "ada"]).await;
    assert_eq!((known.call, known.batch.dispositions.cached), (None, 2));
    assert_eq!(books.email(&growth).await, "spent=0 reserved=0 unresolved=0");
    books.pass(HOUR);
    let fresh = open(books, &growth, &["bob"]).await;
    assert_eq!(fresh.fresh, [0]);
    assert_eq!(books.email(&sales).await, "spent=2 reserved=0 unresolved=0");
}

pub(super) async fn what_is_under_way_is_joined_and_what_is_being_sent_is_waited_for(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let opened = open(books, &sales, &["ada"]).await;
    let before = books.dump().await;
    let busy = try_open(books, &order(books, &growth, &["bob", "ada"])).await;
    assert_eq!(busy, Ok(ValidationOpened::Busy));
    assert_eq!(books.dump().await, before);

    let batch = take(books, &opened).await;
    let joined = open(books, &growth, &["bob", "ada"]).await;
    assert_eq!((joined.fresh.as_slice(), joined.batch.dispositions.joined), ([0].as_slice(), 1));
    let own = take(books, &joined).await;
    let reading = read(books, &growth, own).await;
    assert_eq!(reading.status, Status::Processing);
    assert_eq!(reading.next_look, Some(books.now().after(HOUR)));
    end(books, batch, 1, &[]).await;
    end(books, own, 1, &[]).await;
    assert_eq!(read(books, &growth, own).await.status, Status::Completed);
    assert_eq!(books.email(&growth).await, "spent=1 reserved=0 unresolved=0");
}

pub(super) async fn an_address_in_a_dead_call_is_sent_anew(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for closing in [Closing::NotCharged(Cause::Refused), Closing::Unanswered] {
        let opened = open(books, &sales, &["ada"]).await;
        let (job, _) = opened.call.expect("it is fresh");
        books.ledger().close_call(job, closing).await.unwrap();
        assert_eq!(read(books, &sales, job.batch).await.status, Status::Error);
    }
    assert_eq!(open(books, &sales, &["ada"]).await.fresh, [0]);
    assert_eq!(books.email(&sales).await, "spent=0 reserved=1 unresolved=1");
}

pub(super) async fn an_address_without_a_verdict_is_sent_anew(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let opened = open(books, &sales, &["ada", "bob"]).await;
    let batch = take(books, &opened).await;
    end(books, batch, 1, &[1]).await;
    let again = open(books, &sales, &["ada", "bob"]).await;
    assert_eq!((again.fresh.as_slice(), again.batch.dispositions.cached), ([1].as_slice(), 1));
}

pub(super) async fn the_same_request_is_a_retry_for_its_time(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let made = order(books, &sales, &["ada"]);
    let again = || ValidationOrder { retry: made.retry, ..order(books, &sales, &["ada"]) };
    let Ok(ValidationOpened::Opened(opened)) = try_open(books, &made).await else { panic!() };
    assert_eq!(try_open(books, &again()).await, Ok(ValidationOpened::Busy));
    take(books, &opened).await;
    let balance = books.email(&sales).await;
    assert_eq!(try_open(books, &again()).await, Ok(ValidationOpened::Replayed(made.batch)));
    assert_eq!(books.email(&sales).await, balance);
    books.pass(WINDOW);
    let Ok(ValidationOpened::Opened(_)) = try_open(books, &again()).await else { panic!() };
}

pub(super) async fn a_validation_that_does_not_fit_is_refused_and_changes_nothing(
    books: &Books<impl Store>,
) {
    let sales = books.team("sales", &[quota(Period::Total, "2")]).await;
    let before = books.dump().await;
    let refused = try_open(books, &order(books, &sales, &["ada", "bob", "eve"])).await;
    assert!(matches!(refused, Err(Refused::Quota(_))), "{refused:?}");
    assert_eq!(books.dump().await, before);
    open(books, &sales, &["ada", "bob", "ada"]).await;
}

pub(super) async fn the_vendor_is_told_of_a_cancellation_only_where_nobody_else_waits(
    books: &Books<impl Store>,
) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let alone = take(books, &open(books, &sales, &["ada"]).await).await;
    let is_to_be_told = async |batch: BatchId| {
        let validation = books.ledger().validation(batch).await.expect("the store is there");
        let is_due = books.job(first(batch)).await.due == Some(books.now());
        (validation.expect("it has sent addresses").is_canceled, is_due)
    };
    for _ in 0..2 {
        assert_eq!(books.ledger().cancel_validation(alone, None).await, Ok(()));
        assert_eq!(is_to_be_told(alone).await, (true, true));
    }
    assert_eq!(read(books, &sales, alone).await.status, Status::Canceled);
    assert_eq!(open(books, &growth, &["ada"]).await.fresh, [0], "nobody joins what is cancelled");

    let shared = take(books, &open(books, &sales, &["bob"]).await).await;
    open(books, &growth, &["bob"]).await;
    assert_eq!(books.ledger().cancel_validation(shared, None).await, Ok(()));
    assert_eq!(is_to_be_told(shared).await, (false, false));
    end(books, shared, 1, &[]).await;
    assert_eq!(read(books, &sales, shared).await.status, Status::Canceled);
}

pub(super) async fn a_removed_address_is_not_sent_and_its_verdict_forgotten(
    books: &Books<impl Store>,
) {
    let (sales, apart) = (books.team("sales", &[]).await, apart(books).await);
    let mut places = Vec::new();
    for team in [&sales, &apart] {
        let batch = take(books, &open(books, team, &["ada"]).await).await;
        end(books, batch, 1, &[]).await;
        places.push(ResultRef { job: first(batch), index: 0 });
    }
    let erased = books.ledger().erase(vec![key("ada")], None).await.unwrap();
    assert_eq!(erased.results.iter().map(|kept| kept.at).collect::<Vec<_>>(), places);
    for (team, at) in [&sales, &apart].into_iter().zip(places) {
        let reading = read(books, team, at.job.batch).await;
        assert_eq!(reading.addresses, [AddressReading::Removed]);
        assert_eq!(open(books, team, &["ada"]).await.call, None);
    }
}

pub(super) async fn an_address_of_a_removed_person_is_removed_too(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let batch = take(books, &open(books, &sales, &["ada@x.io"]).await).await;
    end(books, batch, 1, &[]).await;
    // The vendor says by one name of the person that it forgot whom the address leads to.
    let ada = found_under("ada", EMAIL, &["ada@x.io"]);
    books.buy(&sales, EMAIL, &["in/ada"], &[ada]).await;
    books.ledger().erase(vec![key("in/ada")], None).await.unwrap();
    assert_eq!(read(books, &sales, batch).await.addresses, [AddressReading::Removed]);
    let again = open(books, &sales, &["ada@x.io"]).await;
    assert_eq!((again.call, again.fresh.as_slice()), (None, [].as_slice()));
}

pub(super) async fn what_counts_no_more_is_forgotten(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    for name in ["ada", "bob", "eve"] {
        let batch = take(books, &open(books, &sales, &[name]).await).await;
        end(books, batch, 1, &[]).await;
    }
    let rows = async |table: &str| {
        let dump = books.dump().await;
        dump.into_iter().filter(|row| row.starts_with(&format!("{table} "))).count()
    };
    let lifetimes = Lifetimes { addresses: TTL, validations: TTL + DAY, ..LIFETIMES };
    let sweep = async || sweep_by(books, 2, lifetimes).await;
    books.pass(TTL.saturating_sub(HOUR));
    sweep().await;
    assert_eq!((rows("addresses").await, rows("validations").await), (3, 3));
    books.pass(HOUR);
    sweep().await;
    assert_eq!((rows("addresses").await, rows("validations").await), (0, 3));
    books.pass(DAY);
    sweep().await;
    assert_eq!(rows("validations").await, 0);
    assert_eq!(books.email(&sales).await, "spent=3 reserved=0 unresolved=0");
}
