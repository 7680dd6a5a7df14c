//! Lines: one connection to one server, which any number may use at once.
//!
//! A line is used while it is good. Once an answer is late it is retired: given to nobody any more,
//! and closed with the last who uses it. So no late answer is ever taken for another's.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::socket2::{SockRef, TcpKeepalive};
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::Unreached;
use super::address::{Endpoint, Login};
use super::command::{Command, pipeline};
use super::error::{Refusal, RemoteError, Reply};
use super::role::Role;
use super::value;

/// What connections are known by, in `CLIENT LIST`.
const NAME: &str = "tollgate";

/// A connection that is idle for so long is asked whether the other side is still there, and given
/// up after three times a third of it without an answer.
const IDLE_UNTIL_ASKED: Duration = Duration::from_secs(15);

/// What it takes to connect to any of the servers.
pub(super) struct Dial {
    pub(super) tls: Option<TlsConnector>,
    pub(super) login: Option<Login>,
    pub(super) database: u16,
    pub(super) connect: Duration,
    /// Those that move the lines' bytes.
    pub(super) tasks: TaskTracker,
    /// Closes every line.
    pub(super) closing: CancellationToken,
}

/// One connection.
pub(super) struct Line {
    connection: MultiplexedConnection,
    role: Option<Role>,
    is_retired: AtomicBool,
    closed: CancellationToken,
    /// Closes it.
    _on_drop: DropGuard,
}

/// Why there is no answer, though one may have been caused.
#[derive(Debug)]
pub(super) enum Lost {
    Late,
    Cut(RedisError),
}

impl Dial {
    /// A new line, known to be answered at the other end.
    pub(super) async fn open(&self, endpoint: &Endpoint) -> Result<Line, Unreached> {
        let why = match timeout(self.connect, Box::pin(self.connect(endpoint))).await {
            Ok(Ok(line)) => return Ok(line),
            Ok(Err(why)) => why,
            Err(_elapsed) => format!("no answer within {:?}", self.connect),
        };
        Err(Unreached(format!("{endpoint} cannot be reached: {why}")))
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Line, String> {
        if self.closing.is_cancelled() {
            return Err("the gateway is stopping".to_owned());
        }
        let Endpoint { host, port } = endpoint;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(told)?;
        stream.set_nodelay(true).map_err(told)?;
        let probe = IDLE_UNTIL_ASKED / 3;
        let keepalive = TcpKeepalive::new().with_time(IDLE_UNTIL_ASKED).with_interval(probe);
        SockRef::from(&stream).set_tcp_keepalive(&keepalive.with_retries(3)).map_err(told)?;
        match &self.tls {
            None => self.greet(stream).await,
            Some(tls) => {
                let name = ServerName::try_from(host.clone()).map_err(told)?;
                self.greet(tls.connect(name, stream).await.map_err(told)?).await
            }
        }
    }

    async fn greet<S>(&self, stream: S) -> Result<Line, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let bare = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (mut connection, driver) =
            MultiplexedConnection::new_with_config(&bare, stream, config).await.map_err(told)?;
        let closed = self.closing.child_token();
        let on_drop = closed.clone().drop_guard();
        let end = closed.clone();
        self.tasks.spawn(async move {
            end.run_until_cancelled(driver).await;
            end.cancel();
        });
        let mut greeting = redis::pipe();
        if let Some(login) = &self.login {
            greeting.cmd("AUTH").arg(login.user.as_ref()).arg(login.password.expose_secret());
        }
        if self.database != 0 {
            greeting.cmd("SELECT").arg(self.database);
        }
        let instructions = greeting.len();
        greeting.cmd("CLIENT").arg("SETNAME").arg(NAME);
        greeting.cmd("ROLE");
        let replies =
            connection.send_packed_commands(&greeting, 0, greeting.len()).await.map_err(told)?;
        let mut replies = replies.into_iter().map(value::reply);
        let role = replies.next_back().and_then(Reply::ok).and_then(|role| Role::read(&role));
        if role != Some(Role::Sentinel) {
            replies.take(instructions).try_for_each(accepted)?;
        }
        Ok(Line { connection, role, is_retired: AtomicBool::new(false), closed, _on_drop: on_drop })
    }
}

/// A sentinel is spoken to whether or not it takes the servers' login: it needs one of its own or
/// none, and knows no databases.
fn accepted(reply: Reply) -> Result<(), String> {
    reply.map(drop).map_err(|Refusal { code, message }| format!("{code} {message}"))
}

fn told(error: impl std::error::Error) -> String {
    error.to_string()
}

impl Line {
    /// What the other end said it is, unless it may not be asked.
    pub(super) fn role(&self) -> Option<&Role> {
        self.role.as_ref()
    }

    /// Whether it may be given to anybody.
    pub(super) fn is_good(&self) -> bool {
        !self.closed.is_cancelled() && !self.is_retired.load(Ordering::Relaxed)
    }

    /// It is to be given to nobody any more, and closes once the last who uses it is done.
    pub(super) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    /// Sends the commands in order, once, and answers what the server does, in order.
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
            Lost::Late => "no answer in time".to_owned(),
            Lost::Cut(why) => format!("the connection was cut: {why}"),
        })
    }
}
