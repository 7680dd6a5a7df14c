//! Small bodies, value by value: each knows its place, and what is wrong with it is noted there.
//!
//! A number is read from its text, so no credit ever passes through a float. Bodies of many leads
//! are read in one pass by [`super::request`] instead.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, Faults, token};
use super::json;
use crate::domain::credits::Credits;

/// A value that was given, and where.
pub(super) struct Given<'b> {
    text: &'b str,
    pointer: String,
}

impl<'b> Given<'b> {
    /// Reads a whole body. Where `read` returns nothing, it has noted why.
    ///
    /// # Errors
    /// Every fault that was noted; the only one where the body is no JSON.
    pub(super) fn parse<T>(
        body: &'b [u8],
        read: impl FnOnce(Self, &mut Faults) -> Option<T>,
    ) -> Result<T, Vec<Fault>> {
        let text = json::raw(body).map_err(|fault| vec![fault])?.get();
        let mut faults = Faults::default();
        let read = read(Self { text, pointer: String::new() }, &mut faults);
        faults.unless_any(())?;
        Ok(read.expect("invalid values are recorded"))
    }

    /// The properties of an object that have these names, in their order; others are noted. None
    /// where this is no object.
    pub(super) fn properties<const N: usize>(
        &self,
        names: [&'static str; N],
        faults: &mut Faults,
    ) -> Option<[Option<Given<'b>>; N]> {
        if self.kind() != "an object" {
            self.mismatch("an object", faults);
            return None;
        }
        let properties = Properties { pointer: &self.pointer, names, faults: &mut *faults };
        let read = properties.deserialize(&mut serde_json::Deserializer::from_str(self.text));
        read.map_err(|error| faults.note(|| json::not_json(&error))).ok()
    }

    /// As [`Given::properties`], of which the first `required` must be there: one that is missing is
    /// noted.
    pub(super) fn with_required<const N: usize>(
        &self,
        names: [&'static str; N],
        required: usize,
        faults: &mut Faults,
    ) -> Option<[Option<Given<'b>>; N]> {
        let properties = self.properties(names, faults)?;
        for (name, property) in names.iter().zip(&properties).take(required) {
            if property.is_none() {
                self.miss(name, faults);
            }
        }
        Some(properties)
    }

    /// The property of an object that has this name, whatever others there are. Written twice, it is
    /// noted: who reads it next may take the other.
    pub(super) fn property(&self, name: &str, faults: &mut Faults) -> Option<Given<'b>> {
        if self.kind() != "an object" {
            self.mismatch("an object", faults);
            return None;
        }
        let property = Property { pointer: &self.pointer, name, faults: &mut *faults };
        let read = property.deserialize(&mut serde_json::Deserializer::from_str(self.text));
        let found = read.map_err(|error| faults.note(|| json::not_json(&error))).ok()?;
        if found.is_none() {
            self.miss(name, faults);
        }
        found
    }

    /// How many items an array has.
    pub(super) fn count(&self, faults: &mut Faults) -> Option<usize> {
        // What is ignored takes no memory, however many there are.
        Some(self.read::<Vec<IgnoredAny>>("an array", faults)?.len())
    }

    /// The items of an array.
    pub(super) fn items(&self, faults: &mut Faults) -> Option<Vec<Given<'b>>> {
        let items = self.read::<Vec<&'b RawValue>>("an array", faults)?;
        let place = |(index, item): (usize, &'b RawValue)| Given {
            text: item.get(),
            pointer: format!("{}/{index}", self.pointer),
        };
        Some(items.into_iter().enumerate().map(place).collect())
    }

    /// A string.
    pub(super) fn string(&self, faults: &mut Faults) -> Option<String> {
        self.read("a string", faults)
    }

    /// A boolean.
    pub(super) fn boolean(&self, faults: &mut Faults) -> Option<bool> {
        self.read("a boolean", faults)
    }

    /// Whether it says that there is nothing.
    pub(super) fn is_null(&self) -> bool {
        self.kind() == "null"
    }

    /// A number of credits.
    pub(super) fn credits(&self, faults: &mut Faults) -> Option<Credits> {
        if self.kind() != "a number" {
            self.mismatch("a number", faults);
            return None;
        }
        self.noted(self.text.parse(), faults)
    }

    /// A whole number, zero or more.
    pub(super) fn whole_number<T: Copy + FromStr + PartialOrd + Display>(
        &self,
        most: T,
        faults: &mut Faults,
    ) -> Option<T> {
        if self.kind() != "a number" {
            self.mismatch("a number", faults);
            return None;
        }
        let number = self.text.parse().ok().filter(|number| *number <= most);
        if number.is_none() {
            self.refuse(format!("give a whole number from 0 to {most}"), faults);
        }
        number
    }

    /// A string that stands for something.
    pub(super) fn named<T: FromStr<Err: Display>>(&self, faults: &mut Faults) -> Option<T> {
        let name = self.string(faults)?;
        self.noted(name.parse(), faults)
    }

    /// Notes that the value cannot stand here, although it is of the right kind.
    pub(super) fn refuse(&self, detail: impl Display, faults: &mut Faults) {
        faults.note(|| Fault::invalid_field(self.pointer.clone(), detail.to_string()));
    }

    /// Notes that an object lacks a property.
    fn miss(&self, name: &str, faults: &mut Faults) {
        faults.note(|| {
            let pointer = format!("{}/{}", self.pointer, token(name));
            Fault { pointer, ..Fault::missing_field(name) }
        });
    }

    fn noted<T, E: Display>(&self, read: Result<T, E>, faults: &mut Faults) -> Option<T> {
        read.map_err(|error| self.refuse(error, faults)).ok()
    }

    fn read<T: serde::Deserialize<'b>>(
        &self,
        expected: &'static str,
        faults: &mut Faults,
    ) -> Option<T> {
        if self.kind() != expected {
            self.mismatch(expected, faults);
            return None;
        }
        // All that is left to go wrong is an escape for half a character.
        self.noted(serde_json::from_str(self.text), faults)
    }

    fn mismatch(&self, expected: &'static str, faults: &mut Faults) {
        faults.note(|| Fault::type_error(self.pointer.clone(), expected, self.kind()));
    }

    fn kind(&self) -> &'static str {
        match self.text.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}

struct Properties<'p, 'f, const N: usize> {
    pointer: &'p str,
    names: [&'static str; N],
    faults: &'f mut Faults,
}

impl<'b, const N: usize> DeserializeSeed<'b> for Properties<'_, '_, N> {
    type Value = [Option<Given<'b>>; N];

    fn deserialize<D: Deserializer<'b>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_map(self)
    }
}

impl<'b, const N: usize> Visitor<'b> for Properties<'_, '_, N> {
    type Value = [Option<Given<'b>>; N];

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let Self { pointer, names, faults } = self;
        let mut found = names.map(|_| None);
        while let Some((name, value)) = object.next_entry::<String, &'b RawValue>()? {
            let pointer = || format!("{pointer}/{}", token(&name));
            match names.iter().position(|known| *known == name) {
                Some(index) if found[index].is_none() => {
                    found[index] = Some(Given { text: value.get(), pointer: pointer() });
                }
                Some(_) => faults.note(|| Fault::duplicate_field(pointer())),
                None => faults.note(|| Fault::unknown_field(pointer())),
            }
        }
        Ok(found)
    }
}

struct Property<'p, 'f> {
    pointer: &'p str,
    name: &'p str,
    faults: &'f mut Faults,
}

impl<'b> DeserializeSeed<'b> for Property<'_, '_> {
    type Value = Option<Given<'b>>;

    fn deserialize<D: Deserializer<'b>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_map(self)
    }
}

impl<'b> Visitor<'b> for Property<'_, '_> {
    type Value = Option<Given<'b>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let Self { pointer, name, faults } = self;
        let mut found = None;
        while let Some((key, value)) = object.next_entry::<String, &'b RawValue>()? {
            if key != name {
                continue;
            }
            let pointer = format!("{pointer}/{}", token(name));
            if found.is_some() {
                faults.note(|| Fault::duplicate_field(pointer.clone()));
            }
            found = Some(Given { text: value.get(), pointer });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_for_half_a_character_is_a_fault_and_no_empty_object() {
        let object = br#"{"\ud800": 1, "name": "\ud800"}"#;
        assert!(Given::parse(object, |body, faults| body.properties(["name"], faults)).is_err());
        assert!(Given::parse(br#""\ud800""#, |body, faults| body.string(faults)).is_err());
    }
}
