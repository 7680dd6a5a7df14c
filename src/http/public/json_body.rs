//! A caller's body, within the bounds.

use axum::extract::{FromRef, FromRequest, Request};
use bytes::Bytes;

use super::Bounds;
use super::ask_headers::AskHeaders;
use super::envelope::Envelope;
use crate::gateway::{Enrichment, ValidationAsk};
use crate::http::body;
use crate::http::problem::Problem;
use crate::http::wire::cancellation;
use crate::http::wire::request::EnrichmentRequest;
use crate::http::wire::validation;

/// The largest body of a cancellation: far more than the one property takes.
const CANCELLATION_BYTES_MAX: usize = 16 << 10;

/// A body that calls itself JSON.
pub(super) struct JsonBody {
    bytes: Bytes,
    leads_max: usize,
    field_chars_max: usize,
}

impl JsonBody {
    /// Takes in a body of leads or addresses, with room made for each piece.
    pub(super) async fn take(
        request: Request,
        bounds: &Bounds,
        make_room: impl FnMut(usize) -> Result<(), Problem>,
    ) -> Result<Self, Problem> {
        let Bounds { body_bytes_max, pace, leads_max, field_chars_max, .. } = *bounds;
        let (parts, body) = request.into_parts();
        let bytes = body::take(&parts.headers, body, body_bytes_max, pace, make_room).await?;
        Ok(Self { bytes, leads_max, field_chars_max })
    }

    /// How many bytes it has, unpacked.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What is asked to be enriched, under what its headers say.
    pub(super) fn enrichment(&self, headers: AskHeaders) -> Result<Enrichment, Problem> {
        let request = EnrichmentRequest::parse(&self.bytes, self.leads_max, self.field_chars_max);
        let EnrichmentRequest { leads, reveals } = request.map_err(Problem::with_faults)?;
        let AskHeaders { max_age, limits, marks } = headers;
        Ok(Enrichment { leads, reveals, max_age, limits, marks })
    }

    /// The addresses that are to be validated, under what its headers say.
    pub(super) fn validation(&self, headers: AskHeaders) -> Result<ValidationAsk, Problem> {
        let max_age = headers.max_age;
        let (most, marks) = headers.untrimmed()?;
        let addresses = validation::parse(&self.bytes, self.leads_max);
        let addresses = addresses.map_err(Problem::with_faults)?;
        Ok(ValidationAsk { addresses, max_age, most, marks })
    }
}

/// That a batch is to be cancelled, and nothing else. It takes none of the room for bodies of leads,
/// so a cancellation waits for no other request.
pub(super) struct Cancellation;

impl<S: Send + Sync> FromRequest<S> for Cancellation
where
    Bounds: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request(request: Request, state: &S) -> Result<Self, Envelope> {
        let Bounds { body_bytes_max, pace, .. } = Bounds::from_ref(state);
        let bytes_max = body_bytes_max.min(CANCELLATION_BYTES_MAX);
        let (parts, body) = request.into_parts();
        let bytes = body::take(&parts.headers, body, bytes_max, pace, |_| Ok(())).await?;
        cancellation::parse(&bytes).map_err(Problem::with_faults)?;
        Ok(Self)
    }
}
