//! Errors, by what the caller can do: certainly not done, perhaps done, done but not durable yet,
//! and errors of our scripts.

use std::fmt;

use super::remedy;
use super::value::Value;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// Certainly not done. It can be repeated.
    #[error("not written: {0}")]
    NotApplied(String),
    /// Perhaps done, in whole or in part, or still to be done. It can be repeated if it is
    /// idempotent.
    #[error("perhaps written: {0}")]
    Unknown(String),
    /// Done, but not on as many disks or replicas as required: a failover may lose it.
    #[error("written, but not confirmed by every required replica")]
    NotDurable,
    /// An error of a script or of the server, which would occur again.
    #[error("{code} {message}")]
    Said {
        /// The first word, as in `redis.error_reply('CODE message')`.
        code: String,
        /// The rest.
        message: String,
    },
}

/// Error codes of commands without effect. In a script each of them comes before the first write:
/// after that, Redis lets the script finish.
const NOT_APPLIED: [&str; 17] = [
    "ASK",
    "BUSY",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOPERM",
    "NOREPLICAS",
    "NOSCRIPT",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNKILLABLE",
    "WRONGPASS",
];

/// Error codes that mean that another server may be responsible.
const ELSEWHERE: [&str; 6] = ["ASK", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MOVED", "READONLY"];

/// The error reply of a server to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

/// The reply of a server to one command.
pub(super) type Reply = Result<Value, Refusal>;

impl Refusal {
    pub(super) fn is(&self, code: &str) -> bool {
        self.code == code
    }

    pub(super) fn is_elsewhere(&self) -> bool {
        ELSEWHERE.contains(&self.code.as_str())
    }

    pub(super) fn is_readonly(&self) -> bool {
        self.is("READONLY")
    }

    fn is_not_applied(&self) -> bool {
        NOT_APPLIED.contains(&self.code.as_str())
    }
}

impl fmt::Display for Refusal {
    /// The server's error, and its remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)?;
        remedy::of(&self.code, &self.message).map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

impl From<Refusal> for RemoteError {
    fn from(refusal: Refusal) -> Self {
        if refusal.is_not_applied() {
            Self::NotApplied(refusal.to_string())
        } else if remedy::is_for_want_of_permission(&refusal.message) {
            // The commands before the forbidden one may have written already.
            Self::Unknown(refusal.to_string())
        } else {
            Self::Said { code: refusal.code, message: refusal.message }
        }
    }
}

/// The results of concurrent requests, or the first error. The error is "not applied" only if none
/// of them was applied.
pub(super) fn together<T>(
    results: impl IntoIterator<Item = Result<T, RemoteError>>,
) -> Result<Vec<T>, RemoteError> {
    let mut is_any_done = false;
    let mut first = None;
    let mut done = Vec::new();
    for result in results {
        is_any_done |= !matches!(result, Err(RemoteError::NotApplied(_)));
        match result {
            Ok(value) => done.push(value),
            Err(error) => first = first.or(Some(error)),
        }
    }
    match first {
        None => Ok(done),
        Some(RemoteError::NotApplied(why)) if is_any_done => Err(RemoteError::Unknown(why)),
        Some(error) => Err(error),
    }
}

/// The values of commands that were sent together.
pub(super) fn values(replies: Vec<Reply>) -> Result<Vec<Value>, RemoteError> {
    together(replies.into_iter().map(|reply| reply.map_err(RemoteError::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Refusal {
        let (code, message) = text.split_once(' ').unwrap();
        Refusal { code: code.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn errors_without_effect_are_not_applied() {
        for text in [
            "OOM command not allowed when used memory > 'maxmemory'.",
            "READONLY You can't write against a read only replica.",
            "MOVED 3999 127.0.0.1:6381",
            "NOPERM User ada has no permissions to run the 'evalsha' command",
        ] {
            let RemoteError::NotApplied(message) = RemoteError::from(refusal(text)) else {
                panic!("{text}");
            };
            assert!(message.starts_with(text), "{message}");
        }
    }

    #[test]
    fn a_script_that_lacks_a_permission_may_have_written() {
        for text in [
            "ERR The user executing the script can't run this command or subcommand script: 65, on \
             @user_script:1.",
            "ERR ACL failure in script: User ada has no permissions to run the 'unlink' command",
        ] {
            let error = RemoteError::from(refusal(text));
            assert!(
                matches!(&error, RemoteError::Unknown(why) if why.contains("ACL line")),
                "{error}"
            );
        }
    }

    #[test]
    fn errors_of_scripts_are_distinguished() {
        let said = RemoteError::from(refusal("FENCED attempt 3"));
        assert_eq!(said, RemoteError::Said { code: "FENCED".into(), message: "attempt 3".into() });
    }

    #[test]
    fn commands_sent_together_are_not_applied_only_if_none_was() {
        let oom = || Err(refusal("OOM no room"));
        let done = || Ok(Value::Int(1));
        let of = |replies: Vec<Reply>| values(replies).unwrap_err();
        assert_eq!(values(vec![done(), done()]), Ok(vec![Value::Int(1), Value::Int(1)]));
        assert!(matches!(of(vec![oom(), oom()]), RemoteError::NotApplied(_)));
        assert!(matches!(of(vec![done(), oom()]), RemoteError::Unknown(_)));
        assert!(matches!(of(vec![oom(), done()]), RemoteError::Unknown(_)));
        let said = Err(refusal("WRONGTYPE of value"));
        assert!(matches!(of(vec![oom(), said]), RemoteError::Unknown(_)));
    }
}
