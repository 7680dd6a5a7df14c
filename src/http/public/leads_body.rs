//! Bodies of leads or addresses: each has a place from before its caller is known, and a turn once
//! it is there.

use std::ops::Deref;

use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use tokio::sync::OwnedSemaphorePermit;

use super::Bounds;
use super::envelope::Envelope;
use super::json_body::JsonBody;
use crate::http::room::Held;

/// A place among the requests that bring a body. A handler takes it before anything else, and what
/// has to come to its end takes it on, since the caller may hang up before that.
pub(super) struct Place(#[expect(dead_code, reason = "to have it is all")] OwnedSemaphorePermit);

impl<S: Send + Sync> FromRequestParts<S> for Place
where
    Bounds: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Envelope> {
        Ok(Self(Bounds::from_ref(state).room.place()?))
    }
}

/// A body whose turn it is for as long as this lives.
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

impl LeadsBody {
    /// Ends its turn, and lets go of the body. What was read of it still takes up as much.
    pub(super) fn end_turn(self) -> Held {
        self.body.into_held()
    }
}

impl Deref for LeadsBody {
    type Target = JsonBody;

    fn deref(&self) -> &JsonBody {
        &self.body
    }
}
