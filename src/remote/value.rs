//! Values: the answers of servers.

use std::fmt;

use super::error::{Refusal, Reply};

/// An answer. Statuses such as `OK` are bytes.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Null.
    Nil,
    /// A whole number.
    Int(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list of values.
    List(Vec<Self>),
}

impl Value {
    /// The number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Nil | Self::Bytes(_) | Self::List(_) => None,
        }
    }

    /// The text, if it is bytes of valid UTF-8.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Nil | Self::Int(_) | Self::List(_) => None,
        }
    }

    /// The values, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(values) => Some(values),
            Self::Nil | Self::Int(_) | Self::Bytes(_) => None,
        }
    }

    /// The bytes, if it is bytes.
    #[must_use]
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Nil | Self::Int(_) | Self::List(_) => None,
        }
    }

    /// The values, if it is a list.
    #[must_use]
    pub fn into_list(self) -> Option<Vec<Self>> {
        match self {
            Self::List(values) => Some(values),
            Self::Nil | Self::Int(_) | Self::Bytes(_) => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("Nil"),
            Self::Int(number) => write!(f, "Int({number})"),
            Self::Bytes(_) => f.write_str("Bytes(<redacted>)"),
            Self::List(values) => f.debug_tuple("List").field(values).finish(),
        }
    }
}

/// Converts the value that the client parsed.
pub(super) fn reply(read: redis::Value) -> Reply {
    match read {
        redis::Value::Nil => Ok(Value::Nil),
        redis::Value::Int(number) => Ok(Value::Int(number)),
        redis::Value::BulkString(bytes) => Ok(Value::Bytes(bytes)),
        redis::Value::SimpleString(status) => Ok(Value::Bytes(status.into_bytes())),
        redis::Value::Okay => Ok(Value::Bytes(b"OK".to_vec())),
        redis::Value::Array(values) => {
            values.into_iter().map(reply).collect::<Result<_, _>>().map(Value::List)
        }
        redis::Value::ServerError(error) => Err(Refusal {
            code: error.code().to_owned(),
            message: error.details().unwrap_or_default().to_owned(),
        }),
        _ => Err(Refusal {
            code: "PROTOCOL".to_owned(),
            message: "an answer of an unexpected type".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_only_as_its_own_type() {
        let list = Value::List(vec![Value::Nil]);
        assert_eq!(Value::Int(7).as_int(), Some(7));
        assert_eq!(Value::Bytes(b"7".to_vec()).as_int(), None);
        assert_eq!(Value::Bytes(b"ada".to_vec()).as_text(), Some("ada"));
        assert_eq!(Value::Bytes(vec![0xff]).as_text(), None);
        assert_eq!(Value::Bytes(vec![0xff]).into_bytes(), Some(vec![0xff]));
        assert_eq!(Value::Nil.into_bytes(), None);
        assert_eq!(list.as_list(), Some([Value::Nil].as_slice()));
        assert_eq!(list.into_list(), Some(vec![Value::Nil]));
    }

    #[test]
    fn bytes_are_in_no_debug_print() {
        let value = Value::List(vec![Value::Bytes(b"ada".to_vec()), Value::Int(1), Value::Nil]);
        assert_eq!(format!("{value:?}"), "List([Bytes(<redacted>), Int(1), Nil])");
    }

    #[test]
    fn an_error_among_values_is_an_error() {
        let error: redis::Value =
            redis::parse_redis_value(b"*2\r\n:1\r\n-CODE says why\r\n").unwrap();
        let refusal = Refusal { code: "CODE".into(), message: "says why".into() };
        assert_eq!(reply(error), Err(refusal));
    }
}
