//! Remedies for errors of a server and for failed connections.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// The remedy for a server that requires TLS on a plain connection.
pub(super) const OVER_TLS: &str =
    "write rediss:// in store.url, or tls=true for a cluster or sentinels";

const IN_PLAIN: &str = "write redis:// in store.url, remove tls=true, or use its TLS port";

const PERMISSIONS: &str =
    "give the user of store.url the permissions of the ACL line in docs/operations.md";

/// The remedy for an error with this code and message, if known.
pub(super) fn of(code: &str, message: &str) -> Option<&'static str> {
    let says = |part: &str| message.contains(part);
    Some(match code {
        "NOAUTH" => {
            "give the password in store.url, as in redis://:PASSWORD@host or \
             redis://USER:PASSWORD@host"
        }
        "WRONGPASS" => {
            "correct user and password in store.url, with % / ? @ in them as %25 %2F %3F %40"
        }
        "NOPERM" => PERMISSIONS,
        "DENIED" => {
            "give the server a password, or set protected-mode no if only trusted clients can \
             reach it"
        }
        "READONLY" => "use its primary in store.url",
        "MISCONF" => "free space on its disk",
        "OOM" => "raise maxmemory",
        "ERR" if says("without any password configured") => {
            "remove the password from store.url, or set requirepass"
        }
        "ERR" if says("invalid password") => "correct the password in store.url",
        "ERR" if says("max number of clients") => "raise maxclients, or close other connections",
        "ERR" if says("DB index") => "use a lower database in store.url, or raise databases",
        "ERR" if says("SELECT is not allowed") => "remove the database from store.url",
        "ERR" if is_for_want_of_permission(message) => PERMISSIONS,
        _ => return None,
    })
}

/// Whether a script was forbidden to run one of its commands.
pub(super) fn is_for_want_of_permission(message: &str) -> bool {
    // The messages of Redis 7.0, and of later releases.
    let words = ["user executing the script can't", "ACL failure in script"];
    words.iter().any(|words| message.contains(words))
}

/// The error for a failed TLS handshake, continuing a sentence that begins with the server; `None`
/// if the error is not about TLS.
pub(super) fn of_tls(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    let remedy = match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            return Some(format!("does not use TLS: {IN_PLAIN}"));
        }
        Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure,
        ) => {
            "it may require a client certificate, and the gateway has none: set tls-auth-clients \
             to no or optional, and log in with a password"
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "set the certificates of its authority in store.url, as ca=FILE"
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "use the host name of its certificate in store.url",
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "renew its certificate",
        _ => return Some(format!("TLS failed: {error}")),
    };
    Some(format!("TLS failed: {error}; {remedy}"))
}

/// The error for a server that does not answer the TLS handshake in time.
pub(super) fn of_silence_in_tls() -> String {
    format!("does not answer with TLS: if it is a plain port, {IN_PLAIN}")
}
