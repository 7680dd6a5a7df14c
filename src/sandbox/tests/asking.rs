//! Submitting, reading and cancelling.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const ADA: &str = r#"{"leads":[{"email":"ada@x.example"}]}"#;

fn post(media_type: &str) -> http::request::Builder {
    Request::post(BATCHES).header("authorization", "bearer key").header("content-type", media_type)
}

#[tokio::test]
async fn a_batch_is_queued_then_processing_then_completed() {
    let vendor = Vendor::start();
    let leads = json!([{ "email": "ada@x.example" }, { "email": "ada.nobody@x.example" }]);
    let accepted = vendor.submit(&json!({ "leads": leads })).await;
    assert_eq!(
        (accepted.status, &accepted.headers["retry-after"]),
        (StatusCode::ACCEPTED, &"10".parse().unwrap())
    );
    let mut seen = Vec::new();
    for _ in 0..=10 {
        let reply = vendor.read("/people/enrichment-requests/1").await;
        let is_running = reply.headers.contains_key("retry-after");
        seen.push((
            reply.body["status"].as_str().unwrap().to_owned(),
            reply.results().len(),
            is_running,
        ));
        vendor.advance(SECOND);
    }
    seen.dedup();
    let stage = |status: &str, results, is_running| (status.to_owned(), results, is_running);
    assert_eq!(
        seen,
        [
            stage("queued", 0, true),
            stage("processing", 0, true),
            stage("processing", 1, true),
            stage("completed", 2, false),
        ]
    );
}

#[tokio::test]
async fn a_result_echoes_submitted_fields_and_null_for_others() {
    let vendor = Vendor::start();
    vendor.submit(&json!({ "leads": [{ "email": " Ada@X.example", "title": "" }] })).await;
    vendor.advance(10 * SECOND);
    let result = vendor.read("/people/enrichment-requests/1").await.results()[0].clone();
    let echo = ["email", "title", "linkedin_url", "company_domain", "company_name", "name"];
    let echo = echo.map(|field| result.get(field).cloned().unwrap());
    let null = Value::Null;
    assert_eq!(
        echo,
        [json!(" Ada@X.example"), json!(""), null.clone(), null.clone(), null.clone(), null]
    );
    assert_eq!([&result["id"], &result["status"]], [&json!(1), &json!("enriched")]);
}

#[tokio::test]
async fn links_reach_every_result_once() {
    let vendor = Vendor::with(Options { page_size: 2, ..Options::default() });
    let path = vendor
        .enrich(&["a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"])
        .await;
    let mut pages = vec![vendor.read(&path).await];
    while let Some(next) = pages[pages.len() - 1].body["_links"]["next"]["href"].as_str() {
        let page = vendor.read(next).await;
        pages.push(page);
    }
    let ids: Vec<_> = pages.iter().map(Reply::result_ids).collect();
    assert_eq!(ids, [vec![1, 2], vec![3, 4], vec![5]]);
    let back = pages[2].body["_links"]["prev"]["href"].as_str().unwrap();
    assert_eq!(vendor.read(back).await.result_ids(), [3, 4]);
    let encoded = vendor.read(&format!("{path}?page%5Bsize%5D=1&page%5Bafter%5D=3")).await;
    assert_eq!(encoded.result_ids(), [4]);
}

#[tokio::test]
async fn a_cancelled_batch_keeps_its_results_and_gets_no_more() {
    let vendor = Vendor::start();
    let leads = json!([{ "email": "ada@x.example" }, { "email": "grace@x.example" }]);
    vendor.submit(&json!({ "leads": leads })).await;
    vendor.advance(6 * SECOND);
    let canceled = vendor.cancel("/people/enrichment-requests/1").await;
    assert_eq!((canceled.status, &canceled.body["status"]), (StatusCode::OK, &json!("canceled")));
    vendor.advance(HOUR);
    let read = vendor.read("/people/enrichment-requests/1").await;
    assert_eq!((read.result_ids(), read.headers.get("retry-after")), (vec![1], None));
    assert_eq!(vendor.sandbox.bill().email.halves(), 1);
}

#[tokio::test]
async fn a_batch_that_has_ended_cannot_be_cancelled() {
    let vendor = Vendor::start();
    let path = vendor.enrich(&["ada@x.example"]).await;
    assert_eq!(vendor.cancel(&path).await.body["status"], "completed");
}

#[tokio::test]
async fn only_the_two_media_types_are_accepted() {
    let vendor = Vendor::start();
    for (media_type, status) in [
        ("application/json; charset=utf-8", StatusCode::ACCEPTED),
        ("application/vnd.amp+json", StatusCode::ACCEPTED),
        ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let reply = vendor.answer(post(media_type).body(Body::from(ADA)).unwrap()).await;
        assert_eq!(reply.status, status, "{media_type}");
    }
}

#[tokio::test]
async fn compressed_bodies_are_accepted() {
    let vendor = Vendor::start();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(ADA.as_bytes()).unwrap();
    let body = Body::from(packed.finish().unwrap());
    let request = post("application/json").header("content-encoding", "gzip").body(body);
    assert_eq!(vendor.answer(request.unwrap()).await.status, StatusCode::ACCEPTED);
    assert_eq!(vendor.sandbox.leads_received(), ["ada@x.example"]);
}

#[tokio::test]
async fn only_the_configured_key_is_accepted_and_others_leave_no_trace() {
    let api_key = Some("right".to_owned());
    let vendor = Vendor::with(Options { api_key, ..Options::default() });
    let reply = vendor.submit(&json!({ "leads": [{ "email": "ada@x.example" }] })).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::UNAUTHORIZED, Some("unauthorized")));
    assert_eq!(vendor.sandbox.posts_received(), 0);
    let request = Request::get(format!("{BATCHES}/1")).header("authorization", "Bearer right");
    let reply = vendor.answer(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn ten_thousand_leads_are_accepted_at_once_and_one_more_is_refused() {
    let vendor = Vendor::start();
    let leads = |count: usize| json!({ "leads": vec![json!({ "email": "ada@x.example" }); count] });
    assert_eq!(vendor.submit(&leads(10_000)).await.status, StatusCode::ACCEPTED);
    assert_eq!(vendor.submit(&leads(10_001)).await.code(), Some("too_many_leads"));
    vendor.advance(10 * SECOND);
    let bill = vendor.sandbox.bill();
    assert_eq!((bill.email.halves(), bill.without_dedupe.email.halves()), (1, 10_000));
}
