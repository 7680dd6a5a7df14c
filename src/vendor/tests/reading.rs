//! Pages, and completely read batches.

use super::*;

fn page(status: &str, result: &str, next: &str) -> Reply {
    let body = format!(
        r#"{{"id":7,"object":"person_enrichment","status":"{status}","results":[{result}],
            "_links":{{"self":{{"href":"/people/enrichment-requests/7"}}{next}}}}}"#
    );
    Reply::of(200, "retry-after: 5\r\n", body)
}

fn next(href: &str) -> String {
    format!(r#","next":{{"href":"{href}"}}"#)
}

#[tokio::test]
async fn one_page_of_a_running_batch_is_read_with_its_retry_after() {
    let fake = FakeVendor::with([page("processing", "", &next("?page[after]=1"))]).await;
    let read = fake.client().read(ID, ALL).await;
    let Ok(Read::Running { retry_after }) = read else { panic!("{read:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(5)));
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn an_ended_batch_is_read_to_its_last_page_by_links_with_any_query() {
    let fake = FakeVendor::with([
        page("completed", r#"{"status":"not_found"}"#, &next("?page[after]=1")),
        page("completed", "5", &next("/people/enrichment-requests/7?page%5Bnumber%5D=3")),
        page("completed", r#"{"status":"enriched","result":{"id":"9f"}}"#, ""),
    ])
    .await;
    let read = fake.client().read(ID, ALL).await;
    let Ok(Read::Ended(batch)) = read else { panic!("{read:?}") };
    let findings: Vec<_> = batch.results.unwrap().into_iter().map(|r| r.finding).collect();
    assert!(matches!(
        &findings[..],
        [Finding::NotFound, Finding::Unreadable(_), Finding::Found(person)] if person.id == "9f"
    ));
    let lines =
        fake.requests().iter().map(|r| r.lines().next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        lines,
        ["page%5Bsize%5D=100", "page[after]=1", "page%5Bnumber%5D=3"]
            .map(|query| format!("GET /people/enrichment-requests/7?{query} HTTP/1.1"))
    );
}

#[tokio::test]
async fn a_link_to_another_resource_counts_as_no_answer() {
    for href in ["/people?page[after]=1", "https://elsewhere.example/?page[after]=2", "/"] {
        let fake = FakeVendor::with([page("completed", "", &next(href))]).await;
        let read = fake.client().read(ID, ALL).await;
        let is_link = matches!(read, Err(Unread::NoAnswer(Cause::Unreadable(Unreadable::Link))));
        assert!(is_link, "{href}: {read:?}");
    }
}

#[tokio::test]
async fn a_loop_of_links_counts_as_no_answer() {
    let circle = || page("completed", "", &next("?page[after]=1"));
    let read = FakeVendor::with([circle(), circle()]).await.client().read(ID, ALL).await;
    assert!(
        matches!(read, Err(Unread::NoAnswer(Cause::Unreadable(Unreadable::Circle)))),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_batch_that_fails_midway_is_unread() {
    let replies = [page("completed", "", &next("?page[after]=1")), Reply::of(429, "", "")];
    let read = FakeVendor::with(replies).await.client().read(ID, ALL).await;
    assert!(matches!(read, Err(Unread::Wait { retry_after: None })), "{read:?}");
}

#[tokio::test]
async fn every_status_of_a_page_is_classified() {
    assert!(matches!(first_page(Reply::of(404, "", "")).await, Err(Unread::Gone)));
    for status in [401, 403, 405] {
        let page = first_page(Reply::of(status, "", "")).await;
        assert!(matches!(page, Err(Unread::Misaddressed { status: s }) if s == status));
    }
    let page = first_page(Reply::of(429, "retry-after: 7\r\n", "")).await;
    assert!(matches!(page, Err(Unread::Wait { retry_after: Some(_) })));
    for status in [201, 202, 302, 400, 402, 422, 500, 503] {
        let page = first_page(Reply::of(status, "", r#"{"id":7,"status":"completed"}"#)).await;
        let Err(Unread::NoAnswer(Cause::Status { status: s, .. })) = page else {
            panic!("{status}: {page:?}")
        };
        assert_eq!(s, status);
    }
}

#[tokio::test]
async fn a_truncated_or_invalid_page_counts_as_no_answer() {
    let cut = first_page(Reply::cut(200, r#"{"id":7,"status":"completed","results":[]}"#)).await;
    assert!(matches!(cut, Err(Unread::NoAnswer(Cause::Cut(_)))), "{cut:?}");
    let broken =
        first_page(Reply::of(200, "", r#"{"id":7,"status":"completed","results":7}"#)).await;
    assert!(matches!(broken, Err(Unread::NoAnswer(Cause::Unreadable(_)))), "{broken:?}");
}
