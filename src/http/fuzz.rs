//! What the fuzz targets call of this module. Built for them alone.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::bearer;
use super::operator::fuzz as operator;
use super::packing::{Packing, Unpacking};
use super::public::fuzz as public;
use super::wire::{
    adjustment, batches, cancellation, erasure, key, look_up, resolution, team, validation,
};
use crate::domain::lead::{Field, Lead};
use crate::domain::team::TeamId;

/// So many addresses are taken.
pub const ADDRESSES_MAX: usize = 5;

/// So many characters a field of a lookup has.
const FIELD_CHARS_MAX: usize = 2_000;

/// Reads the headers of a request, one a line: `name: value`.
pub fn headers(text: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in text.split(|byte| *byte == b'\n').take(50) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    let _ = bearer::secret(&headers);
    public::headers(&headers);
}

/// Reads a query as each of those that a caller or an operator may send.
pub fn query(text: &str) {
    public::page(text);
    operator::query(text);
    if let Ok((lead, _)) = look_up::parse(text, FIELD_CHARS_MAX) {
        let mut fields = Field::ALL.into_iter().filter_map(|field| lead.field(field));
        assert!(fields.next().is_some(), "a lookup identifies a person");
    }
}

/// Reads a body as each of those that an operator may send.
pub fn operators_body(body: &[u8]) {
    let sales: TeamId = "sales".parse().expect("it is a name");
    if let Ok(team) = team::parse(body, &sales) {
        let limits: Vec<_> = team.quotas.iter().map(|quota| (quota.unit, quota.period)).collect();
        let is_twice = |(n, one): (usize, &_)| limits[..n].contains(one);
        assert!(!limits.iter().enumerate().any(is_twice), "a quota is there twice");
    }
    let faults = [
        key::parse(body).err(),
        adjustment::parse(body).err(),
        resolution::parse(body).err(),
        erasure::parse(body).err(),
        batches::parse_cancellation(body).err(),
        cancellation::parse(body).err(),
    ];
    let is_json = serde_json::from_slice::<serde_json::Value>(body).is_ok();
    for fault in faults.into_iter().flatten().flatten() {
        assert!(!(is_json && fault.code == "invalid_json"), "{fault:?}");
    }
}

/// Unpacks a gzip body that comes in pieces of so many bytes, as far as `bytes_max`. Returns what it
/// holds, or none where it is not whole gzip or holds more.
///
/// # Panics
/// Where more is unpacked at once than there is room made for.
#[must_use]
pub fn unpacked(packed: &[u8], piece_bytes: usize, bytes_max: usize) -> Option<Vec<u8>> {
    /// How much one step may unpack to: the window of gzip, and a little.
    const STEP_BYTES_MAX: usize = 64 << 10;
    let mut unpacking = Unpacking::of(Packing::Gzip);
    for piece in packed.chunks(piece_bytes.max(1)) {
        let mut rest = piece;
        while !rest.is_empty() {
            let before = unpacking.bytes();
            let taken = unpacking.take(rest).ok()?;
            assert!(unpacking.bytes() - before <= STEP_BYTES_MAX, "room is made in steps");
            rest = &rest[taken..];
            if unpacking.bytes() > bytes_max {
                return None;
            }
        }
    }
    let whole = unpacking.finish().ok()?;
    (whole.len() <= bytes_max).then(|| whole.to_vec())
}

/// Reads a body as one that asks for addresses to be validated.
pub fn validation(body: &[u8]) -> Option<Vec<Lead>> {
    validation::parse(body, ADDRESSES_MAX).ok()
}
