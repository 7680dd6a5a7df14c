//! Keys of teams: good until they are revoked or their team is closed.

use tollgate::domain::key_terms::{KeyTerms, Scope, Scopes};
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::team::Key;

use super::books::{Books, HOUR};
use super::store::Store;

pub(super) async fn put<S: Store>(books: &Books<S>, team: &TeamId, id: &str) -> Option<Key> {
    let key = Key {
        id: id.into(),
        team: team.clone(),
        name: "crm".into(),
        digest: [7; 32],
        created_at: books.now(),
        revoked_at: None,
        terms: KeyTerms {
            scopes: Scopes::of(&[Scope::Enrich, Scope::Read]),
            reveals: Reveals { email: true, phone: false },
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            expires_at: None,
        },
    };
    books.ledger().put_key(key).await.unwrap()
}

async fn is_good<S: Store>(books: &Books<S>, id: &str) -> bool {
    books.ledger().key(id.into()).await.unwrap().is_some()
}

pub(super) async fn a_key_speaks_for_its_team(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let made = put(books, &sales, "one").await.unwrap();
    let (key, team) = books.ledger().key("one".into()).await.unwrap().unwrap();
    assert_eq!((key, team.id), (made, sales));
    assert!(!is_good(books, "two").await);
}

pub(super) async fn a_key_is_revoked_at_once_and_by_its_own_team(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    put(books, &sales, "one").await;
    put(books, &sales, "two").await;
    assert_eq!(books.ledger().revoke_key(growth, "one".into()).await, Ok(false));
    assert!(is_good(books, "one").await);
    assert_eq!(books.ledger().revoke_key(sales.clone(), "one".into()).await, Ok(true));
    assert!(!is_good(books, "one").await);
    assert!(is_good(books, "two").await);
    let keys = books.ledger().keys(sales).await.unwrap();
    let revoked: Vec<_> = keys.iter().map(|key| key.revoked_at).collect();
    assert_eq!(revoked, [Some(books.now()), None]);
}

pub(super) async fn a_key_put_again_is_as_it_was(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    let made = put(books, &sales, "one").await;
    books.pass(HOUR);
    let before = books.dump().await;
    assert_eq!(put(books, &sales, "one").await, made);
    assert_eq!(books.dump().await, before);
}

pub(super) async fn keys_die_with_their_team_and_stay_dead(books: &Books<impl Store>) {
    let sales = books.team("sales", &[]).await;
    put(books, &sales, "one").await;
    books.ledger().close_team(sales.clone()).await.unwrap();
    assert!(!is_good(books, "one").await);
    assert_eq!(put(books, &sales, "two").await, None);
    books.team("sales", &[]).await;
    assert!(!is_good(books, "one").await);
}
