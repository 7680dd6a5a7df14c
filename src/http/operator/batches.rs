//! Batches of all teams: listed, shown, cancelled and resolved.

use axum::Json;
use axum::extract::{FromRequestParts, RawQuery, State};
use axum::http::request::Parts;

use super::details::ProblemDetails;
use super::json_body::JsonBody;
use super::paths::BatchPath;
use super::query::{PAGE_ITEMS_MAX, cursor, invalid, limit, parameters};
use crate::gateway::{BatchId, BatchState, Gateway, Listing};
use crate::http::problem::{INVALID_PAGE, Problem};
use crate::http::wire::batches::{self, BatchShown, BatchSummary, BatchesShown};
use crate::http::wire::resolution::{self, ResolutionShown};

/// Which batches a query asks for.
pub(super) struct ListingAsk(Listing);

impl<S: Send + Sync> FromRequestParts<S> for ListingAsk {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemDetails> {
        let names = ["team", "state", "cursor", "limit"];
        let [team, state, after, most] = parameters(parts.uri.query(), names)?;
        let team = team.map(|team| team.parse().map_err(|rule| invalid("team", rule)));
        let before = cursor::<u64>(after.as_deref())?.map(|number| {
            let none = "cursor must be the next_cursor of an earlier response";
            BatchId::new(number).ok_or_else(|| INVALID_PAGE.says(none))
        });
        Ok(Self(Listing {
            team: team.transpose()?,
            state: state.map(|name| named(&name)).transpose()?,
            before: before.transpose()?,
            limit: limit(most.as_deref())?,
        }))
    }
}

fn named(name: &str) -> Result<BatchState, Problem> {
    let names = BatchState::ALL.map(BatchState::name).join(", ");
    let found = BatchState::ALL.into_iter().find(|state| state.name() == name);
    found.ok_or_else(|| invalid("state", format!("a state is one of: {names}")))
}

/// `GET /admin/v1/batches`.
pub(super) async fn list(
    State(gateway): State<Gateway>,
    ListingAsk(listing): ListingAsk,
) -> Result<Json<BatchesShown>, ProblemDetails> {
    Ok(Json(gateway.batches(listing).await?.into()))
}

/// `GET /admin/v1/batches/{id}`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    BatchPath(id): BatchPath,
    RawQuery(query): RawQuery,
) -> Result<Json<BatchShown>, ProblemDetails> {
    let [after, most] = parameters(query.as_deref(), ["cursor", "limit"])?;
    let from = cursor::<u32>(after.as_deref())?.unwrap_or_default();
    let limit = u32::try_from(limit(most.as_deref())?.min(PAGE_ITEMS_MAX)).unwrap_or(u32::MAX);
    let detail = gateway.batch(id, from, from.saturating_add(limit)).await?;
    Ok(Json(BatchShown::of(detail)))
}

/// `POST /admin/v1/batches/{id}/cancel`.
pub(super) async fn cancel(
    State(gateway): State<Gateway>,
    BatchPath(id): BatchPath,
    JsonBody(body): JsonBody,
) -> Result<Json<BatchSummary>, ProblemDetails> {
    let note = batches::parse_cancellation(&body).map_err(Problem::with_faults)?;
    Ok(Json(gateway.cancel_for(id, note).await?.into()))
}

/// `POST /admin/v1/batches/{id}/resolve`.
pub(super) async fn resolve(
    State(gateway): State<Gateway>,
    BatchPath(id): BatchPath,
    JsonBody(body): JsonBody,
) -> Result<Json<ResolutionShown>, ProblemDetails> {
    let (charged, note) = resolution::parse(&body).map_err(Problem::with_faults)?;
    let booked = gateway.resolve(id, charged, note).await?;
    Ok(Json(ResolutionShown::of(id, charged, &booked)))
}
