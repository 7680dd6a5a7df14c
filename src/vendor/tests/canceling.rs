//! Cancellations.

use super::*;

#[tokio::test]
async fn every_status_of_a_cancellation_is_classified() {
    for status in [200, 202, 204] {
        assert!(matches!(canceled(Reply::of(status, "", "")).await, Canceled::Agreed));
    }
    for status in [400, 402, 409, 422] {
        let canceled = canceled(Reply::of(status, "", "")).await;
        assert!(matches!(canceled, Canceled::Refused(refusal) if refusal.status == status));
    }
    for status in [401, 403, 405] {
        let canceled = canceled(Reply::of(status, "", "")).await;
        assert!(matches!(canceled, Canceled::Misaddressed { status: s } if s == status));
    }
    assert!(matches!(canceled(Reply::of(404, "", "")).await, Canceled::Gone));
    let wait = canceled(Reply::of(429, "retry-after: 7\r\n", "")).await;
    assert!(matches!(wait, Canceled::Wait { retry_after: Some(_) }));
    for reply in [Reply::of(500, "", ""), Reply::of(302, "", ""), Reply::cut(200, "")] {
        assert!(matches!(canceled(reply).await, Canceled::NoAnswer(_)));
    }
}

#[tokio::test]
async fn a_cancellation_that_was_not_sent_counts_as_no_answer() {
    let canceled = client(&FakeVendor::nowhere().await, PATIENCE).cancel(ID).await;
    assert!(matches!(canceled, Canceled::NoAnswer(Cause::Unreachable(_))));
}
