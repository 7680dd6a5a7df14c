//! Confirmation: waiting until a write can no longer be lost.
//!
//! `WAIT` blocks its connection and counts from the last write of that connection. It does not wait
//! for writes of other connections, such as the first of two runs whose answer was lost. Each
//! confirmed call therefore has its own connection, and writes a marker key after its commands:
//! when the marker is on the replicas, everything before it is, too.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Remote;
use super::command::Command;
use super::error::{RemoteError, Reply};
use super::server::{Lent, Server};
use super::slot::tag;
use super::value::Value;

/// What a write waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Only the server's own answer.
    Nothing,
    /// Every replica of the server, or as many as its address says, and at least one. With Redis
    /// 7.2 or later also their disks and its own.
    Replicas,
}

/// How long the marker key is kept.
const MARK_MILLIS: &str = "60000";

impl Remote {
    /// The answers of one server to the commands, after confirmation.
    pub(super) async fn confirmed(
        &self,
        commands: Vec<Command>,
        until: Instant,
    ) -> Result<Vec<Reply>, RemoteError> {
        let key = commands.first().map_or(&[][..], Command::key).to_vec();
        let lend = |server: Arc<Server>| async move { server.lend().await };
        let (server, line) = self.reach(&key, until, lend).await?;
        let (count, mark) = (commands.len(), mark(&key));
        let prolonged = Command::new("PEXPIRE", &mark).with(MARK_MILLIS);
        let mut commands = commands;
        commands.extend([prolonged, self.wait(&server, until)]);
        let mut replies = self.exchange(&server, &line, commands, until).await?;
        let confirmation = replies.split_off(count.min(replies.len()));
        if replies.iter().any(Result::is_err) {
            server.take_back(line);
            return Ok(replies);
        }
        let is_confirmed = match confirmation.as_slice() {
            // It reaches the replicas only if the key existed and its expiry was extended.
            [Ok(Value::Int(1)), waited] if !is_waitaof_unknown(waited) => {
                self.is_confirmed(&server, waited)
            }
            [_, waited] => {
                if is_waitaof_unknown(waited) {
                    server.lacks_waitaof();
                }
                self.marked(&server, &line, &mark, until).await
            }
            _ => false,
        };
        if !is_confirmed {
            // The connection is closed: data may still be in transit on it.
            return Err(RemoteError::NotDurable);
        }
        server.take_back(line);
        Ok(replies)
    }

    /// Sets the marker and waits for it. A failure here does not undo the commands.
    async fn marked(&self, server: &Arc<Server>, line: &Lent, mark: &[u8], until: Instant) -> bool {
        let set = Command::new("SET", mark).with("").with("PX").with(MARK_MILLIS);
        let commands = vec![set, self.wait(server, until)];
        match self.exchange(server, line, commands, until).await.as_deref() {
            Ok([Ok(_), waited]) => self.is_confirmed(server, waited),
            Ok(_) | Err(_) => false,
        }
    }

    fn wait(&self, server: &Server, until: Instant) -> Command {
        let replicas = self.replicas_awaited(server).to_string();
        // Half of the remaining time, so that the answer arrives in time. Zero would wait forever.
        let patience = until.saturating_duration_since(Instant::now()) / 2;
        let patience = patience.max(Duration::from_millis(1)).as_millis().to_string();
        let wait = if server.has_waitaof() {
            Command::beside("WAITAOF", b"").with("1")
        } else {
            Command::beside("WAIT", b"")
        };
        wait.with(replicas).with(patience)
    }

    fn is_confirmed(&self, server: &Server, waited: &Reply) -> bool {
        let replicas = match waited {
            Ok(Value::Int(replicas)) => *replicas,
            Ok(Value::List(counts)) => match counts.as_slice() {
                [Value::Int(1..), Value::Int(replicas)] => *replicas,
                _ => return false,
            },
            Ok(Value::Nil | Value::Bytes(_)) | Err(_) => return false,
        };
        let replicas = usize::try_from(replicas).unwrap_or_default();
        let is_enough = replicas >= self.replicas_awaited(server);
        server.has_replicas(replicas);
        is_enough
    }

    fn replicas_awaited(&self, server: &Server) -> usize {
        let asked_for = self.0.address.replicas.map(|replicas| usize::from(replicas.get()));
        asked_for.unwrap_or_else(|| server.replicas().max(1))
    }
}

/// The marker key in the slot of this key, which has a hash tag or no brace.
fn mark(key: &[u8]) -> Vec<u8> {
    [b"{", tag(key).unwrap_or(key), b"}:confirmed"].concat()
}

fn is_waitaof_unknown(reply: &Reply) -> bool {
    reply.as_ref().is_err_and(|refusal| refusal.message.contains("unknown command"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::slot::slot;

    #[test]
    fn a_marker_is_in_the_slot_of_its_commands() {
        for key in [&b"{books}:job:7"[..], b"plain", b"a{b}c"] {
            assert_eq!(slot(&mark(key)), slot(key));
        }
    }
}
