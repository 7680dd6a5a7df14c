//! The requests and their destination.

use super::*;

#[tokio::test]
async fn a_submission_has_only_leads_and_key() {
    let fake = FakeVendor::with([Reply::of(202, "", TAKEN)]).await;
    let reveals = Reveals { email: true, phone: false };
    fake.client().submit(&LEADS, reveals).await;

    let requests = fake.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().skip(1).collect();
    lines.sort_unstable();
    let host = format!("host: {}", fake.url().trim_start_matches("http://"));
    let length = format!("content-length: {}", body.len());
    let mut expected = [
        "accept: application/json",
        "accept-encoding: gzip",
        "authorization: Bearer sesame",
        &length,
        "content-type: application/json",
        &host,
        concat!("user-agent: tollgate/", env!("CARGO_PKG_VERSION")),
    ];
    expected.sort_unstable();
    assert!(head.starts_with("POST /people/enrichment-requests HTTP/1.1\r\n"), "{head}");
    assert_eq!(lines, expected);
    assert_eq!(
        body,
        r#"{"leads":[{"email":"ada@x.io","name":"Ada \"Countess\" Lovelace"}],"reveal_email":true,"reveal_phone_numbers":false}"#
    );
}

#[tokio::test]
async fn the_first_page_is_requested_with_its_size_and_others_by_the_vendors_link() {
    let page = || Reply::of(200, "", r#"{"id":7,"status":"queued"}"#);
    let fake = FakeVendor::with([page(), page()]).await;
    let cursor = Cursor::of("page[after]=a%2Bb%3D");
    fake.client().page(ID, None, ALL).await.unwrap();
    fake.client().page(ID, Some(&cursor), ALL).await.unwrap();

    let path = "GET /people/enrichment-requests/7";
    let [first, second] = fake.requests().try_into().unwrap();
    assert!(first.starts_with(&format!("{path}?page%5Bsize%5D=100 HTTP/1.1\r\n")), "{first}");
    assert!(second.starts_with(&format!("{path}?page[after]=a%2Bb%3D HTTP/1.1\r\n")));
}

#[tokio::test]
async fn a_batch_is_canceled_with_the_documented_body() {
    let fake = FakeVendor::with([Reply::of(200, "", TAKEN)]).await;
    assert!(matches!(fake.client().cancel(ID).await, Canceled::Agreed));
    let request = &fake.requests()[0];
    assert!(request.starts_with("PATCH /people/enrichment-requests/7 HTTP/1.1\r\n"));
    assert!(request.ends_with("\r\n\r\n{\"status\":\"canceled\"}"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = FakeVendor::with([Reply::of(202, "", TAKEN)]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}/x\r\n", elsewhere.url());
        let submitted = submitted(Reply::of(status, &location, "")).await;
        assert!(
            matches!(submitted, Submitted::NoAnswer(Cause::Status { status: s, .. }) if s == status)
        );
    }
    assert!(elsewhere.requests().is_empty());
}

/// Runs the test below in its own process, whose environment names a dead proxy.
#[tokio::test]
async fn proxies_of_the_environment_are_not_used() {
    let proxy = FakeVendor::nowhere().await;
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "vendor::tests::requests::the_vendor_is_reached"])
        .envs(["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"].map(|name| (name, &proxy)))
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && printed.contains("1 passed"), "{printed}");
}

#[tokio::test]
#[ignore = "only means something where a proxy is set; run by the test above"]
async fn the_vendor_is_reached() {
    assert!(matches!(submitted(Reply::of(202, "", TAKEN)).await, Submitted::Accepted(ID)));
}
