//! Plain values in exported files.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::domain::credits::{Credits, Unit};
use crate::domain::key_terms::Scope;
use crate::domain::period::Period;
use crate::domain::quota::Action;
use crate::ledger::record::entry::Fact;
use crate::ledger::record::team::Standing;

/// A value that is written as it is displayed.
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// Credits: a decimal number, without a float in between.
#[derive(Default, PartialEq)]
pub(super) struct Decimal(pub(super) Credits);

impl Decimal {
    pub(super) fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Box::<RawValue>::deserialize(deserializer)?;
        number.get().parse().map(Self).map_err(D::Error::custom)
    }
}

/// Bytes as hexadecimal digits.
pub(super) struct Hex<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let mut bytes = [0; N];
        hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(D::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// A value that is written by its name.
pub(super) struct Name<T>(pub(super) T);

/// A type whose values have names.
pub(super) trait Named: Copy + 'static {
    const ALL: &'static [Self];
    fn name(self) -> &'static str;
}

impl<T: Named> Serialize for Name<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de, T: Named> Deserialize<'de> for Name<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let named = T::ALL.iter().find(|one| one.name() == text);
        named
            .copied()
            .map(Self)
            .ok_or_else(|| D::Error::custom(format!("{text} is not a known name")))
    }
}

macro_rules! named {
    ($($type:ty: $all:expr;)+) => {
        $(impl Named for $type {
            const ALL: &'static [Self] = &$all;

            fn name(self) -> &'static str {
                self.name()
            }
        })+
    };
}

named! {
    Unit: Self::ALL;
    Period: Self::ALL;
    Action: [Self::Refuse, Self::Warn];
    Fact: Self::ALL;
    Scope: Self::ALL;
    Standing: [Self::Open, Self::Paused, Self::Closed];
}
