//! A caller's body, within the bounds.

use axum::extract::{FromRef, FromRequest, Request};
use bytes::Bytes;

use super::Bounds;
use super::ask_headers::AskHeaders;
use super::envelope::Envelope;
use crate::gateway::{Enrichment, ValidationAsk};
use crate::http::body;
use crate::http::problem::Problem;
use crate::http::room::Held;
use crate::http::wire::cancellation;
use crate::http::wire::request::EnrichmentRequest;
use crate::http::wire::validation;

/// A body that calls itself JSON.
pub(super) struct JsonBody {
    bytes: Bytes,
    bounds: Bounds,
    held: Held,
}

impl<S: Send + Sync> FromRequest<S> for JsonBody
where
    Bounds: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request(request: Request, state: &S) -> Result<Self, Envelope> {
        let bounds = Bounds::from_ref(state);
        let (parts, body) = request.into_parts();
        let mut held = bounds.room.hold();
        let more = |bytes| held.more(bytes);
        let bytes = body::take(&parts.headers, body, bounds.body_bytes_max, more).await?;
        Ok(Self { bytes, bounds, held })
    }
}

impl JsonBody {
    /// What is asked to be enriched, under what its headers say.
    pub(super) fn enrichment(&self, headers: AskHeaders) -> Result<Enrichment, Problem> {
        let Bounds { leads_max, field_chars_max, .. } = self.bounds;
        let request = EnrichmentRequest::parse(&self.bytes, leads_max, field_chars_max);
        let EnrichmentRequest { leads, reveals } = request.map_err(Problem::with_faults)?;
        let AskHeaders { max_age, limits, marks } = headers;
        Ok(Enrichment { leads, reveals, max_age, limits, marks })
    }

    /// The addresses that are to be validated, under what its headers say.
    pub(super) fn validation(&self, headers: AskHeaders) -> Result<ValidationAsk, Problem> {
        let max_age = headers.max_age;
        let (most, marks) = headers.untrimmed()?;
        let addresses = validation::parse(&self.bytes, self.bounds.leads_max);
        let addresses = addresses.map_err(Problem::with_faults)?;
        Ok(ValidationAsk { addresses, max_age, most, marks })
    }

    /// That a batch shall be cancelled, and nothing else.
    pub(super) fn cancellation(&self) -> Result<(), Problem> {
        cancellation::parse(&self.bytes).map_err(Problem::with_faults)
    }

    /// The room that it takes up.
    pub(super) fn into_held(self) -> Held {
        self.held
    }
}
