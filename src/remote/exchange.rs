//! One call: its permit, its server, a connection, and the answers.

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

/// The commands of a call for one server, and their positions in the call.
#[derive(Default)]
pub(super) struct Share {
    pub(super) commands: Vec<Command>,
    places: Vec<usize>,
}

impl Remote {
    /// The deadline of a call that starts now.
    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.0.patience.answer
    }

    /// A permit for a call on shared connections. Confirmed calls need none, so that they do not
    /// block other calls; their own connections are limited.
    async fn turn(&self, until: Instant) -> Result<SemaphorePermit<'_>, RemoteError> {
        let turn = timeout_at(until, self.0.calls.acquire()).await;
        let turn = turn.map_err(|_elapsed| not_applied("too many calls are in progress"))?;
        Ok(turn.expect("the semaphore is never closed"))
    }

    /// The commands, grouped by server.
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

    /// Sends commands to several servers at once, and returns the answers in the order of the
    /// commands.
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

    /// The answers of one server to the commands, one for each.
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

    /// The shared connection to the server of this key.
    pub(super) async fn line(
        &self,
        key: &[u8],
        until: Instant,
    ) -> Result<(Arc<Server>, Arc<Line>), RemoteError> {
        self.reach(key, until, |server| async move { server.line().await }).await
    }

    /// A connection to the server of this key: to the known server, or, if that cannot be reached,
    /// to the one that is found then.
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

    /// Sends the commands on this connection, and updates what is known about the server.
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
        // The host name may by now resolve to another server than the connected one.
        if answered.is_err() || has_said(Refusal::is_readonly) {
            line.retire();
            server.close_idle();
        }
        Ok(answered?)
    }
}

/// A timeout here means that nothing was begun.
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
