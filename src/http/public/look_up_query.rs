//! The query of a look-up.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::envelope::Envelope;
use crate::gateway::Enrichment;
use crate::http::problem::Problem;
use crate::http::wire::look_up;

/// The one person who is asked for.
pub(super) struct LookUpQuery(pub(super) Enrichment);

impl<S: Send + Sync> FromRequestParts<S> for LookUpQuery {
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Envelope> {
        let query = parts.uri.query().unwrap_or_default();
        let (lead, reveals) = look_up::parse(query).map_err(Problem::with_faults)?;
        Ok(Self(Enrichment { leads: vec![lead], reveals }))
    }
}
