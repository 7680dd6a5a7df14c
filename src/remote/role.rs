//! Roles: what a server says it is.

use super::value::Value;

/// What `ROLE` answers, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Takes writes, and has so many replicas that are in step.
    Primary { replicas: usize },
    /// Follows a primary.
    Replica,
    /// Watches others.
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
    fn a_server_is_what_it_says() {
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
