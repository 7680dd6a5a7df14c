//! Epochs and checkpoints: whose books these are, and what they say as of one entry.

use std::collections::BTreeMap;

use tollgate::domain::epoch::Epoch;
use tollgate::domain::key_terms::KeyTerms;
use tollgate::domain::period::Period;
use tollgate::ledger::Ledger;
use tollgate::ledger::record::team::Key;
use tollgate::ledger::transition::epoch::Beginning;
use tollgate::ledger::transition::trim::fold;

use super::books::{Books, first, quota};
use super::named::{EMAIL, found};
use super::store::Store;

pub(super) async fn the_books_of_an_empty_store_begin_once(books: &Books<impl Store>) {
    let (one, other) = (Epoch::from_number(1), Epoch::from_number(2));
    assert_eq!(books.ledger().holdings().await.unwrap().epoch, None);
    assert_eq!(books.ledger().begin(one).await.unwrap(), Beginning::Begun(one));
    assert_eq!(books.ledger().begin(other).await.unwrap(), Beginning::Found(one));
    let holdings = books.ledger().holdings().await.unwrap();
    assert_eq!((holdings.epoch, holdings.adopting), (Some(one), None));
    assert!(holdings.is_empty(), "an epoch alone is no books");
    books.team("sales", &[]).await;
    assert!(!books.ledger().holdings().await.unwrap().is_empty());
}

pub(super) async fn a_checkpoint_is_what_the_entries_before_it_moved(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    books.buy(&sales, EMAIL, &["ada"], &[found("ada", EMAIL)]).await;
    books.ask(&sales, EMAIL, &["bob"]).await;
    let lost = books.ask(&sales, EMAIL, &["cyd"]).await;
    books.lose(first(lost)).await;
    let checkpoint = books.ledger().checkpoint().await.unwrap();
    assert_eq!(checkpoint.at, books.now());
    let journal = books.ledger().journal(0, usize::MAX).await.unwrap();
    assert_eq!(checkpoint.next_entry, u64::try_from(journal.len()).unwrap());
    let mut moved = BTreeMap::new();
    for (_, entry) in &journal {
        fold(entry, &mut moved);
    }
    assert_eq!(checkpoint.tallies, moved.clone().into_iter().collect::<Vec<_>>());
    assert_eq!(checkpoint.tallies_before(&moved), []);
}

pub(super) async fn a_roster_tells_of_everybody_who_ever_paid(books: &Books<impl Store>) {
    let sales = books.team("sales", &[quota(Period::Day, "9")]).await;
    let growth = books.team("growth", &[]).await;
    let key = Key {
        id: "k".into(),
        team: growth.clone(),
        name: "ours".into(),
        digest: [7; 32],
        created_at: books.now(),
        revoked_at: None,
        terms: KeyTerms::default(),
    };
    books.ledger().put_key(key.clone()).await.unwrap();
    books.ledger().close_team(growth.clone()).await.unwrap();
    let roster = books.ledger().roster().await.unwrap();
    let teams: Vec<_> = roster.teams.iter().map(|team| &team.id).collect();
    assert_eq!(teams, [&growth, &sales]);
    let ended = Key { revoked_at: Some(books.now()), ..key };
    assert_eq!(roster.keys, [ended]);
    assert_eq!(books.ledger().checkpoint().await.unwrap().roster, roster);
}
