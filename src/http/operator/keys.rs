//! Keys of a team: made, listed, changed and revoked.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};

use super::details::ProblemDetails;
use super::json_body::JsonBody;
use super::paths::{KeyPath, TeamPath};
use crate::gateway::Gateway;
use crate::http::problem::{NOT_FOUND, Problem};
use crate::http::wire::key::{self, KeyListed, KeyMadeShown, KeysShown};

/// Nobody on the way keeps what is told once.
const UNKEPT: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

type Made = (StatusCode, [(HeaderName, &'static str); 1], Json<KeyMadeShown>);

/// `POST /admin/v1/teams/{team}/keys`.
pub(super) async fn make(
    State(gateway): State<Gateway>,
    TeamPath(team): TeamPath,
    JsonBody(body): JsonBody,
) -> Result<Made, ProblemDetails> {
    let (name, terms) = key::parse(&body).map_err(Problem::with_faults)?;
    let made = gateway.make_key(&team, name, terms).await?;
    Ok((StatusCode::CREATED, UNKEPT, Json(made.into())))
}

/// `GET /admin/v1/teams/{team}/keys`.
pub(super) async fn list(
    State(gateway): State<Gateway>,
    TeamPath(team): TeamPath,
) -> Result<Json<KeysShown>, ProblemDetails> {
    Ok(Json(gateway.keys(&team).await?.into()))
}

/// `PATCH /admin/v1/teams/{team}/keys/{id}`.
pub(super) async fn change(
    State(gateway): State<Gateway>,
    KeyPath { team, id }: KeyPath,
    JsonBody(body): JsonBody,
) -> Result<Json<KeyListed>, ProblemDetails> {
    let change = key::parse_change(&body).map_err(Problem::with_faults)?;
    let changed = gateway.change_key(&team, id, change).await?;
    changed.map(|key| Json(key.into())).ok_or_else(|| no_such_key().into())
}

/// `DELETE /admin/v1/teams/{team}/keys/{id}`.
pub(super) async fn revoke(
    State(gateway): State<Gateway>,
    KeyPath { team, id }: KeyPath,
) -> Result<StatusCode, ProblemDetails> {
    if gateway.revoke_key(&team, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_such_key().into())
    }
}

fn no_such_key() -> Problem {
    NOT_FOUND.says("The team has no such key")
}
