//! The query of a look-up.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::Bounds;
use super::ask_headers::AskHeaders;
use super::envelope::Envelope;
use crate::domain::lead::Lead;
use crate::domain::reveal::Reveals;
use crate::gateway::Enrichment;
use crate::http::problem::Problem;
use crate::http::wire::look_up;

/// The one person who is asked for.
pub(super) struct LookUpQuery {
    lead: Lead,
    reveals: Reveals,
}

impl LookUpQuery {
    /// What is asked, with what the headers say of it.
    pub(super) fn enrichment(self, headers: AskHeaders) -> Enrichment {
        let Self { lead, reveals } = self;
        let AskHeaders { limits, marks, max_age } = headers;
        Enrichment { leads: vec![lead], reveals, limits, marks, max_age }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LookUpQuery
where
    Bounds: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let query = parts.uri.query().unwrap_or_default();
        let chars_max = Bounds::from_ref(state).field_chars_max;
        let (lead, reveals) = look_up::parse(query, chars_max).map_err(Problem::with_faults)?;
        Ok(Self { lead, reveals })
    }
}
