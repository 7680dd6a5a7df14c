//! Stored forms: how records become bytes, compactly, and become records again.
//!
//! Every row starts with the version of its form. Numbers are LEB128 varints, signed ones
//! zigzagged; keys of rows are [`Ordered`] instead, so that their bytes sort as they do.

mod domain;
#[cfg(test)]
mod golden;
mod ordered;
mod records;

pub(super) use ordered::Ordered;

/// Bytes that are no record: the store was damaged, or written by a later version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored record cannot be read: {0}")]
pub struct Corrupt(pub &'static str);

/// Something that is stored.
pub trait Stored: Sized {
    /// Appends the stored form.
    fn store(&self, out: &mut Vec<u8>);
    /// Reads the stored form from the front of `bytes`, and moves past it.
    ///
    /// # Errors
    /// [`Corrupt`] where there is none.
    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt>;
}

/// The version of every row's form.
const VERSION: u8 = 1;

/// A whole row: its version and its stored form.
pub(super) fn to_row<T: Stored>(record: &T) -> Vec<u8> {
    let mut out = vec![VERSION];
    record.store(&mut out);
    out
}

/// The record in a row.
///
/// # Errors
/// [`Corrupt`] where the row is no such record, or longer than one.
pub(super) fn from_row<T: Stored>(row: &[u8]) -> Result<T, Corrupt> {
    let Some((&VERSION, mut rest)) = row.split_first() else {
        return Err(Corrupt("unknown version"));
    };
    let record = T::load(&mut rest)?;
    if rest.is_empty() { Ok(record) } else { Err(Corrupt("bytes left over")) }
}

/// Takes `count` bytes off the front.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Corrupt> {
    let (head, rest) = bytes.split_at_checked(count).ok_or(Corrupt("too short"))?;
    *bytes = rest;
    Ok(head)
}

/// A row that says all by its key.
impl Stored for () {
    fn store(&self, _: &mut Vec<u8>) {}

    fn load(_: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(())
    }
}

impl Stored for u64 {
    fn store(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                return out.push(low & 0x7f);
            }
            out.push(low | 0x80);
        }
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = *take(bytes, 1)? else { return Err(Corrupt("too short")) };
            let bits = u64::from(byte & 0x7f);
            if (bits << shift) >> shift != bits {
                return Err(Corrupt("number too large"));
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Corrupt("number too long"))
    }
}

impl Stored for i64 {
    fn store(&self, out: &mut Vec<u8>) {
        let zigzag = (self << 1) ^ (self >> 63);
        u64::from_le_bytes(zigzag.to_le_bytes()).store(out);
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let zigzag = u64::load(bytes)?;
        let half = Self::from_le_bytes((zigzag >> 1).to_le_bytes());
        Ok(if zigzag & 1 == 0 { half } else { !half })
    }
}

impl Stored for u32 {
    fn store(&self, out: &mut Vec<u8>) {
        u64::from(*self).store(out);
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        u64::load(bytes)?.try_into().map_err(|_| Corrupt("number too large"))
    }
}

impl Stored for bool {
    fn store(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        match take(bytes, 1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Corrupt("not a yes or no")),
        }
    }
}

impl<const N: usize> Stored for [u8; N] {
    fn store(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        take(bytes, N)?.try_into().map_err(|_| Corrupt("too short"))
    }
}

impl Stored for String {
    fn store(&self, out: &mut Vec<u8>) {
        length(self.len()).store(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        let length = usize::try_from(u64::load(bytes)?).map_err(|_| Corrupt("text too long"))?;
        let text = std::str::from_utf8(take(bytes, length)?).map_err(|_| Corrupt("not UTF-8"))?;
        Ok(text.to_owned())
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn store(&self, out: &mut Vec<u8>) {
        length(self.len()).store(out);
        for item in self {
            item.store(out);
        }
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        (0..u64::load(bytes)?).map(|_| T::load(bytes)).collect()
    }
}

impl<T: Stored> Stored for Option<T> {
    fn store(&self, out: &mut Vec<u8>) {
        self.is_some().store(out);
        if let Some(inner) = self {
            inner.store(out);
        }
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        bool::load(bytes)?.then(|| T::load(bytes)).transpose()
    }
}

impl<A: Stored, B: Stored> Stored for (A, B) {
    fn store(&self, out: &mut Vec<u8>) {
        self.0.store(out);
        self.1.store(out);
    }

    fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok((A::load(bytes)?, B::load(bytes)?))
    }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).expect("a length in memory fits 64 bits")
}

/// The stored form of a struct: its fields in the order written here.
macro_rules! stored_struct {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl Stored for $type {
            fn store(&self, out: &mut Vec<u8>) {
                let Self { $($field),+ } = self;
                $($field.store(out);)+
            }

            fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
                $(let $field = Stored::load(bytes)?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}

/// The stored form of an enum: a number for each variant, then what it holds. Numbers are never
/// given to another variant.
macro_rules! stored_enum {
    ($type:ty { $($number:literal => $variant:ident $(($inner:ident))?),+ $(,)? }) => {
        impl Stored for $type {
            fn store(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($inner))? => {
                        out.push($number);
                        $($inner.store(out);)?
                    })+
                }
            }

            fn load(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
                match <[u8; 1]>::load(bytes)? {
                    $([$number] => Ok(Self::$variant $(({
                        let $inner = Stored::load(bytes)?;
                        $inner
                    }))?),)+
                    _ => Err(Corrupt(concat!("unknown ", stringify!($type)))),
                }
            }
        }
    };
}

use {stored_enum, stored_struct};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_stored_is_loaded_again(
            number: u64, signed: i64, text: String, list: Vec<(u32, Option<bool>)>,
        ) {
            prop_assert_eq!(from_row::<u64>(&to_row(&number)), Ok(number));
            prop_assert_eq!(from_row::<i64>(&to_row(&signed)), Ok(signed));
            prop_assert_eq!(from_row::<String>(&to_row(&text)), Ok(text));
            prop_assert_eq!(from_row::<Vec<(u32, Option<bool>)>>(&to_row(&list)), Ok(list));
        }

        #[test]
        fn no_bytes_make_loading_panic(bytes: Vec<u8>) {
            let _ = from_row::<Vec<(u64, Option<String>)>>(&bytes);
            let _ = from_row::<crate::ledger::record::job::Job>(&bytes);
            let _ = from_row::<crate::ledger::record::batch::Slot>(&bytes);
        }
    }

    #[test]
    fn a_row_of_a_later_version_is_refused() {
        assert_eq!(from_row::<u64>(&[VERSION + 1, 0]), Err(Corrupt("unknown version")));
        assert_eq!(from_row::<u64>(&[VERSION, 0, 0]), Err(Corrupt("bytes left over")));
    }
}
