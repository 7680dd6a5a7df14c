//! Reports: what a team has used, and whether the books agree with themselves.

use axum::Json;
use axum::extract::State;

use super::details::ProblemDetails;
use super::paths::TeamPath;
use crate::gateway::Gateway;
use crate::http::wire::audit::AuditShown;
use crate::http::wire::usage::UsageShown;

/// `GET /admin/v1/teams/{team}/usage`.
pub(super) async fn usage(
    State(gateway): State<Gateway>,
    TeamPath(team): TeamPath,
) -> Result<Json<UsageShown>, ProblemDetails> {
    Ok(Json(gateway.usage(&team).await?.into()))
}

/// `GET /admin/v1/audit`.
pub(super) async fn audit(
    State(gateway): State<Gateway>,
) -> Result<Json<AuditShown>, ProblemDetails> {
    Ok(Json(gateway.audit().await?.into()))
}
