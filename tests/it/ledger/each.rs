//! What becomes of each case of the suite on one store.

use tokio::task::JoinSet;

/// Makes each case a test of its own, over one store, or all of them one test, on servers that are
/// dear to start.
macro_rules! every_case {
    ($name:ident: (together on $store:ty) => $($noun:ident: { $($case:ident)+ })+) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let all = Books::<$store>::open().await;
            $($({
                let books = all.beside().await;
                holds(concat!(stringify!($noun), "::", stringify!($case)), async move {
                    super::$noun::$case(&books).await;
                    books.balance().await;
                }).await;
            })+)+
        }
    };
    ($name:ident: ($store:ty) => $($noun:ident: { $($case:ident)+ })+) => {
        mod $name {
            $(mod $noun {
                use crate::ledger::books::Books;
                use crate::ledger::{$noun as cases, store};

                $(#[tokio::test]
                async fn $case() {
                    let books = Books::<$store>::open().await;
                    cases::$case(&books).await;
                    books.balance().await;
                })+
            })+
        }
    };
}

/// Holds a list of cases over every store. A further store is one line here.
macro_rules! over_every_store {
    ($suite:ident) => {
        $suite!(memory: (store::Memory));
        $suite!(embedded: (store::Embedded));
        $suite!(redis: (store::Redis));
        $suite!(every_case_holds_with_few_round_trips: (together on Metered));
        $suite!(every_case_holds_in_a_cluster: (together on store::Redis<Cluster>));
        $suite!(every_case_holds_under_sentinels: (together on store::Redis<Sentinels>));
    };
}

pub(super) use {every_case, over_every_store};

/// Says which case it was that failed.
pub(super) async fn holds(name: &str, case: impl Future<Output = ()> + Send + 'static) {
    let mut cases = JoinSet::new();
    cases.spawn(case);
    let held = cases.join_next().await.expect("it was just begun");
    assert!(held.is_ok(), "{name} does not hold");
}
