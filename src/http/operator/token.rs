//! The operators' token.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::details::ProblemDetails;
use crate::config::Admin;
use crate::http::bearer;
use crate::http::guesses::Guesses;
use crate::http::problem::{ADMIN_DISABLED, Problem, UNAUTHORIZED};

/// The digest of the token, if there is one. Digests are compared, so that neither the time it
/// takes nor the length tells anything of the token.
#[derive(Clone, Copy)]
pub(super) struct TokenDigest(Option<[u8; 32]>);

impl TokenDigest {
    /// The digest of the configured token.
    pub(super) fn of(admin: &Admin) -> Self {
        Self(admin.token.as_ref().map(|token| digest(token.expose_secret())))
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        let Some(expected) = self.0 else {
            let detail = "The admin API is disabled because no token is set: set admin.token, or \
                          TOLLGATE_ADMIN__TOKEN in the environment";
            return Err(ADMIN_DISABLED.says(detail));
        };
        let token = bearer::secret(request.headers())?;
        if bool::from(digest(token).ct_eq(&expected)) {
            Ok(())
        } else {
            Err(Problem::unauthorized("This is not the operators' token"))
        }
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The token, and who came without it.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) token: TokenDigest,
    pub(super) guesses: Guesses,
}

/// Lets through who holds the token. Who does not is counted, and answered late after many tries.
pub(super) async fn ask(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let Err(problem) = gate.token.check(&request) else { return next.run(request).await };
    if problem.kind == UNAUTHORIZED {
        let (parts, _) = request.into_parts();
        gate.guesses.refuse(gate.guesses.source(&parts)).await;
    }
    ProblemDetails(problem).into_response()
}
