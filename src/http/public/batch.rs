//! Batches: asked for, read and cancelled, with the vendor's object for an answer.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::ask_headers::AskHeaders;
use super::batch_path::BatchPath;
use super::caller::Uncounted;
use super::envelope::Envelope;
use super::json_body::Cancellation;
use super::leads_body::Place;
use super::{headers, page};
use crate::gateway::{BatchPage, Caller, Gateway, PageAsk, Status};
use crate::http::wire::batch::BatchShown;
use crate::http::wire::links::Links;

/// `POST /people/enrichment-requests`.
pub(super) async fn start(
    place: Place,
    State(gateway): State<Gateway>,
    headers: AskHeaders,
    request: Request,
) -> Result<Accepted, Envelope> {
    let body = place.receive(request).await?;
    let (body, ask) = body.parsed(|body| body.enrichment(headers)).await?;
    Ok(Accepted(gateway.enrich(&body.caller.clone(), ask, body).await?))
}

/// `GET /people/enrichment-requests/{id}`.
pub(super) async fn read(
    caller: Caller,
    State(gateway): State<Gateway>,
    BatchPath(id): BatchPath,
    ask: PageAsk,
) -> Result<OnePage, Envelope> {
    let page = gateway.read(&caller, id, ask).await?;
    Ok(OnePage { page, ask })
}

/// `PATCH /people/enrichment-requests/{id}`.
pub(super) async fn cancel(
    Uncounted(caller): Uncounted,
    State(gateway): State<Gateway>,
    BatchPath(id): BatchPath,
    _: Cancellation,
) -> Result<OnePage, Envelope> {
    let page = gateway.cancel(&caller, id).await?;
    Ok(OnePage { page, ask: page::FIRST })
}

/// A batch just admitted: without results while it is queued, as the vendor's, else with its first
/// page.
pub(super) struct Accepted(BatchPage);

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let Self(page) = self;
        let shown = if page.status == Status::Queued {
            BatchShown::of(&page, &[], Links::to_batch(page.id))
        } else {
            BatchShown::of(&page, &page.lines, Links::around(&page, page::FIRST))
        };
        (StatusCode::ACCEPTED, headers_of(&page), Json(shown)).into_response()
    }
}

/// One page of a batch, as it was asked for.
pub(super) struct OnePage {
    page: BatchPage,
    ask: PageAsk,
}

impl IntoResponse for OnePage {
    fn into_response(self) -> Response {
        let Self { page, ask } = self;
        let shown = BatchShown::of(&page, &page.lines, Links::around(&page, ask));
        (headers_of(&page), Json(shown)).into_response()
    }
}

/// What an answer about a batch, or a look-up, says in its headers.
pub(super) fn headers_of(page: &BatchPage) -> HeaderMap {
    headers::of_page(&page.account, page.is_replay, page.retry_after)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::gateway::PageFrom;
    use crate::http::wire::batch::samples;

    async fn told(answer: impl IntoResponse) -> (StatusCode, HeaderMap, Value) {
        let (parts, body) = answer.into_response().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_queued_batch_is_accepted_without_results() {
        let page = BatchPage { status: Status::Queued, ..samples::page(250, 1..101) };
        let (status, headers, body) = told(Accepted(page)).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        assert_eq!(headers["retry-after"], "2");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["tollgate-credits-reserved"], "email=7.5, phone=5");
        assert_eq!(body["results"], json!([]));
        assert_eq!(body["_links"], json!({"self": {"href": "/people/enrichment-requests/7"}}));
    }

    #[tokio::test]
    async fn a_batch_that_is_answered_at_once_shows_its_first_page() {
        let page = samples::page(250, 1..101);
        let page = BatchPage { status: Status::Completed, retry_after: None, ..page };
        let (status, headers, body) = told(Accepted(page)).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        assert!(!headers.contains_key("retry-after"));
        assert_eq!(body["results"].as_array().unwrap().len(), 100);
        let next = "/people/enrichment-requests/7?page[size]=100&page[after]=100";
        assert_eq!(body["_links"]["next"]["href"], next);
    }

    #[tokio::test]
    async fn a_page_keeps_every_lead_in_its_place_while_it_waits() {
        let ask = PageAsk { from: PageFrom::After(2), size: 2 };
        let answer = OnePage { page: samples::page(5, 3..5), ask };
        let (status, headers, body) = told(answer).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["retry-after"], "2");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!([&body["results"][0]["id"], &body["results"][1]["id"]], [3, 4]);
        assert_eq!(
            body["_links"]["prev"]["href"],
            "/people/enrichment-requests/7?page[size]=2&page[before]=3"
        );
    }
}
