//! Who calls. Taken before the body, so that nobody unknown makes the gateway read one.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::envelope::Envelope;
use super::rate_limit;
use crate::gateway::{Caller, Gateway, Refusal};
use crate::http::{access, bearer};

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Gateway: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let secret = bearer::secret(&parts.headers)?;
        let caller = Gateway::from_ref(state).authenticate(secret).await;
        let caller = caller.inspect_err(|refusal| {
            if let Refusal::TooManyRequests { left: Some(left), .. } = refusal {
                rate_limit::note(parts, *left);
            }
        })?;
        if let Some(left) = caller.requests {
            rate_limit::note(parts, left);
        }
        Ok(known(caller, parts))
    }
}

/// A caller whose request is not counted: one who cancels, and so lets go of what it has.
pub(super) struct Uncounted(pub(super) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Uncounted
where
    Gateway: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let secret = bearer::secret(&parts.headers)?;
        let caller = Gateway::from_ref(state).authenticate_uncounted(secret).await?;
        Ok(Self(known(caller, parts)))
    }
}

fn known(caller: Caller, parts: &Parts) -> Caller {
    access::note_team(&caller.team);
    Caller { request: parts.extensions.get().cloned(), ..caller }
}
