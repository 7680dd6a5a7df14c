//! Who calls. Taken before the body, so that nobody unknown makes the gateway read one.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::envelope::Envelope;
use crate::gateway::{Caller, Gateway};
use crate::http::{access, bearer};

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Gateway: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let secret = bearer::secret(&parts.headers)?;
        let caller = Gateway::from_ref(state).authenticate(secret).await?;
        access::note_team(&caller.team);
        Ok(Self { request: parts.extensions.get().cloned(), ..caller })
    }
}
