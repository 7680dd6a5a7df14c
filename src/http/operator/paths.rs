//! What a path names: a team, and one of its keys.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Deserialize;

use super::details::ProblemDetails;
use crate::domain::team::TeamId;
use crate::gateway::{BatchId, Refusal};
use crate::http::problem::{INVALID_REQUEST, Problem};

/// The team of a path.
pub(super) struct TeamPath(pub(super) TeamId);

/// A key of a path, and the team whose it should be.
pub(super) struct KeyPath {
    pub(super) team: TeamId,
    pub(super) id: String,
}

/// The batch of a path. What is no number names no batch.
pub(super) struct BatchPath(pub(super) BatchId);

#[derive(Deserialize)]
struct Team {
    team: String,
}

#[derive(Deserialize)]
struct Key {
    team: String,
    id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for TeamPath {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let path = Path::<Team>::from_request_parts(parts, state).await;
        let Path(Team { team }) = path.map_err(|_| Problem::no_such_path())?;
        Ok(Self(team_named(&team)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for KeyPath {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let path = Path::<Key>::from_request_parts(parts, state).await;
        let Path(Key { team, id }) = path.map_err(|_| Problem::no_such_path())?;
        Ok(Self { team: team_named(&team)?, id })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for BatchPath {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let path = Path::<String>::from_request_parts(parts, state).await.ok();
        let is_number = |text: &String| text.bytes().all(|byte| byte.is_ascii_digit());
        let number = path.and_then(|Path(text)| text.parse().ok().filter(|_| is_number(&text)));
        let id = number.and_then(BatchId::new);
        Ok(Self(id.ok_or(Refusal::UnknownBatch)?))
    }
}

/// A name that no team can have is told apart from one that none has.
fn team_named(name: &str) -> Result<TeamId, Problem> {
    name.parse()
        .map_err(|rule| INVALID_REQUEST.says(format!("The team's name is not valid: {rule}")))
}
