//! Packing: how a body was packed for its journey, and what it is once it is unpacked.

use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::buf::Writer;
use bytes::{BufMut, Bytes, BytesMut};
use flate2::write::MultiGzDecoder;

use super::problem::{Problem, UNREADABLE_BODY, UNSUPPORTED_MEDIA_TYPE};

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    Plain,
    /// As gzip: one member, or several as one stream (RFC 1952, 2.2).
    Gzip,
}

impl Packing {
    /// The packing that these headers name. Names of codings are in any letter case, `x-gzip` is
    /// gzip, and `identity` names none (RFC 9110, 8.4.1).
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut packing = Self::Plain;
        for list in headers.get_all(header::CONTENT_ENCODING) {
            for coding in list.to_str().map_err(|_| unknown())?.split(',') {
                let coding = coding.trim().to_ascii_lowercase();
                packing = match (coding.as_str(), packing) {
                    ("" | "identity", packing) => packing,
                    ("gzip" | "x-gzip", Self::Plain) => Self::Gzip,
                    _ => return Err(unknown()),
                };
            }
        }
        Ok(packing)
    }
}

fn unknown() -> Problem {
    UNSUPPORTED_MEDIA_TYPE
        .says("Send the body uncompressed, or compressed once with Content-Encoding gzip")
        .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))
}

/// A body that is being unpacked.
pub(super) enum Unpacking {
    Plain(BytesMut),
    Gzip {
        decoder: Box<MultiGzDecoder<Writer<BytesMut>>>,
        /// Whether the head of a member was read.
        is_gzip: bool,
    },
}

impl Unpacking {
    pub(super) fn of(packing: Packing) -> Self {
        match packing {
            Packing::Plain => Self::Plain(BytesMut::new()),
            Packing::Gzip => Self::Gzip {
                decoder: Box::new(MultiGzDecoder::new(BytesMut::new().writer())),
                is_gzip: false,
            },
        }
    }

    /// Takes some of a piece, and returns how many bytes of it: so few that what they unpack to is
    /// some 32 KiB.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<usize, Problem> {
        match self {
            Self::Plain(bytes) => {
                bytes.extend_from_slice(piece);
                Ok(piece.len())
            }
            Self::Gzip { decoder, is_gzip } => match decoder.write(piece) {
                Ok(taken) => {
                    *is_gzip |= decoder.header().is_some();
                    Ok(taken)
                }
                Err(_) if *is_gzip && decoder.header().is_none() => Err(goes_on()),
                Err(_) => Err(not_gzip()),
            },
        }
    }

    /// How many bytes it has unpacked to.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Plain(bytes) => bytes.len(),
            Self::Gzip { decoder, .. } => decoder.get_ref().get_ref().len(),
        }
    }

    /// The whole body.
    pub(super) fn finish(self) -> Result<Bytes, Problem> {
        match self {
            Self::Plain(bytes) => Ok(bytes.freeze()),
            Self::Gzip { decoder, is_gzip } if is_gzip && decoder.header().is_none() => {
                Err(goes_on())
            }
            Self::Gzip { decoder, .. } => {
                let whole = decoder.finish().map_err(|_| not_gzip())?;
                Ok(whole.into_inner().freeze())
            }
        }
    }
}

fn not_gzip() -> Problem {
    UNREADABLE_BODY.says("The body is not complete gzip, although its Content-Encoding says gzip")
}

fn goes_on() -> Problem {
    UNREADABLE_BODY.says("The body has bytes after its gzip data that are not gzip")
}
