//! Connections: each connects to one server and can be shared by any number of callers.
//!
//! A connection is used while it is good. After a late answer it is retired: it is given to no
//! further caller, and is closed when its last caller is done. A late answer is therefore never
//! taken for the answer to another request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::socket2::{SockRef, TcpKeepalive};
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::Unreached;
use super::address::{Endpoint, Login};
use super::command::{Command, pipeline};
use super::error::{RemoteError, Reply};
use super::greeting::greet;
use super::remedy;
use super::role::Role;
use super::value;

/// A connection that is idle for this long is probed with keepalives, and closed after three times
/// a third of it without a response.
const IDLE_UNTIL_ASKED: Duration = Duration::from_secs(15);

/// The parameters of connecting to any of the servers.
pub(super) struct Dial {
    pub(super) tls: Option<TlsConnector>,
    pub(super) login: Option<Login>,
    pub(super) database: u16,
    pub(super) connect: Duration,
    /// The tasks that move the connections' bytes.
    pub(super) tasks: TaskTracker,
    /// Closes every connection.
    pub(super) closing: CancellationToken,
}

/// One connection.
pub(super) struct Line {
    connection: MultiplexedConnection,
    role: Option<Role>,
    is_retired: AtomicBool,
    closed: CancellationToken,
    /// Closes it on drop.
    _on_drop: DropGuard,
}

/// Why there is no answer, although the request may have been executed.
#[derive(Debug)]
pub(super) enum Lost {
    Late,
    Cut(RedisError),
}

impl Dial {
    /// A new connection after a successful handshake.
    pub(super) async fn open(&self, endpoint: &Endpoint) -> Result<Line, Unreached> {
        let until = Instant::now() + self.connect;
        let opened = Box::pin(self.connect(endpoint, until)).await;
        opened.map_err(|why| Unreached(format!("{endpoint} {why}")))
    }

    /// An error continues a sentence that begins with the server.
    async fn connect(&self, endpoint: &Endpoint, until: Instant) -> Result<Line, String> {
        if self.closing.is_cancelled() {
            return Err("is not connected: the gateway is stopping".to_owned());
        }
        let late = || format!("cannot be reached: no answer within {:?}", self.connect);
        let Endpoint { host, port } = endpoint;
        let connecting = TcpStream::connect((host.as_str(), *port));
        let stream = timeout_at(until, connecting).await.map_err(|_| late())?.map_err(unreached)?;
        stream.set_nodelay(true).map_err(unreached)?;
        let probe = IDLE_UNTIL_ASKED / 3;
        let keepalive = TcpKeepalive::new().with_time(IDLE_UNTIL_ASKED).with_interval(probe);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive.with_retries(3)).map_err(unreached)?;
        match &self.tls {
            None => timeout_at(until, self.greet(stream)).await.map_err(|_| late())?,
            Some(tls) => {
                let name = ServerName::try_from(host.clone()).map_err(unreached)?;
                let encrypted = timeout_at(until, tls.connect(name, stream)).await;
                let encrypted = encrypted.map_err(|_| remedy::of_silence_in_tls())?;
                let encrypted = encrypted
                    .map_err(|why| remedy::of_tls(&why).unwrap_or_else(|| unreached(why)))?;
                timeout_at(until, self.greet(encrypted)).await.map_err(|_| late())?
            }
        }
    }

    async fn greet<S>(&self, mut stream: S) -> Result<Line, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let role = greet(&mut stream, self.login.as_ref(), self.database).await?;
        let bare = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (connection, driver) = MultiplexedConnection::new_with_config(&bare, stream, config)
            .await
            .map_err(unreached)?;
        let closed = self.closing.child_token();
        let on_drop = closed.clone().drop_guard();
        let end = closed.clone();
        self.tasks.spawn(async move {
            end.run_until_cancelled(driver).await;
            end.cancel();
        });
        Ok(Line { connection, role, is_retired: AtomicBool::new(false), closed, _on_drop: on_drop })
    }
}

fn unreached(error: impl std::error::Error) -> String {
    format!("cannot be reached: {error}")
}

impl Line {
    /// The role that the server reported, unless that is forbidden.
    pub(super) fn role(&self) -> Option<&Role> {
        self.role.as_ref()
    }

    /// Whether it may be given to further callers.
    pub(super) fn is_good(&self) -> bool {
        !self.closed.is_cancelled() && !self.is_retired.load(Ordering::Relaxed)
    }

    /// Retires the connection: it is given to no further caller and is closed when the last one is
    /// done.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// Sends the commands in order, once, and returns the answers in order.
    pub(super) async fn exchange(
        &self,
        commands: impl IntoIterator<Item = Command>,
        until: Instant,
    ) -> Result<Vec<Reply>, Lost> {
        let commands = pipeline(commands);
        let mut connection = self.connection.clone();
        let answered = connection.send_packed_commands(&commands, 0, commands.len());
        match timeout_at(until, answered).await {
            Ok(Ok(replies)) => Ok(replies.into_iter().map(value::reply).collect()),
            Ok(Err(why)) => Err(Lost::Cut(why)),
            Err(_elapsed) => Err(Lost::Late),
        }
    }
}

impl From<Lost> for RemoteError {
    fn from(lost: Lost) -> Self {
        Self::Unknown(match lost {
            Lost::Late => "timeout".to_owned(),
            Lost::Cut(why) => format!("the connection was closed: {why}"),
        })
    }
}
