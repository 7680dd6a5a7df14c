//! Who calls. Taken before the body, so that nobody unknown makes the gateway read one.
//!
//! A wrong key is counted, and answered late where its source has sent many.

use axum::extract::{FromRef, FromRequestParts, MatchedPath};
use axum::http::Method;
use axum::http::request::Parts;

use super::envelope::Envelope;
use super::rate_limit;
use crate::domain::key_terms::{Scope, Scopes};
use crate::gateway::{Caller, Gateway, Refusal};
use crate::http::guesses::Guesses;
use crate::http::{access, bearer};

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Gateway: FromRef<S>,
    Guesses: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let guesses = Guesses::from_ref(state);
        let source = guesses.source(parts);
        let secret = secret(parts, &guesses).await?;
        let caller = Gateway::from_ref(state).authenticate(secret, source).await;
        let caller = caller.inspect_err(|refusal| {
            if let Refusal::TooManyRequests { left: Some(left), .. } = refusal {
                rate_limit::note(parts, *left);
            }
        });
        let caller = known(caller, parts, &guesses).await?;
        if let Some(left) = caller.requests {
            rate_limit::note(parts, left);
        }
        Ok(caller)
    }
}

/// A caller whose request is not counted: one who cancels, and so lets go of what it has.
pub(super) struct Uncounted(pub(super) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Uncounted
where
    Gateway: FromRef<S>,
    Guesses: FromRef<S>,
{
    type Rejection = Envelope;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Envelope> {
        let guesses = Guesses::from_ref(state);
        let source = guesses.source(parts);
        let secret = secret(parts, &guesses).await?;
        let caller = Gateway::from_ref(state).authenticate_uncounted(secret, source).await;
        Ok(Self(known(caller, parts, &guesses).await?))
    }
}

/// The key that a request comes with.
async fn secret<'p>(parts: &'p Parts, guesses: &Guesses) -> Result<&'p str, Envelope> {
    match bearer::secret(&parts.headers) {
        Ok(secret) => Ok(secret),
        Err(problem) => {
            guesses.refuse(guesses.source(parts)).await;
            Err(problem.into())
        }
    }
}

/// The caller that a key speaks for, with the request's id.
async fn known(
    caller: Result<Caller, Refusal>,
    parts: &Parts,
    guesses: &Guesses,
) -> Result<Caller, Envelope> {
    if matches!(caller, Err(Refusal::BadKey)) {
        guesses.refuse(guesses.source(parts)).await;
    }
    let caller = caller?;
    access::note_team(&caller.team);
    caller.allow(scopes_for(parts))?;
    Ok(Caller { request: parts.extensions.get().cloned(), ..caller })
}

/// Which scopes let a key be used for a request, each by itself. What no endpoint of the gateway's own
/// takes is forwarded.
fn scopes_for(parts: &Parts) -> Scopes {
    let (reads, endpoint) = (parts.method == Method::GET, parts.extensions.get::<MatchedPath>());
    match endpoint.map(MatchedPath::as_str) {
        Some("/people/enrichment-requests/{id}") if reads => {
            Scopes::of(&[Scope::Enrich, Scope::Read])
        }
        Some("/people/enrichment-requests" | "/people/enrichment-requests/{id}") => {
            Scopes::of(&[Scope::Enrich])
        }
        Some("/email-validations/{id}") if reads => Scopes::of(&[Scope::Validate, Scope::Read]),
        Some("/email-validations" | "/email-validations/{id}") => Scopes::of(&[Scope::Validate]),
        Some("/people/find") => Scopes::of(&[Scope::Find]),
        Some("/gateway/v1/estimates") => Scopes::of(&[Scope::Enrich, Scope::Find, Scope::Read]),
        Some("/gateway/v1/usage") => Scopes::ALL,
        Some(_) | None => Scopes::of(&[Scope::Forward]),
    }
}
