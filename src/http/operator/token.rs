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
use crate::http::problem::{ADMIN_DISABLED, Problem};

/// The digest of the token, if there is one. Digests are compared, so that neither the time it
/// takes nor the length tells anything of the token.
#[derive(Clone, Copy)]
pub(super) struct TokenDigest(Option<[u8; 32]>);

impl TokenDigest {
    /// The digest of the configured token.
    pub(super) fn of(admin: &Admin) -> Self {
        Self(admin.token.as_ref().map(|token| digest(token.expose_secret())))
    }

    fn check(self, request: &Request) -> Result<(), Problem> {
        let Some(expected) = self.0 else {
            let detail = "Nobody is let in while there is no token: set admin.token, or \
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

/// Lets through who holds the token.
pub(super) async fn ask(
    State(token): State<TokenDigest>,
    request: Request,
    next: Next,
) -> Response {
    match token.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => ProblemDetails(problem).into_response(),
    }
}
