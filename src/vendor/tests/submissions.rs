//! Submissions: one test per row.

use super::*;

#[tokio::test]
async fn a_202_with_an_id_is_accepted() {
    assert!(matches!(submitted(Reply::of(202, "", TAKEN)).await, Submitted::Accepted(ID)));
}

#[tokio::test]
async fn a_gzipped_answer_is_decompressed() {
    let reply = Reply::of(202, "content-encoding: gzip\r\n", gzipped(TAKEN.as_bytes()));
    assert!(matches!(submitted(reply).await, Submitted::Accepted(ID)));
}

#[tokio::test]
async fn a_202_without_an_id_counts_as_no_answer() {
    for body in ["", "{}", r#"{"id":null}"#, r#"{"id":"7"}"#, r#"{"id":-7}"#, "{\"id\":7"] {
        let submitted = submitted(Reply::of(202, "", body)).await;
        let is_unreadable =
            matches!(submitted, Submitted::NoAnswer(Cause::Unreadable(Unreadable::Shape { .. })));
        assert!(is_unreadable, "{body}: {submitted:?}");
    }
}

#[tokio::test]
async fn a_definite_refusal_has_the_vendors_errors() {
    let body = r#"{"object":"error","_errors":[{"code":"insufficient_credits","title":"T","detail":"D"}]}"#;
    for status in [400, 402, 413, 415, 422] {
        let Submitted::Refused(refusal) = submitted(Reply::of(status, "", body)).await else {
            panic!("{status} is not refused")
        };
        let [error] = refusal.errors.as_slice() else { panic!("{refusal:?}") };
        let (code, detail) = (error.code.as_deref(), error.detail.as_deref());
        assert_eq!(
            (refusal.status, code, detail),
            (status, Some("insufficient_credits"), Some("D"))
        );
    }
}

#[tokio::test]
async fn a_definite_refusal_does_not_depend_on_its_body() {
    let Submitted::Refused(refusal) = submitted(Reply::of(413, "", "<html>")).await else {
        panic!("not refused")
    };
    assert_eq!(refusal, Refusal { status: 413, errors: Vec::new() });
}

#[tokio::test]
async fn a_wrong_key_or_url_is_distinguished() {
    for status in [401, 403, 404, 405] {
        let submitted = submitted(Reply::of(status, "", "")).await;
        assert!(matches!(submitted, Submitted::Misaddressed { status: s } if s == status));
    }
}

#[tokio::test]
async fn a_429_has_its_retry_after() {
    for (headers, wait) in [("retry-after: 7\r\n", Some(7)), ("", None)] {
        let submitted = submitted(Reply::of(429, headers, "")).await;
        let Submitted::Wait { retry_after } = submitted else { panic!("{submitted:?}") };
        assert_eq!(retry_after, wait.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn any_5xx_counts_as_no_answer_even_with_retry_after() {
    for status in [500, 502, 503, 504, 529] {
        let submitted = submitted(Reply::of(status, "retry-after: 7\r\n", TAKEN)).await;
        let Submitted::NoAnswer(Cause::Status { status: s, retry_after }) = submitted else {
            panic!("{submitted:?}")
        };
        assert_eq!((s, retry_after), (status, Some(Duration::from_secs(7))));
    }
}

#[tokio::test]
async fn an_undocumented_status_counts_as_no_answer() {
    for status in [200, 201, 204, 304, 408, 409, 410, 451] {
        let body = if matches!(status, 204 | 304) { "" } else { TAKEN };
        let submitted = submitted(Reply::of(status, "", body)).await;
        assert!(
            matches!(submitted, Submitted::NoAnswer(Cause::Status { status: s, .. }) if s == status)
        );
    }
}

#[tokio::test]
async fn without_a_listener_nothing_was_sent() {
    let vendor = client(&FakeVendor::nowhere().await, PATIENCE);
    let submitted = vendor.submit(&LEADS, Reveals::ALL).await;
    assert!(matches!(submitted, Submitted::NotSent(Cause::Unreachable(_))), "{submitted:?}");
}

#[tokio::test]
async fn a_failed_handshake_sent_nothing() {
    let fake = FakeVendor::with([Reply::NoHandshake]).await;
    let vendor = client(&fake.url().replace("http:", "https:"), PATIENCE);
    let submitted = vendor.submit(&LEADS, Reveals::ALL).await;
    assert!(matches!(submitted, Submitted::NotSent(Cause::Unreachable(_))), "{submitted:?}");
}

#[tokio::test]
async fn a_silent_vendor_counts_as_no_answer_after_the_timeout() {
    let fake = FakeVendor::with([Reply::Silence]).await;
    let vendor = client(&fake.url(), Duration::from_millis(50));
    let submitted = vendor.submit(&LEADS, Reveals::ALL).await;
    assert!(matches!(submitted, Submitted::NoAnswer(Cause::Late)), "{submitted:?}");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_counts_as_no_answer_and_is_not_retried() {
    for bytes in ["", "HTTP/1.1 20", "SSH-2.0-OpenSSH\r\n"] {
        let replies = [Reply::Bytes(bytes.into()), Reply::of(202, "", TAKEN)];
        let fake = FakeVendor::with(replies).await;
        let submitted = fake.client().submit(&LEADS, Reveals::ALL).await;
        assert!(matches!(submitted, Submitted::NoAnswer(Cause::Cut(_))), "{submitted:?}");
        assert_eq!(fake.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_truncated_answer_counts_as_no_answer_whatever_its_status() {
    for status in [202, 402, 404, 429] {
        let submitted = submitted(Reply::cut(status, TAKEN)).await;
        assert!(matches!(submitted, Submitted::NoAnswer(Cause::Cut(_))), "{submitted:?}");
    }
    let half = gzipped(TAKEN.as_bytes());
    let half = Reply::of(202, "content-encoding: gzip\r\n", &half[..half.len() / 2]);
    let submitted = submitted(half).await;
    assert!(matches!(submitted, Submitted::NoAnswer(Cause::Cut(_))), "{submitted:?}");
}

#[tokio::test]
async fn the_uncompressed_size_of_an_answer_is_limited() {
    let bomb = gzipped(&vec![b' '; 65 * 1024 * 1024]);
    let submitted = submitted(Reply::of(202, "content-encoding: gzip\r\n", bomb)).await;
    assert!(matches!(submitted, Submitted::NoAnswer(Cause::TooLong { .. })), "{submitted:?}");
}

#[tokio::test]
async fn a_displayed_failure_has_no_lead() {
    let echoing = r#"{"id":"ada@x.io"}"#;
    let refused = r#"{"_errors":[{"code":"invalid","detail":"ada@x.io is no email"}]}"#;
    for reply in [Reply::of(202, "", echoing), Reply::of(400, "", refused)] {
        let submitted = submitted(reply).await;
        let printed = format!("{submitted:?} {LEADS:?}");
        assert!(!printed.contains("ada@x.io"), "{printed}");
    }
}
