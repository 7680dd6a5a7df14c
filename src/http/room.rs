//! Room for bodies of leads, of validations and of priced calls: how many requests that bring one may
//! be under way, how many are worked on at once, and how many bytes of bodies are held. Whoever does
//! not fit is told so and may come again; whatever only reads asks for no room, and so waits behind
//! nobody here.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::problem::Problem;
use crate::config::Server;
use crate::gateway::Crowded;

/// The room of one listener. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Room {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    wait: Duration,
    crowded: Arc<Crowded>,
}

/// Bytes of a body that are held, until this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    room: Room,
    bytes: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// As much room as the settings say.
    pub(super) fn new(server: &Server) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self {
            places: semaphore(server.bodies_max),
            turns: semaphore(server.bodies_at_once),
            bytes: semaphore(server.bodies_bytes_max),
            wait: server.bodies_wait,
            crowded: Arc::new(Crowded::by("server.bodies_max, _at_once or _bytes_max")),
        }
    }

    /// A place among those under way, at once or not at all.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.told(Arc::clone(&self.places).try_acquire_owned().ok())
    }

    /// A turn to be worked on. Taken when the body is there, so that a slow one keeps nobody waiting.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let turn = timeout(self.wait, Arc::clone(&self.turns).acquire_owned()).await;
        self.told(turn.ok().and_then(Result::ok))
    }

    /// Room for a body of which nothing has come yet.
    pub(super) fn hold(&self) -> Held {
        Held { room: self.clone(), bytes: None }
    }

    /// What was asked for, or that there is no room.
    fn told<T>(&self, found: Option<T>) -> Result<T, Problem> {
        found.ok_or_else(|| {
            self.crowded.say();
            Problem::crowded()
        })
    }
}

impl Held {
    /// Makes room for so many more bytes, at once or not at all.
    pub(super) fn more(&mut self, bytes: usize) -> Result<(), Problem> {
        let count = u32::try_from(bytes).ok();
        let semaphore = &self.room.bytes;
        let more = count.and_then(|count| Arc::clone(semaphore).try_acquire_many_owned(count).ok());
        let more = self.room.told(more)?;
        match &mut self.bytes {
            Some(held) => held.merge(more),
            None => self.bytes = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::UNAVAILABLE;

    fn room(places: usize, turns: usize, bytes: usize) -> Room {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Room {
            places: semaphore(places),
            turns: semaphore(turns),
            bytes: semaphore(bytes),
            wait: Duration::from_millis(1),
            crowded: Arc::new(Crowded::by("server.bodies_max")),
        }
    }

    #[tokio::test]
    async fn who_does_not_fit_is_told_to_come_again_and_fits_once_another_has_left() {
        let room = room(1, 1, 10);
        let (place, turn) = (room.place().unwrap(), room.turn().await.unwrap());
        for problem in [room.place().unwrap_err(), room.turn().await.unwrap_err()] {
            assert_eq!((problem.kind, &problem.headers[0].1), (UNAVAILABLE, &"2".parse().unwrap()));
        }
        drop((place, turn));
        assert!(room.place().is_ok() && room.turn().await.is_ok());
    }

    #[test]
    fn bodies_share_the_bytes_that_may_be_held() {
        let room = room(1, 1, 10);
        let (mut one, mut other) = (room.hold(), room.hold());
        one.more(4).unwrap();
        one.more(4).unwrap();
        other.more(3).unwrap_err();
        other.more(2).unwrap();
        drop(one);
        other.more(8).unwrap();
    }
}
