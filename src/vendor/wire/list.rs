//! Lists with a limited number of entries.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Error};

/// The first entries of a list.
pub(super) struct First<'a> {
    /// As raw text.
    pub(super) entries: Vec<&'a RawValue>,
    /// Whether the list has more.
    pub(super) has_more: bool,
}

/// The first entries of a list, at most `entries_max`.
///
/// # Errors
/// If it is not a list.
pub(super) fn first(list: &RawValue, entries_max: usize) -> Result<First<'_>, Error> {
    let mut deserializer = Deserializer::from_str(list.get());
    Bounded { entries_max }.deserialize(&mut deserializer)
}

struct Bounded {
    entries_max: usize,
}

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = First<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = First<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while entries.len() < self.entries_max {
            let Some(entry) = list.next_element()? else {
                return Ok(First { entries, has_more: false });
            };
            entries.push(entry);
        }
        let mut has_more = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            has_more = true;
        }
        Ok(First { entries, has_more })
    }
}
