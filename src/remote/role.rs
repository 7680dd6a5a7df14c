//! Roles: the role that a server reports.

use super::value::Value;

/// The relevant part of the answer to `ROLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Accepts writes, and has this many replicas in sync.
    Primary { replicas: usize },
    /// Follows a primary.
    Replica,
    /// Monitors other servers.
    Sentinel,
}

impl Role {
    pub(super) fn read(answer: &Value) -> Option<Self> {
        match answer.as_list()? {
            [role, _offset, Value::List(replicas)] if role.as_text() == Some("master") => {
                Some(Self::Primary { replicas: replicas.len() })
            }
            [role, ..] => match role.as_text()? {
                "slave" => Some(Self::Replica),
                "sentinel" => Some(Self::Sentinel),
                _ => None,
            },
            [] => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Bytes(text.into())
    }

    #[test]
    fn the_reported_role_is_used() {
        let replica = Value::List(vec![text("10.0.0.1"), text("6379"), text("7")]);
        let replicas = Value::List(vec![replica.clone(), replica]);
        let primary = Value::List(vec![text("master"), Value::Int(7), replicas]);
        assert_eq!(Role::read(&primary), Some(Role::Primary { replicas: 2 }));
        let replica = Value::List(vec![text("slave"), text("10.0.0.1"), Value::Int(6379)]);
        assert_eq!(Role::read(&replica), Some(Role::Replica));
        let sentinel = Value::List(vec![text("sentinel"), Value::List(vec![text("books")])]);
        assert_eq!(Role::read(&sentinel), Some(Role::Sentinel));
        assert_eq!(Role::read(&Value::List(vec![text("proxy")])), None);
        assert_eq!(Role::read(&Value::Nil), None);
    }
}
