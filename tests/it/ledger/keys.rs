//! Keys of teams: good until they are revoked or their team is closed.

use tollgate::domain::key_terms::{KeyTerms, Scope, Scopes, TermsChange};
use tollgate::domain::reveal::Reveals;
use tollgate::domain::team::TeamId;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::team::{Becomes, Key, KeyChange};

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
            ..KeyTerms::default()
        },
    };
    books.ledger().put_key(key).await.unwrap()
}

/// Revokes a key; false where the team has no such key.
pub(super) async fn revoke<S: Store>(books: &Books<S>, team: &TeamId, id: &str) -> bool {
    let change = KeyChange { team: team.clone(), id: id.into(), becomes: Becomes::Revoked };
    books.ledger().change_key(change).await.expect("the store is there").is_some()
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
    assert!(!revoke(books, &growth, "one").await);
    assert!(is_good(books, "one").await);
    assert!(revoke(books, &sales, "one").await);
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

pub(super) async fn a_key_is_changed_until_it_is_revoked(books: &Books<impl Store>) {
    let (sales, growth) = (books.team("sales", &[]).await, books.team("growth", &[]).await);
    let made = put(books, &sales, "one").await.unwrap();
    let becomes = Becomes::Changed(TermsChange {
        requests_per_minute: Some(Some(60)),
        networks: Some(Vec::new()),
        is_paused: Some(true),
        ..TermsChange::default()
    });
    let change = KeyChange { team: sales.clone(), id: "one".into(), becomes };
    let of_others = KeyChange { team: growth, ..change.clone() };
    assert_eq!(books.ledger().change_key(of_others).await, Ok(None));
    let changed = books.ledger().change_key(change.clone()).await.unwrap().unwrap();
    let terms = KeyTerms {
        requests_per_minute: Some(60),
        networks: Vec::new(),
        is_paused: true,
        ..made.terms.clone()
    };
    assert_eq!(changed, Key { terms, ..made });
    assert_eq!(books.ledger().key("one".into()).await.unwrap().unwrap().0, changed);
    assert!(revoke(books, &sales, "one").await);
    assert_eq!(books.ledger().change_key(change).await, Ok(None));
}
