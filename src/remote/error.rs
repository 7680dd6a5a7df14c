//! What can go wrong, sorted by what may be done about it: certainly not done, perhaps done, done
//! but not safe yet, and what a script of ours said.

use super::value::Value;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// Certainly not done. May be asked again.
    #[error("not done: {0}")]
    NotApplied(String),
    /// Perhaps done, in whole or in part, or done yet. May be asked again where doing it twice is
    /// doing it once.
    #[error("perhaps done: {0}")]
    Unknown(String),
    /// Done, but not on as many disks or replicas as it has to be: a failover may lose it.
    #[error("done, but not confirmed by every replica that has to")]
    NotDurable,
    /// A script, or the server, has answered so; the next time it would again.
    #[error("{code} {message}")]
    Said {
        /// The first word, as in `redis.error_reply('CODE message')`.
        code: String,
        /// The rest.
        message: String,
    },
}

/// Codes by which a server says that it did nothing. Within a script each of them comes before
/// the first write: past that, Redis lets the script finish.
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

/// Those by which a server says that another one may be the one to ask.
const ELSEWHERE: [&str; 6] = ["ASK", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MOVED", "READONLY"];

/// An error that a server answered to one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

/// What a server answered to one command.
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

impl From<Refusal> for RemoteError {
    fn from(refusal: Refusal) -> Self {
        if refusal.is_not_applied() {
            Self::NotApplied(format!("{} {}", refusal.code, refusal.message))
        } else {
            Self::Said { code: refusal.code, message: refusal.message }
        }
    }
}

/// What came of things that were asked together, or the first error among them. Nothing was done
/// only where none of them was: each stands for itself.
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
    fn what_a_server_did_not_do_is_not_applied() {
        for text in [
            "OOM command not allowed when used memory > 'maxmemory'.",
            "READONLY You can't write against a read only replica.",
            "MOVED 3999 127.0.0.1:6381",
            "NOPERM User ada has no permissions to run the 'evalsha' command",
        ] {
            assert_eq!(
                RemoteError::from(refusal(text)),
                RemoteError::NotApplied(text.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_script_says_is_told_apart() {
        let said = RemoteError::from(refusal("FENCED attempt 3"));
        assert_eq!(said, RemoteError::Said { code: "FENCED".into(), message: "attempt 3".into() });
    }

    #[test]
    fn commands_sent_together_are_not_applied_only_where_none_was() {
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
