//! Bodies of leads or addresses: each has a place of its caller's team before it is read, and a turn
//! once it has arrived.

use std::ops::Deref;
use std::panic::resume_unwind;

use axum::extract::{FromRef, FromRequestParts, Request};
use axum::http::request::Parts;
use tokio::task::spawn_blocking;

use super::Bounds;
use super::envelope::Envelope;
use super::json_body::JsonBody;
use crate::gateway::{Caller, Gateway, Permit};
use crate::http::guesses::Guesses;
use crate::http::problem::Problem;

/// A body of at most so many bytes is parsed at once: to hand it to another thread would take longer.
const PARSED_INLINE_BYTES_MAX: usize = 16 << 10;

/// A caller whose request brings a body, with its place among such requests. A handler extracts it
/// before anything else, so that a caller without a key takes no place.
pub(super) struct Place {
    pub(super) caller: Caller,
    permit: Permit,
    gateway: Gateway,
    bounds: Bounds,
}

impl<S: Send + Sync> FromRequestParts<S> for Place
where
    Bounds: FromRef<S>,
    Gateway: FromRef<S>,
    Guesses: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let (gateway, bounds) = (Gateway::from_ref(state), Bounds::from_ref(state));
        let permit = bounds.room.place(&caller.team);
        let permit = permit.map_err(|refusal| gateway.turn_away(&caller.team, refusal))?;
        Ok(Self { caller, permit, gateway, bounds })
    }
}

impl Place {
    /// Takes in the body, and waits for its turn.
    pub(super) async fn receive(self, request: Request) -> Result<LeadsBody, Problem> {
        let Self { caller, permit, gateway, bounds } = self;
        let turned_away = |refusal| gateway.turn_away(&caller.team, refusal);
        let mut held = bounds.room.hold(&caller.team);
        let more = |bytes| Ok(held.grow(bytes).map_err(turned_away)?);
        let body = JsonBody::take(request, &bounds, more).await?;
        let turn = bounds.room.turn(&caller.team, body.len()).await.map_err(turned_away)?;
        Ok(LeadsBody { caller, body, turn, room: BodyRoom { _place: permit, _bytes: held } })
    }
}

/// A body whose turn it is for as long as this lives. What has to come to its end takes it on, since
/// the caller may hang up before that.
pub(super) struct LeadsBody {
    pub(super) caller: Caller,
    body: JsonBody,
    turn: Permit,
    room: BodyRoom,
}

/// What a body takes up beside its turn.
pub(super) struct BodyRoom {
    _place: Permit,
    _bytes: Permit,
}

impl LeadsBody {
    /// Parses it. A large body is parsed beside the threads that serve requests, where it would delay all
    /// of them; its turn and its room last until it is parsed, also if the caller hangs up.
    pub(super) async fn parsed<T: Send + 'static>(
        self,
        parse: impl FnOnce(&JsonBody) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(Self, T), Problem> {
        if self.body.len() <= PARSED_INLINE_BYTES_MAX {
            let parsed = parse(&self.body)?;
            return Ok((self, parsed));
        }
        let parsing = spawn_blocking(move || {
            let parsed = parse(&self.body)?;
            Ok((self, parsed))
        });
        parsing.await.unwrap_or_else(|died| resume_unwind(died.into_panic()))
    }

    /// Ends its turn, and drops the body. What was read of it still takes up as much room.
    pub(super) fn end_turn(self) -> BodyRoom {
        drop((self.turn, self.body));
        self.room
    }
}

impl Deref for LeadsBody {
    type Target = JsonBody;

    fn deref(&self) -> &JsonBody {
        &self.body
    }
}
