//! Bodies of leads: each has a place from its first byte on, and a turn once it is there.

use std::ops::Deref;

use axum::extract::{FromRef, FromRequest, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;

use super::Bounds;
use super::envelope::Envelope;
use super::json_body::JsonBody;
use crate::http::room::Room;

/// A body of leads, whose turn it is for as long as this lives.
pub(super) struct LeadsBody {
    body: JsonBody,
    _turn: OwnedSemaphorePermit,
}

impl<S: Send + Sync> FromRequest<S> for LeadsBody
where
    Bounds: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request(request: Request, state: &S) -> Result<Self, Envelope> {
        let body = JsonBody::from_request(request, state).await?;
        let turn = Bounds::from_ref(state).room.turn().await?;
        Ok(Self { body, _turn: turn })
    }
}

impl Deref for LeadsBody {
    type Target = JsonBody;

    fn deref(&self) -> &JsonBody {
        &self.body
    }
}

/// Lets a request in that brings a body of leads, where there is a place for it.
pub(super) async fn let_in(State(room): State<Room>, request: Request, next: Next) -> Response {
    match room.place() {
        Ok(_place) => next.run(request).await,
        Err(problem) => Envelope(problem).into_response(),
    }
}
