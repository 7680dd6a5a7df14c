//! The handshake of a connection, before anything else uses it. If the server rejects the gateway,
//! its error is read here, even if it has already closed its side.

use std::io::{self, Cursor};

use redis::{Parser, cmd};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::address::Login;
use super::error::{Refusal, Reply};
use super::remedy;
use super::role::Role;
use super::value;

/// The name of the connections in `CLIENT LIST`.
const NAME: &str = "tollgate";

/// The first byte of a TLS alert, which a TLS port may answer to plain text.
const TLS_ALERT: u8 = 0x15;

/// Logs in, selects the database, and returns the role that the server reports, unless that is
/// forbidden. An error continues a sentence that begins with the server.
pub(super) async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    login: Option<&Login>,
    database: u16,
) -> Result<Option<Role>, String> {
    let mut greeting = Vec::new();
    if let Some(Login { user, password }) = login {
        let auth = cmd("AUTH").arg(user.as_ref()).arg(password.expose_secret()).take();
        greeting.push(auth);
    }
    if database != 0 {
        greeting.push(cmd("SELECT").arg(database).take());
    }
    let instructions = greeting.len();
    greeting.push(cmd("CLIENT").arg("SETNAME").arg(NAME).take());
    greeting.push(cmd("ROLE").take());
    let packed: Vec<u8> = greeting.iter().flat_map(redis::Cmd::get_packed_command).collect();
    // If it fails, the reason may still be readable.
    let _ = stream.write_all(&packed).await;
    let _ = stream.flush().await;
    let replies = replies(stream, greeting.len()).await?;
    let is_without_login = |refusal: &&Refusal| refusal.is("NOAUTH");
    if let Some(refusal) =
        replies.iter().filter_map(|reply| reply.as_ref().err()).find(is_without_login)
        && login.is_none()
    {
        return Err(refused(refusal));
    }
    let role = replies.last().and_then(|reply| reply.as_ref().ok()).and_then(Role::read);
    if role != Some(Role::Sentinel) {
        // A sentinel is used whether or not it accepts the servers' login: it has its own login or
        // none, and no databases.
        let refusal = replies.iter().take(instructions).find_map(|reply| reply.as_ref().err());
        if let Some(refusal) = refusal {
            return Err(refused(refusal));
        }
    }
    Ok(role)
}

fn refused(refusal: &Refusal) -> String {
    format!("refuses the gateway: {refusal}")
}

/// Reads this many replies.
async fn replies<S: AsyncRead + Unpin>(stream: &mut S, count: usize) -> Result<Vec<Reply>, String> {
    let mut bytes = Vec::new();
    loop {
        let read = stream.read_buf(&mut bytes).await;
        if bytes.first() == Some(&TLS_ALERT) {
            return Err(format!("speaks TLS: {}", remedy::OVER_TLS));
        }
        let replies = parsed(&bytes, count)?;
        if replies.len() == count {
            return Ok(replies);
        }
        let has_ended = !matches!(read, Ok(1..));
        let refusal = replies.iter().find_map(|reply| reply.as_ref().err());
        match (read, refusal) {
            (_, Some(refusal)) if has_ended => return Err(refused(refusal)),
            (Ok(0), _) => return Err(without_a_word(None)),
            (Err(why), _) => return Err(without_a_word(Some(&why))),
            (Ok(_), _) => {}
        }
    }
}

/// The replies that have arrived completely, at most this many.
pub(super) fn parsed(bytes: &[u8], count: usize) -> Result<Vec<Reply>, String> {
    let (mut parser, mut rest) = (Parser::new(), Cursor::new(bytes));
    let mut replies = Vec::with_capacity(count);
    while replies.len() < count {
        match parser.parse_value(&mut rest) {
            Ok(answer) => replies.push(value::reply(answer)),
            // Reading from memory fails in no other way.
            Err(why) if why.is_io_error() => break,
            Err(_) => {
                return Err("does not answer as a Redis does: correct host and port in store.url"
                    .to_owned());
            }
        }
    }
    Ok(replies)
}

/// The error for a server that closed the connection.
fn without_a_word(why: Option<&io::Error>) -> String {
    why.and_then(remedy::of_tls).unwrap_or_else(|| {
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        format!(
            "closed the connection without an answer{why}: if it is a TLS port, {}",
            remedy::OVER_TLS
        )
    })
}
