//! A vendor that has had too many requests for a free path, in front of several replicas: all leave
//! alone what is passed on, and none what costs.

use std::time::Duration;

use tollgate::sandbox::{Failure, FaultKind, Faults, Operation, Rule};

use super::{OneStore, people};
use crate::support::vendor::taking;

#[tokio::test(flavor = "multi_thread")]
async fn a_word_about_what_is_passed_on_holds_for_every_replica_and_for_nothing_else() {
    let store = OneStore::start(2, taking(Duration::from_millis(30))).await;
    let callers = store.team("sales").await;
    let too_many = FaultKind::Status(Failure {
        code: 429.try_into().unwrap(),
        retry_after_seconds: Some(240),
        taken: false,
    });
    let once = Rule::always(Operation::Elsewhere, too_many).times(1);
    store.vendor.set_faults(Faults::of([once]));
    for (caller, path) in
        [(&callers[0], "/contacts"), (&callers[1], "/contacts"), (&callers[1], "/tasks")]
    {
        // The vendor would answer all but the first.
        let answer = caller.get(path).await;
        assert_eq!((answer.status, answer.errors()), (503, vec![("service_unavailable", "")]));
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((140..=242).contains(&wait), "{wait}");
    }
    for (caller, n) in callers.iter().zip(0..) {
        let answered = caller.enrich_retrying(&people(n, 1)).await;
        assert_eq!(answered.body["status"], "completed", "{answered:?}");
        let looked_up = format!("/people/find?linkedin_url=linkedin.com/in/reachable-{}", 10 + n);
        assert_eq!(caller.get(&looked_up).await.status, 200);
    }
    store.balance().await;
}
