//! Room for bodies of leads, of validations and of priced calls: how many requests that bring one may
//! be under way, how many are worked on at once, and how many bytes of bodies are held, in all and by
//! one team. A request that finds no room is refused and may be sent again. Reads and cancellations
//! take no room.

use std::time::Duration;

use crate::config::Server;
use crate::domain::team::TeamId;
use crate::gateway::{ConcurrencyLimit, Permit, Refusal};

/// So many bytes of a body are one turn: a large body takes several.
const TURN_BYTES: usize = 64 << 10;

/// The room of one listener. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Room {
    places: ConcurrencyLimit,
    turns: ConcurrencyLimit,
    bytes: ConcurrencyLimit,
    wait: Duration,
}

impl Room {
    /// As much room as the settings say.
    pub(super) fn new(server: &Server) -> Self {
        let limit = |max, setting| ConcurrencyLimit::new(max, server.team_share_percent, setting);
        Self {
            places: limit(server.bodies_max, "server.bodies_max"),
            turns: limit(server.bodies_at_once, "server.bodies_at_once"),
            bytes: limit(server.bodies_bytes_max, "server.bodies_bytes_max"),
            wait: server.bodies_wait,
        }
    }

    /// A place among those under way, at once or not at all.
    pub(super) fn place(&self, team: &TeamId) -> Result<Permit, Refusal> {
        self.places.try_take(team)
    }

    /// A turn to be worked on, for a body of so many bytes that has arrived whole.
    pub(super) async fn turn(&self, team: &TeamId, bytes: usize) -> Result<Permit, Refusal> {
        self.turns.take(team, bytes.div_ceil(TURN_BYTES), self.wait).await
    }

    /// Room for a body of which nothing has come yet; it grows with the body.
    pub(super) fn hold(&self, team: &TeamId) -> Permit {
        self.bytes.none(team)
    }
}
