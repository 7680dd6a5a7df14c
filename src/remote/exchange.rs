//! One call: its turn, the server that is meant, a line to it, and what came back.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::SemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::address::Endpoint;
use super::command::Command;
use super::confirm::Confirm;
use super::error::{Refusal, RemoteError, Reply, together, values};
use super::line::Line;
use super::server::Server;
use super::value::Value;
use super::{Remote, Unreached};

/// The commands of a call that go to one server, and their places among all of them.
#[derive(Default)]
pub(super) struct Share {
    pub(super) commands: Vec<Command>,
    places: Vec<usize>,
}

impl Remote {
    /// When a call that is asked now has to have its answer.
    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.0.patience.answer
    }

    /// A place among the calls that share their lines. Those that wait to be confirmed take none, so
    /// that they keep nobody else waiting: their lines are few enough.
    async fn turn(&self, until: Instant) -> Result<SemaphorePermit<'_>, RemoteError> {
        let turn = timeout_at(until, self.0.calls.acquire()).await;
        let turn = turn.map_err(|_elapsed| not_applied("too many calls are in progress"))?;
        Ok(turn.expect("the semaphore is never closed"))
    }

    /// The commands, parted by the servers they go to.
    pub(super) async fn shares(
        &self,
        commands: Vec<Command>,
        until: Instant,
    ) -> Result<Vec<Share>, RemoteError> {
        let mut shares: BTreeMap<Option<Endpoint>, Share> = BTreeMap::new();
        for (place, command) in commands.into_iter().enumerate() {
            let endpoint = if self.0.route.is_spread() {
                let server = timely(until, self.0.route.server(command.key(), until)).await?;
                Some(server.endpoint().clone())
            } else {
                None
            };
            let share = shares.entry(endpoint).or_default();
            share.commands.push(command);
            share.places.push(place);
        }
        Ok(shares.into_values().collect())
    }

    /// Asks several servers at once, and puts their answers in the order of the commands.
    pub(super) async fn ask_shares(
        &self,
        shares: Vec<Share>,
        confirm: Confirm,
        until: Instant,
    ) -> Result<Vec<Value>, RemoteError> {
        let mut asked = JoinSet::new();
        for Share { commands, places } in shares {
            let remote = self.clone();
            asked.spawn(async move {
                let values = values(remote.replies(commands, confirm, until).await?)?;
                Ok(places.into_iter().zip(values).collect::<Vec<_>>())
            });
        }
        let mut values: Vec<_> = together(asked.join_all().await)?.concat();
        values.sort_by_key(|(place, _)| *place);
        Ok(values.into_iter().map(|(_, value)| value).collect())
    }

    /// What one server answers to the commands. Something to answer always comes back for each.
    pub(super) async fn replies(
        &self,
        commands: Vec<Command>,
        confirm: Confirm,
        until: Instant,
    ) -> Result<Vec<Reply>, RemoteError> {
        match confirm {
            Confirm::Nothing => {
                let _turn = self.turn(until).await?;
                let key = commands.first().map_or(&[][..], Command::key);
                let (server, line) = self.line(key, until).await?;
                self.exchange(&server, &line, commands, until).await
            }
            Confirm::Replicas => self.confirmed(commands, until).await,
        }
    }

    /// The shared line to the server that has this key.
    pub(super) async fn line(
        &self,
        key: &[u8],
        until: Instant,
    ) -> Result<(Arc<Server>, Arc<Line>), RemoteError> {
        self.reach(key, until, |server| async move { server.line().await }).await
    }

    /// A connection to the server that has this key: to the one that is known, and where that
    /// cannot be reached, to the one that is found then.
    pub(super) async fn reach<T, F>(
        &self,
        key: &[u8],
        until: Instant,
        connect: impl Fn(Arc<Server>) -> F,
    ) -> Result<(Arc<Server>, T), RemoteError>
    where
        F: Future<Output = Result<T, Unreached>>,
    {
        let route = &self.0.route;
        let reached = async {
            let server = route.server(key, until).await?;
            match connect(Arc::clone(&server)).await {
                Ok(connection) => return Ok((server, connection)),
                Err(why) if route.is_fixed() => return Err(why),
                Err(_) => route.doubt(&server),
            }
            let server = route.server(key, until).await?;
            match connect(Arc::clone(&server)).await {
                Ok(connection) => Ok((server, connection)),
                Err(why) => {
                    route.doubt(&server);
                    Err(why)
                }
            }
        };
        timely(until, reached).await
    }

    /// Sends the commands on this line, and draws conclusions about the server.
    pub(super) async fn exchange(
        &self,
        server: &Arc<Server>,
        line: &Line,
        commands: Vec<Command>,
        until: Instant,
    ) -> Result<Vec<Reply>, RemoteError> {
        let answered = line.exchange(commands, until).await;
        let has_said = |is: fn(&Refusal) -> bool| {
            answered.iter().flatten().any(|reply| reply.as_ref().is_err_and(is))
        };
        if answered.is_err() || has_said(Refusal::is_elsewhere) {
            self.0.route.doubt(server);
        }
        // A host's name may by now lead to another than the one that is at the other end.
        if answered.is_err() || has_said(Refusal::is_readonly) {
            line.retire();
            server.close_idle();
        }
        Ok(answered?)
    }
}

/// What is not there in time was not begun.
async fn timely<T>(
    until: Instant,
    reached: impl Future<Output = Result<T, Unreached>>,
) -> Result<T, RemoteError> {
    match timeout_at(until, reached).await {
        Ok(reached) => reached.map_err(|Unreached(why)| not_applied(&why)),
        Err(_elapsed) => Err(not_applied("timeout while waiting for a connection")),
    }
}

fn not_applied(why: &str) -> RemoteError {
    RemoteError::NotApplied(why.to_owned())
}
