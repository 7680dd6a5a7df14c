//! Teams: listed, shown, put and closed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::details::ProblemDetails;
use super::json_body::JsonBody;
use super::list::ListAsk;
use super::paths::TeamPath;
use crate::gateway::{Gateway, Put};
use crate::http::problem::Problem;
use crate::http::wire::team::{self, TeamShown, TeamsShown};

/// `GET /admin/v1/teams`.
pub(super) async fn list(
    State(gateway): State<Gateway>,
    ask: ListAsk,
) -> Result<Json<TeamsShown>, ProblemDetails> {
    let (page, next_cursor) = ask.page(gateway.teams().await?, |team| team.id.as_str());
    Ok(Json(TeamsShown { teams: page.into_iter().map(TeamShown::from).collect(), next_cursor }))
}

/// `GET /admin/v1/teams/{team}`.
pub(super) async fn show(
    State(gateway): State<Gateway>,
    TeamPath(team): TeamPath,
) -> Result<Json<TeamShown>, ProblemDetails> {
    Ok(Json(gateway.team(&team).await?.into()))
}

/// `PUT /admin/v1/teams/{team}`.
pub(super) async fn put(
    State(gateway): State<Gateway>,
    TeamPath(team): TeamPath,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<TeamShown>), ProblemDetails> {
    let new = team::parse(&body, &team).map_err(Problem::with_faults)?;
    let (put, team) = gateway.put_team(&team, new).await?;
    let status = match put {
        Put::Created => StatusCode::CREATED,
        Put::Replaced => StatusCode::OK,
    };
    Ok((status, Json(team.into())))
}

/// `DELETE /admin/v1/teams/{team}`.
pub(super) async fn close(
    State(gateway): State<Gateway>,
    TeamPath(team): TeamPath,
) -> Result<StatusCode, ProblemDetails> {
    gateway.close_team(&team).await?;
    Ok(StatusCode::NO_CONTENT)
}
