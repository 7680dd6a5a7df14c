//! Reading JSON past its faults: a value of the wrong kind is noted, stepped over, and reading goes
//! on behind it, so that one answer can list every fault. Only text that is no JSON ends it.
//!
//! In one pass and without a tree, which also is the only way to see a property written twice.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::Fault;

/// What some programs write in front of a text. It is no part of it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What is found where nothing is given.
pub(super) const NULL: &str = "null";

/// Reads a whole body as what is expected.
///
/// # Errors
/// The one fault of a body that is no JSON.
pub(super) fn read<'de, E: Expected<'de>>(body: &'de [u8], root: E) -> Result<E::Value, Fault> {
    let mut json = serde_json::Deserializer::from_str(utf8(body)?);
    let value = Read(root).deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    value.map_err(|error| half_character(body).unwrap_or_else(|| not_json(&error)))
}

/// A whole body as the text of one JSON value.
///
/// # Errors
/// The one fault of a body that is no JSON.
pub(super) fn raw(body: &[u8]) -> Result<&RawValue, Fault> {
    serde_json::from_str(utf8(body)?).map_err(|error| not_json(&error))
}

/// Asked first, since a value that is stepped over is not decoded.
fn utf8(body: &[u8]) -> Result<&str, Fault> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))
}

/// Says what and where, never what the caller wrote: nothing that quotes is raised here.
pub(super) fn not_json(error: &serde_json::Error) -> Fault {
    Fault::invalid_json(format!("The body is not JSON: {error}"))
}

fn not_utf8(body: &[u8], valid: usize) -> Fault {
    let lines: Vec<_> = body[..valid].split(|b| *b == b'\n').collect();
    let (line, column) = (lines.len(), lines.last().map_or(0, |line| line.len()) + 1);
    Fault::invalid_json(format!("The body is not UTF-8 at line {line} column {column}"))
}

/// Half of a character by an escape, which is all that can be wrong with a text inside of JSON that is
/// well formed: it is said where. Only looked for in a body that could not be read.
fn half_character(body: &[u8]) -> Option<Fault> {
    let pointer = undecodable(raw(body).ok()?, String::new(), PLACES_DEEP)?;
    let detail = "This text has an escape for half of a surrogate pair, which is not a character";
    Some(Fault::invalid_field(pointer, detail.to_owned()))
}

/// A body, its list of leads, a lead, a field: no text that is read lies deeper.
const PLACES_DEEP: usize = 3;

/// The place of the first text in a value that cannot be decoded.
fn undecodable(value: &RawValue, pointer: String, deep: usize) -> Option<String> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Cow<'_, str>>(text).is_err().then_some(pointer),
        Some(b'[') if deep > 0 => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let place = |(index, item)| undecodable(item, format!("{pointer}/{index}"), deep - 1);
            items.into_iter().enumerate().find_map(place)
        }
        Some(b'{') if deep > 0 => {
            let Properties(properties) = serde_json::from_str(text).ok()?;
            properties.into_iter().find_map(|(name, value)| {
                match serde_json::from_str::<String>(name.get()) {
                    Ok(name) => {
                        let place = format!("{pointer}/{}", super::fault::token(&name));
                        undecodable(value, place, deep - 1)
                    }
                    // The name itself is the text: it is said whose.
                    Err(_) => Some(pointer.clone()),
                }
            })
        }
        _ => None,
    }
}

/// The properties of an object, undecoded.
struct Properties<'de>(Vec<(&'de RawValue, &'de RawValue)>);

impl<'de> Deserialize<'de> for Properties<'de> {
    fn deserialize<D: Deserializer<'de>>(object: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Properties<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Properties(pairs))
            }
        }

        object.deserialize_map(Pairs)
    }
}

/// What is expected in one place, and what to make of each kind of value that may stand there.
pub(super) trait Expected<'de>: Sized {
    /// What reading yields.
    type Value;

    /// Makes do with a value of another kind, and notes the fault.
    fn mismatch(self, found: &'static str) -> Self::Value;

    fn string(self, _text: &str) -> Self::Value {
        self.mismatch("a string")
    }

    fn boolean(self, _truth: bool) -> Self::Value {
        self.mismatch("a boolean")
    }

    fn array<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.mismatch("an array"))
    }

    fn object<A: MapAccess<'de>>(self, mut properties: A) -> Result<Self::Value, A::Error> {
        while properties.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.mismatch("an object"))
    }
}

/// Reads one value, whatever its kind, as what is expected in its place.
pub(super) struct Read<E>(pub(super) E);

impl<'de, E: Expected<'de>> DeserializeSeed<'de> for Read<E> {
    type Value = E::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<E::Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de, E: Expected<'de>> Visitor<'de> for Read<E> {
    type Value = E::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<R: Error>(self, text: &str) -> Result<E::Value, R> {
        Ok(self.0.string(text))
    }

    fn visit_bool<R: Error>(self, truth: bool) -> Result<E::Value, R> {
        Ok(self.0.boolean(truth))
    }

    fn visit_unit<R: Error>(self) -> Result<E::Value, R> {
        Ok(self.0.mismatch(NULL))
    }

    fn visit_i64<R: Error>(self, _: i64) -> Result<E::Value, R> {
        Ok(self.0.mismatch("a number"))
    }

    fn visit_u64<R: Error>(self, _: u64) -> Result<E::Value, R> {
        Ok(self.0.mismatch("a number"))
    }

    fn visit_f64<R: Error>(self, _: f64) -> Result<E::Value, R> {
        Ok(self.0.mismatch("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<E::Value, A::Error> {
        self.0.array(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, properties: A) -> Result<E::Value, A::Error> {
        self.0.object(properties)
    }
}

/// Reads the name of a property: the one it stands for, or where none does, the name as a token of
/// a pointer.
pub(super) struct PropertyName<N>(pub(super) fn(&str) -> Option<N>);

impl<'de, N> DeserializeSeed<'de> for PropertyName<N> {
    type Value = Result<N, String>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl<N> Visitor<'_> for PropertyName<N> {
    type Value = Result<N, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a property")
    }

    fn visit_str<R: Error>(self, name: &str) -> Result<Self::Value, R> {
        Ok((self.0)(name).ok_or_else(|| super::fault::token(name)))
    }
}
