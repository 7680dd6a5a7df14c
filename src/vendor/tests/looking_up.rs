//! Lookups: the answer has the result, and an invalid one leaves it unknown.

use super::*;

const ADA: &str = r#"{"id":"9f","object":"person","name":"Ada Lovelace","email":"ada@x.io"}"#;

fn error(code: &str) -> String {
    format!(r#"{{"object":"error","_errors":[{{"code":"{code}","title":"T","detail":"D"}}]}}"#)
}

#[tokio::test]
async fn the_lead_is_in_the_query_and_nowhere_else() {
    let vendor = FakeVendor::with([Reply::of(200, "", ADA)]).await;
    let reveals = Reveals { email: true, phone: false };
    vendor.client().look_up(LEADS[0], reveals).await;
    let requests = vendor.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let line = "GET /people/find?email=ada%40x.io&name=Ada+%22Countess%22+Lovelace\
                &reveal_email=true&reveal_phone_numbers=false HTTP/1.1";
    assert_eq!(head.lines().next(), Some(line));
    assert_eq!(body, "");
}

#[tokio::test]
async fn a_200_is_the_person() {
    let Submitted::Accepted(LookedUp::Found(person)) = looked_up(Reply::of(200, "", ADA)).await
    else {
        panic!("nobody was found")
    };
    assert_eq!((person.id.as_str(), person.email.as_deref()), ("9f", Some("ada@x.io")));
}

#[tokio::test]
async fn a_200_without_a_person_counts_as_no_answer() {
    for body in ["", "{", "[]", "{}", r#"{"id":7}"#, r#"{"object":"person","result":{"id":"9f"}}"#]
    {
        let looked_up = looked_up(Reply::of(200, "", body)).await;
        let is_unreadable = matches!(looked_up, Submitted::NoAnswer(Cause::Unreadable(_)));
        assert!(is_unreadable, "{body}: {looked_up:?}");
    }
    let cut = looked_up(Reply::cut(200, ADA)).await;
    assert!(matches!(cut, Submitted::NoAnswer(Cause::Cut(_))), "{cut:?}");
}

#[tokio::test]
async fn not_found_needs_the_vendors_envelope_and_not_only_a_404() {
    let not_found = looked_up(Reply::of(404, "", error("person_not_found"))).await;
    assert!(matches!(not_found, Submitted::Accepted(LookedUp::NotFound)), "{not_found:?}");
    for body in [error("not_found"), String::new(), "<html>".into()] {
        let elsewhere = looked_up(Reply::of(404, "", &body)).await;
        assert!(matches!(elsewhere, Submitted::Misaddressed { status: 404 }), "{body}");
    }
}

#[tokio::test]
async fn removed_needs_the_vendors_envelope() {
    let removed = looked_up(Reply::of(451, "", error("unavailable_for_legal_reasons"))).await;
    assert!(matches!(removed, Submitted::Accepted(LookedUp::Removed)), "{removed:?}");
    let nobodys = looked_up(Reply::of(451, "", "<html>")).await;
    assert!(matches!(nobodys, Submitted::NoAnswer(Cause::Status { status: 451, .. })));
}

#[tokio::test]
async fn other_answers_are_classified_as_for_a_batch() {
    for (status, is_sorted) in [
        (400, (|it| matches!(it, Submitted::Refused(_))) as fn(&Submitted<LookedUp>) -> bool),
        (402, |it| matches!(it, Submitted::Refused(_))),
        (422, |it| matches!(it, Submitted::Refused(_))),
        (401, |it| matches!(it, Submitted::Misaddressed { .. })),
        (403, |it| matches!(it, Submitted::Misaddressed { .. })),
        (405, |it| matches!(it, Submitted::Misaddressed { .. })),
        (429, |it| matches!(it, Submitted::Wait { .. })),
        (202, |it| matches!(it, Submitted::NoAnswer(_))),
        (302, |it| matches!(it, Submitted::NoAnswer(_))),
        (500, |it| matches!(it, Submitted::NoAnswer(_))),
        (503, |it| matches!(it, Submitted::NoAnswer(_))),
    ] {
        let looked_up = looked_up(Reply::of(status, "", error("person_not_found"))).await;
        assert!(is_sorted(&looked_up), "{status}: {looked_up:?}");
    }
}
